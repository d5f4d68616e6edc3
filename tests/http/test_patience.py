"""How long the service is waited for, wherever it falls silent, and what that costs the account."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from callers import PATH, told
from flask import Flask
from proxies import Heard, Peer, answer

from gemini_pool.dialogue import Model, Prompt, Role, TextDelta, Turn
from gemini_pool.errors import Unreachable
from gemini_pool.roster import QuotaKind
from gemini_pool.simulator.cast import make_account
from gemini_pool.simulator.world import World

MakeApp = Callable[..., Flask]
Keyed = dict[str, str]

ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello?"}]}
STRICT = {"FIRST_BYTE_TIMEOUT": "1", "ACCOUNT_FAILURE_THRESHOLD": "1"}
# One time-out and the way to another account; no more than that even on a busy machine.
SOON_SECONDS = 6.0


def texts(app: Flask, keyed: Keyed, times: int, *, stream: bool) -> list[str]:
    """So many answers, one after the other."""
    found = []
    for _ in range(times):
        with app.test_client().post(PATH, json=ASK | {"stream": stream}, headers=keyed) as reply:
            assert reply.status_code == 200
            found.append(told(reply.text).text if stream else reply.json["choices"][0]["message"]["content"])
    return found


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("method", ["xsrf", "session", "stream"])
def test_an_account_that_never_begins_fails_and_another_answers(
    make_app: MakeApp, keyed: Keyed, world: World, method: str, stream: bool
) -> None:
    world.behave("amber", api="hang", api_on=[method])
    app = make_app("amber", "bruno", **STRICT)
    begun = time.monotonic()
    (text,) = texts(app, keyed, 1, stream=stream)
    assert text.startswith("[bruno/")
    assert 1 <= time.monotonic() - begun < SOON_SECONDS
    assert world.counts()["amber"][method] == 1
    assert [text[:7] for text in texts(app, keyed, 3, stream=stream)] == ["[bruno/"] * 3
    assert world.counts()["amber"][method] == 1


def elements(*said: str) -> list[bytes]:
    """An answer's array, cut behind its bracket and its elements; the last says that it is whole."""
    replies = [{"replies": [{"groundedContent": {"content": {"text": text}}}]} for text in said]
    bodies = [*({"answer": reply} for reply in replies), {"answer": {"state": "SUCCEEDED"}}]
    texts = [json.dumps({"streamAssistResponse": body}) for body in bodies]
    return [b"[", *(text.encode() + b"," for text in texts[:-1]), texts[-1].encode() + b"]"]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Faltering:
    """The chat API, which answers emil as `play` says and everybody else well."""

    def __init__(self, play: Callable[[], Iterator[bytes]]) -> None:
        self._play = play

    def __call__(self, request: Heard) -> Iterator[bytes]:
        if request.target.endswith("widgetCreateSession"):
            yield answer(200, b'{"session": {"name": "sessions/1"}}')
        elif make_account("emil").config_id.encode() in request.body:
            yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            yield from self._play()
        else:
            yield answer(200, b"".join(elements("Here I am.")))


@pytest.fixture
def faltering(make_app: MakeApp) -> Iterator[Callable[..., Flask]]:
    """Make an application over emil, who answers as told, and amber, who answers well."""
    with ExitStack() as stack:

        def make(play: Callable[[], Iterator[bytes]], **environ: str) -> Flask:
            peer = stack.enter_context(Peer(Faltering(play)))
            return make_app("emil", "amber", GEMINI_API_URL=peer.url, **environ)

        yield make


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_head_alone_is_no_beginning(faltering: Callable[..., Flask], keyed: Keyed, stream: bool) -> None:
    app = faltering(lambda: iter(()), **STRICT)
    begun = time.monotonic()
    assert texts(app, keyed, 1, stream=stream) == ["Here I am."]
    assert 1 <= time.monotonic() - begun < SOON_SECONDS
    begun = time.monotonic()
    assert texts(app, keyed, 3, stream=stream) == ["Here I am."] * 3
    assert time.monotonic() - begun < 1  # emil, who rests, is not waited for


def test_once_begun_a_stream_may_be_silent_for_longer(faltering: Callable[..., Flask], keyed: Keyed) -> None:
    def play() -> Iterator[bytes]:
        bracket, *rest = elements("Well, ", "hello.")
        yield chunk(bracket)
        for element in rest:
            time.sleep(2.5)
            yield chunk(element)
        yield chunk(b"")

    app = faltering(play, **STRICT | {"FIRST_BYTE_TIMEOUT": "2"})
    assert texts(app, keyed, 1, stream=True) == ["Well, hello."]


def test_a_whole_answer_that_falls_silent_is_given_by_another(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    world.behave("amber", text="one two three", stream="silence")
    app = make_app("amber", "bruno", READ_TIMEOUT="1")
    begun = time.monotonic()
    (text,) = texts(app, keyed, 1, stream=False)
    assert text.startswith("[bruno/")
    assert 1 <= time.monotonic() - begun < SOON_SECONDS


def test_an_element_that_trickles_in_keeps_the_caller_informed(
    faltering: Callable[..., Flask], keyed: Keyed
) -> None:
    def play() -> Iterator[bytes]:
        whole = b"".join(elements("A large picture, as it were."))
        for at in range(0, len(whole), 10):
            time.sleep(0.15)
            yield chunk(whole[at : at + 10])
        yield chunk(b"")

    app = faltering(play, KEEP_ALIVE_SECONDS="1")
    with app.test_client().post(PATH, json=ASK | {"stream": True}, headers=keyed) as reply:
        heard = told(reply.text)
    assert heard.text == "A large picture, as it were."
    assert heard.comments


def test_models_that_make_pictures_may_take_longer_to_begin(make_app: MakeApp, world: World) -> None:
    world.behave("amber", text="A picture.", first_delay=2.0)
    app = make_app("amber", FIRST_BYTE_TIMEOUT="1", FIRST_BYTE_TIMEOUT_MEDIA="10")
    runner = app.extensions["gemini_pool"].runner

    def ask(kind: QuotaKind) -> str:
        prompt = Prompt(Model("painter", None, kind, 0), (Turn(Role.USER, "Hello?"),))
        answer = runner.run(prompt, scope="tests", whole=True)
        return "".join(event.text for event in answer if isinstance(event, TextDelta))

    assert ask(QuotaKind.IMAGES) == "A picture."
    assert ask(QuotaKind.VIDEOS) == "A picture."
    with pytest.raises(Unreachable):
        ask(QuotaKind.TEXT)
