"""Mailboxes of cloudflare_temp_email: a worker that an operator runs, or the page in front of it."""

from collections.abc import Mapping
from urllib.parse import quote

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import (
    MOST_LETTERS,
    SERVICE,
    VERIFIED,
    Field,
    Given,
    Letter,
    Mailbox,
    NoService,
    Provider,
)
from gemini_pool.signin.mailbox.http import MailService, origin_of
from gemini_pool.signin.mailbox.items import Item, items_in, letter_of, newest_first, text_in
from gemini_pool.signin.mailbox.links import address_in, is_token, token_in
from gemini_pool.signin.mailbox.switching import Switching, page_of

LISTS = ("results", "mails", "data", "result")
# Builds differ in where their letters are; the second holds them parsed.
PATHS = ("/api/mails", "/api/parsed_mails")
DETAILS = ("/api/mail/", "/api/mails/", "/api/parsed_mail/")
SITE_PASSWORD = Field(
    "mail_site_password", "Password of the site", secret=True, about="Where the whole site asks for one."
)


class TokenMailbox:
    """One address, read with the token of this address."""

    def __init__(self, service: MailService, address: str) -> None:
        self._service = service
        self._paths: tuple[str, ...] = PATHS
        self._whole: dict[str, Item] = {}
        self.address = address

    def letters(self) -> list[Letter]:
        letters = [letter_of(self._filled(item), utc=True) for item in items_in(self._list(), *LISTS)]
        return newest_first([letter for letter in letters if letter.id])

    def _list(self) -> object:
        for path in self._paths:
            value = self._service.find(path, limit=MOST_LETTERS, offset=0)
            if value is not None:
                self._paths = (path,)
                return value
        raise NoService(
            f"{self._service.host} has no mailboxes at /api/mails (status 404). Set TEMP_MAIL_URL (or the "
            "mailbox's mail_base_url) to the worker's address.",
            settled=True,
        )

    def _filled(self, item: Item) -> Item:
        """The item, with what it says read on its own where the list does not tell."""
        id_ = text_in(item, "id")
        if not id_ or letter_of(item).text:
            return item
        if id_ not in self._whole:
            details = (self._service.find(path + quote(id_, safe="")) for path in DETAILS)
            self._whole[id_] = next((one for one in details if isinstance(one, Mapping)), {})
        return {**item, **self._whole[id_]}


class AdminMailbox:
    """One address, read with the key of the whole service. How its list answers is taken from its source, not
    seen: so letters that name another address are left out, whatever was asked for."""

    def __init__(self, service: MailService, address: str) -> None:
        self._service = service
        self.address = address

    def letters(self) -> list[Letter]:
        value = self._service.get("/admin/mails", limit=MOST_LETTERS, offset=0, address=self.address)
        wanted = self.address.lower()
        ours = [item for item in items_in(value, *LISTS) if text_in(item, "address").lower() in ("", wanted)]
        return newest_first([letter for letter in (letter_of(one, utc=True) for one in ours) if letter.id])


def open_cfmail(given: Given) -> Mailbox:
    """The service first; where the account has a link, its page second."""
    link = given.get("tempmail_url")
    page = page_of(given, link) if link else None
    try:
        service = _open_service(given, link)
    except MailboxFailed:
        if page is None:
            raise
        return page()  # a link without a token: whoever opens it sees the mailbox all the same
    return Switching(service, page) if page else service


def _open_service(given: Given, link: str) -> Mailbox:
    own = given.get("mail_base_url", "tempmail_worker_url")
    token = _token(given, link)
    headers = {"x-custom-auth": given.get("mail_site_password")} if given.get("mail_site_password") else {}
    if token:
        base = own or (given.defaults.temp_mail_url or origin_of(link) if link else given.defaults.api)
        base = base or given.defaults.temp_mail_url
        service = MailService(_named(base), headers={**headers, "authorization": f"Bearer {token}"})
        return TokenMailbox(service, address_in(token) or given.address)
    # The operator's own key goes to his own service alone, whatever address an account names.
    key = given.get("mail_api_key") or ("" if own else given.defaults.admin_key)
    if not key:
        raise MailboxFailed(
            "The mailbox lacks the token of its address: enter mail_jwt_token, or the service's admin key.",
            settled=True,
        )
    service = MailService(_named(own or given.defaults.api), headers={**headers, "x-admin-auth": key})
    address = given.need("mail_address", "with an admin key it must be said which mailbox to read")
    return AdminMailbox(service, address)


def _token(given: Given, link: str) -> str:
    """The token of the address; older tools keep it as its password."""
    token = given.get("mail_jwt_token") or token_in(link)
    password = given.get("mail_password")
    return token or (password if is_token(password) else "")


def _named(base: str) -> str:
    if not base:
        raise MailboxFailed(
            "The mailbox names no service: enter its mail_base_url, or set MAIL_API for all.", settled=True
        )
    return base


CFMAIL = Provider(
    "cfmail",
    "Cloudflare temp mail",
    (
        Field("mail_address", "Address", about="Not needed with a link or token, which tell it."),
        Field("tempmail_url", "Link", secret=True, about="The link to the mailbox, https://host/?jwt=…"),
        Field("mail_jwt_token", "Token", secret=True, about="The address's JWT, where there is no link."),
        Field("mail_password", "Password", secret=True, about="Other programs keep the token here."),
        Field("mail_api_key", "Admin key", secret=True, about="Instead of a token; else MAIL_ADMIN_KEY."),
        SITE_PASSWORD,
        Field(SERVICE.name, SERVICE.word, about="The worker's; else the link's own host, or MAIL_API."),
        VERIFIED,
    ),
    open_cfmail,
)
