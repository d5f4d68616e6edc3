"""Mailboxes of DuckMail and of services that speak as it does: an address and its password."""

from collections.abc import Mapping
from urllib.parse import quote

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import ADDRESS, VERIFIED, Field, Given, Letter, Mailbox, Provider
from gemini_pool.signin.mailbox.http import MailService
from gemini_pool.signin.mailbox.items import Item, Whole, items_in, text_in

HOME = "https://api.duckmail.sbs"
LISTS = ("hydra:member", "member", "messages", "data")


class DuckMailbox:
    def __init__(self, base: str, address: str, password: str) -> None:
        self._base = base
        self._password = password
        self._let_in: MailService | None = None
        self._whole = Whole(self._read)
        self.address = address

    def letters(self) -> list[Letter]:
        service = self._let_in
        if service is not None:
            reply = service.ask("GET", "/messages")
            if reply.status != 401:  # what let us in is good for a while only
                return self._whole.letters(items_in(service.good(reply), *LISTS))
        self._let_in = self._enter()
        return self._whole.letters(items_in(self._let_in.get("/messages"), *LISTS))

    def _enter(self) -> MailService:
        door = MailService(self._base)
        told = {"address": self.address, "password": self._password}
        value = door.good(door.ask("POST", "/token", json=told))
        token = text_in(value, "token") if isinstance(value, Mapping) else ""
        if not token:
            raise MailboxFailed(f"{door.host} let us in without a token. Check what service it is.")
        return MailService(self._base, headers={"authorization": f"Bearer {token}"})

    def _read(self, id_: str) -> Item | None:
        service = self._let_in or self._enter()
        value = service.find(f"/messages/{quote(id_, safe='')}")
        return value if isinstance(value, Mapping) else None


def open_duckmail(given: Given) -> Mailbox:
    address = given.need("mail_address", "enter the mailbox's address")
    password = given.need("mail_password", "enter the mailbox's password")
    return DuckMailbox(given.get("mail_base_url") or HOME, address, password)


DUCKMAIL = Provider(
    "duckmail",
    "DuckMail",
    (
        ADDRESS,
        Field("mail_password", "Password", secret=True, needed=True),
        Field("mail_base_url", "Address of the service", about=f"Only where it is not {HOME}."),
        VERIFIED,
    ),
    open_duckmail,
)
