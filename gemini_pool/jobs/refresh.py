"""Signing in, as far as the pool is concerned: who wants in, whether what came is good, where it is kept."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from gemini_pool.dialogue import Silence, Waiting
from gemini_pool.errors import UpstreamError
from gemini_pool.roster import Credentials
from gemini_pool.sign_in_errors import ForeignAccount, MailboxFailed, SignInError
from gemini_pool.signin.order import Evidence, SignedIn
from gemini_pool.store.profiles import Changes, NewAccount, Profile, of_sign_in

Mailbox = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who wants in. `mailbox` are its fields by name; `renewed` is told of those that its service changed.
    Of an account that is there, `config_id` is where it must lead."""

    email: str
    mailbox: Mailbox
    renewed: Callable[[Mailbox], None]
    account_id: int | None = None
    config_id: str = ""
    visible: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of a sign-in: the account that has it now, and words for people."""

    account_id: int
    message: str


Keep = Callable[[Evidence], None]
SignIn = Callable[[Seeker, Keep], Generator[Silence | str, None, SignedIn]]
Steps = Generator[Silence | str, None, Kept]


class Accounts(Protocol):
    """Where accounts are kept."""

    def profile(self, account_id: int) -> Profile | None: ...
    def profiles(self) -> list[Profile]: ...
    def add(self, account: NewAccount) -> int: ...
    def edit(self, account_id: int, changes: Changes) -> tuple[str, ...] | None: ...
    def signed_in(
        self, account_id: int, credentials: Credentials, *, expires_at: float | None, trial_end: str = ""
    ) -> bool: ...


class Refresher:
    """Signs accounts in. `prove` tells whether credentials are good; `told` hears of accounts that have new
    ones."""

    def __init__(
        self,
        accounts: Accounts,
        sign_in: SignIn,
        prove: Callable[[Credentials], Waiting[Credentials]],
        told: Callable[[int], None],
    ) -> None:
        self._accounts = accounts
        self._sign_in = sign_in
        self._prove = prove
        self._told = told

    def refresh(self, account_id: int, keep: Keep, *, visible: bool = False) -> Steps:
        """New cookies for an account; SignInError, and then it is as it was."""
        profile = self._accounts.profile(account_id)
        if profile is None:
            raise ForeignAccount("The account was deleted before its turn came.")
        given = profile.given
        if not given.mailbox:
            raise MailboxFailed(
                "Nobody said where its codes arrive. Name its mailbox on the account's page.", settled=True
            )
        seeker = Seeker(
            given.email,
            given.mailbox,
            partial(self._mailbox_changed, account_id),
            account_id,
            given.credentials.config_id,
            visible,
        )
        signed = yield from self._sign_in(seeker, keep)
        if signed.credentials.config_id != given.credentials.config_id:
            raise ForeignAccount(
                "The sign-in led to another workspace than this account's, so nothing was changed. "
                "Is it the right mailbox?"
            )
        yield from self._keep(account_id, signed)
        return Kept(account_id, "Signed in, with new cookies.")

    def enrol(self, email: str, mailbox: Mailbox, keep: Keep) -> Steps:
        """An account out of a mailbox; one that is there already has its new cookies. SignInError."""
        news = dict(mailbox)
        signed = yield from self._sign_in(Seeker(email, mailbox, news.update), keep)
        there = of_sign_in(self._accounts.profiles(), signed.credentials, email)
        if len(there) > 1:
            raise ForeignAccount(
                f"{len(there)} accounts of this workspace have no address here; nothing tells whether this "
                "is one of them. Enter their addresses, then try again."
            )
        if there:
            account_id = there[0].account.id
            yield from self._keep(account_id, signed)
            return Kept(account_id, "It is an account that was there; it has new cookies.")
        credentials = yield from self._proved(signed.credentials)
        account_id = self._accounts.add(
            NewAccount(
                credentials,
                name=email,
                email=email,
                trial_end=signed.trial_end,
                expires_at=signed.expires_at,
                mailbox=news,
            )
        )
        yield "kept"
        self._told(account_id)
        return Kept(account_id, "Signed in; the account is in the pool.")

    def _keep(self, account_id: int, signed: SignedIn) -> Generator[Silence | str]:
        credentials = yield from self._proved(signed.credentials)
        kept = self._accounts.signed_in(
            account_id, credentials, expires_at=signed.expires_at, trial_end=signed.trial_end
        )
        if not kept:
            raise ForeignAccount("The account was deleted or became another one meanwhile; nothing was kept.")
        yield "kept"
        self._told(account_id)

    def _proved(self, credentials: Credentials) -> Generator[Silence | str, None, Credentials]:
        try:
            credentials = yield from self._prove(credentials)
        except UpstreamError as error:
            raise SignInError(f"The new cookies were tried and not kept: {error}") from error
        yield "proof"
        return credentials

    def _mailbox_changed(self, account_id: int, news: Mailbox) -> None:
        self._accounts.edit(account_id, Changes(mailbox=news))
