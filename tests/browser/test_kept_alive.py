"""Accounts stay alive by themselves: real workers, a real Chromium, a letter with a code."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_sign_in_whose_process_ends_is_taken_up_by_another(
    pool: RunningPool, console: Console, simulator: Simulator, world: World, end: signal.Signals
) -> None:
    world.behave("amber", codes_lost=1)
    console.send("PUT", AMBER, mailbox=make_box("amber").cfmail(simulator.url))
    work_id = console.send("POST", f"{AMBER}/auto-refresh-cookie")["work_id"]

    def steps() -> list[str]:
        (item,) = console.send("GET", f"/api/works/{work_id}")["items"]
        return [step["name"] for step in item["steps"]]

    until(lambda: "address" in steps(), seconds=SIGN_IN_SECONDS, what="a browser that waits for its code")
    ended = console.send("GET", "/api/jobs")["process"]
    assert browsers(pool)
    world.behave("amber", codes_lost=0)
    os.kill(ended, end)
    until(lambda: console.send("GET", "/api/jobs")["process"] not in (None, ended), what="another to lead")
    until(
        lambda: console.send("GET", f"/api/works/{work_id}")["work"]["state"] == "done",
        seconds=SIGN_IN_SECONDS,
        what="the sign-in",
    )
    outcomes = [one["outcome"] for one in console.send("GET", f"{AMBER}/sign-ins")["sign_ins"]]
    assert outcomes == ["ok", "cut_off"]
    assert not browsers(pool)


def browsers(pool: RunningPool) -> list[int]:
    """The processes of browsers that sign in for a pool."""
    folder, found = pool.database.parent / "browsers", []
    for process in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if str(folder) in (process / "cmdline").read_text():
                found.append(int(process.name))
    return found


def test_a_sign_in_under_way_does_not_hold_up_the_end(
    pool: RunningPool, console: Console, simulator: Simulator, world: World
) -> None:
    world.behave("amber", codes_lost=1)
    console.send("PUT", AMBER, mailbox=make_box("amber").cfmail(simulator.url))
    console.send("POST", f"{AMBER}/auto-refresh-cookie")
    until(lambda: browsers(pool), seconds=SIGN_IN_SECONDS, what="a browser")
    began = time.monotonic()
    pool.stop()
    assert time.monotonic() - began < 8.0
    assert not browsers(pool)


@pytest.mark.long
def test_a_command_signs_an_account_in_and_tells_of_each_step(
    pool: RunningPool, console: Console, simulator: Simulator, world: World
) -> None:
    console.send("PUT", AMBER, mailbox=make_box("amber").cfmail(simulator.url))
    world.sign_out("amber")
    assert "Signed in" in pool.command("sign-in", "1", "--headless")
    assert console.send("GET", AMBER)["account"]["state"] == "active"
    assert console.send("GET", f"{AMBER}/test")["outcome"] == "answers"
