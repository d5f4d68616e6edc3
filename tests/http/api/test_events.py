"""The stream of events: ids alone, after the last that was seen, and only for who is signed in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from programs import Program

from gemini_pool.office import MOST_LISTENERS
from gemini_pool.store.live import Happened
from gemini_pool.wiring import Services

PATH = "/api/events"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gemini_pool.web.api.events.LOOK_EVERY_SECONDS", 0.02)


def listen(program: Program, **headers: str) -> Any:
    return program._client.get(PATH, headers={**program.headers, **headers})


def frames(reply: Any) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Id, name and data of each event as it comes."""
    for frame in reply.response:
        lines = dict(line.split(": ", 1) for line in frame.decode().split("\n") if ": " in line)
        if "event" in lines:
            yield lines["id"], lines["event"], json.loads(lines["data"])


def test_a_change_is_told_by_its_id_alone(program: Program) -> None:
    with listen(program) as reply:
        assert reply.content_type == "text/event-stream; charset=utf-8"
        heard = frames(reply)
        next(iter(reply.response))  # it listens
        program.put("/api/accounts/2", {"name": "Bruno"})
        _, name, data = next(heard)
        assert (name, data) == ("account_update", {"ref": "2"})


def test_it_goes_on_after_the_last_that_was_seen(program: Program, services: Services) -> None:
    seen = services.live.latest()
    for ref in (1, 2, 3):
        services.live.tell(Happened.NOTICE, ref)
    with listen(program, **{"last-event-id": str(seen + 1)}) as reply:
        heard = frames(reply)
        assert [next(heard)[2]["ref"] for _ in range(2)] == ["2", "3"]


def test_new_calls_are_told_of_without_an_id(
    app: Flask, program: Program, services: Services, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.web.api.events.STATISTICS_EVERY_SECONDS", 0.05)
    with listen(program) as reply:
        heard = iter(reply.response)
        next(heard)
        said = {"messages": [{"role": "user", "content": "Hi"}]}
        app.test_client().post("/v1/chat/completions", json=said, headers=keyed)
        services.behind.flush()
        assert next(heard) == b'event: stats_update\ndata: {"ref": ""}\n\n'


def test_who_is_not_signed_in_hears_nothing(app: Flask) -> None:
    assert app.test_client().get(PATH).status_code == 401


def test_one_too_many_is_told_to_poll_and_a_place_comes_free(program: Program) -> None:
    replies = [listen(program) for _ in range(MOST_LISTENERS)]
    refused = listen(program)
    assert refused.status_code == 503
    assert "every few seconds instead" in refused.json["error"]
    replies.pop().close()
    with listen(program) as reply:
        assert reply.status_code == 200
    for one in replies:
        one.close()


def test_it_ends_when_the_worker_stops(program: Program, services: Services) -> None:
    with listen(program) as reply:
        services.admission.end_within(600)
        assert list(reply.response)[-1].startswith(b": listening")
