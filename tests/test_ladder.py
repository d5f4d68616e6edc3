"""Holds the import ladder and the one-door rule against the code of gemini_pool/."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = "gemini_pool"

# A room imports from rungs below its own, never from its neighbours. A number after the point is a step
# within the rung, for rooms that stand on each other.
RUNGS = {
    "__main__": 6.3,
    "cli": 6.2,
    "demo": 6.1,
    "readme": 6.1,
    "api_page": 6.2,
    "app": 6.1,
    "worker": 6.1,
    "web": 5,
    "wiring": 4,
    "office": 3.6,
    "news": 3.55,
    "keeping": 3.55,
    "background": 3.6,
    "parts": 3.5,
    "stores": 3.2,
    "jobs": 3,
    "pool": 2,
    "startup": 2,
    "dialects": 1,
    "upstream": 1,
    "store": 1,
    "media": 1,
    "signin": 1,
    "observe": 1,
    "bounds": 0.4,
    "settings": 0.3,
    "admin_settings": 0.27,
    "media_settings": 0.27,
    "health_settings": 0.27,
    "sign_in_settings": 0.27,
    "news_settings": 0.27,
    "knobs": 0.25,
    "dialogue": 0.3,
    "readers": 0.2,
    "roster": 0.1,
    "sign_in_errors": 0.05,
    "errors": 0,
    "weights": 0,
}

# Rooms that may import less than everything below them.
GROUND = {
    "errors",
    "sign_in_errors",
    "roster",
    "dialogue",
    "bounds",
    "weights",
    "settings",
    "readers",
    "knobs",
}
ONLY = {
    "errors": set(),
    "sign_in_errors": {"errors"},
    "roster": {"errors"},
    "dialogue": {"errors", "roster"},
    "weights": set(),
    "bounds": {"dialogue", "weights"},
    "readers": {"roster"},
    "knobs": {"readers"},
    "admin_settings": {"knobs", "readers"},
    "media_settings": {"knobs", "readers"},
    "health_settings": {"knobs", "readers"},
    "sign_in_settings": {"knobs", "readers"},
    "news_settings": {"knobs", "readers"},
    "settings": {
        "admin_settings",
        "health_settings",
        "knobs",
        "media_settings",
        "news_settings",
        "readers",
        "roster",
        "sign_in_settings",
    },
    "dialects": GROUND,
    "upstream": GROUND,
    "store": GROUND,
    "media": GROUND,
    "signin": GROUND,
    "observe": GROUND,
    "pool": {"dialogue", "roster", "errors"},  # upstream and store come by protocol
    "startup": {"store", "settings"},  # what every process does first
    "jobs": {"pool", "signin", "upstream", "observe", "media", *GROUND},  # stores come by argument
    "web": {
        "wiring",
        "dialects",
        "dialogue",
        "roster",
        "errors",
        "sign_in_errors",
        "settings",
        "knobs",
        "readers",
    },
}

# What may be imported all the same, and why.
EXCEPTIONS = {
    ("web", "pool.answer"): "the answer that it streams, and how that ended",
    ("web", "store.journal"): "CallRecord, the value that it writes for each call",
    ("web", "store.videos"): "VideoJob, the value that it shows of an order",
    ("jobs", "store.videos"): "VideoJob, the order that it works on",
    ("jobs", "store.journal"): "CallRecord, the value that it writes for each order",
    ("web", "store.files"): "StoredFile, the value that it shows of a file",
    ("web", "media.depot"): "Incoming, the file that an upload is written to as it comes",
    ("web", "store.key_windows"): "Window, the value that tells how much of a limit is used",
    ("web", "store.sessions"): "Session, the value that it shows of who is signed in",
    ("web", "store.throttle"): "Gate, the value that names whose tries are counted together",
    ("web", "store.keys"): "Key, the value that tells who calls",
    ("web", "store.profiles"): "Profile, NewAccount and Changes: an account as it is shown and changed",
    ("web", "store.tally"): "Tallied, what an account has done",
    ("web", "store.catalog"): "ModelEntry, a model as it is shown and changed",
    ("web", "store.works"): "Work and WorkItem, what it shows of work that takes long",
    ("web", "store.health"): "Checkup, what it shows of an account's health",
    ("web", "store.job_book"): "JobNow and JobRun, what it shows of background jobs",
    ("web", "store.live"): "Happened, the names of events",
    ("web", "store.audit"): "Change, a row that it shows",
    ("web", "store.log_lines"): "LogLine, a row that it shows",
    ("web", "store.figures"): "Span, Subject, Figures: numbers as charts show them",
    ("web", "store.histogram"): "Spread, a median and a 95th percentile",
    ("web", "store.call_filter"): "CallFilter, which calls are looked for",
    ("web", "store.transfer"): "Intent, Step and Problem: what taking over a text would do",
    ("jobs", "store.health"): "Health and its values: what it keeps of the accounts it checked",
    ("jobs", "store.job_book"): "JobBook and its values: what it writes of jobs, and reads of what is asked",
    ("web", "store.peers"): "Peer and GivenPeer, an instance as it is shown and changed",
    ("web", "store.alerts"): "Condition and Told, what it shows of alerts",
    ("jobs", "store.peers"): "Peer, an instance that it brings cookies to",
    ("jobs", "store.push_queue"): "Errand, what is to be brought",
    ("jobs", "store.profiles"): "Profile, the account whose cookies it brings",
    ("jobs", "store.alerts"): "Condition, Told and Delivery: what is wrong, and what is to be told",
    ("jobs", "store.orders"): "Task and Errand, what it is to do",
    ("jobs", "store.sign_ins"): "how a sign-in ended, and an account's troubles with them",
    ("web", "signin.mailbox"): "PROVIDERS, whose fields it asks for",
    ("web", "store.orders"): "Errand, what it orders",
    ("web", "store.sign_ins"): "SignIn and Trouble, what it shows of sign-ins",
    ("jobs", "store.works"): "Works' values, what it notes of its work",
}

# The simulator plays the outside world: it imports nothing of the product, and these alone start it.
STARTS_SIMULATOR = {"cli", "demo"}

# One door for each outside library: where it may be imported. `sqlite3` is outside for our purposes.
DOORS = {
    "flask": {"web", "app", "wiring"},
    "werkzeug": {"web", "app", "wiring", "store.passwords"},
    "flask_login": {"web"},
    "flask_babel": {"web"},
    "babel": {"web"},
    "markupsafe": {"web"},
    "flask_bootstrap": {"web"},
    "pydantic": {"web"},
    "peewee": {"store"},
    "playhouse": {"store"},
    "sqlite3": {"store"},
    "urllib3": {"upstream", "media", "signin.mailbox", "signin.browser", "observe.alerts", "jobs.sync"},
    "requests": {"upstream", "media", "signin.mailbox", "observe.alerts", "jobs.sync"},
    "certifi": {"upstream", "media", "signin.mailbox", "observe.alerts", "jobs.sync"},
    "jwt": {"upstream"},
    "cryptography": {"store"},
    "selenium": {"signin"},
    "imap_tools": {"signin.mailbox"},
    "apscheduler": {"jobs.scheduler"},
    "orjson": {"upstream", "dialects", "web"},
    "gunicorn": {"worker"},  # it runs us
}


@dataclass(frozen=True)
class Import:
    """One imported module, and where."""

    importer: str  # dotted, inside the product: "store.db"
    imported: str  # dotted, whole: "gemini_pool.errors"
    place: str  # "gemini_pool/store/db.py:17"


def imports_of(root: Path) -> Iterator[Import]:
    """Every import in the product under this root, wherever in a module it stands."""
    for path in sorted((root / PRODUCT).rglob("*.py")):
        dotted = ".".join(path.relative_to(root).with_suffix("").parts)
        package = dotted.rpartition(".")[0]
        importer = dotted.removeprefix(f"{PRODUCT}.").removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for imported in names_in(node, package):
                yield Import(importer, imported, f"{path.relative_to(root)}:{node.lineno}")


def names_in(node: ast.AST, package: str) -> list[str]:
    """The dotted names that an import statement may load; none for any other node."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        parents = package.split(".")
        base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [base])])
    # `from gemini_pool import x` and `from gemini_pool.pool import x` name a module by their last word.
    deep = base == PRODUCT or base.count(".") == 1
    return [f"{base}.{alias.name}" if deep and base.startswith(PRODUCT) else base for alias in node.names]


