"""What is changed in one place, or met by one worker, is honoured by every worker within a second."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from load import Caller, Result, callers
from running import RunningPool

from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

PROMISED_SECONDS = 1.0
EACH = 6  # connections to a worker: more than enough for each account to be asked, if it may


def ask_all(by_worker: dict[int, list[Caller]], **more: object) -> list[Result]:
    """An answer on every connection, all at once: of many that come to an idle worker none knows less."""
    every = [caller for theirs in by_worker.values() for caller in theirs]
    with ThreadPoolExecutor(len(every)) as threads:
        return list(threads.map(lambda caller: caller.ask(**more), every))


def accounts(results: list[Result]) -> set[str]:
    assert all(result.whole for result in results), results
    return {result.account for result in results}


def test_an_account_that_is_disabled_is_asked_by_no_worker(start_pool: Start) -> None:
    pool = start_pool("amber", "bruno")
    with callers(pool, EACH) as by_worker:
        assert accounts(ask_all(by_worker)) == {"amber", "bruno"}
        pool.command("accounts", "disable", "1")
        time.sleep(PROMISED_SECONDS)
        assert accounts(ask_all(by_worker)) == {"bruno"}
        pool.command("accounts", "enable", "1")
        time.sleep(PROMISED_SECONDS)
        assert accounts(ask_all(by_worker)) == {"amber", "bruno"}


def test_a_limit_that_one_worker_meets_is_known_to_the_other(start_pool: Start, world: World) -> None:
    pool = start_pool("amber", "bruno")
    world.behave("bruno", stream="error-first-429")
    with callers(pool, EACH) as by_worker:
        meets, knows = by_worker
        assert accounts([caller.ask() for caller in by_worker[meets]]) == {"amber"}
        assert world.counts()["bruno"]["stream"] == 1
        time.sleep(PROMISED_SECONDS)
        assert accounts(ask_all({knows: by_worker[knows]})) == {"amber"}
    assert world.counts()["bruno"]["stream"] == 1


def test_a_key_is_accepted_and_refused_by_every_worker(start_pool: Start) -> None:
    pool = start_pool("amber")
    with callers(pool, EACH) as by_worker:
        key = pool.command("keys", "create", "ada").strip()
        for caller in chain(*by_worker.values()):
            caller.key = key
        time.sleep(PROMISED_SECONDS)
        assert {result.status for result in ask_all(by_worker)} == {200}
        pool.command("keys", "revoke", "1")
        time.sleep(PROMISED_SECONDS)
        assert {result.status for result in ask_all(by_worker)} == {401}


def test_a_model_that_is_switched_off_is_refused_by_every_worker(start_pool: Start) -> None:
    pool = start_pool("amber")
    with callers(pool, EACH) as by_worker:
        assert {result.status for result in ask_all(by_worker, model="gemini-2.5-flash")} == {200}
        pool.write("UPDATE models SET enabled = 0 WHERE id = 'gemini-2.5-flash'")
        time.sleep(PROMISED_SECONDS)
        assert {result.status for result in ask_all(by_worker, model="gemini-2.5-flash")} == {404}
