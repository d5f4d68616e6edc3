"""The cookies of the accounts: which are accepted, and new ones when the service rotates them."""

import secrets
from collections.abc import Iterable

from gemini_pool.simulator.cast import SimAccount

SECURE = "__Secure-C_SES"
HOST = "__Host-C_OSES"


class Wallet:
    """All values of `__Secure-C_SES` that are accepted, newest last."""

    def __init__(self, accounts: Iterable[SimAccount]) -> None:
        self._by_csesidx = {account.csesidx: account for account in accounts}
        self._accepted: dict[str, tuple[str, ...]] = {
            account.name: (account.secure_c_ses,) for account in self._by_csesidx.values()
        }

    def owner(self, csesidx: str) -> SimAccount | None:
        """The account with this session index."""
        return self._by_csesidx.get(csesidx)

    def holder(self, cookies: dict[str, str]) -> SimAccount | None:
        """The account whose cookie this is."""
        shown = cookies.get(SECURE)
        owners = (one for one in self._by_csesidx.values() if shown in self._accepted[one.name])
        return next(owners, None)

    def accepts(self, account: SimAccount, cookies: dict[str, str], *, host_required: bool) -> bool:
        """Whether these cookies are the account's. `__Host-C_OSES` may be absent, but never wrong."""
        host = cookies.get(HOST)
        host_fits = not host_required if host is None else host == account.host_c_oses
        return host_fits and cookies.get(SECURE) in self._accepted[account.name]

    def is_rotated(self, account: SimAccount, cookies: dict[str, str]) -> bool:
        """Whether the cookie shown is one that the service handed out later."""
        shown = cookies.get(SECURE)
        return shown != account.secure_c_ses and shown in self._accepted[account.name]

    def rotate(self, account: SimAccount) -> str:
        """A new value; the old ones stay accepted."""
        value = f"CSE.{secrets.token_hex(32)}"
        self._accepted[account.name] += (value,)
        return value

    def values(self, name: str) -> tuple[str, ...]:
        """The accepted values of an account, newest last."""
        return self._accepted[name]

    def retire_old(self, name: str) -> None:
        """Accept only the newest value from now on."""
        self._accepted[name] = self._accepted[name][-1:]


def read_cookies(header: str) -> dict[str, str]:
    """The pairs of a Cookie header."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return {name: value for name, sep, value in pairs if sep}