def room_of(dotted: str) -> str:
    return dotted.partition(".")[0]


def may_import(importer: str, target: str) -> bool:
    """Whether a module may import another of the product; both dotted, without the product's name."""
    here, there = room_of(importer), room_of(target)
    if here == there:
        return True
    if any(here == room and is_in(target, module) for room, module in EXCEPTIONS):
        return True
    if there == "simulator":
        return here in STARTS_SIMULATOR
    if here == "simulator" or there not in RUNGS:
        return False
    return RUNGS[there] < RUNGS[here] and (here not in ONLY or there in ONLY[here])


def is_in(dotted: str, place: str) -> bool:
    return dotted == place or dotted.startswith(f"{place}.")


def ladder_breaches(root: Path) -> list[str]:
    found = []
    for one in imports_of(root):
        target = one.imported.removeprefix(f"{PRODUCT}.")
        if one.imported == PRODUCT or target == one.imported or one.importer == PRODUCT:
            continue
        if room_of(one.importer) not in {*RUNGS, "simulator"}:
            found.append(f"{one.place}: this room has no rung; give it one in RUNGS (tests/test_ladder.py)")
        elif not may_import(one.importer, target):
            found.append(
                f"{one.place}: {one.importer} must not import {target}; move what both need down a rung, "
                "take it as an argument, or build it in wiring"
            )
    return found


