"""Places for answers: whatever becomes of a call, its place is free afterwards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from callers import PATH
from flask import Flask
from flask.testing import FlaskClient

from gemini_pool.simulator.world import World

MakeApp = Callable[..., Flask]
Keyed = dict[str, str]

PLACES = 3  # with so many threads
THREADS = "4"
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello?"}]}
STREAM = ASK | {"stream": True}
HEALTHY = {"stream": None, "api": None, "xsrf": None, "text": "word " * 50, "deltas": 50, "delay": 0.1}


@pytest.fixture
def client(make_app: MakeApp) -> FlaskClient:
    few = {"THREADS": THREADS, "MAX_BODY_MB": "1", "READ_TIMEOUT": "1", "ACCOUNT_FAILURE_THRESHOLD": "100"}
    return make_app("amber", "bruno", **few).test_client()


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Answers that are under way until the test has ended."""
    with ExitStack() as stack:
        yield stack


def places(client: FlaskClient, keyed: Keyed, held: ExitStack) -> int:
    """How many answers can be under way at one time; they are, from now on."""
    for number in range(PLACES + 3):
        answer = client.post(PATH, json=STREAM, headers=keyed)
        held.callback(answer.close)
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
            return number
        assert answer.status_code == 200
        next(answer.iter_encoded())
    raise AssertionError("there is no end of places")


CALLERS_ERRORS: dict[int, dict[str, Any]] = {
    400: {"data": b"{"},
    401: {"json": ASK, "headers": {"authorization": "Bearer sk-gp-wrong"}},
    404: {"json": ASK | {"model": "gpt-9"}},
    413: {"data": b" " * 1_100_000},
}


@pytest.mark.parametrize("status", CALLERS_ERRORS)
def test_a_callers_error_takes_no_place(
    client: FlaskClient, keyed: Keyed, world: World, held: ExitStack, status: int
) -> None:
    world.behave(None, **HEALTHY)
    request = {"headers": keyed} | CALLERS_ERRORS[status]
    for _ in range(PLACES + 1):
        assert client.post(PATH, **request).status_code == status
    assert places(client, keyed, held) == PLACES
    assert client.post(PATH, **request).status_code == status  # and needs none


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ({"text": "Well."}, 200),
        ({"stream": "skipped-policy"}, 400),
        ({"api": "429-retry-after", "retry_after": 1}, 429),
        ({"stream": "error-first-500"}, 502),
        ({"stream": "empty-array"}, 502),
        ({"stream": "garbage"}, 502),
        ({"stream": "cut"}, None),
        ({"stream": "silence"}, None),
    ],
    ids=str,
)
def test_however_an_answer_ends_its_place_is_free_again(
    client: FlaskClient,
    keyed: Keyed,
    world: World,
    held: ExitStack,
    behaviour: dict[str, Any],
    status: int | None,
    stream: bool,
) -> None:
    world.behave(None, **behaviour)
    for _ in range(PLACES + 1):
        answer = client.post(PATH, json=ASK | {"stream": stream}, headers=keyed, buffered=True)
        assert answer.status_code == status or (200 if stream else 502)
    world.behave(None, **HEALTHY)
    services = client.application.extensions["gemini_pool"]
    for account_id in (1, 2):
        services.accounts.switch(account_id, enabled=True)
    services.manager.reload()
    assert places(client, keyed, held) == PLACES


@pytest.mark.parametrize("read", [0, 1, 5])
def test_an_answer_that_is_not_read_to_its_end_leaves_its_place(
    client: FlaskClient, keyed: Keyed, world: World, held: ExitStack, read: int
) -> None:
    world.behave(None, **HEALTHY)
    for _ in range(PLACES + 1):
        answer = client.post(PATH, json=STREAM, headers=keyed)
        pieces = answer.iter_encoded()
        for _ in range(read):
            next(pieces)
        answer.close()
    assert places(client, keyed, held) == PLACES


def test_who_found_no_place_has_none_to_leave(
    client: FlaskClient, keyed: Keyed, world: World, held: ExitStack
) -> None:
    world.behave(None, **HEALTHY)
    with ExitStack() as first:
        assert places(client, keyed, first) == PLACES
        for stream in (False, True):
            answer = client.post(PATH, json=ASK | {"stream": stream}, headers=keyed)
            assert answer.status_code == 503
            assert answer.json["error"]["code"] == "overloaded"
    assert places(client, keyed, held) == PLACES
