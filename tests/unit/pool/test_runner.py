"""A prompt becomes an answer, and what one account broke another repairs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes import CAST, FakeClock, FakeLedger, FakeUpstream, all_given_back, make_account

from gemini_pool.dialogue import (
    Event,
    Finished,
    Model,
    Prompt,
    Role,
    SessionNamed,
    TextDelta,
    ThoughtDelta,
    Turn,
)
from gemini_pool.errors import (
    BadReply,
    Busy,
    CredentialsRejected,
    EmptyAnswer,
    FileRefused,
    NoAccountAvailable,
    PolicyRefused,
    PoolError,
    PromptRefused,
    QuotaExhausted,
    SessionLost,
    StoreError,
    Unreachable,
)
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.runner import Runner
from gemini_pool.roster import Account, QuotaKind, Verdict

SESSION = SessionNamed("collections/default/sessions/1")
HELLO, END = TextDelta("Hello."), Finished()
GOOD = (SESSION, HELLO, END)
MODEL = Model("gemini-auto", None, QuotaKind.TEXT, 0)
PROMPT = Prompt(MODEL, (Turn(Role.USER, "Hello!"),))

Script = Sequence[Event | Exception]


class Pool:
    """A runner over accounts that play these scripts, in the order of the cast."""

    def __init__(self, *, tries: int = 6, deadline: float = 120, **scripts: Script) -> None:
        self.clock = FakeClock()
        self.ledger = FakeLedger(make_account(name) for name in CAST if name in scripts)
        policy = Policy(failure_threshold=3, cooldown_seconds=600)
        self.manager = AccountManager(self.ledger, policy, clock=self.clock)
        self.upstream = FakeUpstream(scripts)
        self.runner = Runner(self.manager, self.upstream, tries=tries, deadline=deadline, clock=self.clock)

    def text(self, *, whole: bool = False) -> str:
        """Run the prompt and read its answer to the end."""
        answer, _ = self.runner.run(PROMPT, whole=whole)
        return "".join(event.text for event in answer if isinstance(event, TextDelta))

    def fails(self, *, whole: bool = False) -> PoolError:
        with pytest.raises(PoolError) as caught:
            self.runner.run(PROMPT, whole=whole)
        return caught.value

    def all_is_given_back(self) -> bool:
        """Every answer was closed once, and no lease is open."""
        self.clock.advance(2 * 3600)  # breakers and limits are over
        return all(answer.closed == 1 for answer in self.upstream.answers) and all_given_back(
            self.manager, self.ledger, self.clock
        )


# One account


def test_a_healthy_account_answers_and_is_named() -> None:
    pool = Pool(amber=GOOD)
    answer, account = pool.runner.run(PROMPT)
    assert account.name == "amber"
    assert list(answer) == list(GOOD)
    assert pool.all_is_given_back()


def test_the_first_visible_event_is_in_hand_and_not_more() -> None:
    pool = Pool(amber=GOOD)
    answer, _ = pool.runner.run(PROMPT)
    assert pool.upstream.answers[0].drawn == 2
    answer.close()
    assert pool.all_is_given_back()


def test_prompts_are_shared_out_over_the_accounts() -> None:
    pool = Pool(amber=GOOD, bruno=GOOD, clara=GOOD)
    for _ in range(6):
        assert pool.text() == "Hello."
    assert pool.upstream.asked == ["amber", "bruno", "clara"] * 2


# Failover


@pytest.mark.parametrize(
    "error",
    [
        QuotaExhausted("429"),
        CredentialsRejected("signed out"),
        Busy("503"),
        Unreachable("reset"),
        BadReply("garbage"),
        SessionLost("gone"),
        EmptyAnswer("no word"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_another_account_repairs_a_failure_before_the_first_visible_event(
    error: Exception, whole: bool
) -> None:
    pool = Pool(amber=[SESSION, error], bruno=GOOD)
    assert pool.text(whole=whole) == "Hello."
    assert pool.upstream.asked == ["amber", "bruno"]
    assert pool.all_is_given_back()


def test_nothing_of_the_failed_attempt_is_in_the_answer() -> None:
    other = SessionNamed("collections/default/sessions/2")
    pool = Pool(amber=[SESSION, Busy("503")], bruno=[other, HELLO, END])
    answer, account = pool.runner.run(PROMPT)
    assert list(answer) == [other, HELLO, END]
    assert account.name == "bruno"


@pytest.mark.parametrize("seen", [HELLO, ThoughtDelta("Hm.")], ids=["text", "thought"])
def test_a_stream_that_breaks_after_something_was_seen_is_not_repaired(seen: Event) -> None:
    error = BadReply("cut off")
    pool = Pool(amber=GOOD, emil=[SESSION, seen, error])
    pool.manager.settle(pool.manager.lease(QuotaKind.TEXT))  # amber's turn is over
    answer, account = pool.runner.run(PROMPT)
    assert account.name == "emil"
    with pytest.raises(BadReply):
        list(answer)
    assert pool.upstream.asked == ["emil"]
    assert pool.all_is_given_back()


def test_a_whole_answer_that_is_cut_in_its_middle_is_repaired() -> None:
    pool = Pool(amber=[SESSION, TextDelta("Hel"), BadReply("cut off")], bruno=GOOD)
    assert pool.text(whole=True) == "Hello."
    assert pool.upstream.asked == ["amber", "bruno"]
    assert pool.all_is_given_back()


def test_an_empty_answer_is_asked_of_all_and_is_the_error_in_the_end() -> None:
    pool = Pool(amber=[SESSION, END], bruno=[SESSION], clara=[ThoughtDelta("Hm."), END])
    assert isinstance(pool.fails(whole=True), EmptyAnswer)
    assert pool.upstream.asked == ["amber", "bruno", "clara"]
    assert pool.ledger.recorded == []
    assert pool.all_is_given_back()


def test_an_attempts_account_is_never_tried_twice() -> None:
    pool = Pool(tries=20, **dict.fromkeys(CAST, (Busy("503"),)))
    assert isinstance(pool.fails(), Busy)
    assert pool.upstream.asked == list(CAST)
    assert pool.all_is_given_back()


@pytest.mark.parametrize("fault", [PolicyRefused, PromptRefused, FileRefused])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_the_callers_fault_ends_at_once_and_touches_no_account(fault: type[PoolError], whole: bool) -> None:
    pool = Pool(amber=[SESSION, fault("refused")], bruno=GOOD)
    assert isinstance(pool.fails(whole=whole), fault)
    assert pool.upstream.asked == ["amber"]
    assert pool.ledger.recorded == []
    assert pool.all_is_given_back()


def test_the_callers_fault_is_told_even_after_another_accounts_failure() -> None:
    pool = Pool(amber=[Busy("503")], bruno=[PolicyRefused("blocked")], clara=GOOD)
    assert isinstance(pool.fails(), PolicyRefused)
    assert pool.upstream.asked == ["amber", "bruno"]


# Bounds


@pytest.mark.parametrize("tries", [1, 2, 4])
def test_no_more_accounts_are_tried_than_the_operator_allows(tries: int) -> None:
    pool = Pool(tries=tries, **dict.fromkeys(CAST, (Unreachable("reset"),)))
    assert isinstance(pool.fails(), Unreachable)
    assert len(pool.upstream.asked) == tries
    assert pool.all_is_given_back()


def test_no_account_is_tried_after_the_deadline() -> None:
    pool = Pool(deadline=120, amber=[Busy("503")], bruno=[Busy("503")], clara=GOOD)

    class Slow(FakeUpstream):
        def ask(self, account, prompt):  # type: ignore[no-untyped-def]
            pool.clock.advance(60)
            return super().ask(account, prompt)

    slow = Slow({"amber": [Busy("503")], "bruno": [Busy("503")], "clara": GOOD})
    runner = Runner(pool.manager, slow, tries=6, deadline=120, clock=pool.clock)
    with pytest.raises(Busy):
        runner.run(PROMPT)
    assert slow.asked == ["amber", "bruno"]


def test_the_deadline_begins_anew_with_each_prompt() -> None:
    pool = Pool(deadline=10, amber=[Busy("503")], bruno=GOOD)
    pool.clock.advance(1000)
    assert pool.text() == "Hello."


# When nobody answers


def test_an_empty_pool_is_told_as_such() -> None:
    error = Pool().fails()
    assert isinstance(error, NoAccountAvailable)
    assert error.history == ()


def test_when_accounts_are_to_blame_the_pools_state_is_the_news_with_all_attempts() -> None:
    quota, cookies = QuotaExhausted("429", retry_after=50), CredentialsRejected("signed out")
    pool = Pool(bruno=[quota], clara=[cookies])
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert error.history == (quota, cookies)
    assert error.retry_after == 50
    assert pool.all_is_given_back()


def test_when_limits_alone_are_met_the_error_says_so_with_the_truth_on_when() -> None:
    pool = Pool(amber=[QuotaExhausted("429", retry_after=90)], bruno=[QuotaExhausted("429", retry_after=50)])
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert (error.limited, error.retry_after) == (True, 50)


def test_when_the_tries_are_used_up_by_accounts_the_history_is_told() -> None:
    errors = {name: [CredentialsRejected(name)] for name in ("amber", "bruno", "clara")}
    pool = Pool(tries=2, **errors)
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert [str(one) for one in error.history] == ["amber", "bruno"]


def test_the_services_own_failure_is_told_rather_than_the_pools_state() -> None:
    pool = Pool(amber=[QuotaExhausted("429")], bruno=[Unreachable("reset")])
    assert isinstance(pool.fails(), Unreachable)


def test_when_all_rest_from_the_start_the_caller_is_told_until_when() -> None:
    pool = Pool(amber=[QuotaExhausted("429", retry_after=50)])
    pool.fails()
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert (error.retry_after, error.limited, error.history) == (50, True, ())
    assert pool.upstream.asked == ["amber"]


def test_a_limit_of_pictures_is_met_by_the_models_that_draw_alone() -> None:
    pool = Pool(amber=[QuotaExhausted("429")])
    with pytest.raises(NoAccountAvailable):
        pool.runner.run(replace(PROMPT, model=replace(MODEL, kind=QuotaKind.IMAGES)))
    pool.fails()
    assert pool.upstream.asked == ["amber", "amber"]
    assert [verdict.kind for _, verdict in pool.ledger.recorded] == [QuotaKind.IMAGES, QuotaKind.TEXT]


def test_resting_accounts_are_not_asked_again_by_the_next_prompt() -> None:
    pool = Pool(amber=GOOD, bruno=[QuotaExhausted("429")])
    for _ in range(4):
        assert pool.text() == "Hello."
    assert pool.upstream.asked.count("bruno") == 1


# Leases in every path


def test_a_caller_who_hangs_up_gives_the_lease_back_without_a_verdict() -> None:
    pool = Pool(amber=GOOD, bruno=GOOD)
    answer, _ = pool.runner.run(PROMPT)
    answer.close()
    answer.close()
    assert pool.ledger.recorded == []
    assert pool.all_is_given_back()


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_an_error_nobody_foresaw_gives_the_lease_back_too(whole: bool) -> None:
    pool = Pool(amber=[SESSION, RuntimeError("a bug")], bruno=GOOD)
    with pytest.raises(RuntimeError):
        pool.runner.run(PROMPT, whole=whole)
    assert pool.all_is_given_back()


def test_an_error_of_the_asking_itself_gives_the_lease_back() -> None:
    pool = Pool(amber=GOOD, bruno=GOOD)

    class Broken(FakeUpstream):
        def ask(self, account, prompt):  # type: ignore[no-untyped-def]
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        Runner(pool.manager, Broken({}), tries=3, deadline=9, clock=pool.clock).run(PROMPT)
    assert pool.all_is_given_back()


def test_a_verdict_that_cannot_be_written_costs_no_request() -> None:
    class Locked(FakeLedger):
        def record(self, account: Account, verdict: Verdict) -> None:
            raise StoreError("The database does not answer: database is locked")

    clock = FakeClock()
    ledger = Locked([make_account("amber"), make_account("bruno")])
    manager = AccountManager(ledger, Policy(failure_threshold=3, cooldown_seconds=600), clock=clock)
    upstream = FakeUpstream({"amber": [QuotaExhausted("429")], "bruno": GOOD})
    answer, account = Runner(manager, upstream, tries=6, deadline=120, clock=clock).run(PROMPT)
    assert account.name == "bruno"
    answer.close()


def test_many_prompts_at_once_are_all_answered_and_all_leases_come_back() -> None:
    pool = Pool(amber=GOOD, bruno=[EmptyAnswer("no word")], dieter=GOOD, emil=[SESSION, SessionLost("gone")])
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: pool.text(), range(400)))
    assert set(texts) == {"Hello."}
    assert pool.all_is_given_back()
