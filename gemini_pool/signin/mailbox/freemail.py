"""Mailboxes of Freemail: any address of a service, with the token of its administrator."""

from collections.abc import Mapping
from urllib.parse import quote

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import ADDRESS, VERIFIED, Field, Given, Letter, Mailbox, Provider
from gemini_pool.signin.mailbox.http import MailService
from gemini_pool.signin.mailbox.items import Item, Whole, items_in


class FreeMailbox:
    def __init__(self, service: MailService, address: str) -> None:
        self._service = service
        self._whole = Whole(self._read)
        self.address = address

    def letters(self) -> list[Letter]:
        value = self._service.get("/api/emails", mailbox=self.address)
        return self._whole.letters(items_in(value, "results", "data", "emails"))

    def _read(self, id_: str) -> Item | None:
        value = self._service.find(f"/api/email/{quote(id_, safe='')}")
        return value if isinstance(value, Mapping) else None


def open_freemail(given: Given) -> Mailbox:
    address = given.need("mail_address", "enter the mailbox's address")
    own = given.get("mail_base_url")
    # The operator's own key goes to his own service alone, whatever address an account names.
    token = given.get("mail_jwt_token") or ("" if own else given.defaults.admin_key)
    if not token:
        raise MailboxFailed("The mailbox lacks mail_jwt_token: enter the administrator's.", settled=True)
    base = own or given.defaults.api
    if not base:
        raise MailboxFailed(
            "The mailbox names no service: enter its mail_base_url, or set MAIL_API for all.", settled=True
        )
    return FreeMailbox(MailService(base, query={"admin_token": token}), address)


FREEMAIL = Provider(
    "freemail",
    "Freemail",
    (
        ADDRESS,
        Field("mail_base_url", "Address of the service", about="Else MAIL_API."),
        Field("mail_jwt_token", "Administrator's token", secret=True, about="Else MAIL_ADMIN_KEY."),
        VERIFIED,
    ),
    open_freemail,
)
