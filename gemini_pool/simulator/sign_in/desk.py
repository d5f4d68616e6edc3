"""Who is signing in: what the site knows of each visit, and how often a fault has struck."""

import secrets
import string
from collections import Counter
from dataclasses import dataclass, field

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.sign_in_behaviour import SignInFault, SignInStep

VISIT = "__Host-AP_SignInXsrf"
MOST_TRIES = 5

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(slots=True)
class Visit:
    """One browser at the site. `codes` are those sent, the newest last; `done` are steps behind it."""

    token: str
    account: SimAccount | None = None
    codes: list[str] = field(default_factory=list)
    tries: int = 0
    name: str = ""
    setup_since: float = 0.0
    done: set[SignInStep] = field(default_factory=set)


class Desk:
    """All visits since the last reset."""

    def __init__(self) -> None:
        self._visits: dict[str, Visit] = {}
        self._struck: Counter[tuple[str, SignInFault]] = Counter()
        self.names: dict[str, str] = {}
        self.signed_in: list[str] = []

    def visit(self, cookies: dict[str, str]) -> Visit:
        """The visit that these cookies belong to, or a new one."""
        token = cookies.get(VISIT, "")
        if token not in self._visits:
            token = secrets.token_urlsafe(24)
            self._visits[token] = Visit(token)
        return self._visits[token]

    def strikes(self, account: SimAccount, behaviour: Behaviour, *faults: SignInFault) -> SignInFault | None:
        """Which of these faults strikes the account now; it is counted."""
        fault = behaviour.sign_in
        if fault is None or fault not in faults:
            return None
        self._struck[account.name, fault] += 1
        if behaviour.sign_in_times and self._struck[account.name, fault] > behaviour.sign_in_times:
            return None
        return fault


def new_code() -> str:
    """Six letters and digits, at least one of each so that it is neither a word nor a number."""
    while True:
        code = "".join(secrets.choice(_ALPHABET) for _ in range(6))
        if not code.isalpha() and not code.isdigit():
            return code
