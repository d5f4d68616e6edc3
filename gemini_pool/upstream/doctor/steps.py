"""The steps of the walk: those that an answer takes, and those that files will take, one call at a time.

Each is asked as the program asks and read as the program reads.
"""

import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from typing import Any

from gemini_pool.dialogue import Model, Waiting
from gemini_pool.errors import BadReply
from gemini_pool.roster import Account, Credentials, QuotaKind
from gemini_pool.upstream.calls import ANY_SESSION, DOWNLOADS, GENERATED, Call, Calls, Contents, Upload
from gemini_pool.upstream.cookies import with_cookies
from gemini_pool.upstream.doctor.documented import FILES, SESSION, UPLOAD
from gemini_pool.upstream.doctor.findings import Notes
from gemini_pool.upstream.doctor.hearing import QUESTION, Hearing
from gemini_pool.upstream.doctor.keys import note_key
from gemini_pool.upstream.doctor.replies import (
    accepted,
    cookie_names,
    kept,
    note_members,
    note_status,
    parsed,
    text_at,
)
from gemini_pool.upstream.doctor.scrubbing import Veil, address, form, session_form
from gemini_pool.upstream.refusals import refusal_of_reply, told_by_reply
from gemini_pool.upstream.tokens import Rotated, signed
from gemini_pool.upstream.transport import Reply, Transport
from gemini_pool.upstream.xsrf import Xsrf, key_of, renews_cookies

CHOICE = Model("gemini-auto", None, QuotaKind.TEXT, 0)  # of the service
FILE_NAME, FILE_TYPE = "doctor.txt", "text/plain"
FILE = b"One line, to see how the service takes files.\n"
NO_FILE = "1000000000000000001"
# Of a download these refuse more than the file.
DENIALS = (401, 403, 429)
ID_FORMS = ("digits(19)", "digits(20)")

Work = Callable[[Notes], Waiting[None]]


class Lacking(Exception):
    """An earlier step did not give what this one needs."""