def door_breaches(root: Path) -> list[str]:
    found = []
    for one in imports_of(root):
        library = room_of(one.imported)
        if library == PRODUCT or (library in sys.stdlib_module_names and library not in DOORS):
            continue
        if library not in DOORS:
            found.append(
                f"{one.place}: {library} has no door; name the one room that may import it in DOORS "
                "(tests/test_ladder.py)"
            )
        elif not any(is_in(one.importer, door) for door in DOORS[library]):
            doors = ", ".join(sorted(DOORS[library])) or "nowhere"
            found.append(f"{one.place}: {library} is imported in {doors} alone; call that room instead")
    return found


def test_imports_go_down_the_ladder() -> None:
    breaches = ladder_breaches(ROOT)
    assert not breaches, "\n".join(breaches)


def test_each_outside_library_has_one_door() -> None:
    breaches = door_breaches(ROOT)
    assert not breaches, "\n".join(breaches)


def test_every_exception_is_still_needed() -> None:
    seen = {
        (room_of(one.importer), module)
        for one in imports_of(ROOT)
        for room, module in EXCEPTIONS
        if room == room_of(one.importer) and is_in(one.imported.removeprefix(f"{PRODUCT}."), module)
    }
    unused = set(EXCEPTIONS) - seen
    assert not unused, f"nobody uses these exceptions any more; take them out of EXCEPTIONS: {unused}"


# The rules themselves, on houses of one module


def house(folder: Path, module: str, source: str) -> Path:
    path = folder / PRODUCT / module
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pool/runner.py", "from gemini_pool.upstream.client import UpstreamClient"),
        ("pool/runner.py", "import gemini_pool.store.db"),
        ("pool/runner.py", "from gemini_pool import settings"),
        ("pool/runner.py", "from ..upstream import client"),
        ("pool/runner.py", "def late():\n    from gemini_pool.web import edge"),
        ("store/db.py", "from gemini_pool.upstream.wire import AnswerReader"),
        ("store/db.py", "from gemini_pool.pool.manager import AccountManager"),
        ("jobs/health.py", "from gemini_pool.store.accounts import Accounts"),
        ("web/openai.py", "from gemini_pool.pool.manager import AccountManager"),
        ("web/openai.py", "from gemini_pool.pool import manager"),
        ("web/openai.py", "from gemini_pool.store.db import Store"),
        ("web/openai.py", "from gemini_pool.startup import open_store"),
        ("wiring.py", "from gemini_pool.web import edge"),
        ("roster.py", "from gemini_pool.dialogue import Prompt"),
        ("errors.py", "from gemini_pool.roster import Account"),
        ("settings.py", "from gemini_pool.dialogue import Prompt"),
        ("app.py", "from gemini_pool.demo import run_demo"),
        ("simulator/server.py", "from gemini_pool.errors import PoolError"),
        ("web/openai.py", "from gemini_pool.simulator.server import Simulator"),
        ("shed/tools.py", "from gemini_pool.errors import PoolError"),
        ("web/openai.py", "from gemini_pool.shed import tools"),
    ],
)
def test_a_step_upward_or_aside_is_seen(tmp_path: Path, module: str, source: str) -> None:
    breaches = ladder_breaches(house(tmp_path, module, source))
    assert len(breaches) == 1
    assert breaches[0].startswith(f"gemini_pool/{module}:{source.count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("web/openai.py", "from gemini_pool.pool.answer import Answer"),
        ("web/openai.py", "from gemini_pool.store import keys"),
        ("web/openai.py", "from . import edge"),
        ("jobs/health.py", "from gemini_pool.pool.manager import AccountManager"),
        ("cli.py", "from gemini_pool.simulator.server import serve"),
        ("wiring.py", "from gemini_pool.jobs.scheduler import Jobs"),
        ("settings.py", "from gemini_pool.readers import Seat"),
    ],
)
def test_a_step_down_is_allowed(tmp_path: Path, module: str, source: str) -> None:
    assert ladder_breaches(house(tmp_path, module, source)) == []


@pytest.mark.parametrize(
    ("module", "source", "allowed"),
    [
        ("store/db.py", "import peewee", True),
        ("store/db.py", "from playhouse.migrations import Runner", True),
        ("pool/runner.py", "import peewee", False),
        ("web/edge.py", "import sqlite3", False),
        ("signin/mailbox/moemail.py", "import requests", True),
        ("signin/flow.py", "import requests", False),
        ("jobs/sync.py", "import urllib3", True),
        ("jobs/scheduler.py", "from apscheduler.schedulers.background import BackgroundScheduler", True),
        ("jobs/sweep.py", "import apscheduler", False),
        ("app.py", "import gunicorn", False),
        ("store/db.py", "import redis", False),
        ("store/db.py", "import json", True),
    ],
)
def test_a_library_is_imported_at_its_door_alone(
    tmp_path: Path, module: str, source: str, allowed: bool
) -> None:
    breaches = door_breaches(house(tmp_path, module, source))
    assert len(breaches) == (0 if allowed else 1)
    assert all(breach.startswith(f"gemini_pool/{module}:1: ") for breach in breaches)
