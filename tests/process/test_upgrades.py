"""Keys whose owner leaves the choice of the model to the pool, in a service that runs."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from callers import Call
from running import CHECKOUT, KEY, RunningPool, clean_environment, stopped

Start = Callable[..., RunningPool]

ASKED, BETTER = "gemini-2.5-flash", "gemini-3-flash-preview"
BETTER_ONES = {ASKED: BETTER, "gemini-2.5-pro": "gemini-3.1-pro-preview"}
# Which model answered upstream, which one the answer names, and the two headers.
Answered = tuple[str, str, str, str]
HEADER, REASON = "x-gemini-pool-model", "x-gemini-pool-model-reason"


@pytest.fixture
def pool(start_pool: Start) -> RunningPool:
    return start_pool("amber")


def keys(pool: RunningPool, *words: str) -> str:
    """What `keys` says on the command line."""
    command = [sys.executable, "-m", "gemini_pool", "keys", *words]
    environ = clean_environment() | pool.environ
    ended = subprocess.run(
        command, check=True, cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=30
    )
    return ended.stdout.strip()


def answered(pool: RunningPool, key: str, *, stream: bool, **more: object) -> Answered:
    """One call."""
    with Call(pool, key=key, stream=stream, **more) as call:
        assert call.status == 200
        if stream:
            text, named = call.rest().text, call.told.model
        else:
            body = call.body()
            text, named = body["choices"][0]["message"]["content"], body["model"]
        upstream = text.partition("]")[0].rpartition("/")[2]
        return upstream, named, call.header(HEADER), call.header(REASON)


def everywhere(pool: RunningPool, key: str, **more: object) -> Answered:
    """What each worker answers, whole and streamed, which must be the same."""
    found = set()
    for worker in pool.workers():
        with stopped(worker):  # the other answers
            found |= {answered(pool, key, stream=stream, **more) for stream in (False, True)}
    (same,) = found
    return same


def test_a_key_is_answered_by_better_models_once_its_owner_says_so(pool: RunningPool) -> None:
    key = keys(pool, "create", "ada")
    time.sleep(1)  # the promise itself: within a second, everywhere
    assert everywhere(pool, key, model=ASKED) == (ASKED, ASKED, "", "")
    keys(pool, "upgrade", "1", "on")
    time.sleep(1)
    told = (BETTER, BETTER, BETTER, f"upgraded from {ASKED}")
    assert everywhere(pool, key, model=ASKED) == told
    assert pool.log.count(f"{BETTER} answers instead of {ASKED}, upgraded from {ASKED}") == 4
    keys(pool, "upgrade", "1", "off")
    time.sleep(1)
    assert everywhere(pool, key, model=ASKED) == (ASKED, ASKED, "", "")


def test_a_request_that_names_no_model_gets_the_one_that_last_answered_the_key(pool: RunningPool) -> None:
    key, other = keys(pool, "create", "ada"), keys(pool, "create", "grace")
    for number in ("1", "2"):
        keys(pool, "upgrade", number, "on")
    time.sleep(1)
    assert everywhere(pool, key)[1:] == ("gemini-auto", "", "")
    time.sleep(1)
    assert pool.rows("SELECT * FROM preferences") == []  # no wish, lest it be written after a wish
    for asked, better in BETTER_ONES.items():
        answered(pool, key, stream=False, model=asked)
        time.sleep(1)
        assert everywhere(pool, key) == (better, better, better, "last answered this key")
    assert everywhere(pool, other)[1:] == ("gemini-auto", "", "")


def test_other_keys_get_what_they_ask_for(pool: RunningPool) -> None:
    key = keys(pool, "create", "ada")
    keys(pool, "create", "grace")
    keys(pool, "upgrade", "2", "on")
    time.sleep(1)
    for plain in (key, KEY):
        assert everywhere(pool, plain, model=ASKED) == (ASKED, ASKED, "", "")
        time.sleep(1)
        assert everywhere(pool, plain)[1:] == ("gemini-auto", "", "")