class Steps:
    """The steps, and what they hand on to each other. The veil learns what is the account's own."""

    def __init__(
        self,
        transport: Transport,
        xsrf: Xsrf,
        calls: Calls,
        account: Account,
        veil: Veil,
        rotated: Rotated,
        clock: Callable[[], float],
    ) -> None:
        veil.learn(account.name, *account.name.split("@"), *_secrets(account.credentials))
        self._transport = transport
        self._xsrf = xsrf
        self._calls = calls
        self._account = account
        self._veil = veil
        self._rotated = rotated
        self._clock = clock
        self._bearer = ""
        self._session = ANY_SESSION
        self._full_name = ""  # of the session
        self._file_id = ""
        self._served = ""  # the address that files may be had from

    def in_order(self) -> tuple[tuple[str, str, Work], ...]:
        """Name, goal and work of each."""
        return (
            ("token", "a token", self._token),
            ("session", "a session", self._create_session),
            ("question", "an answer", self._ask),
            ("upload", "a file", self._upload),
            ("generated files", "a list of files", lambda notes: self._list_files(notes, GENERATED)),
            ("all files", "a list of files", lambda notes: self._list_files(notes, "")),
            ("missing file", "a refusal", lambda notes: self._miss(notes, DOWNLOADS[0])),
            ("missing file, other address", "a refusal", lambda notes: self._miss(notes, DOWNLOADS[1])),
            ("uploaded file", "a reply", self._download),
        )

    def _token(self, notes: Notes) -> Waiting[None]:
        credentials = self._account.credentials
        reply = yield from self._xsrf.ask(credentials)
        if renews_cookies(reply):
            kept(notes, "getoxsrf", reply)
            to = address(reply.headers["location"])
            notes.hold("redirect", "none", f"to {to}, and followed", False)
            hop = yield from self._xsrf.hop(credentials, reply)
            kept(notes, "refreshcookies", hop)
            notes.note("redirect's cookies", ", ".join(cookie_names(hop)) or "none")
            credentials = with_cookies(credentials, (*reply.cookies, *hop.cookies))
            self._veil.learn(*_secrets(credentials))
            reply = yield from self._xsrf.ask(credentials)
        kept(notes, "getoxsrf", reply)
        note_key(notes, reply, self._clock())
        key = key_of(reply)
        fresh = with_cookies(credentials, reply.cookies)
        self._bearer, _ = signed(key, fresh.csesidx, now=self._clock())
        self._veil.learn(*_secrets(fresh), self._bearer, key.id, text_at(parsed(reply.body), "xsrfToken"))
        if fresh != self._account.credentials:
            self._rotated(self._account.id, fresh)

    def _create_session(self, notes: Notes) -> Waiting[None]:
        call = self._calls.create_session(self._account, self._signed_in())
        value = yield from self._posted(notes, "widgetCreateSession", call)
        note_members(notes, value, SESSION, ("session.name",))
        name = text_at(value, "session", "name")
        if not name:
            raise BadReply("The service made a session but did not name it.")
        good = session_form(name) in [f"short name, {one}" for one in ID_FORMS]
        notes.hold("name", "short name, digits(19)", session_form(name), good)
        self._named(name)

    def _ask(self, notes: Notes) -> Waiting[None]:
        call = self._calls.assist(self._account, self._signed_in(), self._session, QUESTION, CHOICE)
        began = time.monotonic()
        stream = yield from self._transport.stream(call.url, call.headers, call.body)
        with closing(stream):
            if stream.status != 200:
                body = yield from stream.rest()
                accepted(
                    notes, "widgetStreamAssist", Reply(stream.status, stream.headers, body, stream.cookies)
                )
            hearing = Hearing(stream, began)
            notes.hold("status", "200", "200", True)
            try:
                yield from hearing.listen()
            finally:
                hearing.note(notes)
                self._named(hearing.session)

    def _upload(self, notes: Notes) -> Waiting[None]:
        bearer = self._signed_in()
        contents = Contents(len(FILE), lambda: [FILE])
        call = self._calls.add_file(self._account, bearer, self._session, FILE_NAME, FILE_TYPE, contents)
        value = yield from self._posted(notes, "widgetAddContextFile", call)
        note_members(notes, value, UPLOAD, ("addContextFileResponse.fileId",))
        self._named(text_at(value, "addContextFileResponse", "session"))
        file_id = text_at(value, "addContextFileResponse", "fileId")
        if not file_id:
            raise BadReply("The service took a file but gave it no id.")
        notes.hold("fileId", "digits(19)", form(file_id), form(file_id) in ID_FORMS)
        self._file_id = file_id

    def _list_files(self, notes: Notes, only: str) -> Waiting[None]:
        bearer = self._signed_in()
        if self._session == ANY_SESSION:
            raise Lacking("session")
        call = self._calls.list_files(self._account, bearer, self._session, only)
        value = yield from self._posted(notes, "widgetListSessionFileMetadata", call)
        note_members(notes, value, FILES)
        files = _files(value)
        notes.note("files", str(len(files)))
        if self._file_id:
            listed = any(text_at(one, "fileId") == self._file_id for one in files)
            expected = "not listed" if only else "listed"
            seen = "listed" if listed else "not listed"
            notes.hold("our upload", expected, seen, seen == expected)
        for one in files:
            self._named(text_at(one, "session"))

    def _miss(self, notes: Notes, under: str) -> Waiting[None]:
        """Ask for a file that is not there, under one of the two addresses that files may be had from."""
        reply = yield from self._fetched(notes, NO_FILE, under, expected=404)
        told = told_by_reply(reply.status, reply.headers, reply.body)
        served = told.status == "NOT_FOUND"  # and not a front end's page, which knows no such address
        notes.hold("refused as", "NOT_FOUND", form(told.status, enum=True), served)
        if served:
            self._served = self._served or under

    def _download(self, notes: Notes) -> Waiting[None]:
        """Ask for our own upload. Nobody has told what comes of it."""
        if not self._file_id:
            raise Lacking("file")
        reply = yield from self._fetched(notes, self._file_id, self._served or DOWNLOADS[0])
        notes.note("content type", notes.said(reply.headers.get("content-type", "none")))
        if reply.status == 200:
            notes.note("contents", _contents(reply.body))

    def _fetched(
        self, notes: Notes, file_id: str, under: str, *, expected: int | None = None
    ) -> Waiting[Reply]:
        bearer = self._signed_in()
        if not self._full_name:
            raise Lacking("full session name")
        call = self._calls.download(bearer, self._full_name, file_id, under)
        reply = yield from self._transport.get(call.url, call.headers)
        kept(notes, f"{under}…:downloadFile", reply)
        note_status(notes, reply, expected=expected)
        if reply.status in DENIALS or reply.status >= 500:
            raise refusal_of_reply(reply.status, reply.headers, reply.body)
        return reply

    def _posted(self, notes: Notes, method: str, call: Call | Upload) -> Waiting[Any]:
        reply = yield from self._transport.post(call.url, call.headers, call.body)
        return accepted(notes, method, reply)

    def _signed_in(self) -> str:
        if not self._bearer:
            raise Lacking("token")
        return self._bearer

    def _named(self, name: str) -> None:
        """The service told a name of the session."""
        if name and self._session == ANY_SESSION:
            self._session = name
        if name.startswith("projects/"):
            self._full_name = name


def _secrets(own: Credentials) -> tuple[str, ...]:
    return own.secure_c_ses, own.host_c_oses, own.csesidx, own.config_id, own.user_agent


def _files(value: Any) -> list[Any]:
    told = value.get("listSessionFileMetadataResponse") if isinstance(value, dict) else None
    files = told.get("fileMetadata") if isinstance(told, dict) else None
    return files if isinstance(files, list) else []


def _contents(body: bytes) -> str:
    if body == FILE:
        return "as they were sent"
    if body.strip() == b64encode(FILE):
        return "in base64"
    return f"something else, {len(body)} bytes" if body else "empty"
