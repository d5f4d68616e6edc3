"""Sign-ins in the language of the page: their steps, how they ended, and what is said of a failure."""

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# What is done for an account: in a test of it, and in a sign-in (gemini_pool/signin, jobs/refresh.py).
STEPS = {
    "token": _l("token"),
    "session": _l("session"),
    "answer": _l("answer"),
    "browser": _l("browser started"),
    "new tab after a crash": _l("new tab after a crash"),
    "open": _l("page opened"),
    "account chosen": _l("account chosen"),
    "address": _l("address entered"),
    "send code": _l("code asked for"),
    "resend": _l("another code asked for"),
    "code": _l("code received"),
    "verify": _l("code entered"),
    "name": _l("name given"),
    "workspace made": _l("workspace made"),
    "workspace chosen": _l("workspace chosen"),
    "waiting for a person": _l("waiting for a person"),
    "person": _l("the person is done"),
    "back to the entry": _l("begun again"),
    "home": _l("signed in"),
    "credentials": _l("cookies read"),
    "proof": _l("cookies tried"),
    "kept": _l("cookies kept"),
}
# What is said of a failure, where nothing but the cause is in it.
REASONS = (
    _l("The service asks whether a person is signing in: do it by hand, or visibly."),
    _l("The service takes no more codes for now: too many were tried. Wait a day."),
    _l("The service says “Access Restricted”: the account may not be used. Disable or replace it."),
    _l("The service takes this browser for a machine (CAPTCHA_CHECK_FAILED): sign in by hand."),
    _l("The browser is gone: it was closed or has crashed."),
    _l("The page did not answer in time."),
    _l("The account was deleted before its turn came."),
    _l(
        "The sign-in led to another workspace than this account's, so nothing was changed. Is it the right "
        "mailbox?"
    ),
    _l("Something went wrong here; the log says what."),
    _l("It was stopped."),
    _l("The process was told to end."),
    _l("Signed in, with new cookies."),
    _l("Signed in; the account is in the pool."),
    _l("It is an account that was there; it has new cookies."),
    _l("Nobody said where its codes arrive. Name its mailbox on the account's page."),
    _l("The account names no mailbox: enter one on its page."),
    _l("The mailbox names no service: enter its mail_base_url, or set MAIL_API for all."),
    _l("The mailbox lacks the token of its address: enter mail_jwt_token, or the service's admin key."),
    _l("The mailbox lacks mail_jwt_token: enter the administrator's."),
    _l("The mailbox's address of the service cannot be read; enter it as https://host."),
    _l("mail_port is not a port; leave it empty for 993."),
    _l("A mailbox on a web page is read while its account is signed in, by its browser."),
    _l("The mail service answered without a list of letters. Check what service it is."),
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sign-in ended, as people read it."""

    word: LazyString
    icon: str
    tone: str


ENDS = {
    "running": Ended(_l("Under way"), "hourglass-bottom", ""),
    "ok": Ended(_l("Signed in"), "check-circle-fill", "good"),
    "failed": Ended(_l("Failed"), "x-octagon-fill", "bad"),
    "needs_person": Ended(_l("Needs a person"), "box-arrow-in-right", "bad"),
    "stopped": Ended(_l("Stopped"), "slash-circle", "off"),
    "cut_off": Ended(_l("Cut off"), "pause-circle-fill", "warn"),
}


def step(name: str) -> str:
    """What a step is called; the step itself where it is a new one."""
    return str(STEPS.get(name, name))


def reason(told: str) -> str:
    """A failure in the language of the page, where its sentence is a known one."""
    return told and _(told)
