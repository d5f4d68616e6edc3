"""The limits of keys as callers meet them: what is refused, how it is told, and that it costs no account."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gemini_pool.simulator.world import World
from gemini_pool.wiring import Services

CHAT = "/v1/chat/completions"
ASK = {"messages": [{"role": "user", "content": "Hi"}]}

MakeApp = Callable[..., Flask]
MakeKey = Callable[..., "Caller"]


class Caller:
    """Somebody with a key of his own."""

    def __init__(self, client: FlaskClient, key_id: int, text: str) -> None:
        self.key_id = key_id
        self._client = client
        self._headers = {"authorization": f"Bearer {text}"}

    def post(self, path: str = CHAT, body: object = ASK, **more: Any) -> Any:
        headers = {**self._headers, **more.pop("headers", {})}
        return self._client.post(path, json=body, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self._client.get(path, headers=self._headers, **more)


@pytest.fixture
def services(app: Flask) -> Services:
    services = app.extensions["gemini_pool"]
    assert isinstance(services, Services)
    return services


@pytest.fixture
def make_key(services: Services, client: FlaskClient) -> MakeKey:
    """Make a key: `make_key(per_minute=2)`."""

    def make(**fields: Any) -> Caller:
        key_id, text = services.keys.create("limited", **fields)
        services.keys._known.renew()
        return Caller(client, key_id, text)

    return make


@pytest.fixture
def mid_minute() -> None:
    """No minute and no day turns over while a test counts."""
    while not 1 < time.time() % 60 < 50:
        time.sleep(0.1)


def error_of(answer: Any) -> dict[str, Any]:
    return dict(answer.json["error"])


def streams(world: World) -> int:
    """How often an account was asked."""
    return sum(counts.get("stream", 0) for counts in world.counts().values())


# Windows of time


@pytest.mark.usefixtures("mid_minute")
def test_one_request_too_many_a_minute_is_told_when_to_come_back(make_key: MakeKey, world: World) -> None:
    caller = make_key(per_minute=2)
    assert [caller.post().status_code for _ in range(2)] == [200, 200]
    refused = caller.post()
    error = error_of(refused)
    assert (refused.status_code, error["code"], error["type"]) == (
        429, "rate_limit_exceeded", "rate_limit_error"
    )  # fmt: skip
    wait = int(refused.headers["retry-after"])
    assert abs(wait - (60 - time.time() % 60)) <= 1.5
    assert re.search(r"2 requests a minute.* try again in \d+s", error["message"])
    assert "x-should-retry" not in refused.headers
    assert streams(world) == 2


@pytest.mark.usefixtures("mid_minute")
def test_a_day_that_is_spent_is_told_so_that_programs_give_up(make_key: MakeKey, world: World) -> None:
    caller = make_key(per_day=1)
    assert caller.post().status_code == 200
    refused = caller.post()
    assert (refused.status_code, error_of(refused)["code"]) == (429, "insufficient_quota")
    assert abs(int(refused.headers["retry-after"]) - (86_400 - time.time() % 86_400)) <= 1.5
    assert refused.headers["x-should-retry"] == "false"
    assert streams(world) == 1


@pytest.mark.usefixtures("mid_minute")
@pytest.mark.parametrize("stream", [False, True])
def test_every_answer_tells_what_remains(make_key: MakeKey, stream: bool) -> None:
    caller = make_key(per_minute=5, per_day=100, tokens_per_day=1000)
    for remaining in ("4", "3"):
        headers = caller.post(body={**ASK, "stream": stream}, buffered=True).headers
        assert headers["x-ratelimit-limit-requests"] == "5"
        assert headers["x-ratelimit-remaining-requests"] == remaining
        assert re.fullmatch(r"\d{1,2}s", headers["x-ratelimit-reset-requests"])
        assert headers["x-ratelimit-limit-tokens"] == "1000"
        assert re.fullmatch(r"(\d+h)?(\d+m)?\d+s", headers["x-ratelimit-reset-tokens"])


@pytest.mark.usefixtures("mid_minute")
def test_a_refusal_tells_what_remains_too_and_pages_may_read_it(make_key: MakeKey) -> None:
    caller = make_key(per_minute=1)
    caller.post()
    headers = caller.post(headers={"origin": "https://chat.example"}).headers
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert "x-ratelimit-remaining-requests" in headers["access-control-expose-headers"]


def test_a_key_without_limits_is_told_of_none(make_key: MakeKey) -> None:
    assert not [name for name, _ in make_key().post().headers if "ratelimit" in name.lower()]


@pytest.mark.usefixtures("mid_minute")
def test_tokens_of_the_day_are_those_of_the_journal(make_key: MakeKey, services: Services) -> None:
    caller = make_key(tokens_per_day=10)
    first = caller.post(body={"messages": [{"role": "user", "content": "word " * 30}]})
    assert first.status_code == 200
    assert first.headers["x-ratelimit-remaining-tokens"] == "10"
    services.behind.flush()
    refused = caller.post()
    assert (refused.status_code, error_of(refused)["code"]) == (429, "insufficient_quota")
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    (call,) = services.journal.recent()
    (window,) = services.key_counts.windows.look(caller.key_id, services.keys.get(caller.key_id).limits)  # type: ignore[union-attr]
    assert window.used == call.prompt_tokens + call.completion_tokens == first.json["usage"]["total_tokens"]


@pytest.mark.usefixtures("mid_minute")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/images/generations", {"prompt": "A fox"}),
        ("/v1/videos", {"prompt": "A fox"}),
        ("/v1/audio/transcriptions", {}),
        (CHAT, {}),
    ],
)
def test_each_route_that_answers_counts_even_what_it_cannot_read(
    make_key: MakeKey, path: str, body: dict[str, str]
) -> None:
    caller = make_key(per_minute=1)
    assert caller.post(path, body).status_code != 429
    assert caller.post(path, body).status_code == 429


@pytest.mark.usefixtures("mid_minute")
def test_looking_at_models_files_and_films_counts_nothing(make_key: MakeKey) -> None:
    caller = make_key(per_minute=1, concurrent=1)
    for path in ("/v1/models", "/v1/files", "/v1/videos") * 2:
        assert caller.get(path).status_code == 200
    assert caller.post().status_code == 200


def test_a_key_without_limits_makes_no_query(
    make_key: MakeKey, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = make_key(models=["gemini-auto"], networks=["127.0.0.1"], image_format="url")
    caller.post()
    asked: list[str] = []
    services.key_counts.windows._connection.set_trace_callback(asked.append)
    services.behind.flush()
    written = len(asked)
    assert written
    assert caller.post().status_code == 200
    assert len(asked) == written
    assert not services.key_counts.slots._slots._path.exists()


# Answers at one time


@pytest.fixture
def endless(world: World) -> None:
    """Answers go on until nobody listens."""
    world.behave("amber", text="word " * 9, stream="silence")


@pytest.fixture
def begun() -> Iterator[Callable[[Caller], Any]]:
    """Streams that have begun, and are closed after the test."""
    streams: list[Any] = []

    def begin(caller: Caller) -> Any:
        answer = caller.post(body={**ASK, "stream": True}, buffered=False)
        streams.append(answer)
        if answer.status_code == 200:
            next(answer.response)
        return answer

    yield begin
    for stream in streams:
        stream.close()


@pytest.mark.usefixtures("endless")
def test_one_answer_too_many_at_a_time_is_refused_until_another_ends(
    make_key: MakeKey, begun: Callable[[Caller], Any]
) -> None:
    caller, other = make_key(concurrent=2), make_key(concurrent=1)
    first, _ = begun(caller), begun(caller)
    refused = begun(caller)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert error_of(refused)["code"] == "rate_limit_exceeded"
    assert "2 answers at one time" in error_of(refused)["message"]
    assert begun(other).status_code == 200
    first.close()
    assert begun(caller).status_code == 200


@pytest.mark.usefixtures("endless", "mid_minute")
def test_who_is_refused_for_its_answers_at_a_time_has_not_used_its_minute(
    make_key: MakeKey, begun: Callable[[Caller], Any]
) -> None:
    caller = make_key(concurrent=1, per_minute=2)
    first = begun(caller)
    assert [begun(caller).status_code for _ in range(3)] == [429] * 3
    first.close()
    assert begun(caller).status_code == 200


@pytest.mark.parametrize(
    "body",
    [ASK, {**ASK, "stream": True}, {}, {**ASK, "model": "none"}],
    ids=["whole", "streamed", "unreadable", "no such model"],
)
def test_every_end_gives_the_place_back(make_key: MakeKey, body: dict[str, Any]) -> None:
    caller = make_key(concurrent=1)
    for _ in range(3):
        answer = caller.post(body=body)
        assert answer.status_code != 429
        answer.close()  # as the server does when all of it is sent


def test_a_failing_pool_gives_the_place_back(make_key: MakeKey, world: World) -> None:
    world.behave("amber", api="500")
    caller = make_key(concurrent=1)
    assert 429 not in [caller.post().status_code for _ in range(3)]


def test_pictures_are_made_as_many_at_a_time_as_the_key_may(make_key: MakeKey, world: World) -> None:
    world.behave("amber", files=1)
    caller = make_key(concurrent=2)
    answer = caller.post("/v1/images/generations", {"prompt": "A fox", "n": 4})
    assert (answer.status_code, len(answer.json["data"])) == (200, 4)
    assert caller.post().status_code == 200


@pytest.mark.parametrize(("concurrent", "meet"), [(2, False), (3, True)])
def test_pictures_of_one_request_share_what_the_key_may_have_at_a_time(
    make_key: MakeKey,
    world: World,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    concurrent: int,
    meet: bool,
) -> None:
    world.behave("amber", files=1)
    three, run, met = threading.Barrier(3, timeout=0.5), services.runner.run, threading.Event()

    def meeting(*args: Any, **named: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            three.wait()
            met.set()
        return run(*args, **named)

    monkeypatch.setattr(services.runner, "run", meeting)
    caller = make_key(concurrent=concurrent)
    assert caller.post("/v1/images/generations", {"prompt": "A fox", "n": 4}).status_code == 200
    assert met.is_set() == meet


# Who may call, and what for


def test_an_expired_key_is_told_so_on_every_route(make_key: MakeKey) -> None:
    caller = make_key(expires_at=1_767_225_600.0)
    for answer in (caller.post(), caller.get("/v1/models"), caller.get("/v1/files")):
        assert (answer.status_code, error_of(answer)["code"]) == (401, "invalid_api_key")
        assert "expired on 2026-01-01 00:00 UTC" in error_of(answer)["message"]
    assert make_key(expires_at=time.time() + 60).get("/v1/models").status_code == 200


@pytest.mark.parametrize(
    ("networks", "peer", "allowed"),
    [
        (["192.0.2.0/24"], "192.0.2.7", True),
        (["192.0.2.0/24"], "198.51.100.1", False),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db8::7", True),
        (["192.0.2.0/24"], "2001:db8::7", False),
        (["192.0.2.7"], "::ffff:192.0.2.7", True),
        (["0.0.0.0/0"], "", False),
    ],
)
def test_a_key_answers_to_its_networks_alone(
    make_key: MakeKey, networks: list[str], peer: str, allowed: bool
) -> None:
    answer = make_key(networks=networks).get("/v1/models", environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == (200 if allowed else 401)
    if not allowed:
        assert error_of(answer)["code"] == "ip_not_authorized"
        assert peer in error_of(answer)["message"]


def test_behind_a_proxy_the_callers_address_counts(make_key: MakeKey) -> None:
    caller = make_key(networks=["192.0.2.7"])
    assert caller.post(headers={"x-forwarded-for": "192.0.2.7"}).status_code == 200
    assert caller.post(headers={"x-forwarded-for": "192.0.2.7, 198.51.100.1"}).status_code == 401
    stranger = {"REMOTE_ADDR": "198.51.100.1"}
    answer = caller.post(headers={"x-forwarded-for": "192.0.2.7"}, environ_base=stranger)
    assert answer.status_code == 401


def test_a_key_asks_and_sees_its_own_models_alone(make_key: MakeKey, world: World) -> None:
    caller = make_key(models=["gemini-2.5-pro", "auto"])
    ids = {model["id"] for model in caller.get("/v1/models").json["data"]}
    assert ids == {"gemini-2.5-pro", "auto"}
    assert caller.post(body={**ASK, "model": "gemini-2.5-pro"}).status_code == 200
    for refused in (
        caller.post(body={**ASK, "model": "gemini-2.5-flash"}),
        caller.post(),  # names none, and may not have the one that is meant
        caller.post("/v1/images/generations", {"prompt": "A fox"}),
        caller.post("/v1/videos", {"prompt": "A fox"}),
        caller.get("/v1/models/gemini-2.5-flash"),
    ):
        assert (refused.status_code, error_of(refused)["code"]) == (404, "model_not_found")
        assert "This API key may not use the model `gemini" in error_of(refused)["message"]
    assert streams(world) == 1


def test_a_better_model_is_one_that_the_key_may_use(make_key: MakeKey) -> None:
    ask = {**ASK, "model": "gemini-2.5-pro"}
    assert make_key(upgrade=True).post(body=ask).json["model"] == "gemini-3.1-pro-preview"
    bound = make_key(upgrade=True, models=["gemini-2.5-pro"])
    assert bound.post(body=ask).json["model"] == "gemini-2.5-pro"


# What is kept of it


def test_calls_that_reached_the_service_are_counted(
    make_key: MakeKey, services: Services, world: World
) -> None:
    caller = make_key(models=["gemini-auto"])
    caller.get("/v1/models")
    caller.post(body={})
    caller.post(body={**ASK, "model": "none"})
    assert used(services, caller) == (0, None)
    before = time.time()
    caller.post()
    caller.post(body={**ASK, "stream": True}, buffered=True)  # read to its end, and closed
    world.behave("amber", api="500")
    assert caller.post().status_code >= 500
    count, last = used(services, caller)
    assert count == 3
    assert last
    assert before <= last <= time.time()


def test_calls_for_which_no_account_was_asked_are_not_counted(
    make_key: MakeKey, services: Services, world: World
) -> None:
    world.behave("amber", api="429-retry-after", retry_after=90)
    caller = make_key()
    assert [caller.post().status_code for _ in range(3)] == [429] * 3
    assert used(services, caller)[0] == 1


def used(services: Services, caller: Caller) -> tuple[int, float | None]:
    services.behind.flush()
    key = services.keys.get(caller.key_id)
    assert key
    return key.usage_count, key.last_used_at


@pytest.mark.parametrize(
    ("of_request", "of_key", "shown"),
    [(None, "", "!["), (None, "url", "http"), (None, "base64", "](data:"), ("markdown", "url", "![")],
)
def test_pictures_are_shown_as_the_request_the_key_or_the_setting_says(
    make_key: MakeKey, world: World, of_request: str | None, of_key: str, shown: str
) -> None:
    world.behave("amber", files=1)
    body = {"model": "gemini-image", "messages": [{"role": "user", "content": "Draw a fox"}]}
    more = {"image_format": of_request} if of_request else {}
    answer = make_key(image_format=of_key).post(body={**body, **more})
    content = answer.json["choices"][0]["message"]["content"]
    assert shown in content
    assert ("![" in content) == (shown != "http")
    assert ("data:" in content) == ("data:" in shown)
