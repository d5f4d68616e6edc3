"""The form that an upload comes in: one file, and what it is for."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gemini_pool.errors import BadRequest, PoolError
from gemini_pool.media.depot import Incoming
from gemini_pool.store.files import StoredFile
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
    with received_form(s, scope) as form, heard_out():
        file = file_of(form, "file")
        if file is None:
            raise BadRequest("No file provided: the form needs a part `file`.", param="file")
        yield Upload(file.incoming, file.name, file.mime_type, _purpose(form.fields))


@contextmanager
def received_form(s: Services, scope: str) -> Iterator[Form]:
    """The form in the current request, with a file of this owner or none; its bytes as above."""
    with ExitStack() as stack:
        with heard_out():
            at_least = announced_bytes()
            s.depot.check_size(at_least)
            s.files.check_room(scope, at_least)
            form = read_form(s.depot, stack, most_files=1, most_parts=MOST_PARTS)
        yield form


def file_of(form: Form, part: str) -> FormFile | None:
    """The file in the part of this name, if there is one; BadRequest."""
    files = [file for file in form.files if file.field == part]
    if len(files) > 1:
        raise BadRequest(f"One file a request; these are {len(files)}.", param=part)
    if not files and part in form.fields:
        raise BadRequest(f"`{part}` came as text: its part needs a file name.", param=part)
    if files and not files[0].name:
        raise BadRequest(f"No file selected: the part `{part}` has no usable file name.", param=part)
    return files[0] if files else None


def keep(upload: Upload, s: Services, scope: str) -> StoredFile:
    """The file that was uploaded, for good; TooLarge when its owner has too much then."""
    incoming = upload.incoming
    file = StoredFile(
        id=incoming.id,
        scope=scope,
        name=upload.name,
        mime_type=upload.mime_type,
        purpose=upload.purpose,
        bytes=incoming.bytes,
        digest=incoming.digest,
        created_at=time.time(),
    )
    incoming.keep()
    try:
        s.files.add(file)
    except PoolError:
        s.depot.delete(file.id)
        raise
    return file


def _purpose(fields: Mapping[str, str]) -> str:
    purpose = fields.get("purpose") or DEFAULT_PURPOSE
    if not _PURPOSE.fullmatch(purpose):
        raise BadRequest(
            "`purpose` must be at most 64 letters a-z, hyphens and underscores, such as `user_data`.",
            param="purpose",
        )
    return purpose
