"""Tries that fail are counted together, whoever counts, and cost time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gemini_pool.errors import Throttled
from gemini_pool.store.db import Store
from gemini_pool.store.throttle import Gate, Throttle

ONE = Gate("address:192.0.2.1", 5, 900)
OTHER = Gate("address:192.0.2.2", 5, 900)


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(store: Store, clock: Clock) -> Throttle:
    return Throttle(store, clock)


def wait(throttle: Throttle, *gates: Gate) -> float:
    """The seconds that a try is put off; 0 when it may be made."""
    try:
        throttle.check(gates)
    except Throttled as error:
        return error.retry_after or 0.0
    return 0.0


def test_five_tries_are_free_and_then_each_wait_is_twice_as_long(throttle: Throttle, clock: Clock) -> None:
    waits = []
    for _ in range(18):
        throttle.enter([ONE])
        waits.append(wait(throttle, ONE))
        clock.now += waits[-1]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_a_try_that_is_put_off_does_not_count(throttle: Throttle, clock: Clock) -> None:
    for _ in range(5):
        throttle.enter([ONE])
    for _ in range(50):
        with pytest.raises(Throttled, match="1 second"):
            throttle.enter([ONE])
    clock.now += 1
    throttle.enter([ONE])
    assert wait(throttle, ONE) == 2


def test_another_address_and_another_process(throttle: Throttle, store: Store, clock: Clock) -> None:
    for _ in range(5):
        throttle.enter([ONE])
    assert wait(throttle, OTHER) == 0
    assert wait(Throttle(store, clock), ONE) == 1


def test_a_thousand_at_one_time_are_not_a_thousand_free_ones(throttle: Throttle) -> None:
    def attempt(_: int) -> bool:
        try:
            throttle.enter([ONE])
        except Throttled:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(40))) == 5


def test_one_that_succeeds_is_forgiven_and_known(throttle: Throttle, clock: Clock) -> None:
    everybody = Gate("account", 2, 30)
    for _ in range(2):
        throttle.enter([ONE, everybody])
    assert wait(throttle, everybody) == 1
    assert not throttle.knows(ONE.name)
    throttle.forgive([ONE, everybody])
    assert wait(throttle, ONE, everybody) == 0
    assert throttle.knows(ONE.name)
    clock.now += 31 * 24 * 3600
    assert not throttle.knows(ONE.name)


def test_an_hour_of_quiet_is_forgiveness_also_for_one_who_is_known(throttle: Throttle, clock: Clock) -> None:
    throttle.enter([ONE])
    throttle.forgive([ONE])
    for _ in range(4):
        throttle.enter([ONE])
    clock.now += 3600
    throttle.enter([ONE])
    assert wait(throttle, ONE) == 0
    assert throttle.knows(ONE.name)


def test_an_hour_of_quiet_is_forgiveness_and_nothing_is_kept_for_long(
    throttle: Throttle, store: Store, clock: Clock
) -> None:
    for _ in range(8):
        throttle.enter([ONE])
        clock.now += 900
    clock.now += 3600
    throttle.enter([OTHER])
    with store.reading():
        names = [name for (name,) in store.db.execute_sql("SELECT name FROM tries")]
    assert names == [OTHER.name]
    for _ in range(4):
        throttle.enter([ONE])
    assert wait(throttle, ONE) == 0
