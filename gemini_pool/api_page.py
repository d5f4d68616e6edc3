"""Keeps docs/admin-api.md true to the code: `python -m gemini_pool.api_page docs/admin-api.md`.

Not a command, since those must not wait until all of the application is imported.
"""

import sys
from pathlib import Path

from gemini_pool.app import FOR_PROGRAMS
from gemini_pool.web.api.document import as_markdown


def admin_api() -> str:
    """The whole page."""
    operations = [one for desk in FOR_PROGRAMS for one in desk.operations]
    return "\n".join(as_markdown(operations)) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(admin_api())
