"""The form that an upload comes in: one file, and what it is for."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gemini_pool.errors import BadRequest
from gemini_pool.media.depot import Incoming
from gemini_pool.web.forms import Form, FormFile, announced_bytes, heard_out, read_form
from gemini_pool.wiring import Services

MOST_PARTS = 20
DEFAULT_PURPOSE = "assistants"
_PURPOSE = re.compile(r"[a-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form: its bytes on disk, and what the sender says of it."""

    incoming: Incoming
    name: str
    mime_type: str
    purpose: str


@contextmanager
def received(s: Services, scope: str) -> Iterator[Upload]:
    """The upload of this owner in the current request; its bytes are gone in the end unless they are kept.

    BadRequest, TooLarge.
    """
    with ExitStack() as stack:
        with heard_out():
            upload = _upload(s, scope, stack)
        yield upload


def _upload(s: Services, scope: str, stack: ExitStack) -> Upload:
    """What the form holds; the stack is given what has to be undone."""
    at_least = announced_bytes()
    s.depot.check_size(at_least)
    s.files.check_room(scope, at_least)
    form = read_form(s.depot, stack, most_files=1, most_parts=MOST_PARTS)
    file = _one_file(form)
    if not file.name:
        raise BadRequest("No file selected: the part `file` has no usable file name.", param="file")
    return Upload(file.incoming, file.name, file.mime_type, _purpose(form.fields))


def _one_file(form: Form) -> FormFile:
    files = [file for file in form.files if file.field == "file"]
    if len(files) > 1:
        raise BadRequest(f"One file a request; these are {len(files)}.", param="file")
    if files:
        return files[0]
    if "file" in form.fields:
        raise BadRequest("`file` came as text: its part needs a file name.", param="file")
    raise BadRequest("No file provided: the form needs a part `file`.", param="file")


def _purpose(fields: Mapping[str, str]) -> str:
    purpose = fields.get("purpose") or DEFAULT_PURPOSE
    if not _PURPOSE.fullmatch(purpose):
        raise BadRequest(
            "`purpose` must be at most 64 letters a-z, hyphens and underscores, such as `user_data`.",
            param="purpose",
        )
    return purpose
