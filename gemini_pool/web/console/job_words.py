"""Background jobs in the language of the page: what each is for, how it stands, what a run says of itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gemini_pool.store.job_book import JobEntry, RunState
from gemini_pool.web.console.told import Table, retold
from gemini_pool.web.console.words import number


@dataclass(frozen=True, slots=True)
class Named:
    """What a job is called, and what it is for."""

    title: LazyString
    about: LazyString


JOBS = {
    "health": Named(
        _l("Check the accounts"),
        _l(
            "Asks accounts for a new token, which uses nothing up; takes out who fails, and brings back who "
            "recovers."
        ),
    ),
    "refresh": Named(
        _l("Order the sign-ins that are due"),
        _l("Looks for accounts that are signed out or soon will be, and whose mailbox is known."),
    ),
    "sign-ins": Named(
        _l("Sign in the accounts that are ordered"),
        _l("Runs when sign-ins are due, or somebody asks for one."),
    ),
    "sync": Named(
        _l("Bring new cookies to other instances"), _l("A run is noted when there was something to bring.")
    ),
    "alerts": Named(_l("Tell of trouble"), _l("A run is noted when there was something to tell.")),
    "sweep": Named(
        _l("Delete what is old"),
        _l("Calls, files, conversations and the like, after the days of the settings."),
    ),
    "media_sweep": Named(
        _l("Delete old pictures and films"),
        _l("After the hours of the settings, or when they take too much room."),
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A word, its icon and its tone."""

    word: LazyString
    icon: str
    tone: str


STANDINGS = {
    "running": Standing(_l("Running"), "hourglass-bottom", ""),
    "waiting": Standing(_l("Waits"), "clock-history", ""),
    "paused": Standing(_l("Paused"), "pause-circle-fill", "warn"),
    "idle": Standing(_l("Nobody runs it"), "slash-circle", "off"),
}
ENDS = {
    RunState.RUNNING: STANDINGS["running"],
    RunState.OK: Standing(_l("Done"), "check-circle-fill", "good"),
    RunState.FAILED: Standing(_l("Failed"), "x-octagon-fill", "bad"),
    RunState.CUT_OFF: Standing(_l("Cut off"), "exclamation-triangle-fill", "warn"),
}

# What runs say of themselves (gemini_pool/jobs).
SAID: Table = (
    (re.compile(r"(?P<good>\d+) signed in, (?P<bad>\d+) failed"), _l("%(good)s signed in, %(bad)s failed.")),
    (re.compile(r"(?P<n>\d+) due"), _l("%(n)s due.")),
    (
        re.compile(r"New cookies for other instances: (?P<good>\d+) brought, (?P<bad>\d+) failed\."),
        _l("%(good)s brought, %(bad)s failed."),
    ),
    (
        re.compile(r"(?P<n>\d+) new alerts; (?P<good>\d+) messages sent, (?P<bad>\d+) failed\."),
        _l("%(n)s new alerts; %(good)s messages sent, %(bad)s failed."),
    ),
    (re.compile(r"Nothing was old\."), _l("Nothing was old.")),
    (re.compile(r"Its process ended before it did\."), _l("Its process ended before it did.")),
    (
        re.compile(r"Something went wrong here; the log tells what\."),
        _l("Something went wrong here; the log tells what."),
    ),
)
COUNTED = {
    "passed": _l("%(n)s passed"),
    "failed": _l("%(n)s failed"),
    "taken out": _l("%(n)s taken out"),
    "recovered": _l("%(n)s recovered"),
    "skipped": _l("%(n)s skipped"),
}
ROUND = re.compile(rf"(?:, |\b)(?P<n>\d+) (?P<what>{'|'.join(COUNTED)})")
OUTAGE = "The service cannot be reached from here; nobody is blamed for that."
SWEPT = re.compile(r"Deleted (.+: \d+)\.")
KINDS = {
    "conversations": _l("conversations"),
    "calls": _l("calls"),
    "tallies": _l("tallies"),
    "statistics": _l("statistics"),
    "changes by admins": _l("changes by admins"),
    "live events": _l("live events"),
    "work that ended": _l("work that ended"),
    "sign-ins": _l("sign-ins"),
    "alerts": _l("alerts"),
    "runs of jobs": _l("runs of jobs"),
    "files": _l("files"),
    "orders of films": _l("orders of films"),
    "files on disk": _l("files on disk"),
    "pictures and films": _l("pictures and films"),
}


def rank(name: str) -> int:
    """Where a job stands in the list: in the order of the table, new ones at the end."""
    return [*JOBS, name].index(name)


def title(job: JobEntry) -> str:
    """What a job is called; by its own title where it is a new one."""
    known = JOBS.get(job.name)
    return str(known.title) if known else job.title


def about(name: str) -> str:
    """What a job is for; empty for one that nobody described."""
    known = JOBS.get(name)
    return str(known.about) if known else ""


def outcome(message: str) -> str:
    """What came of a run."""
    if swept := SWEPT.fullmatch(message):
        return _("Deleted: %(what)s.", what=_(", ").join(_kinds(swept[1])))
    if ROUND.match(message):
        counts = _(", ").join(str(COUNTED[one["what"]]) % {"n": one["n"]} for one in ROUND.finditer(message))
        outage = _("The service cannot be reached from here; nobody is blamed for that.")
        return _("%(text)s.", text=counts) + (f" {outage}" if message.endswith(OUTAGE) else "")
    return retold(message, SAID)


def _kinds(listed: str) -> Iterator[str]:
    for one in listed.split(", "):
        kind, _colon, count = one.rpartition(": ")
        yield f"{KINDS.get(kind, kind)} {number(int(count))}"
