"""Accounts stay alive by themselves: real workers, a real Chromium, a letter with a code."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from callers import Call
from consoles import Console
from running import RunningPool, until
from signing_in import PASSWORD

from gemini_pool.simulator.mail.boxes import make_box
from gemini_pool.simulator.server import Simulator

SIGN_IN_SECONDS = 60


@pytest.fixture
def pool(start_pool: Callable[..., RunningPool], simulator: Simulator) -> RunningPool:
    if not (Path("/usr/bin/chromium").exists() and Path("/usr/bin/chromedriver").exists()):
        pytest.skip("the packages chromium and chromium-driver are not installed")
    return start_pool("amber", "bruno", ADMIN_PASSWORD=PASSWORD)


def test_first(pool: RunningPool, simulator: Simulator) -> None:
    console = Console(pool)
    console.send("PUT", "/api/accounts/1", mailbox=make_box("amber").cfmail(simulator.url))
    print(console.send("POST", "/api/accounts/1/mailbox/test"))
    simulator.world.sign_out("amber")
    work = console.send("POST", "/api/accounts/1/auto-refresh-cookie")["work_id"]
    until(lambda: console.send("GET", f"/api/works/{work}")["work"]["state"] in ("done",), seconds=60, what='the sign-in')
    print(console.send("GET", f"/api/works/{work}"))
    print(console.send("GET", "/api/accounts/1"))
    print(console.send("GET", "/api/accounts/1/sign-ins"))
    print(console.send("GET", "/api/jobs"))
