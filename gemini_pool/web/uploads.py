"""The form that an upload comes in, read so that the file in it goes to disk and not to memory."""

import mimetypes
import re
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, cast

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from gemini_pool.errors import BadRequest, CallerError, PoolError, TooLarge
from gemini_pool.media.depot import Incoming
from gemini_pool.store.files import StoredFile
from gemini_pool.wiring import Services

FORM = "multipart/form-data"
# What may be in a form besides its file, its boundaries included.
FIELDS_BYTES = 500_000
MOST_PARTS = 20
PIECE = 64 * 1024
HEAR_OUT_SECONDS = 10.0
LONGEST_NAME = 255
LONGEST_SUFFIX = 20
DEFAULT_PURPOSE = "assistants"
UNKNOWN_TYPE = "application/octet-stream"
_PURPOSE = re.compile(r"[a-z_-]{1,64}")
_MIME_TYPE = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,128}")
# Control characters, halves of pairs, breaks of lines and of paragraphs.
_NOT_IN_NAMES = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form: its bytes on disk, and what the sender says of it."""

    incoming: Incoming
    name: str
    mime_type: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was received: its fields, and its file if it has one."""

    fields: Mapping[str, str]
    file: FileStorage | None


@contextmanager
def received(s: Services, scope: str) -> Iterator[Upload]:
    """The upload of this owner in the current request; its bytes are gone in the end unless they are kept.

    BadRequest, TooLarge.
    """
    with received_form(s, scope, "file") as form:
        if form.file is None:
            raise BadRequest("No file provided: the form needs a part `file`.", param="file")
        yield upload_of(form.file, "file", _purpose(form.fields))


@contextmanager
def received_form(s: Services, scope: str, part: str) -> Iterator[Form]:
    """The form in the current request, whose file is the part of this name; its bytes as above."""
    with ExitStack() as stack:
        try:
            form = _form(s, scope, part, stack)
        except CallerError:
            _hear_out()
            raise
        yield form


def upload_of(file: FileStorage, part: str, purpose: str) -> Upload:
    """The file of a form, with a name and a type; BadRequest."""
    name = clean_name(file.filename or "")
    if not name:
        raise BadRequest(f"No file selected: the part `{part}` has no usable file name.", param=part)
    return Upload(cast(Incoming, file.stream), name, _mime_type(file.content_type, name), purpose)


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


def clean_name(name: str) -> str:
    """A file's name without its folders and whatever no name should hold; at most 255 characters."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(c for c in last if unicodedata.category(c) not in _NOT_IN_NAMES).strip()
    if plain in (".", ".."):
        return ""
    if len(plain) <= LONGEST_NAME:
        return plain
    suffix = PurePosixPath(plain).suffix[:LONGEST_SUFFIX]
    return plain[: LONGEST_NAME - len(suffix)] + suffix


def _form(s: Services, scope: str, part: str, stack: ExitStack) -> Form:
    """What the form holds; the stack is given what has to be undone."""

    def place(*_: object, **__: object) -> IO[bytes]:
        return stack.enter_context(s.depot.incoming())

    if request.mimetype != FORM:
        raise BadRequest(f"A file is uploaded as {FORM}, and this is {request.mimetype or 'of no type'}.")
    at_least = (request.content_length or 0) - FIELDS_BYTES  # so large is the file, if not larger
    s.depot.check_size(at_least)
    s.files.check_room(scope, at_least)
    parser = FormDataParser(place, FIELDS_BYTES, silent=False, max_form_parts=MOST_PARTS)
    fields, files = _parts(parser, s.depot.most_bytes + FIELDS_BYTES)
    return Form(fields, _one_file(fields, files.getlist(part), part))


def _parts(parser: FormDataParser, most_bytes: int) -> tuple[Mapping[str, str], MultiDict[str, FileStorage]]:
    """The fields of the form, and its files."""
    request.max_content_length = most_bytes
    try:
        _, fields, files = parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except RequestEntityTooLarge:  # no file is too large, or it would have said so
        raise TooLarge(
            f"What comes with the file is too much: a form may have {MOST_PARTS} parts, and "
            f"{FIELDS_BYTES // 1000} KB besides the file."
        ) from None
    except ValueError:
        raise BadRequest(f"The body ends too early, or is no {FORM} of the boundary that it names.") from None
    return fields, files


def _hear_out() -> None:
    """Let the caller send on for a while: many read no answer before they have sent everything, and closing
    on them would destroy it."""
    body, end = request.environ["wsgi.input"], time.monotonic() + HEAR_OUT_SECONDS
    with suppress(OSError):  # he has gone
        while time.monotonic() < end and body.read(PIECE):
            pass


def _one_file(fields: Mapping[str, str], files: list[FileStorage], part: str) -> FileStorage | None:
    if len(files) > 1:
        raise BadRequest(f"One file a request; these are {len(files)}.", param=part)
    if part in fields and not files:
        raise BadRequest(f"`{part}` came as text: its part needs a file name.", param=part)
    return files[0] if files else None


def _mime_type(declared: str | None, name: str) -> str:
    """As declared; clients that do not know either say so with a type of its own."""
    plain = (declared or "").partition(";")[0].strip().lower()
    if plain != UNKNOWN_TYPE and _MIME_TYPE.fullmatch(plain):
        return plain
    return mimetypes.guess_type(name)[0] or UNKNOWN_TYPE


def _purpose(fields: Mapping[str, str]) -> str:
    purpose = fields.get("purpose") or DEFAULT_PURPOSE
    if not _PURPOSE.fullmatch(purpose):
        raise BadRequest(
            "`purpose` must be at most 64 letters a-z, hyphens and underscores, such as `user_data`.",
            param="purpose",
        )
    return purpose
