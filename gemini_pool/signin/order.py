"""What is to be signed in, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gemini_pool.roster import Credentials
from gemini_pool.signin.mailbox.base import Mailbox, Pages


@dataclass(frozen=True, slots=True)
class Order:
    """An account to sign in: the address that its codes go to, and the name for a first sign-in.

    `entry_url` is where a sign-in begins, `home_url` the web app, where live cookies need none. All times are
    seconds: `seconds` for the whole, `code_seconds` for each of the codes, `people_seconds` for a person at a
    visible browser, on top of the whole. `open_mailbox` is given what makes a mailbox of a web page.
    `config_id` is the workspace that is meant, "" for whichever the service opens.
    """

    address: str
    entry_url: str
    home_url: str
    open_mailbox: Callable[[Pages], Mailbox] = field(repr=False)
    name: str = ""
    config_id: str = ""
    code_senders: tuple[str, ...] = ()
    code_seconds: float = 60.0
    resends: int = 2
    seconds: float = 300.0
    people_seconds: float = 0.0

    @property
    def full_name(self) -> str:
        """What is given where the service asks for a name."""
        return self.name or self.address.partition("@")[0]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`expires_at` in epoch seconds, a guess; `trial_end` as YYYY-MM-DD, "" where the pages did not tell."""

    credentials: Credentials
    expires_at: float
    trial_end: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The page at which a sign-in failed, without its secrets."""

    png: bytes = field(repr=False)
    html: str = field(repr=False)
