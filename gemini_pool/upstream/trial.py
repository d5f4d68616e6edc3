"""Trying out an account, step by step, as the console shows it: token, session, answer."""

import time
from collections.abc import Generator
from contextlib import closing

from gemini_pool.dialogue import CONTENT, Model, Prompt, Role, Silence, Turn, Waiting
from gemini_pool.errors import EmptyAnswer
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.upstream.client import UpstreamClient

QUESTION = "Answer with the one word: ready"
MODEL = Model("gemini-auto", None, QuotaKind.TEXT, 0)

Tried = tuple[str, int]


def try_out(client: UpstreamClient, account: Account) -> Generator[Silence | Tried]:
    """The name and the milliseconds of each step that succeeded, and silences; the UpstreamError of the one
    that did not. It costs the account one answer at most, and nothing is concluded of it here."""
    began = time.monotonic()
    yield from client.prove(account)
    yield "token", _since(began)
    began = time.monotonic()
    yield from client.open_session(account)
    yield "session", _since(began)
    began = time.monotonic()
    yield from _first_word(client, account)
    yield "answer", _since(began)


def _first_word(client: UpstreamClient, account: Account) -> Waiting[None]:
    prompt = Prompt(MODEL, (Turn(Role.USER, QUESTION),))
    with closing(client.ask(account, prompt)) as events:
        for event in events:
            if isinstance(event, Silence):
                yield event
            elif isinstance(event, CONTENT):
                return
    raise EmptyAnswer("The service accepted the question and said nothing.")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
