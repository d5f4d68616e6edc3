"""What the sign-in pages do for an account: the switches of the pages, in one value."""

from dataclasses import dataclass
from typing import Literal

SignInFault = Literal[
    "toast",  # the address is refused without a cause
    "captcha", "captcha-refused",  # a challenge shown, or failed unseen
    "restricted", "signin-error", "dead-end", "unknown-page",
    "wrong-code", "expired-code", "too-many",
    "stuck", "freeze", "silence",  # a spinner for ever, a script that never ends, no answer
]  # fmt: skip
SignInStep = Literal["chooser", "methods", "name", "setup", "workspaces"]
TrialForm = Literal["", "json", "dates", "text"]


@dataclass(frozen=True, slots=True)
class SignInBehaviour:
    """A part of Behaviour. Times are seconds."""

    sign_in: SignInFault | None = None
    sign_in_times: int = 0  # how often that fault strikes; 0: always
    sign_in_steps: tuple[SignInStep, ...] = ()  # pages that come besides address, code and home
    changed_markup: bool = False  # no element has the marks it is known by
    page_delay: float = 0.05  # until a page shows its elements, and an action its result
    setup_seconds: float = 0.3
    home_delay: float = 0.0  # before the first byte of the home page
    code_delay: float = 0.0  # a letter's way
    codes_lost: int = 0  # letters that never leave, counted from the sign-in's first
    lands_at: str = ""  # whose cookies a sign-in gives, where they are another account's
    new_index: bool = False  # each sign-in gives a new csesidx
    bare_home: bool = False  # the home page's address has no csesidx
    cookie_seconds: int = 86400  # life of the cookies; 0: until the browser closes
    trial_days: int | None = None  # what is left of it; None: the pages do not tell
    trial_form: TrialForm = "json"
