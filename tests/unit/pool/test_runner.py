"""A prompt becomes an answer, and what one account broke another repairs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes import CAST, FakeAnswer
from pools import AMBER, BRUNO, EMIL, END, GOOD, HELLO, MANY, MODEL, PROMPT, SESSION, Answering

from gemini_pool.dialogue import Event, SessionNamed, TextDelta, ThoughtDelta
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
    UpstreamError,
)
from gemini_pool.pool.budget import Tries
from gemini_pool.roster import Account, QuotaKind, Verdict

# One account


def test_a_healthy_account_answers_and_is_named() -> None:
    pool = Answering(amber=GOOD)
    answer = pool.run()
    assert answer.account_id == AMBER
    assert list(answer) == list(GOOD)
    assert pool.all_is_given_back()


def test_the_first_visible_event_is_in_hand_and_not_more() -> None:
    pool = Answering(amber=GOOD)
    answer = pool.run()
    assert pool.upstream.answers[0].drawn == 2
    answer.close()
    assert pool.all_is_given_back()


def test_prompts_are_shared_out_over_the_accounts() -> None:
    pool = Answering(amber=GOOD, bruno=GOOD, clara=GOOD)
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
    pool = Answering(amber=[SESSION, error], bruno=GOOD)
    assert pool.text(whole=whole) == "Hello."
    assert pool.upstream.asked == ["amber", "bruno"]
    assert pool.all_is_given_back()


def test_nothing_of_the_failed_attempt_is_in_the_answer() -> None:
    other = SessionNamed("collections/default/sessions/2")
    pool = Answering(amber=[SESSION, Busy("503")], bruno=[other, HELLO, END])
    answer = pool.run()
    assert list(answer) == [other, HELLO, END]
    assert answer.account_id == BRUNO


@pytest.mark.parametrize("seen", [HELLO, ThoughtDelta("Hm.")], ids=["text", "thought"])
def test_a_stream_that_breaks_after_something_was_seen_is_not_repaired(seen: Event) -> None:
    error = BadReply("cut off")
    pool = Answering(amber=GOOD, emil=[SESSION, seen, error])
    pool.manager.settle(pool.manager.lease(QuotaKind.TEXT))  # amber's turn is over
    answer = pool.run()
    assert answer.account_id == EMIL
    with pytest.raises(BadReply):
        list(answer)
    assert pool.upstream.asked == ["emil"]
    assert pool.all_is_given_back()


def test_a_whole_answer_that_is_cut_in_its_middle_is_repaired() -> None:
    pool = Answering(amber=[SESSION, TextDelta("Hel"), BadReply("cut off")], bruno=GOOD)
    assert pool.text(whole=True) == "Hello."
    assert pool.upstream.asked == ["amber", "bruno"]
    assert pool.all_is_given_back()


def test_an_empty_answer_is_asked_of_all_and_is_the_error_in_the_end() -> None:
    pool = Answering(amber=[SESSION, END], bruno=[SESSION], clara=[ThoughtDelta("Hm."), END])
    assert isinstance(pool.fails(whole=True), EmptyAnswer)
    assert pool.upstream.asked == ["amber", "bruno", "clara"]
    assert pool.ledger.recorded == []
    assert pool.all_is_given_back()


def test_an_attempts_account_is_never_tried_twice() -> None:
    pool = Answering(**dict.fromkeys(CAST, (Busy("503"),)))
    assert isinstance(pool.fails(), Busy)
    assert pool.upstream.asked == list(CAST)
    assert pool.all_is_given_back()


@pytest.mark.parametrize("fault", [PolicyRefused, PromptRefused, FileRefused])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_the_callers_fault_ends_at_once_and_touches_no_account(fault: type[PoolError], whole: bool) -> None:
    pool = Answering(amber=[SESSION, fault("refused")], bruno=GOOD)
    assert isinstance(pool.fails(whole=whole), fault)
    assert pool.upstream.asked == ["amber"]
    assert pool.ledger.recorded == []
    assert pool.all_is_given_back()


def test_the_callers_fault_is_told_even_after_another_accounts_failure() -> None:
    pool = Answering(amber=[Busy("503")], bruno=[PolicyRefused("blocked")], clara=GOOD)
    assert isinstance(pool.fails(), PolicyRefused)
    assert pool.upstream.asked == ["amber", "bruno"]


# Bounds


def before_asked(error: UpstreamError) -> UpstreamError:
    """The error of an attempt that failed before the prompt was sent."""
    error.asked = False
    return error


@pytest.mark.parametrize("sessions", [1, 2, 5])
@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("switches", [0, 1, 4])
@pytest.mark.parametrize("asked", ["aaaaa", "sssss", "asasa", "ssaaa", "aasss"])
def test_no_more_is_tried_than_the_operator_allows(
    sessions: int, retries: int, switches: int, asked: str
) -> None:
    errors = {"a": Busy("503"), "s": before_asked(Busy("no session"))}
    scripts = {name: (errors[one],) for name, one in zip(CAST, asked, strict=True)}
    pool = Answering(tries=Tries(sessions, retries, switches, seconds=120), **scripts)
    assert isinstance(pool.fails(), Busy)
    within = [
        n
        for n in range(1, 6)
        # Before the attempt after these there must be room for a failure of each kind, and for a switch.
        if asked[: n - 1].count("a") <= retries and asked[: n - 1].count("s") < sessions and n - 1 <= switches
    ]
    assert len(pool.upstream.asked) == max(within)
    assert pool.all_is_given_back()


def test_no_account_is_tried_after_the_deadline() -> None:
    failing = (60.0, Busy("503"))
    pool = Answering(amber=failing, bruno=failing, clara=GOOD)
    assert isinstance(pool.fails(whole=True), Busy)
    assert pool.upstream.asked == ["amber", "bruno"]


def test_an_account_is_tried_right_before_the_deadline() -> None:
    failing = (59.9, Busy("503"))
    pool = Answering(amber=failing, bruno=failing, clara=GOOD)
    assert pool.text() == "Hello."


def test_the_deadline_begins_anew_with_each_prompt() -> None:
    pool = Answering(tries=replace(MANY, seconds=10), amber=[Busy("503")], bruno=GOOD)
    pool.clock.advance(1000)
    assert pool.text() == "Hello."


# When nobody answers


def test_an_empty_pool_is_told_as_such() -> None:
    error = Answering().fails()
    assert isinstance(error, NoAccountAvailable)
    assert error.history == ()


def test_when_accounts_are_to_blame_the_pools_state_is_the_news_with_all_attempts() -> None:
    quota, cookies = QuotaExhausted("429", retry_after=50), CredentialsRejected("signed out")
    pool = Answering(bruno=[quota], clara=[cookies])
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert error.history == (quota, cookies)
    assert error.retry_after == 50
    assert pool.all_is_given_back()


def test_when_limits_alone_are_met_the_error_says_so_with_the_truth_on_when() -> None:
    limits = {"amber": QuotaExhausted("429", retry_after=90), "bruno": QuotaExhausted("429", retry_after=50)}
    pool = Answering(**{name: [limit] for name, limit in limits.items()})
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert (error.limited, error.retry_after) == (True, 50)


def test_when_the_tries_are_used_up_by_accounts_the_history_is_told() -> None:
    errors = {name: [CredentialsRejected(name)] for name in ("amber", "bruno", "clara")}
    pool = Answering(tries=replace(MANY, switches=1), **errors)
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert [str(one) for one in error.history] == ["amber", "bruno"]


def test_the_services_own_failure_is_told_rather_than_the_pools_state() -> None:
    pool = Answering(amber=[QuotaExhausted("429")], bruno=[Unreachable("reset")])
    error = pool.fails()
    assert isinstance(error, Unreachable)
    assert error.retry_after == 5


def test_when_all_rest_from_the_start_the_caller_is_told_until_when() -> None:
    pool = Answering(amber=[QuotaExhausted("429", retry_after=50)])
    pool.fails()
    error = pool.fails()
    assert isinstance(error, NoAccountAvailable)
    assert (error.retry_after, error.limited, error.history) == (50, True, ())
    assert pool.upstream.asked == ["amber"]


def test_a_limit_of_pictures_is_met_by_the_models_that_draw_alone() -> None:
    pool = Answering(amber=[QuotaExhausted("429")])
    with pytest.raises(NoAccountAvailable):
        pool.run(replace(PROMPT, model=replace(MODEL, kind=QuotaKind.IMAGES)))
    pool.fails()
    assert pool.upstream.asked == ["amber", "amber"]
    assert [verdict.kind for _, verdict in pool.ledger.recorded] == [QuotaKind.IMAGES, QuotaKind.TEXT]


def test_resting_accounts_are_not_asked_again_by_the_next_prompt() -> None:
    pool = Answering(amber=GOOD, bruno=[QuotaExhausted("429")])
    for _ in range(4):
        assert pool.text() == "Hello."
    assert pool.upstream.asked.count("bruno") == 1


# Leases in every path


def test_a_caller_who_hangs_up_gives_the_lease_back_without_a_verdict() -> None:
    pool = Answering(amber=GOOD, bruno=GOOD)
    answer = pool.run()
    answer.close()
    answer.close()
    assert pool.ledger.recorded == []
    assert pool.all_is_given_back()


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_an_error_nobody_foresaw_gives_the_lease_back_too(whole: bool) -> None:
    pool = Answering(amber=[SESSION, RuntimeError("a bug")], bruno=GOOD)
    with pytest.raises(RuntimeError):
        pool.run(whole=whole)
    assert pool.all_is_given_back()


def test_an_error_of_the_asking_itself_gives_the_lease_back() -> None:
    pool = Answering(amber=GOOD, bruno=GOOD)

    def broken(*_: object) -> FakeAnswer:
        raise RuntimeError("a bug")

    pool.upstream.make_answer = broken
    with pytest.raises(RuntimeError):
        pool.run()
    assert pool.all_is_given_back()


def test_a_verdict_that_cannot_be_written_costs_no_request() -> None:
    def locked(account: Account, verdict: Verdict) -> None:
        raise StoreError("The database does not answer: database is locked")

    pool = Answering(amber=[QuotaExhausted("429")], bruno=GOOD)
    pool.ledger.record = locked  # type: ignore[method-assign]
    assert [pool.text() for _ in range(3)] == ["Hello."] * 3
    assert pool.upstream.asked.count("amber") == 1  # which rests in this process all the same


def test_many_prompts_at_once_are_all_answered_and_all_leases_come_back() -> None:
    lost = [SESSION, SessionLost("gone")]
    pool = Answering(amber=GOOD, bruno=[EmptyAnswer("no word")], dieter=GOOD, emil=lost)
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: pool.text(), range(400)))
    assert set(texts) == {"Hello."}
    assert pool.all_is_given_back()
