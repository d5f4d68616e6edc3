"""An IMAP server over TLS: as much of RFC 3501 as a reader needs, and nothing that changes a mailbox."""

import base64
import re
import shlex
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Self

from gemini_pool.simulator.mail.boxes import SimBox, box_at
from gemini_pool.simulator.mail.microsoft import access_token
from gemini_pool.simulator.mail.mime import as_mime
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.post import Mail

FOLDERS = {"INBOX": r"\HasNoChildren", "Junk": r"\HasNoChildren \Junk"}
READERS = 16
_PARTIAL = re.compile(r"BODY(?:\.PEEK)?\[\](?:<0\.(\d+)>)?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ImapServer:
    """Serves the letters of a world in threads of its own; a context manager."""

    def __init__(self, room: MailRoom, tls: ssl.SSLContext, host: str = "127.0.0.1") -> None:
        class Handler(_Session):
            mails = room
            context = tls

        self.host = host
        self._server = socketserver.ThreadingTCPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Session(socketserver.BaseRequestHandler):
    mails: MailRoom
    context: ssl.SSLContext

    def handle(self) -> None:
        try:
            with self.context.wrap_socket(self.request, server_side=True) as plug:
                self._file = plug.makefile("rwb", buffering=0)
                self._serve()
                self._file.close()
        except (OSError, ValueError):  # the reader left, or does not trust us
            return

    def _serve(self) -> None:
        self._box: SimBox | None = None
        self._shown: list[Mail] = []
        if self.mails.behaviour.fault == "reset":
            return
        self._say("* OK IMAP4rev1 of the simulated world")
        while line := self._file.readline(65536).decode().rstrip("\r\n"):
            tag, _, command = line.partition(" ")
            verb, _, rest = command.partition(" ")
            self.mails.note(
                f"IMAP {verb.upper()} {'' if verb.upper() in ('LOGIN', 'AUTHENTICATE') else rest}"
            )
            self._say(f"{tag} {self._answer(verb.upper(), rest)}")
            if verb.upper() == "LOGOUT":
                return

    def _answer(self, verb: str, rest: str) -> str:
        """Say what is to be said without a tag, and give what is said with it."""
        if verb == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=PLAIN")
            return "OK done"
        if verb == "LOGOUT":
            self._say("* BYE")
            return "OK done"
        if verb in ("LOGIN", "AUTHENTICATE"):
            return self._let_in(verb, rest)
        if self._box is None:
            return "BAD log in first"
        known = {"LIST": self._list, "EXAMINE": self._examine, "SELECT": self._examine, "UID": self._uid}
        return known[verb](rest) if verb in known else "BAD unknown command"

    def _let_in(self, verb: str, rest: str) -> str:
        if self.mails.behaviour.fault == "500":
            raise ConnectionAbortedError
        if self.mails.behaviour.fault == "429":
            return "NO [LIMIT] Too many connections"
        box = self._by_password(*shlex.split(rest)) if verb == "LOGIN" else self._by_proof(rest)
        if box is None or self.mails.behaviour.fault == "401":
            return "NO [AUTHENTICATIONFAILED] Authentication failed."
        self._box = box
        return "OK logged in"

    def _by_password(self, user: str, password: str) -> SimBox | None:
        box = box_at(user)
        return box if box and box.password == password else None

    def _by_proof(self, mechanism: str) -> SimBox | None:
        self._say("+ ")
        proof = base64.b64decode(self._file.readline(65536)).decode()
        if mechanism.upper() == "PLAIN":
            _, user, password = proof.split("\0")
            return self._by_password(user, password)
        user, bearer = re.fullmatch("user=(.*)\1auth=Bearer (.*)\1\1", proof).groups()  # type: ignore[union-attr]
        box = box_at(user)
        if box and access_token(self.mails, box) == bearer:
            return box
        self._say("+ eyJzdGF0dXMiOiI0MDAifQ==")  # what is wrong, which the client confirms
        self._file.readline(65536)
        return None

    def _list(self, _: str) -> str:
        for name, flags in FOLDERS.items():
            self._say(f'* LIST ({flags}) "/" "{name}"')
        return "OK done"

    def _examine(self, rest: str) -> str:
        name = rest.strip('"')
        if name not in FOLDERS or self._box is None:
            return "NO no such folder"
        here = self.mails.behaviour.junk is (name == "Junk")
        self._shown = sorted(self.mails.box(self._box.address), key=lambda mail: mail.id) if here else []
        self._say(f"* {len(self._shown)} EXISTS")
        self._say("* OK [UIDVALIDITY 1] valid")
        return "OK [READ-ONLY] done"

    def _uid(self, rest: str) -> str:
        verb, _, rest = rest.partition(" ")
        if verb.upper() == "SEARCH":
            self._say(f"* SEARCH {' '.join(str(mail.id) for mail in self._since(rest))}".rstrip())
            return "OK done"
        uids, _, parts = rest.partition(" ")
        partial = _PARTIAL.search(parts)
        if verb.upper() != "FETCH" or partial is None:
            return "BAD unknown command"
        for number, mail in enumerate(self._shown, start=1):
            if str(mail.id) in uids.split(","):
                self._give(number, mail, partial[1])
        return "OK done"

    def _since(self, criteria: str) -> Iterator[Mail]:
        date = re.search(r"SINCE (\d+)-(\w+)-(\d+)", criteria)
        for mail in self._shown:
            came = datetime.fromtimestamp(mail.arrives_at, UTC)
            if date is None or came.date().isoformat() >= (
                f"{date[3]}-{_MONTHS.index(date[2]) + 1:02}-{int(date[1]):02}"
            ):
                yield mail

    def _give(self, number: int, mail: Mail, most: str | None) -> None:
        data = as_mime(mail)[: int(most) if most else None]
        came = datetime.fromtimestamp(mail.arrives_at, UTC)
        at = f"{came.day:02}-{_MONTHS[came.month - 1]}-{came:%Y %H:%M:%S} +0000"
        part = "BODY[]<0>" if most else "BODY[]"
        head = f'* {number} FETCH (UID {mail.id} INTERNALDATE "{at}" {part} {{{len(data)}}}'
        self._file.write(head.encode() + b"\r\n" + data + b")\r\n")

    def _say(self, line: str) -> None:
        self._file.write(line.encode() + b"\r\n")
