"""Forms with files in them, read so that the files go to disk and not to memory."""

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
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from gemini_pool.dialogue import Attachment
from gemini_pool.errors import BadRequest, CallerError, TooLarge
from gemini_pool.media.depot import Depot, Incoming

FORM = "multipart/form-data"
# What may be in a form besides its files, its boundaries included.
FIELDS_BYTES = 500_000
PIECE = 64 * 1024
HEAR_OUT_SECONDS = 10.0
LONGEST_NAME = 255
LONGEST_SUFFIX = 20
UNKNOWN_TYPE = "application/octet-stream"
_MIME_TYPE = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,128}")
# Control characters, halves of pairs, breaks of lines and of paragraphs.
_NOT_IN_NAMES = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form: in which field, its bytes on disk, and what the sender says of it, if he does."""

    field: str
    incoming: Incoming
    name: str
    mime_type: str

    @property
    def attachment(self) -> Attachment:
        """As a prompt has it, for as long as the form's bytes are there."""
        incoming = self.incoming
        return Attachment(self.name, self.mime_type, incoming.part, incoming.bytes, incoming.digest)


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds; a field that came several times counts once, a file each time."""

    fields: Mapping[str, str]
    files: tuple[FormFile, ...]


@contextmanager
def heard_out() -> Iterator[None]:
    """Whoever is refused in here may send on for a while: many read no answer before they have sent
    everything, and closing on them would destroy it."""
    try:
        yield
    except CallerError:
        body, end = request.environ["wsgi.input"], time.monotonic() + HEAR_OUT_SECONDS
        with suppress(OSError):  # he has gone
            while time.monotonic() < end and body.read(PIECE):
                pass
        raise


def announced_bytes() -> int:
    """How many bytes of files the current request has at least, which must be a form; BadRequest."""
    if request.mimetype != FORM:
        raise BadRequest(f"A file is uploaded as {FORM}, and this is {request.mimetype or 'of no type'}.")
    return (request.content_length or 0) - FIELDS_BYTES


def read_form(depot: Depot, stack: ExitStack, *, most_files: int, most_parts: int) -> Form:
    """The form in the current request, whose files are gone when the stack is closed, unless they are kept.

    They may have as many bytes together as `most_files` of the largest. BadRequest, TooLarge.
    """

    def place(*_: object, **__: object) -> IO[bytes]:
        return stack.enter_context(depot.incoming())

    parser = FormDataParser(place, FIELDS_BYTES, silent=False, max_form_parts=most_parts)
    request.max_content_length = depot.most_bytes * most_files + FIELDS_BYTES
    try:
        _, fields, files = parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except RequestEntityTooLarge:  # no file is too large, or it would have said so
        raise TooLarge(
            f"What comes with the file is too much: a form may have {most_parts} parts, and "
            f"{FIELDS_BYTES // 1000} KB besides the file."
        ) from None
    except ValueError:
        raise BadRequest(f"The body ends too early, or is no {FORM} of the boundary that it names.") from None
    return Form(fields, tuple(_file(field, file) for field, file in files.items(multi=True)))


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


def _file(field: str, file: FileStorage) -> FormFile:
    name = clean_name(file.filename or "")
    return FormFile(field, cast(Incoming, file.stream), name, _mime_type(file.content_type, name))


def _mime_type(declared: str | None, name: str) -> str:
    """As declared; clients that do not know either say so with a type of its own."""
    plain = (declared or "").partition(";")[0].strip().lower()
    if plain != UNKNOWN_TYPE and _MIME_TYPE.fullmatch(plain):
        return plain
    return mimetypes.guess_type(name)[0] or UNKNOWN_TYPE
