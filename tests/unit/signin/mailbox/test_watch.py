"""Waiting for a code: which letters count, and what is told when none comes."""

import pytest

from gemini_pool.dialogue import SILENCE, patiently
from gemini_pool.sign_in_errors import CodeMissing, MailboxFailed
from gemini_pool.signin.mailbox.base import Letter
from gemini_pool.signin.mailbox.codes import CodeWatch

NOW = 1_800_000_000.0
GOOGLE = "noreply-googlecloud@google.com"


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.longest = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.longest = max(self.longest, seconds)


class Box:
    """Letters that come at their times; a trouble instead of them from one moment until another."""

    address = "amber@mail.example"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.coming: list[tuple[float, Letter]] = []
        self.trouble: tuple[float, float, MailboxFailed] | None = None

    def add(
        self, id_: str, code: str, *, after: float = 0.0, sender: str = GOOGLE, dated: float = 0.0
    ) -> None:
        at = self._clock.now + after
        self.coming.append((at, Letter(id_, sender, "code", f"您的一次性验证码为：{code}", at - dated)))

    def letters(self) -> list[Letter]:
        if self.trouble and self.trouble[0] <= self._clock.now - NOW < self.trouble[1]:
            raise self.trouble[2]
        here = [one for one in self.coming if one[0] <= self._clock.now]
        return [letter for _, letter in sorted(here, key=lambda one: one[0], reverse=True)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Box:
    return Box(clock)


@pytest.fixture
def watch(clock: Clock, box: Box) -> CodeWatch:
    return CodeWatch(box, ("google.com",), clock=clock, pause=clock.sleep)


def test_only_a_letter_that_came_since_counts(watch: CodeWatch, box: Box) -> None:
    box.add("1", "OLD111")
    watch.mark()
    box.add("2", "NEW222", after=7)
    assert patiently(watch.wait(60)) == "NEW222"


def test_of_two_new_letters_the_newest_counts(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "AAA111", after=1)
    box.add("2", "BBB222", after=2)
    assert patiently(watch.wait(60)) == "BBB222"


def test_a_letter_is_used_once(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "AAA111")
    assert patiently(watch.wait(60)) == "AAA111"
    box.add("2", "BBB222", after=20)
    watch.mark()
    assert patiently(watch.wait(60)) == "BBB222"


def test_a_letter_used_counts_no_more_even_without_a_further_mark(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "AAA111")
    patiently(watch.wait(60))
    with pytest.raises(CodeMissing):
        patiently(watch.wait(5))


def test_a_letter_that_came_before_a_further_request_is_not_for_it(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "AAA111")
    watch.mark()
    box.add("2", "BBB222", after=8)
    assert patiently(watch.wait(60)) == "BBB222"


def test_an_old_letter_under_another_id_is_still_old(watch: CodeWatch, box: Box) -> None:
    box.add("1", "OLD111")
    watch.mark()
    box.coming.clear()
    box.add("li-1", "OLD111")
    with pytest.raises(CodeMissing):
        patiently(watch.wait(10))


def test_a_letter_dated_before_the_request_is_not_for_it(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "LATE11", after=3, dated=200)
    with pytest.raises(CodeMissing, match=r"1 letter came, dated before it was asked for.*clock"):
        patiently(watch.wait(10))


def test_clocks_may_differ_a_little(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "ABC123", after=3, dated=50)
    assert patiently(watch.wait(10)) == "ABC123"


def test_whoever_waits_is_told_that_we_are_still_there(watch: CodeWatch, box: Box, clock: Clock) -> None:
    watch.mark()
    told = []
    with pytest.raises(CodeMissing):
        told.extend(watch.wait(10))
    waiting = watch.wait(10)
    assert next(waiting) is SILENCE
    assert clock.longest <= 1
    assert clock.now - NOW < 11
    waiting.close()


def test_a_code_that_comes_in_the_last_moment_is_taken(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "ABC123", after=9.9)
    assert patiently(watch.wait(10)) == "ABC123"


def test_no_time_at_all_is_one_look(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "ABC123")
    assert patiently(watch.wait(0)) == "ABC123"


def test_letters_of_others_are_told_by_their_domains_alone(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.add("1", "ABC123", sender="Google <a@evilgoogle.com>")
    box.add("2", "ABC123", sender="someone else")
    with pytest.raises(CodeMissing) as failure:
        patiently(watch.wait(5))
    said = str(failure.value)
    assert "2 letters came, none of them from google.com, but from an unnamed sender, evilgoogle.com" in said
    assert "GOOGLE_MAIL" in said
    assert "ABC123" not in said


def test_no_letter_and_a_letter_without_a_code_are_told(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    with pytest.raises(CodeMissing, match="No letter came at all"):
        patiently(watch.wait(5))
    box.add("1", "nothing")
    with pytest.raises(CodeMissing, match=r"1 letter came from google\.com, but no code"):
        patiently(watch.wait(5))


def test_a_trouble_that_passes_is_waited_out(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.trouble = (0, 20, MailboxFailed("mail.example failed."))
    box.add("1", "ABC123")
    assert patiently(watch.wait(60)) == "ABC123"


def test_a_trouble_that_does_not_pass_is_told(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.trouble = (0, 999, MailboxFailed("mail.example failed."))
    with pytest.raises(CodeMissing, match=r"could not always be read: mail\.example failed\."):
        patiently(watch.wait(20))


def test_a_settled_trouble_ends_the_wait_at_once(watch: CodeWatch, box: Box, clock: Clock) -> None:
    watch.mark()
    box.trouble = (0, 999, MailboxFailed("wrong password", settled=True))
    with pytest.raises(MailboxFailed, match="wrong password"):
        patiently(watch.wait(60))
    assert clock.now == NOW


def test_before_the_first_code_the_mailbox_must_be_readable(watch: CodeWatch, box: Box) -> None:
    box.trouble = (0, 5, MailboxFailed("mail.example failed."))
    with pytest.raises(MailboxFailed):
        watch.mark()


def test_before_a_further_code_a_passing_trouble_is_nothing(watch: CodeWatch, box: Box, clock: Clock) -> None:
    watch.mark()
    box.trouble = (0, 5, MailboxFailed("mail.example failed."))
    watch.mark()
    box.add("1", "ABC123", after=8)
    assert patiently(watch.wait(60)) == "ABC123"


def test_before_a_further_code_a_settled_trouble_is_told(watch: CodeWatch, box: Box) -> None:
    watch.mark()
    box.trouble = (0, 5, MailboxFailed("wrong password", settled=True))
    with pytest.raises(MailboxFailed):
        watch.mark()


@pytest.mark.parametrize("senders", [(), ("",)])
def test_where_no_sender_is_named_everybody_is_read(clock: Clock, box: Box, senders: tuple[str, ...]) -> None:
    watch = CodeWatch(box, senders, clock=clock, pause=clock.sleep)
    watch.mark()
    box.add("1", "ABC123", sender="")
    assert patiently(watch.wait(5)) == "ABC123"
