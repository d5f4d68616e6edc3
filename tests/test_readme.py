"""The README and the page of file types say what the code does."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_pool.api_page import admin_api
from gemini_pool.app import create_app
from gemini_pool.cli import _parser
from gemini_pool.knobs import SettingsError
from gemini_pool.readme import BEGIN, END, file_types, with_settings
from gemini_pool.settings import knobs, read_settings

README = Path(__file__).resolve().parent.parent / "README.md"

pytestmark = pytest.mark.skipif(not README.exists(), reason="README.md is not written yet")


def commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every command as it is typed: `serve`, `keys create`."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                deeper = [f"{name} {one}" for one in commands(inner)]
                yield from deeper if deeper and not inner._defaults.get("run") else [name, *deeper]


def test_the_table_of_settings_is_what_the_code_says() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_settings(text) == text, "the table is old; run `make readme`"
    for knob in knobs().values():
        assert text.count(f"| `{knob.name}` |") == 1


def test_the_page_of_file_types_is_what_the_code_says() -> None:
    page = README.parent / "docs" / "file-types.md"
    assert page.read_text(encoding="utf-8") == file_types(), "the page is old; run `make readme`"


def test_the_page_of_the_admin_api_is_what_the_code_says() -> None:
    page = README.parent / "docs" / "admin-api.md"
    assert page.read_text(encoding="utf-8") == admin_api(), "the page is old; run `make readme`"


def test_every_route_is_mentioned(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8") + admin_api()
    app = create_app(read_settings({"DATA_DIR": str(tmp_path)}))
    for rule in app.url_map.iter_rules():
        # `/v1/models/<path:name>` may be written `/v1/models/{name}`, `<name>` or `:name`.
        written = re.sub(r"<(?:\w+:)?\w+>", "@", rule.rule)
        if rule.endpoint.startswith("console."):  # a page stands for its forms and for what is below it
            written = "/" + written.split("/")[1]
        pattern = re.escape(written).replace("@", r"(?:\{[\w:]+\}|<[\w:]+>|:\w+)")
        assert re.search(rf"{pattern}(?![\w/])", text), f"README.md does not mention {rule.rule}"


def test_every_command_is_mentioned() -> None:
    text = README.read_text(encoding="utf-8")
    for command in commands(_parser()):
        assert re.search(rf"(?:gemini_pool |`){command}\b", text), f"README.md does not mention `{command}`"


@pytest.mark.parametrize("text", ["no marks", BEGIN, f"{END} {BEGIN}"])
def test_a_text_without_both_marks_is_left_alone(text: str) -> None:
    with pytest.raises(SettingsError, match="not marked"):
        with_settings(text)
