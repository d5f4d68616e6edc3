"""What accounts have done is counted exactly, over all workers, and bounds what they may do in a day."""

from collections import Counter
from collections.abc import Callable

import pytest
from load import load
from running import RunningPool, until

from gemini_pool.pool.policy import next_pacific_midnight
from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

NAMES = ("amber", "bruno", "clara")
ALLOWED, AT_ONCE = 5, 6


def test_answers_and_failures_are_counted_to_the_last_one(start_pool: Start, world: World) -> None:
    world.behave("bruno", stream="error-first-500")
    pool = start_pool(*NAMES, ACCOUNT_FAILURE_THRESHOLD="100")
    answers = Counter(result.account for result in load(pool, ["Hi"] * 100, at_once=10))
    assert answers.keys() == {"amber", "clara"}
    assert answers.total() == 100
    failures = world.counts()["bruno"]["stream"]
    assert 0 < failures < 100
    expected = {"amber": (answers["amber"], 0), "bruno": (0, failures), "clara": (answers["clara"], 0)}
    until(lambda: counted(pool) == expected, what=lambda: f"{counted(pool)} to be {expected}")


@pytest.mark.long
def test_a_budget_rests_accounts_until_midnight_in_california(start_pool: Start, world: World) -> None:
    world.behave(None, first_delay=1.5)  # longer than it takes until an answer is counted and all know
    pool = start_pool(*NAMES, DAILY_TEXT_ANSWERS=f"{ALLOWED}")
    budget = ALLOWED * len(NAMES)

    results = load(pool, ["Hi"] * 60, at_once=AT_ONCE)

    answered = [result for result in results if result.status == 200]
    refused = [result for result in results if result.status == 429]
    assert len(answered) + len(refused) == len(results)
    assert all(result.whole for result in answered)
    # Over it go those under way when the last place went, and those that began before that was counted.
    assert budget <= len(answered) <= budget + 2 * AT_ONCE
    for result in refused:
        left = next_pacific_midnight(result.ended) - result.ended
        assert abs(int(result.headers["retry-after"]) - left) < 2
    asked = prompts(world)
    assert {result.status for result in load(pool, ["Hi"] * 20, at_once=AT_ONCE)} == {429}
    assert prompts(world) == asked
    assert {line.split()[1] for line in pool.command("accounts", "list").splitlines()} == {"rate_limited"}


def prompts(world: World) -> dict[str, int]:
    """How often each account was asked; sessions to spare are made beside that."""
    return {name: counts["stream"] for name, counts in world.counts().items()}


def counted(pool: RunningPool) -> dict[str, tuple[int, int]]:
    """Answers and failures by account, as `accounts list` shows them."""
    lines = [line.split() for line in pool.command("accounts", "list").splitlines()]
    return {name: (int(answers), int(failures)) for _, _, answers, failures, _, _, name in lines}
