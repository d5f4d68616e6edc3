"""Text that was pasted or chosen as files, on its way through a preview.

Between the preview and the deed it lies in the page sealed, so that a page never holds a secret that can be
read.
"""

from flask import request
from flask_babel import gettext as _

from gemini_pool.errors import BadRequest, StoreError
from gemini_pool.wiring import services


def text_of_form(*more: str, most: int) -> str:
    """All that the form brings: what was typed into fields (`more`), pasted, or chosen as files; or what an
    earlier preview sealed. BadRequest when that is nothing, or more than `most` characters."""
    given = [request.form.get("text", "")]
    if not any(map(str.strip, given)) and (sealed := request.form.get("sealed")):
        given.append(_unsealed(sealed))
    given += [file.read().decode("utf-8", "replace") for file in request.files.getlist("file") if file]
    text = "\n\n".join([*more, *filter(str.strip, given)])
    if not text.strip():
        raise BadRequest(_("There is nothing to read yet. Paste something, or choose a file."))
    if len(text) > most:
        raise BadRequest(_("This is too much at once. Give it in parts."))
    return text


def take_large_texts() -> None:
    """Before a form is read: a HAR file may be pasted as well; the whole body has its own bound."""
    request.max_form_memory_size = request.max_content_length


def _unsealed(sealed: str) -> str:
    try:
        return services().vault.open(sealed)
    except StoreError:
        raise BadRequest(_("What this page held cannot be read any more. Paste it again.")) from None
