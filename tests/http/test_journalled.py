"""What the journal tells of a call: who asked from where, what was tried, and why it was refused."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from callers import PATH
from flask import Flask

from gemini_pool.simulator.world import World
from gemini_pool.store.figures import Span
from gemini_pool.store.journal import CallRecord
from gemini_pool.web.origin import caller_address
from gemini_pool.wiring import Services, services

MakeApp = Callable[..., Flask]
Keyed = dict[str, str]

ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello?"}]}
OUTSIDE = "203.0.113.9"


def services_of(app: Flask) -> Services:
    found: Services = app.extensions["gemini_pool"]
    return found


def rows(app: Flask) -> list[CallRecord]:
    """The journal, oldest first."""
    services_of(app).behind.flush()
    return list(reversed(services_of(app).journal.recent()))


def post(app: Flask, keyed: Keyed, body: Any = ASK, **more: Any) -> Any:
    return app.test_client().post(more.pop("path", PATH), json=body, headers=keyed, **more)


# What was tried


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_tells_of_the_accounts_that_failed_before(
    make_app: MakeApp, keyed: Keyed, world: World, stream: bool
) -> None:
    app = make_app("amber", "bruno", "clara")
    world.behave("amber", api="429")
    world.behave("bruno", api="500")
    with post(app, keyed, ASK | {"stream": stream}) as answer:
        assert answer.status_code == 200
        size = len(answer.data)
    (row,) = rows(app)
    assert (row.outcome, row.error, row.status, row.account_id) == ("ok", "", 200, 3)
    assert [(attempt.account, attempt.error) for attempt in row.attempts] == [
        (1, "QuotaExhausted"),
        (2, "Busy"),
    ]
    assert all(attempt.message and 0 <= attempt.ms <= row.total_ms for attempt in row.attempts)
    assert row.response_bytes == size
    assert row.request_bytes is not None
    assert row.request_bytes > 50


def test_where_all_fail_the_journal_says_which_and_how(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    app = make_app("amber", "bruno")
    world.behave("amber", api="429")
    world.behave("bruno", api="429")
    assert post(app, keyed).status_code == 429
    (row,) = rows(app)
    assert (row.outcome, row.error, row.status) == ("error", "NoAccountAvailable", 429)
    assert row.error_message
    assert [attempt.account for attempt in row.attempts] == [1, 2]


def test_an_account_that_nobody_else_can_mend_is_an_attempt_as_well(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    app = make_app("amber", "bruno")
    world.behave("amber", stream="skipped-policy")
    assert post(app, keyed).status_code == 400
    (row,) = rows(app)
    assert (row.error, row.status, row.account_id) == ("PolicyRefused", 400, 1)
    assert [(attempt.account, attempt.error) for attempt in row.attempts] == [(1, "PolicyRefused")]


def test_a_stream_that_breaks_keeps_the_status_that_tells_of_it(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    app = make_app("amber")
    world.behave("amber", text="one two three four", deltas=4, stream="cut")
    with post(app, keyed, ASK | {"stream": True}) as answer:
        size = len(answer.data)
    (row,) = rows(app)
    assert (row.status, row.error, row.response_bytes) == (502, "Unreachable", size)
    assert [attempt.error for attempt in row.attempts] == ["Unreachable"]


def test_what_was_asked_is_in_the_statistics(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    app = make_app("amber", "bruno")
    world.behave("amber", api="429")
    assert post(app, keyed).status_code == 200
    assert post(app, keyed, {}).status_code == 400
    rows(app)
    told = services_of(app).statistics
    counts = told.series(Span.DAY)[-1].figures.counts
    assert (counts.calls, counts.answers, counts.refused, counts.limited) == (2, 1, 1, 1)
    assert {account: (one.answers, one.limited) for account, one in told.by_account(Span.DAY).items()} == {
        1: (0, 1),
        2: (1, 0),
    }


# What was refused before an account was asked


@pytest.mark.parametrize(
    ("path", "body", "error", "status"),
    [
        (PATH, {"messages": []}, "BadRequest", 400),
        (PATH, ASK | {"model": "gpt-none"}, "UnknownModel", 404),
        ("/v1/images/generations", {"prompt": ""}, "BadRequest", 400),
        ("/v1/audio/transcriptions", {}, "BadRequest", 400),
        ("/v1/videos", {"prompt": ""}, "BadRequest", 400),
    ],
)
def test_what_is_refused_is_in_the_journal_with_its_reason(
    make_app: MakeApp, keyed: Keyed, path: str, body: Any, error: str, status: int
) -> None:
    app = make_app("amber")
    answer = post(app, keyed, body, path=path)
    assert answer.status_code == status
    (row,) = rows(app)
    assert (row.outcome, row.error, row.status, row.endpoint) == ("error", error, status, path)
    assert row.error_message == answer.json["error"]["message"]
    assert (row.request_id, row.key_name) == (answer.headers["x-request-id"], "API_KEY")
    assert (row.account_id, row.attempts, row.address) == (None, (), "127.0.0.1")


def test_a_body_that_is_too_large_is_in_the_journal(make_app: MakeApp, keyed: Keyed) -> None:
    app = make_app("amber", MAX_BODY_MB="1")
    body = BytesIO(b" " * (1024 * 1024 + 1))
    assert app.test_client().post(PATH, input_stream=body, headers=keyed | {"content-length": "1048577"})
    (row,) = rows(app)
    assert (row.error, row.status, row.request_bytes) == ("TooLarge", 413, 1048577)


def test_without_a_good_key_nothing_is_kept(make_app: MakeApp) -> None:
    app = make_app("amber")
    assert post(app, {"authorization": "Bearer sk-gp-wrong"}).status_code == 401
    assert post(app, {}, {}).status_code == 401
    assert rows(app) == []


def test_what_is_looked_up_in_vain_is_no_call(make_app: MakeApp, keyed: Keyed) -> None:
    app = make_app("amber")
    assert app.test_client().get("/v1/models/none", headers=keyed).status_code == 404
    assert app.test_client().get("/v1/videos/none", headers=keyed).status_code == 404
    assert rows(app) == []


def test_a_call_that_came_to_an_account_is_kept_once(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    app = make_app("amber")
    world.behave("amber", api="429")
    assert post(app, keyed).status_code == 429
    assert post(app, keyed, {"prompt": "A cat", "n": 2}, path="/v1/images/generations").status_code >= 400
    assert [row.endpoint for row in rows(app)] == [PATH, "/v1/images/generations", "/v1/images/generations"]


# From where


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, "127.0.0.1"),
        ({"X-Forwarded-For": OUTSIDE}, OUTSIDE),
        ({"X-Forwarded-For": f"198.51.100.1, {OUTSIDE}"}, OUTSIDE),
        ({"X-Forwarded-For": f"198.51.100.1, {OUTSIDE}, 127.0.0.2"}, OUTSIDE),
        ({"X-Forwarded-For": f"{OUTSIDE}:4711"}, OUTSIDE),
        ({"X-Forwarded-For": "2001:db8::1"}, "2001:db8::1"),
        ({"X-Forwarded-For": "[2001:db8::1]:4711"}, "2001:db8::1"),
        ({"X-Forwarded-For": f"{OUTSIDE}, <script>"}, "127.0.0.1"),
        ({"X-Forwarded-For": "unknown"}, "127.0.0.1"),
        ({"Forwarded": f"for=198.51.100.1, for={OUTSIDE};proto=https"}, OUTSIDE),
        ({"Forwarded": 'for="[2001:db8::1]:4711"'}, "2001:db8::1"),
        ({"X-Forwarded-For": OUTSIDE, "Forwarded": "for=198.51.100.1"}, OUTSIDE),
    ],
)
def test_a_trusted_proxy_says_who_calls(
    make_app: MakeApp, keyed: Keyed, headers: dict[str, str], address: str
) -> None:
    app = make_app("amber")
    assert post(app, keyed | headers).status_code == 200
    assert rows(app)[0].address == address


@pytest.mark.parametrize(
    ("peer", "address"),
    [(OUTSIDE, OUTSIDE), ("::ffff:203.0.113.9", OUTSIDE), ("2001:db8::7", "2001:db8::7"), ("", "")],
)
def test_anybody_else_may_say_what_he_likes(make_app: MakeApp, peer: str, address: str) -> None:
    app = make_app("amber")
    lies = {"X-Forwarded-For": "198.51.100.1", "X-Real-IP": "198.51.100.1", "Forwarded": "for=198.51.100.1"}
    with app.test_request_context(headers=lies, environ_overrides={"REMOTE_ADDR": peer}) as context:
        assert caller_address(context.request, services().settings) == address


# Load


def test_what_is_under_way_is_counted(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    app = make_app("amber", THREADS="4")
    load = services_of(app).office.load
    with post(app, keyed, ASK | {"stream": True}) as answer:
        assert (load.now().open, load.now().places) == (1, services_of(app).admission.most)
        assert answer.data
    assert load.now().open == 0
