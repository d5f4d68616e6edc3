"""A pool with broken accounts in it: no caller notices, and the broken ones are left alone."""

import asyncio
from collections.abc import Callable

import pytest
from openai import AsyncOpenAI
from running import KEY, RunningPool

from gemini_pool.simulator.server import Simulator

Start = Callable[..., RunningPool]
REQUESTS, AT_ONCE = 100, 10


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_one_healthy_account_of_three_answers_everything(
    start_pool: Start, simulator: Simulator, stream: bool
) -> None:
    simulator.world.behave("bruno", stream="error-first-429")
    simulator.world.behave("clara", api="401", api_on=["session", "stream"])
    pool = start_pool("amber", "bruno", "clara")

    answers = asyncio.run(ask_many(pool, stream=stream))

    assert [text for text in answers if not text.startswith("[amber/")] == []
    assert len(answers) == REQUESTS
    counts = simulator.world.counts()
    # Each worker may meet a broken account once before it hears of it, and a request or two be under way.
    assert counts["bruno"]["stream"] <= 6
    assert counts["clara"]["session"] <= 12


@pytest.mark.parametrize(
    "fault",
    [
        {"xsrf": "302-login"},
        {"xsrf": "html"},
        {"xsrf": "403"},
        {"api": "403", "api_on": ["session"]},
        {"api": "reset", "api_on": ["stream"]},
        {"api": "502-html"},
        {"stream": "failed"},
        {"stream": "garbage"},
        {"stream": "empty-array"},
        {"stream": "error-first-500"},
    ],
    ids=str,
)
def test_whatever_an_account_does_before_its_first_word_another_repairs(
    start_pool: Start, simulator: Simulator, fault: dict[str, object]
) -> None:
    simulator.world.behave("emil", **fault)
    pool = start_pool("emil", "amber", WEB_CONCURRENCY="1")
    answers = asyncio.run(ask_many(pool, stream=True, requests=10, at_once=2))
    assert [text for text in answers if not text.startswith("[amber/")] == []


def test_a_whole_answer_survives_even_a_cut_in_its_middle(start_pool: Start, simulator: Simulator) -> None:
    simulator.world.behave("emil", words=50, stream="cut")
    pool = start_pool("emil", "amber", WEB_CONCURRENCY="1")
    answers = asyncio.run(ask_many(pool, stream=False, requests=8, at_once=2))
    assert [text for text in answers if not text.startswith("[amber/")] == []


async def ask_many(
    pool: RunningPool, *, stream: bool, requests: int = REQUESTS, at_once: int = AT_ONCE
) -> list[str]:
    """The texts of so many answers, asked so many at a time; an error of any fails the test."""
    turns = asyncio.Semaphore(at_once)
    async with AsyncOpenAI(base_url=f"{pool.url}/v1", api_key=KEY, max_retries=0, timeout=30) as client:

        async def ask(number: int) -> str:
            question = [{"role": "user", "content": f"Question {number}?"}]
            async with turns:
                if not stream:
                    answer = await client.chat.completions.create(model="gemini-auto", messages=question)
                    return answer.choices[0].message.content or ""
                chunks = await client.chat.completions.create(
                    model="gemini-auto", messages=question, stream=True
                )
                return "".join([c.choices[0].delta.content or "" async for c in chunks])

        return list(await asyncio.gather(*(ask(number) for number in range(requests))))
