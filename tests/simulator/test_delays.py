import time
from collections.abc import Callable

import pytest

from gemini_pool.simulator.world import World

from .caller import Answer, Caller

FOR_EVER_S = 60.0  # longer than a caller waits


def seconds(call: Callable[[], object]) -> float:
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


@pytest.fixture
def calls(amber: Caller, world: World) -> dict[str, Callable[[], Answer]]:
    """Every method of the service once, ready to be called with a good token."""
    world.behave("amber", files=1)
    session, token = amber.session(), amber.token()
    amber.ask("draw", session)
    full, file_id = world.sessions("amber")[0].full_name, next(iter(world.sessions("amber")[0].made))
    amber.token = lambda *_: token  # no getoxsrf before each call
    return {
        "xsrf": amber.xsrf,
        "session": amber.create,
        "upload": lambda: amber.upload(session),
        "stream": lambda: amber.ask("x", session),
        "metadata": lambda: amber.metadata(session),
        "download": lambda: amber.download(full, file_id),
    }


METHODS = ("xsrf", "session", "upload", "stream", "metadata", "download")


@pytest.mark.parametrize("method", METHODS)
def test_every_answer_takes_a_round_trip(
    world: World, calls: dict[str, Callable[[], Answer]], method: str
) -> None:
    world.behave("amber", rtt=0.05)
    assert seconds(calls[method]) >= 0.05


@pytest.mark.parametrize("api", ["500", "reset"])
def test_a_refusal_takes_a_round_trip_too(amber: Caller, world: World, api: str) -> None:
    question, token = amber.question("x"), amber.token()
    world.behave("amber", rtt=0.05, api=api)

    def refused() -> None:
        if api == "reset":
            with pytest.raises(ConnectionResetError):
                amber.send(question, token)
        else:
            assert amber.send(question, token).status == 500

    assert seconds(refused) >= 0.05


def test_the_address_behind_a_redirect_is_as_far_away(amber: Caller, world: World) -> None:
    world.behave("amber", files=1, download_redirect=True)
    amber.ask("draw")
    session = world.sessions("amber")[0]
    place = amber.download(session.full_name, next(iter(session.made))).headers["location"]
    world.behave("amber", rtt=0.05)
    assert seconds(lambda: amber.http("GET", place[place.index("/download") :])) >= 0.05


def test_a_stream_waits_the_round_trip_and_the_first_delay(
    world: World, calls: dict[str, Callable[[], Answer]]
) -> None:
    world.behave("amber", rtt=0.05, first_delay=0.05)
    assert seconds(calls["stream"]) >= 0.1
    world.behave("amber", first_delay=FOR_EVER_S)
    assert calls["session"]().status == 200


def test_only_the_account_itself_is_far_away(bruno: Caller, world: World) -> None:
    world.behave("amber", rtt=FOR_EVER_S)
    assert bruno.ask().status == 200


def test_whoever_shows_no_cookie_of_an_account_does_not_wait(amber: Caller, world: World) -> None:
    world.behave("amber", rtt=FOR_EVER_S)
    amber.cookies["__Secure-C_SES"] = "CSE.wrong"
    assert amber.xsrf().status == 401


def test_whoever_shows_no_token_does_not_wait(amber: Caller, world: World) -> None:
    world.behave("amber", rtt=FOR_EVER_S)
    assert amber.create("a.b.c").status == 401
    assert amber.http("GET", "/_sim/counts").status == 200


@pytest.mark.parametrize("method", METHODS)
def test_a_hang_can_end(world: World, calls: dict[str, Callable[[], Answer]], method: str) -> None:
    world.behave("amber", api="hang", api_on=(method,), hang_delay=0.05)
    begun = time.monotonic()
    assert calls[method]().status == 200
    assert time.monotonic() - begun >= 0.05
    assert [(call.status, call.fault) for call in world.calls("amber", method)][-1] == (200, "hang")


def test_a_hang_spares_the_methods_not_named(amber: Caller, world: World) -> None:
    world.behave("amber", api="hang", api_on=("upload",), hang_delay=FOR_EVER_S)
    assert amber.ask().status == 200
