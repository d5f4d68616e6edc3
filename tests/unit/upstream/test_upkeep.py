"""Upkeep: accounts in use are kept ready behind the requests' backs, and no others."""

import base64
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import FakeClock, make_account
from proxies import Heard, Peer, answer
from running import until

from gemini_pool.dialogue import Finished, Prompt, SessionNamed
from gemini_pool.errors import QuotaExhausted, Unreachable
from gemini_pool.roster import Account
from gemini_pool.simulator import cast
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.upstream.client import AHEAD_SECONDS, UpstreamClient
from gemini_pool.upstream.tokens import USE_SECONDS
from gemini_pool.upstream.upkeep import HANDS, Upkeep

AMBER, BRUNO = make_account("amber"), make_account("bruno")

Seat = Callable[[str], Account]
Asked = Callable[..., Prompt]
Connect = Callable[..., UpstreamClient]


class Made:
    """Accounts that were made ready, and stay so until a test says otherwise."""

    def __init__(self, clock: FakeClock, seconds: float = 60) -> None:
        self.calls: list[Account] = []
        self.ready: set[int] = set()
        self.allowed = threading.Event()
        self.allowed.set()
        self.error: Unreachable | None = None
        self.upkeep = Upkeep(self.is_ready, self.make, seconds, clock=clock)

    def is_ready(self, account: Account) -> bool:
        return account.id in self.ready

    def make(self, account: Account) -> None:
        self.calls.append(account)
        assert self.allowed.wait(5)
        if self.error:
            raise self.error
        self.ready.add(account.id)

    def until(self, *accounts: Account) -> None:
        """Wait until just these were made ready, and nobody is at it any more."""
        until(
            lambda: not self.upkeep._queued and self.calls == list(accounts),
            what=lambda: f"{accounts}, not {self.calls}",
        )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(time.time())


