"""Mailboxes of Microsoft: IMAP, let in by an access token that a refresh token is exchanged for."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

from imap_tools import BaseMailBox

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import ADDRESS, Field, Given, Mailbox, Provider, Renewed
from gemini_pool.signin.mailbox.http import MailService
from gemini_pool.signin.mailbox.imap import ImapMailbox, line_of, port_of
from gemini_pool.signin.mailbox.items import text_in

LOGIN = "https://login.microsoftonline.com"
HOST = "outlook.office365.com"
TENANT = "consumers"
# An access token is not used in its last seconds, nor is one trusted to last for ever.
EARLY_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
DEAD = frozenset({"invalid_grant", "interaction_required", "invalid_client", "unauthorized_client"})


class AccessTokens:
    """Exchanges a refresh token for access tokens, and tells when the service replaces it by another."""

    def __init__(
        self,
        service: MailService,
        path: str,
        client_id: str,
        refresh_token: str,
        renewed: Renewed | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._path = path
        self._client_id = client_id
        self._refresh_token = refresh_token
        self._renewed = renewed
        self._clock = clock
        self._token = ""
        self._good_until = 0.0

    def token(self) -> str:
        """An access token that is good now. MailboxFailed."""
        if self._clock() >= self._good_until:
            self._exchange()
        return self._token

    def _exchange(self) -> None:
        form = {
            "client_id": self._client_id,
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
        }
        reply = self._service.ask("POST", self._path, data=form)
        value = reply.value if isinstance(reply.value, Mapping) else {}
        fault = text_in(value, "error")
        if fault in DEAD:
            raise MailboxFailed(
                f"Microsoft takes the mailbox's refresh token no more ({fault}). Sign in to the mailbox and "
                "enter a new mail_refresh_token.",
                settled=True,
            )
        self._service.good(reply)
        self._token = text_in(value, "access_token")
        if not self._token:
            raise MailboxFailed(f"{self._service.host} gave no access token. Check mail_token_url.")
        lasts = value.get("expires_in")
        lasts = float(lasts) if isinstance(lasts, int | float) else 0.0
        self._good_until = self._clock() + min(lasts, LONGEST_SECONDS) - EARLY_SECONDS
        self._keep(text_in(value, "refresh_token"))

    def _keep(self, refresh_token: str) -> None:
        if refresh_token and refresh_token != self._refresh_token:
            self._refresh_token = refresh_token
            if self._renewed is not None:
                self._renewed({"mail_refresh_token": refresh_token})


def open_microsoft(given: Given) -> Mailbox:
    address = line_of(given, "mail_address", "enter the mailbox's address")
    client_id = given.need(
        "mail_client_id", "enter the id of the program that the refresh token was made for"
    )
    refresh_token = given.need("mail_refresh_token", "Microsoft lets no password in, only such a token")
    service = MailService(given.get("mail_token_url") or LOGIN)
    path = f"/{quote(given.get('mail_tenant') or TENANT, safe='')}/oauth2/v2.0/token"
    tokens = AccessTokens(service, path, client_id, refresh_token, given.renewed)

    def log_in(box: BaseMailBox) -> object:
        return box.xoauth2(address, tokens.token(), None)

    return ImapMailbox(given.get("mail_host") or HOST, port_of(given), address, log_in)


MICROSOFT = Provider(
    "microsoft",
    "Microsoft (Outlook, Hotmail)",
    (
        ADDRESS,
        Field("mail_client_id", "Client id", needed=True, about="Of the program the token was made for."),
        Field("mail_refresh_token", "Refresh token", secret=True, needed=True),
        Field("mail_password", "Password", secret=True, about="Kept for export; Microsoft lets none in."),
        Field("mail_tenant", "Tenant", about=f"Where it is not {TENANT}."),
        Field("mail_host", "IMAP server", about=f"Where it is not {HOST}."),
        Field("mail_token_url", "Sign-in server", about=f"Where it is not {LOGIN}."),
    ),
    open_microsoft,
)
