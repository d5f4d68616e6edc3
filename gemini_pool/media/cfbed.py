"""Uploads finished files to a CloudFlare ImgBed, which then shows them to everybody."""

import json
import re
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import punctuation
from typing import BinaryIO
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from urllib3.fields import RequestField
from urllib3.response import HTTPResponse

from gemini_pool.errors import PoolError
from gemini_pool.media.addresses import Refusal, Site, read_site
from gemini_pool.media.connection import BROKEN, LATE, Deadline, dial, exchange, tls_context

PIECE = 64 * 1024
MAX_REPLY_BYTES = 256 * 1024
# What it is asked for, unless the endpoint's own query says otherwise.
WISHES = {
    "uploadChannel": "telegram",
    "serverCompress": "true",
    "autoRetry": "true",
    "uploadNameType": "default",
    "returnFormat": "default",
}
_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]+")
# All but the marks that would end an address in Markdown or in a page.
_IN_ADDRESS = "".join(set(punctuation) - set("\"'()<>[]\\^`{|}"))


class UploadFailed(PoolError):
    """The image host did not take a file, which stays where it is."""


class ImageHost:
    """`endpoint` is the whole address of its upload, `public_base` where its files are seen, if elsewhere.

    `seconds` bound one upload, all in all. Thread-safe.
    """

    def __init__(self, *, endpoint: str, token: str, public_base: str = "", seconds: float = 300) -> None:
        self._endpoint = endpoint.strip()
        self._token = token.strip()
        self._public_base = public_base.strip().rstrip("/")
        self._seconds = seconds
        self._tls = tls_context()

    def upload(self, path: Path, name: str, mime_type: str) -> str:
        """Upload a file under this name; the address at which everybody can open it. UploadFailed."""
        site = self._site()
        try:
            with path.open("rb") as file:
                reply = self._sent(site, _Form(file, path.stat().st_size, name, mime_type))
        except FileNotFoundError as error:
            raise UploadFailed("The file to upload is gone from the disk.") from error
        return self._public(_source(reply))

    def _site(self) -> Site:
        """The endpoint, with what is wanted of it and the token in its query, as older builds read it."""
        if not _TOKEN.fullmatch(self._token):
            raise UploadFailed("The image host's token is empty or holds odd characters. Enter it again.")
        try:
            site = read_site(self._endpoint)
        except Refusal:
            raise UploadFailed(
                "The image host's upload address cannot be read. Enter it as https://host/upload."
            ) from None
        path, _, query = site.target.partition("?")
        wishes = WISHES | dict(parse_qsl(query)) | {"authCode": self._token}
        return replace(site, target=f"{path}?{urlencode(wishes)}")

    def _sent(self, site: Site, form: "_Form") -> bytes:
        """What the image host answers to an upload."""
        headers = {
            "authorization": f"Bearer {self._token}",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "gemini_pool",
            "connection": "close",
            **form.headers,
        }
        try:
            sock = dial([site.host], site.port, Deadline(self._seconds))
            with exchange(site, sock, self._tls, "POST", headers, form.pieces()) as answer:
                return _accepted(answer)
        except LATE:
            raise UploadFailed(f"The image host took longer than {self._seconds:g} s for a file.") from None
        except ssl.SSLCertVerificationError:
            raise UploadFailed("The certificate of the image host is not valid. Check its address.") from None
        except BROKEN as error:
            raise UploadFailed(
                f"The connection to the image host failed ({type(error).__name__}). Check its address."
            ) from None

    def _public(self, source: str) -> str:
        if urlsplit(source).scheme:
            return source
        if self._public_base:
            return f"{self._public_base}/{source.lstrip('/')}"
        base = self._endpoint.partition("?")[0].rstrip("/").removesuffix("/upload")
        return f"{base}/{source.lstrip('/')}"


class _Form:
    """A file as the only part of a multipart form, read from disk as it is sent."""

    def __init__(self, file: BinaryIO, size: int, name: str, mime_type: str) -> None:
        boundary = secrets.token_hex(16)
        part = RequestField("file", b"", filename=name)
        part.make_multipart(
            content_type=mime_type if _MIME_TYPE.fullmatch(mime_type) else "application/octet-stream"
        )
        self._file = file
        self._head = f"--{boundary}\r\n{part.render_headers()}".encode(errors="replace")
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(len(self._head) + size + len(self._tail)),
        }

    def pieces(self) -> Iterator[bytes]:
        yield self._head
        while piece := self._file.read(PIECE):
            yield piece
        yield self._tail


def _accepted(answer: HTTPResponse) -> bytes:
    """The body of a good answer; UploadFailed."""
    if answer.status in (401, 403):
        raise UploadFailed(f"The image host refused the token (status {answer.status}). Check the token.")
    if not 200 <= answer.status < 300:
        raise UploadFailed(f"The image host answered with status {answer.status}. Look into its own log.")
    body = b""
    while piece := answer.read1(PIECE, decode_content=False):
        body += piece
        if len(body) > MAX_REPLY_BYTES:
            raise _unread()
    return body


def _source(reply: bytes) -> str:
    """Where the file lies, absolute or from the host's root: `src` of the first object. UploadFailed."""
    try:
        told = json.loads(reply)
        if isinstance(told, list):
            told = told[0] if told else None
        source = told.get("src") if isinstance(told, dict) else None
        if isinstance(source, str) and source and urlsplit(source).scheme in ("", "http", "https"):
            return quote(source, safe=_IN_ADDRESS)
    except (ValueError, RecursionError):
        pass
    raise _unread()


def _unread() -> UploadFailed:
    return UploadFailed("The image host's answer does not say where the file is. Check its upload address.")
