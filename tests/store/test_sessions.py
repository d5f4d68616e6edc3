"""Sessions of the console: found in every process, ended in every process, and not for ever."""

import pytest

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import LOOK_EVERY_SECONDS, Store
from gemini_pool.store.sessions import Sessions

HOUR = 3600.0
DAY = 24 * HOUR


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(store: Store, behind: WriteBehind, clock: Clock) -> Sessions:
    return Sessions(store, behind, clock)


@pytest.fixture
def elsewhere_too(store: Store, clock: Clock) -> Sessions:
    """As another process has them."""
    return Sessions(store, WriteBehind(), clock)


def begin(sessions: Sessions) -> str:
    return sessions.open("browser", "192.0.2.1", "a browser")


def test_each_has_a_token_that_nobody_guesses(sessions: Sessions) -> None:
    tokens = {begin(sessions) for _ in range(20)}
    assert len(tokens) == 20
    for token in tokens:
        assert len(token) >= len("gp-admin-") + 43  # 256 bits
        assert sessions.find(token)


def test_what_is_no_token_is_nobodys(sessions: Sessions) -> None:
    token = begin(sessions)
    for wrong in ("", "x", token[:-1], token + "x", token[:-1] + ("a" if token[-1] != "a" else "b")):
        assert sessions.find(wrong) is None


def test_one_is_found_elsewhere_at_once(sessions: Sessions, elsewhere_too: Sessions) -> None:
    assert elsewhere_too.find(begin(sessions))


def test_one_that_was_ended_is_refused_here_at_once_and_elsewhere_soon(
    sessions: Sessions,
    elsewhere_too: Sessions,
    within,  # type: ignore[no-untyped-def]
) -> None:
    token = begin(sessions)
    found = elsewhere_too.find(token)
    assert found
    assert sessions.end(found.id)
    assert sessions.find(token) is None
    assert within(5 * LOOK_EVERY_SECONDS, lambda: elsewhere_too.find(token) is None)
    assert not sessions.end(found.id)


def test_all_others_end(sessions: Sessions) -> None:
    mine, *others = (begin(sessions) for _ in range(3))
    found = sessions.find(mine)
    assert found
    assert sessions.end_others(found.id) == 2
    assert [one.id for one in sessions.list()] == [found.id]
    assert sessions.find(mine)
    assert not any(map(sessions.find, others))


def test_an_id_is_never_used_again(sessions: Sessions) -> None:
    begin(sessions)
    (first,) = sessions.list()
    sessions.end(first.id)
    begin(sessions)
    (second,) = sessions.list()
    assert second.id > first.id


def test_one_that_is_not_used_ends_after_a_day(sessions: Sessions, clock: Clock) -> None:
    token = begin(sessions)
    clock.now += DAY - 1
    assert sessions.find(token)
    clock.now += DAY - 1
    assert sessions.find(token)
    clock.now += DAY
    assert sessions.find(token) is None
    assert sessions.list() == []


def test_one_that_is_used_goes_on_for_a_month(sessions: Sessions, clock: Clock) -> None:
    token = begin(sessions)
    for _ in range(30 * 24 - 1):
        clock.now += HOUR
        assert sessions.find(token)
    clock.now += HOUR
    assert sessions.find(token) is None
    begin(sessions)
    assert len(sessions.list()) == 1


def test_use_in_one_process_keeps_it_going_in_another(
    sessions: Sessions, elsewhere_too: Sessions, clock: Clock
) -> None:
    token = begin(sessions)
    assert elsewhere_too.find(token)
    clock.now += DAY - 1
    assert sessions.find(token)
    sessions.flush()
    clock.now += DAY - 1
    assert elsewhere_too.find(token)


def test_its_use_is_written_once_a_minute(sessions: Sessions, store: Store, clock: Clock) -> None:
    token = begin(sessions)
    written = []
    for _ in range(130):
        clock.now += 1
        sessions.find(token)
        sessions.flush()
        written.append(sessions.list()[0].last_seen)
    assert len(set(written)) == 3  # the beginning, and two minutes


def test_a_session_is_found_without_a_query(
    sessions: Sessions, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = begin(sessions)
    assert sessions.find(token)
    asked: list[str] = []
    execute = store.db.execute_sql

    def watched(sql: str, *more: object) -> object:
        asked.append(sql)
        return execute(sql, *more)

    monkeypatch.setattr(store.db, "execute_sql", watched)
    for _ in range(20):
        assert sessions.find(token)
    assert asked == []