@pytest.fixture
def made(clock: FakeClock) -> Made:
    return Made(clock)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Upkeep looks all the time; waits until it has looked so often again."""
    monkeypatch.setattr("gemini_pool.upstream.upkeep.LOOK_EVERY_SECONDS", 0.01)
    look, seen = Upkeep.look, itertools.count()
    latest = next(seen)

    def noted(upkeep: Upkeep) -> None:
        nonlocal latest
        look(upkeep)
        latest = next(seen)

    def wait(count: int) -> None:
        since = latest
        until(lambda: latest >= since + count, what=f"{count} looks")

    monkeypatch.setattr(Upkeep, "look", noted)
    return wait


# Whom it looks after


def test_an_account_that_answered_is_made_ready(made: Made) -> None:
    made.upkeep.used(AMBER)
    made.until(AMBER)
    made.upkeep.used(AMBER)
    made.upkeep.look()
    made.upkeep.used(BRUNO)
    made.until(AMBER, BRUNO)


def test_without_a_time_to_be_kept_ready_nothing_is_done(clock: FakeClock) -> None:
    before, made = threading.active_count(), Made(clock, seconds=0)
    made.upkeep.used(AMBER)
    made.upkeep.look()
    assert threading.active_count() == before
    assert made.calls == []


def test_no_thread_is_started_before_an_account_is_used(clock: FakeClock) -> None:
    before, made = threading.active_count(), Made(clock)
    assert threading.active_count() == before
    for _ in range(3):
        made.upkeep.used(AMBER)
    assert threading.active_count() == before + HANDS + 1


def test_who_used_the_account_does_not_wait(made: Made) -> None:
    made.allowed.clear()
    made.upkeep.used(AMBER)
    assert made.ready == set()
    made.allowed.set()
    made.until(AMBER)


def test_an_account_that_is_no_longer_ready_is_made_so_again(made: Made) -> None:
    made.upkeep.used(AMBER)
    made.until(AMBER)
    made.ready.clear()
    made.upkeep.look()
    made.until(AMBER, AMBER)


def test_it_looks_by_itself(made: Made, looks: Callable[[int], None]) -> None:
    made.upkeep.used(AMBER)
    made.until(AMBER)
    made.ready.clear()
    made.until(AMBER, AMBER)


def test_an_account_that_nobody_uses_any_more_is_left_alone(made: Made, clock: FakeClock) -> None:
    made.upkeep.used(AMBER)
    made.until(AMBER)
    clock.advance(59)
    made.upkeep.used(BRUNO)
    made.until(AMBER, BRUNO)
    clock.advance(2)
    made.ready.clear()
    made.upkeep.look()
    made.until(AMBER, BRUNO, BRUNO)
    made.upkeep.used(AMBER)
    made.until(AMBER, BRUNO, BRUNO, AMBER)


def test_the_account_is_looked_after_as_it_last_answered(made: Made) -> None:
    renewed = AMBER.with_credentials(replace(AMBER.credentials, secure_c_ses="CSE.new"))
    made.upkeep.used(AMBER)
    made.until(AMBER)
    made.upkeep.used(renewed)
    made.ready.clear()
    made.upkeep.look()
    made.until(AMBER, renewed)


def test_where_it_fails_the_account_is_left_alone_until_it_answers_again(made: Made) -> None:
    made.error = Unreachable("nobody there")
    made.upkeep.used(AMBER)
    made.until(AMBER)
    made.upkeep.look()
    made.upkeep.used(BRUNO)
    made.until(AMBER, BRUNO)
    made.error = None
    made.upkeep.used(AMBER)
    made.until(AMBER, BRUNO, AMBER)
    assert made.ready == {AMBER.id}


def test_where_it_fails_while_it_is_looked_at_the_account_is_left_alone_too(clock: FakeClock) -> None:
    class Failing(Made):
        looking = False

        def is_ready(self, account: Account) -> bool:
            if self.looking:  # between the look and what it leads to, the making fails
                self.looking = False
                self.allowed.set()
                until(lambda: not self.upkeep._queued, what="the failure")
            return False

    made = Failing(clock)
    made.error = Unreachable("nobody there")
    made.allowed.clear()
    made.upkeep.used(AMBER)
    until(lambda: made.calls == [AMBER], what="amber's turn")
    made.looking = True
    made.upkeep.look()
    made.until(AMBER)


def test_an_account_is_made_ready_once_however_many_use_it(made: Made) -> None:
    made.allowed.clear()
    start = threading.Barrier(20)

    def use() -> None:
        start.wait(5)
        made.upkeep.used(AMBER)
        made.upkeep.look()

    with ThreadPoolExecutor(20) as threads:
        for future in [threads.submit(use) for _ in range(20)]:
            future.result()
    made.allowed.set()
    made.until(AMBER)


def test_one_that_hangs_does_not_keep_the_others_waiting(made: Made) -> None:
    made.allowed.clear()
    made.upkeep.used(AMBER)
    until(lambda: made.calls == [AMBER], what="amber's turn")
    made.upkeep.used(BRUNO)
    until(lambda: made.calls == [AMBER, BRUNO], what="bruno's turn")
    made.allowed.set()
    made.until(AMBER, BRUNO)


# What a client keeps ready


@pytest.fixture
def simulator(clock: FakeClock) -> Iterator[Simulator]:
    """The simulator, living by the test's clock."""
    simulator = Simulator()
    simulator.world = World(map(cast.make_account, cast.CAST), clock=clock)
    with simulator:
        yield simulator


@pytest.fixture
def client(connect: Connect, clock: FakeClock) -> UpstreamClient:
    return connect(ready_seconds=60, clock=clock)


def methods(world: World, name: str = "amber") -> list[str]:
    return [call.method for call in world.calls(name)]


# What is kept ready is nobody's business but the client's, but its calls alone do not tell when it is.


def until_ready(client: UpstreamClient, account: Account) -> None:
    until(lambda: client._is_ready(account), what=f"{account.name} to be ready")


def until_at_rest(client: UpstreamClient) -> None:
    until(lambda: not client._upkeep._queued, what="upkeep to rest")


