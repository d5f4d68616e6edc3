"""The parts of a message's content: text, and files in every form that clients have sent them in.

Nothing is fetched or decoded here: a file is read as its caller names it. What can be neither is refused, by
the path of the part.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from gemini_pool.dialogue import FileSource
from gemini_pool.errors import BadRequest

_TEXT_PARTS = ("text", "input_text", "output_text", "refusal")

Part = str | FileSource


def read_content(content: Any, path: str) -> tuple[str, tuple[FileSource, ...]]:
    """The text and the files of a content, which may be a string, parts, or nothing: assistant turns that
    carry tool calls have `content: null`."""
    if content is None:
        return "", ()
    if isinstance(content, str):
        return content, ()
    if not isinstance(content, list):
        raise BadRequest(f"`{path}` must be a string, a list of parts or null.", param=path)
    parts = [_part(part, f"{path}[{at}]") for at, part in enumerate(content)]
    text = "\n".join(part for part in parts if isinstance(part, str) and part)
    return text, tuple(part for part in parts if isinstance(part, FileSource))


def read_file(entry: Any, path: str) -> FileSource:
    """A file of the older form `{data, type, name}`, where data may be an address as well."""
    if not isinstance(entry, Mapping):
        raise BadRequest(f"`{path}` must be an object with `data`.", param=path)
    return _attached(entry, path)


def read_reference(entry: Any, path: str) -> FileSource:
    """A picture to go by: `{image_url}` or `{file_id}`."""
    if not isinstance(entry, Mapping):
        raise BadRequest(
            f"`{path}` must be an object with `file_id` or `image_url`, or the file itself in a form.",
            param=path,
        )
    return _linked("image_url")(entry, path)


def _part(part: Any, path: str) -> Part:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind in _TEXT_PARTS:
        return _text(part, "refusal" if kind == "refusal" else "text", path)
    reader = _FILE_PARTS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadRequest(
            f"`{path}` is of a type that is not known ({kind!r}). Send one of "
            f"{', '.join(('text', *_FILE_PARTS))}.",
            param=path,
            code="unsupported_content",
        )
    return reader(part, path)


def _text(part: Mapping[str, Any], member: str, path: str) -> str:
    text = part.get(member)
    if not isinstance(text, str):
        raise BadRequest(f"`{path}.{member}` must be a string.", param=f"{path}.{member}")
    return text


def _linked(member: str) -> Callable[[Mapping[str, Any], str], FileSource]:
    """A part `{<member>: address or {url: address}}`; `input_image` may name a file instead."""

    def read(part: Mapping[str, Any], path: str) -> FileSource:
        link = part.get(member)
        if isinstance(link, Mapping):
            link = link.get("url")
        return _source(f"{path}.{member}", url=link, file_id=part.get("file_id"))

    return read


def _named(part: Mapping[str, Any], path: str) -> FileSource:
    """`file` and `input_file`: by id, by address or with its data, in an object of its own or not."""
    inner = part.get("file")
    file = inner if isinstance(inner, Mapping) else part
    return _source(
        path if file is part else f"{path}.file",
        file_id=file.get("file_id") or file.get("id"),
        url=file.get("file_url") or file.get("url"),
        data=file.get("file_data") or file.get("data"),
        name=file.get("filename") or file.get("name"),
        mime_type=file.get("mime_type"),
    )


def _heard(part: Mapping[str, Any], path: str) -> FileSource:
    """`input_audio`: data in a format that is named like a suffix."""
    audio = part.get("input_audio")
    audio = audio if isinstance(audio, Mapping) else {}
    form = audio.get("format")
    name = f"audio.{form}" if isinstance(form, str) and form.isalnum() else ""
    return _source(f"{path}.input_audio", data=audio.get("data"), url=audio.get("url"), name=name)


def _attached(part: Mapping[str, Any], path: str) -> FileSource:
    """`image` with its data, or with an address."""
    image = part.get("image")
    return _source(
        path,
        data=part.get("data") or (image if isinstance(image, str) else None),
        url=part.get("url"),
        name=part.get("name") or part.get("filename"),
        mime_type=part.get("mime_type") or part.get("mimeType") or part.get("media_type"),
    )


_FILE_PARTS: Mapping[str, Callable[[Mapping[str, Any], str], FileSource]] = {
    "image_url": _linked("image_url"),
    "input_image": _linked("image_url"),
    "video_url": _linked("video_url"),
    "audio_url": _linked("audio_url"),
    "file": _named,
    "input_file": _named,
    "input_audio": _heard,
    "image": _attached,
}


def _source(
    path: str,
    *,
    url: Any = None,
    data: Any = None,
    file_id: Any = None,
    name: Any = None,
    mime_type: Any = None,
) -> FileSource:
    """The first that is given of id, data and address. A data URL counts as data, wherever it stands, and so
    does an address where data belongs as an address."""
    given = next((one for one in (file_id, data, url) if one), None)
    if not isinstance(given, str):
        raise BadRequest(
            f"`{path}` names no file: give an address, a data URL or the id of an uploaded file.", param=path
        )
    about = {"name": name if isinstance(name, str) else "", "mime_type": _said(mime_type)}
    if given is file_id:
        return FileSource(path, file_id=given, **about)
    if given[:5].lower() == "data:":
        return _unpacked(path, given, **about)
    if given is data and "://" not in given[:16]:
        return FileSource(path, data=given, **about)
    return FileSource(path, url=given, **about)


def _unpacked(path: str, address: str, *, name: str, mime_type: str) -> FileSource:
    """What is in a data URL."""
    head, comma, data = address.partition(",")
    if not comma:
        raise BadRequest(f"`{path}` is a data URL without data.", param=path)
    declared, *options = head[5:].split(";")
    if "base64" not in (option.strip().lower() for option in options):
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return FileSource(path, data=data, name=name, mime_type=mime_type or declared)


def _said(mime_type: Any) -> str:
    """A `type` that is a MIME type; clients also say `image` there."""
    return mime_type if isinstance(mime_type, str) and "/" in mime_type else ""
