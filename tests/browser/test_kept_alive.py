"""Accounts stay alive by themselves: real workers, a real Chromium, a letter with a code."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from callers import Call
from consoles import Console
from running import RunningPool, until
from signing_in import PASSWORD

from gemini_pool.simulator.mail.boxes import make_box
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

SIGN_IN_SECONDS = 60.0
AMBER = "/api/accounts/1"


@pytest.fixture
def pool(start_pool: Callable[..., RunningPool]) -> RunningPool:
    if not (Path("/usr/bin/chromium").exists() and Path("/usr/bin/chromedriver").exists()):
        pytest.skip("the packages chromium and chromium-driver are not installed")
    return start_pool(
        "amber", "bruno", ADMIN_PASSWORD=PASSWORD, HEALTH_CHECK_ENABLED="1", HEALTH_CHECK_INTERVAL="10"
    )


@pytest.fixture
def console(pool: RunningPool) -> Console:
    return Console(pool)


@contextmanager
def callers(pool: RunningPool) -> Iterator[list[int]]:
    """Calls one after the other; the statuses that they were answered with."""
    statuses: list[int] = []
    enough = threading.Event()

    def call() -> None:
        while not enough.wait(0.1):
            with Call(pool, stream=False) as answer:
                statuses.append(answer.status)

    thread = threading.Thread(target=call)
    thread.start()
    yield statuses
    enough.set()
    thread.join()


def test_dead_cookies_are_renewed_without_a_person_and_without_one_failed_caller(
    pool: RunningPool, console: Console, simulator: Simulator, world: World
) -> None:
    console.send("PUT", AMBER, mailbox=make_box("amber").cfmail(simulator.url))
    with callers(pool) as statuses:
        until(lambda: len(statuses) > 2, what="first answers")
        world.sign_out("amber")
        signed_in = lambda: console.send("GET", f"{AMBER}/sign-ins")["sign_ins"]  # noqa: E731
        until(
            lambda: [one["outcome"] for one in signed_in()] == ["ok"],
            seconds=SIGN_IN_SECONDS,
            what="a sign-in",
        )
        answered = len(world.calls("amber", "stream"))
        until(lambda: len(world.calls("amber", "stream")) > answered + 1, what="amber's answers")
    assert set(statuses) == {200}
    account = console.send("GET", AMBER)["account"]
    assert (account["state"], account["csesidx"]) == ("active", world.accounts["amber"].csesidx)