def test_a_new_conversation_costs_one_call(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    amber, expected = seat("amber"), ["xsrf", "session", "stream", "session"]
    list(client.ask(amber, asked("hi")))
    until_ready(client, amber)
    for _ in range(3):
        list(client.ask(amber, asked("hi")))
        until_ready(client, amber)
        expected += ["stream", "session"]  # and behind our back the next one's
    assert methods(world) == expected
    assert [len(session.turns) for session in world.sessions("amber")] == [1, 1, 1, 1, 0]


def test_nothing_is_made_ready_for_accounts_that_nobody_uses(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, looks: Callable[[int], None]
) -> None:
    list(client.ask(seat("amber"), asked("hi")))
    until_ready(client, seat("amber"))
    looks(3)
    assert methods(world) == ["xsrf", "session", "stream", "session"]
    assert {call.account for call in world.calls()} == {"amber"}


def test_an_account_that_did_not_answer_is_not_made_ready(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("bruno", api="429")
    with pytest.raises(QuotaExhausted):
        list(client.ask(seat("bruno"), asked("hi")))
    list(client.ask(seat("amber"), asked("hi")))
    until_ready(client, seat("amber"))
    assert methods(world, "bruno") == ["xsrf", "session", "stream"]


def test_many_conversations_at_once_leave_one_spare(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    amber = seat("amber")
    with ThreadPoolExecutor(20) as threads:
        for future in [threads.submit(list, client.ask(amber, asked("hi"))) for _ in range(20)]:
            future.result()
    until_ready(client, amber)
    unused = [session for session in world.sessions("amber") if not session.turns]
    assert len(unused) == 1
    assert world.counts()["amber"]["stream"] == 20


def test_the_token_is_renewed_before_it_is_due(
    client: UpstreamClient,
    seat: Seat,
    asked: Asked,
    world: World,
    clock: FakeClock,
    looks: Callable[[int], None],
) -> None:
    amber = seat("amber")
    list(client.ask(amber, asked("hi")))
    until_ready(client, amber)
    clock.advance(USE_SECONDS - AHEAD_SECONDS - 1)
    looks(3)
    assert world.counts()["amber"]["xsrf"] == 1
    clock.advance(2)
    until(lambda: world.counts()["amber"]["xsrf"] == 2, what="a new token")
    until_ready(client, amber)
    clock.advance(AHEAD_SECONDS)  # the old one is due now
    list(client.ask(amber, asked("hi")))
    assert methods(world)[:6] == ["xsrf", "session", "stream", "session", "xsrf", "stream"]


def test_the_token_of_a_short_lived_key_is_not_renewed_over_and_over(
    connect: Connect, seat: Seat, asked: Asked, clock: FakeClock, looks: Callable[[int], None]
) -> None:
    with Peer(_with_keys_that_end(clock.now)) as peer:
        client = connect(api_url=peer.url, auth_url=peer.url, ready_seconds=60, clock=clock)
        list(client.ask(seat("amber"), asked("hi")))
        until_ready(client, seat("amber"))
        looks(5)
    assert sum("getoxsrf" in heard.target for heard in peer.requests) == 1


def _with_keys_that_end(moment: float) -> Callable[[Heard], bytes]:
    def say(heard: Heard) -> bytes:
        if "getoxsrf" in heard.target:
            ends = datetime.fromtimestamp(moment, UTC).isoformat()
            key = {"keyId": "k", "xsrfToken": base64.b64encode(bytes(33)).decode(), "expirationTime": ends}
            return answer(200, json.dumps(key).encode())
        if heard.target.endswith("widgetCreateSession"):
            return answer(200, b'{"session": {"name": "collections/c/engines/e/sessions/1"}}')
        return answer(200, b'[{"streamAssistResponse": {"answer": {"state": "SUCCEEDED"}}}]')

    return say


def test_a_session_that_cannot_be_made_ready_is_not_tried_until_the_account_answers_again(
    connect: Connect, seat: Seat, asked: Asked, world: World, looks: Callable[[int], None]
) -> None:
    amber = seat("amber")
    named = [event.name for event in connect().ask(amber, asked("hi")) if isinstance(event, SessionNamed)]
    world.behave("amber", api="500", api_on=["session"])
    client = connect(ready_seconds=60)
    for count in (1, 2):
        list(client.ask(amber, asked("hi"), named[-1]))
        assert world.wait_until(lambda w, count=count: w.counts()["amber"]["session"] == 1 + count)
        until_at_rest(client)
        looks(3)
        assert world.counts()["amber"]["session"] == 1 + count
    world.behave("amber", api=None)
    list(client.ask(amber, asked("hi"), named[-1]))
    until_ready(client, amber)


def test_another_sign_in_of_the_account_does_not_meet_the_spare_of_the_first(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    amber = seat("amber")
    list(client.ask(amber, asked("hi")))
    until_ready(client, amber)
    signed_in_anew = amber.with_credentials(seat("bruno").credentials)
    list(client.ask(signed_in_anew, asked("hi")))
    assert methods(world, "bruno")[:3] == ["xsrf", "session", "stream"]
    assert world.counts()["bruno"]["stream"] == 1


def test_a_spare_that_the_service_has_forgotten_is_replaced(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    amber = seat("amber")
    list(client.ask(amber, asked("hi")))
    until_ready(client, amber)
    world.reset()
    assert any(isinstance(event, Finished) for event in client.ask(amber, asked("hi")))
    until_ready(client, amber)
    assert methods(world) == ["stream", "session", "stream", "session"]
