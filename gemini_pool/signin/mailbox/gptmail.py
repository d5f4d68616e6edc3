"""Mailboxes of GPTMail: any address of the service, with an API key."""

from collections.abc import Mapping
from urllib.parse import quote

from gemini_pool.signin.mailbox.base import ADDRESS, VERIFIED, Field, Given, Letter, Mailbox, Provider
from gemini_pool.signin.mailbox.http import MailService
from gemini_pool.signin.mailbox.items import Item, Whole, items_in

HOME = "https://mail.chatgpt.org.uk"


class GptMailbox:
    def __init__(self, service: MailService, address: str) -> None:
        self._service = service
        self._whole = Whole(self._read)
        self.address = address

    def letters(self) -> list[Letter]:
        value = self._service.get("/api/emails", email=self.address)
        return self._whole.letters(items_in(value, "data", "emails"))

    def _read(self, id_: str) -> Item | None:
        value = self._service.find(f"/api/email/{quote(id_, safe='')}")
        data = value.get("data") if isinstance(value, Mapping) else None
        return data if isinstance(data, Mapping) else None


def open_gptmail(given: Given) -> Mailbox:
    address = given.need("mail_address", "enter the mailbox's address")
    key = given.need("mail_api_key", "enter a key of the service")
    return GptMailbox(MailService(given.get("mail_base_url") or HOME, headers={"x-api-key": key}), address)


GPTMAIL = Provider(
    "gptmail",
    "GPTMail",
    (
        ADDRESS,
        Field("mail_api_key", "API key", secret=True, needed=True),
        Field("mail_base_url", "Address of the service", about=f"Only where it is not {HOME}."),
        VERIFIED,
    ),
    open_gptmail,
)
