"""Streams whose upstream falls silent, fails or breaks: what their caller is told."""

from collections.abc import Callable
from typing import Any

import pytest
from callers import PATH, Told, told
from flask import Flask
from flask.testing import FlaskClient

from gemini_pool.simulator.world import World
from gemini_pool.store.journal import CallRecord
from gemini_pool.upstream.wire import AnswerReader

MakeApp = Callable[..., Flask]
Keyed = dict[str, str]

ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello?"}], "stream": True}
SAID = "one two three four"


@pytest.fixture
def lively(make_app: MakeApp) -> FlaskClient:
    """A client of a pool of amber that is never silent for longer than a second."""
    return make_app("amber", KEEP_ALIVE_SECONDS="1").test_client()


def stream(client: FlaskClient, keyed: Keyed) -> Told:
    with client.post(PATH, json=ASK, headers=keyed) as answer:
        assert answer.status_code == 200
        return told(answer.text)


def rows(app: Flask) -> list[CallRecord]:
    """The journal, oldest first."""
    services = app.extensions["gemini_pool"]
    services.behind.flush()
    return list(reversed(services.journal.recent()))


# Silence

LATE = [
    {"deltas": 2, "delay": 2.2, "empty_elements": 0},
    {"first_delay": 2.2},
    {"api": "hang", "api_on": ["session"], "hang_delay": 2.2},
    {"api": "hang", "api_on": ["xsrf"], "hang_delay": 2.2},
    {"empty_elements": 20, "delay": 0.12},
]


@pytest.mark.parametrize("late", LATE, ids=["between", "stream", "session", "token", "empty elements"])
def test_a_stream_that_waits_is_kept_alive_and_then_goes_on(
    lively: FlaskClient, keyed: Keyed, world: World, late: dict[str, Any]
) -> None:
    world.behave("amber", text=SAID, **late)
    heard = stream(lively, keyed)
    assert heard.comments
    assert set(heard.comments) == {": keep-alive"}
    assert (heard.text, heard.done, heard.error) == (SAID, True, None)


def test_a_stream_that_flows_has_no_comments(lively: FlaskClient, keyed: Keyed, world: World) -> None:
    world.behave("amber", text=SAID, deltas=4, delay=0.4, empty_elements=0)
    heard = stream(lively, keyed)
    assert (heard.text, heard.comments) == (SAID, [])


@pytest.mark.parametrize("late", LATE[:2], ids=["between", "before"])
def test_a_whole_answer_is_nothing_but_its_body(
    lively: FlaskClient, keyed: Keyed, world: World, late: dict[str, Any]
) -> None:
    world.behave("amber", text=SAID, **late)
    answer = lively.post(PATH, json=ASK | {"stream": False}, headers=keyed)
    assert answer.text.startswith("{")
    assert answer.json["choices"][0]["message"]["content"] == SAID


def test_a_failure_after_the_first_keep_alive_is_told_in_the_stream(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    app = make_app("amber", KEEP_ALIVE_SECONDS="1", FIRST_BYTE_TIMEOUT="2")
    world.behave("amber", api="hang")
    heard = stream(app.test_client(), keyed)
    assert heard.comments
    assert heard.error
    assert set(heard.error) == {"message", "type", "param", "code"}
    assert (heard.text, heard.done) == ("", False)
    (row,) = rows(app)
    assert (row.outcome, row.error, row.first_ms) == ("error", "Unreachable", None)


def test_another_account_answers_after_keep_alives_as_well(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    app = make_app("amber", "bruno", KEEP_ALIVE_SECONDS="1", FIRST_BYTE_TIMEOUT="2")
    world.behave("amber", api="hang")
    heard = stream(app.test_client(), keyed)
    assert heard.comments
    assert heard.whole
    assert heard.text.startswith("[bruno/")
    assert [row.outcome for row in rows(app)] == ["ok"]


# What breaks after the first word


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("cut", "Unreachable"),
        ("reset-after", "Unreachable"),
        ("silence", "Unreachable"),
        ("error-after-429", "QuotaExhausted"),
    ],
)
def test_a_stream_that_breaks_says_so_and_its_account_pays(
    make_app: MakeApp, keyed: Keyed, world: World, fault: str, error: str
) -> None:
    app = make_app("amber", "bruno", READ_TIMEOUT="1", ACCOUNT_FAILURE_THRESHOLD="1")
    world.behave("amber", text=SAID, deltas=4, stream=fault)
    heard = stream(app.test_client(), keyed)
    assert heard.text
    assert SAID.startswith(heard.text)
    assert heard.error
    assert set(heard.error) == {"message", "type", "param", "code"}
    assert heard.error["message"]
    assert not heard.done
    (row,) = rows(app)
    assert (row.outcome, row.error, row.account_id) == ("error", error, 1)
    assert row.first_ms is not None
    # amber rests, so that bruno answers all that comes now.
    told_by = [stream(app.test_client(), keyed).text.partition("/")[0] for _ in range(3)]
    assert told_by == ["[bruno"] * 3


def test_an_account_does_not_pay_for_what_the_caller_asked(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    app = make_app("amber", ACCOUNT_FAILURE_THRESHOLD="1")
    world.behave("amber", stream="skipped-policy")
    assert app.test_client().post(PATH, json=ASK, headers=keyed).status_code == 400
    world.behave("amber", stream=None)
    assert stream(app.test_client(), keyed).whole


def test_a_fault_of_ours_in_the_middle_is_told_logged_and_gives_everything_back(
    make_app: MakeApp,
    keyed: Keyed,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app("amber", THREADS="2", MAX_CONCURRENT_PER_ACCOUNT="1", ACCOUNT_FAILURE_THRESHOLD="1")
    world.behave("amber", text="Well" + "z" * 296, deltas=300, delay=0.05)
    read = AnswerReader.read

    def stumble(reader: AnswerReader, element: Any) -> Any:
        if "'z'" in str(element):
            raise ZeroDivisionError("a secret of ours")
        return read(reader, element)

    monkeypatch.setattr(AnswerReader, "read", stumble)
    answer = app.test_client().post(PATH, json=ASK, headers=keyed, buffered=True)
    heard = told(answer.text)
    assert heard.text == "Well"
    assert heard.error
    assert answer.headers["x-request-id"] in heard.error["message"]
    assert "secret" not in answer.text
    assert not heard.done
    assert "ZeroDivisionError: a secret of ours" in caplog.text
    assert world.wait_until(lambda world: world.open_streams() == 0)
    monkeypatch.undo()
    world.behave("amber", text=None, deltas=None, delay=0.0)
    # There is one place and one slot: both must be free, and the account not to blame.
    assert stream(app.test_client(), keyed).whole
    assert [row.outcome for row in rows(app)] == ["error", "ok"]
