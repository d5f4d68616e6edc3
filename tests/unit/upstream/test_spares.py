"""Spare sessions: one an account, given once, and only to whom it belongs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes import FakeClock, make_account

from gemini_pool.upstream.spares import FRESH_SECONDS, Spares

AMBER, BRUNO = make_account("amber"), make_account("bruno")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def spares(clock: FakeClock) -> Spares:
    return Spares(clock)


def test_a_spare_is_given_once(spares: Spares) -> None:
    assert not spares.has(AMBER)
    spares.keep(AMBER, "one")
    assert spares.has(AMBER)
    assert (spares.take(AMBER), spares.take(AMBER)) == ("one", None)
    assert not spares.has(AMBER)


def test_each_account_has_one_of_its_own(spares: Spares) -> None:
    spares.keep(AMBER, "amber's")
    assert not spares.has(BRUNO)
    assert spares.take(BRUNO) is None
    spares.keep(BRUNO, "bruno's")
    spares.keep(BRUNO, "bruno's next")
    assert (spares.take(AMBER), spares.take(BRUNO), spares.take(BRUNO)) == ("amber's", "bruno's next", None)


@pytest.mark.parametrize("changes", [{"csesidx": "9"}, {"config_id": "other"}])
def test_another_sign_in_drops_the_spare(spares: Spares, changes: dict[str, str]) -> None:
    spares.keep(AMBER, "one")
    changed = AMBER.with_credentials(replace(AMBER.credentials, **changes))
    assert not spares.has(changed)
    assert spares.take(changed) is None
    assert spares.take(AMBER) is None


def test_renewed_cookies_leave_the_spare(spares: Spares) -> None:
    spares.keep(AMBER, "one")
    cookies = replace(AMBER.credentials, secure_c_ses="CSE.new", host_c_oses="COS.new")
    renewed = AMBER.with_credentials(cookies)
    assert spares.has(renewed)
    assert spares.take(renewed) == "one"


def test_a_spare_too_old_is_none(spares: Spares, clock: FakeClock) -> None:
    spares.keep(AMBER, "one")
    clock.advance(FRESH_SECONDS - 1)
    assert spares.has(AMBER)
    clock.advance(1)
    assert not spares.has(AMBER)
    assert spares.take(AMBER) is None


def test_of_many_who_want_it_one_has_it(spares: Spares) -> None:
    start = threading.Barrier(20)

    def take() -> str | None:
        start.wait(5)
        return spares.take(AMBER)

    spares.keep(AMBER, "one")
    with ThreadPoolExecutor(20) as threads:
        taken = [future.result() for future in [threads.submit(take) for _ in range(20)]]
    assert sorted(taken, key=str) == [None] * 19 + ["one"]
