"""The cookies of the accounts: which are accepted, and new ones when the service hands them out."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gemini_pool.simulator.cast import SimAccount

SECURE = "__Secure-C_SES"
HOST = "__Host-C_OSES"


@dataclass(frozen=True, slots=True)
class Grant:
    """Both cookies and the session index that they were handed out with."""

    secure: str = field(repr=False)
    host: str = field(repr=False)
    csesidx: str


class Wallet:
    """All grants that are accepted, each account's newest last."""

    def __init__(self, accounts: Iterable[SimAccount]) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._grants: dict[str, tuple[Grant, ...]] = {
            one.name: (Grant(one.secure_c_ses, one.host_c_oses, one.csesidx),)
            for one in self._accounts.values()
        }
        self._owners = {one.csesidx: one for one in self._accounts.values()}

    def owner(self, csesidx: str) -> SimAccount | None:
        """The account with this session index."""
        return self._owners.get(csesidx)

    def holder(self, cookies: dict[str, str]) -> SimAccount | None:
        """The account whose cookie this is."""
        shown = cookies.get(SECURE)
        held = (name for name in self._accounts if shown in self.values(name))
        return next((self._accounts[name] for name in held), None)

    def grant(self, cookies: dict[str, str]) -> Grant | None:
        """The grant that this cookie came with."""
        grants = (grant for grants in self._grants.values() for grant in grants)
        return next((grant for grant in grants if grant.secure == cookies.get(SECURE)), None)

    def accepts(self, csesidx: str, cookies: dict[str, str], *, host_required: bool) -> bool:
        """Whether these cookies belong to the index. `__Host-C_OSES` may be absent, but never wrong."""
        grant, host = self.grant(cookies), cookies.get(HOST)
        if grant is None or grant.csesidx != csesidx:
            return False
        return not host_required if host is None else host == grant.host

    def is_rotated(self, account: SimAccount, cookies: dict[str, str]) -> bool:
        """Whether the cookie shown is one that the service handed out later."""
        shown = cookies.get(SECURE)
        return shown != account.secure_c_ses and shown in self.values(account.name)

    def rotate(self, account: SimAccount) -> str:
        """A new value; the old ones stay accepted."""
        return self._added(account, replace(self._newest(account), secure=_secret("CSE"))).secure

    def sign_in(self, account: SimAccount, *, new_index: bool) -> Grant:
        """New cookies, with a session index of their own if so wished; the old ones stay accepted."""
        index = f"{10**8 + secrets.randbelow(10**9)}" if new_index else self._newest(account).csesidx
        self._owners[index] = account
        return self._added(account, Grant(_secret("CSE"), _secret("COS"), index))

    def sign_out(self, name: str) -> None:
        """Accept none of the cookies handed out so far."""
        self._grants[name] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """The accepted values of `__Secure-C_SES`, newest last."""
        return tuple(grant.secure for grant in self._grants[name])

    def retire_old(self, name: str) -> None:
        """Accept only the newest value from now on."""
        self._grants[name] = self._grants[name][-1:]

    def _newest(self, account: SimAccount) -> Grant:
        first = Grant(account.secure_c_ses, account.host_c_oses, account.csesidx)
        return next(reversed(self._grants[account.name]), first)

    def _added(self, account: SimAccount, grant: Grant) -> Grant:
        self._grants[account.name] += (grant,)
        return grant


def read_cookies(header: str) -> dict[str, str]:
    """The pairs of a Cookie header."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return {name: value for name, sep, value in pairs if sep}


def _secret(kind: str) -> str:
    return f"{kind}.{secrets.token_hex(32)}"
