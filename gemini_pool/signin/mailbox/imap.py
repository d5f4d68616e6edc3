"""Mailboxes that speak IMAP, over TLS alone: the inbox, and where the server puts what it takes for junk."""

import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from imap_tools import AND, BaseMailBox, ImapToolsError, MailBox, MailboxLoginError

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import ADDRESS, VERIFIED, Field, Given, Letter, Mailbox, Provider
from gemini_pool.signin.mailbox.http import trust, unsafe
from gemini_pool.signin.mailbox.items import newest_first
from gemini_pool.signin.mailbox.letters import MOST_BYTES, open_mime

PORT = 993
TIMEOUT_SECONDS = 12.0
INBOX = "INBOX"
JUNK = frozenset({"junk", "spam", "junk email", "junk e-mail", "bulk mail", "垃圾邮件"})
MOST_IN_A_FOLDER = 5
# Servers search by days alone, in a time zone of their own.
DAYS_BACK = 2
_UID = re.compile(rb"\bUID (\d+)")
# What a server says that lets nobody in for a moment (RFC 5530).
_FOR_A_MOMENT = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "TOO MANY")

# Lets a new connection in.
LogIn = Callable[[BaseMailBox], object]


class ImapMailbox:
    """Each look is a connection of its own: nobody has to close the mailbox."""

    def __init__(self, host: str, port: int, address: str, log_in: LogIn) -> None:
        self._host = host
        self._port = port
        self._log_in = log_in
        self.address = address

    def letters(self) -> list[Letter]:
        try:
            box = MailBox(self._host, self._port, TIMEOUT_SECONDS, ssl_context=trust())
            try:
                self._enter(box)
                return newest_first([letter for folder in _folders(box) for letter in _read(box, folder)])
            finally:
                with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                    box.logout()
                with suppress(OSError):  # closed by then, unless there was nobody to say good-bye to
                    box.client.shutdown()
        except ssl.SSLError as error:
            raise unsafe(self._host, error) from None
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
            raise MailboxFailed(
                f"{self._host} could not be read over IMAP ({type(error).__name__}). "
                "Check the mailbox's mail_host and mail_port."
            ) from None

    def _enter(self, box: BaseMailBox) -> None:
        try:
            self._log_in(box)
        except imaplib.IMAP4.abort:
            raise
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            if any(words in str(error).upper() for words in _FOR_A_MOMENT):
                raise MailboxFailed(
                    f"{self._host} lets nobody in at this moment. It is tried again."
                ) from None
            raise MailboxFailed(
                f"{self._host} refused the mailbox's user or password. Enter them again; many providers want "
                "a password made for programs, and IMAP switched on.",
                settled=True,
            ) from None


def _folders(box: BaseMailBox) -> list[str]:
    junk = [
        folder.name
        for folder in box.folder.list()
        if "\\junk" in map(str.lower, folder.flags) or folder.name.lower() in JUNK
    ]
    return [INBOX, *junk[:2]]


def _read(box: BaseMailBox, folder: str) -> Iterator[Letter]:
    """The newest letters of a folder, of each no more than its beginning; none of them becomes read."""
    box.folder.set(folder, readonly=True)
    since = (datetime.now(UTC) - timedelta(days=DAYS_BACK)).date()
    uids = box.uids(AND(date_gte=since), charset=None)[-MOST_IN_A_FOLDER:]
    if uids:
        wanted = f"(UID INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)"
        _, data = box.client.uid("FETCH", ",".join(uids), wanted)
        yield from _letters(folder, data)


def _letters(folder: str, data: Sequence[object]) -> Iterator[Letter]:
    """The letters in a reply, which has a literal for each, and words before and after it."""
    for part, after in zip(data, [*data[1:], b""], strict=True):
        if not isinstance(part, tuple):
            continue
        words = part[0] + b" " + (after if isinstance(after, bytes) else b"")
        uid, came = _UID.search(words), imaplib.Internaldate2tuple(words)
        if uid:
            opened = open_mime(part[1])
            at = time.mktime(came) if came else opened.at
            yield Letter(f"{folder}:{uid[1].decode()}", opened.sender, opened.subject, opened.text, at)


def port_of(given: Given) -> int:
    text = given.get("mail_port") or str(PORT)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise MailboxFailed("mail_port is not a port; leave it empty for 993.", settled=True)
    return int(text)


def line_of(given: Given, name: str, why: str) -> str:
    """A needed field that goes onto a line of the protocol."""
    value = given.need(name, why)
    if not value.isprintable():
        raise MailboxFailed(f"{name} holds odd characters; enter it again.", settled=True)
    return value


def open_imap(given: Given) -> Mailbox:
    address = line_of(given, "mail_address", "enter the mailbox's address")
    host = line_of(given, "mail_host", "enter the name of its IMAP server, such as imap.example.org")
    password = line_of(given, "mail_password", "enter the mailbox's password")
    user = line_of(given, "mail_user", "") if given.get("mail_user") else address
    plain = user.isascii() and password.isascii()

    def log_in(box: BaseMailBox) -> object:
        return box.login(user, password, None) if plain else box.login_utf8(user, password, None)

    return ImapMailbox(host, port_of(given), address, log_in)


IMAP = Provider(
    "imap",
    "IMAP",
    (
        ADDRESS,
        Field("mail_host", "IMAP server", needed=True, about="Such as imap.example.org; TLS is a must."),
        Field("mail_port", "Port", about="Where it is not 993."),
        Field("mail_user", "User", about="Where it is not the address."),
        Field("mail_password", "Password", secret=True, needed=True, about="Or one made for programs."),
        VERIFIED,
    ),
    open_imap,
)
