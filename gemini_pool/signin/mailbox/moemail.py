"""Mailboxes of Moemail: the mailbox's id, and a key of its owner."""

from collections.abc import Mapping
from urllib.parse import quote

from gemini_pool.signin.mailbox.base import ADDRESS, VERIFIED, Field, Given, Letter, Mailbox, Provider
from gemini_pool.signin.mailbox.http import MailService
from gemini_pool.signin.mailbox.items import Item, Whole, items_in

HOME = "https://moemail.app"


class MoeMailbox:
    def __init__(self, service: MailService, address: str, id_: str) -> None:
        self._service = service
        self._path = f"/api/emails/{quote(id_, safe='')}"
        self._whole = Whole(self._read)
        self.address = address

    def letters(self) -> list[Letter]:
        return self._whole.letters(items_in(self._service.get(self._path), "messages", "data"))

    def _read(self, id_: str) -> Item | None:
        value = self._service.find(f"{self._path}/{quote(id_, safe='')}")
        message = value.get("message", value) if isinstance(value, Mapping) else None
        return message if isinstance(message, Mapping) else None


def open_moemail(given: Given) -> Mailbox:
    id_ = given.need("mail_password", "enter the mailbox's id, which is no secret word but its name inside")
    key = given.need("mail_api_key", "enter a key from the service's own settings")
    service = MailService(given.get("mail_base_url") or HOME, headers={"x-api-key": key})
    return MoeMailbox(service, given.address, id_)


MOEMAIL = Provider(
    "moemail",
    "Moemail",
    (
        ADDRESS,
        Field("mail_password", "Id of the mailbox", secret=True, needed=True, about="As Moemail names it."),
        Field("mail_api_key", "API key", secret=True, needed=True),
        Field("mail_base_url", "Address of the service", about=f"Only where it is not {HOME}."),
        VERIFIED,
    ),
    open_moemail,
)
