"""The code in a letter, and the watch that waits for the letter."""

import re
import time
from collections.abc import Callable, Sequence

from gemini_pool.dialogue import SILENCE, Waiting
from gemini_pool.sign_in_errors import CodeMissing, MailboxFailed
from gemini_pool.signin.mailbox.base import Letter, Mailbox
from gemini_pool.signin.mailbox.senders import is_expected, sender_address

# A letter may say that it is older than the request by as much as two clocks may differ.
SKEW_SECONDS = 60.0
LOOK_EVERY_SECONDS = 4.0
STEP_SECONDS = 0.5

_CODE = r"(?<![A-Za-z0-9])([A-Z0-9]{6})(?![A-Za-z0-9])"
# Mail programs break lines within a phrase, and decoders have been seen to lose its last character.
_ZH = r"(?:一\s*次\s*性\s*验\s*证\s*码?\s*[为是]|验\s*证\s*码\s*(?:[为是]|(?=[:：])))"
_EN = r"(?i:(?:one-time|verification)\s+(?:verification\s+)?(?:pass)?code(?:\s+is|(?=\s*[:：])))"
_AFTER_PHRASE = re.compile(rf"(?:{_ZH}|{_EN})[\s:：*\"'“”「」]*{_CODE}")
_ALONE = re.compile(r"^[ \t]*([A-Z0-9]{6})[ \t]*$", re.MULTILINE)
_WORDS = frozenset({"GOOGLE", "GEMINI", "UPDATE"})


def code_in(letter: Letter) -> str | None:
    """The six characters that the service sent: right after the phrase that announces them, else alone on a
    line with a letter among them."""
    for text in (letter.text, letter.subject):
        for found in _AFTER_PHRASE.finditer(text):
            if found[1] not in _WORDS:
                return found[1]
    alone = [one for one in _ALONE.findall(letter.text) if not one.isdigit() and one not in _WORDS]
    mixed = [one for one in alone if not one.isalpha()]
    return next(iter(mixed or alone), None)


class CodeWatch:
    """Waits for a code that is sent after `mark`, in a letter of one of the `senders`.

    `clock` in epoch seconds; `pause` sleeps. For one sign-in, and one thread.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        senders: Sequence[str],
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], object] = time.sleep,
        every: float = LOOK_EVERY_SECONDS,
    ) -> None:
        self._mailbox = mailbox
        self._senders = senders
        self._clock = clock
        self._pause = pause
        self._every = every
        self._asked: float | None = None
        self._known: set[str] = set()
        self._codes: set[str] = set()
        self._trouble = ""

    def mark(self) -> None:
        """Note what is there, before a code is asked for. MailboxFailed: then better ask for none.

        Before a further code it does not matter whether the mailbox can be read at this moment.
        """
        first = self._asked is None
        try:
            letters = self._mailbox.letters()
        except MailboxFailed as failure:
            if first or not failure.again:
                raise
            letters = []
        if first:  # a mailbox that is read in another way from now on may give its letters other ids
            self._codes = set(filter(None, map(code_in, letters)))
        self._known |= {letter.id for letter in letters}
        self._asked = self._clock()

    def wait(self, seconds: float) -> Waiting[str]:
        """The code, once it is there. CodeMissing when it is not in this time; MailboxFailed when the mailbox
        will not be read without somebody's doing."""
        if self._asked is None:
            self.mark()
        ends = self._clock() + seconds
        while True:
            fresh = self._look()
            for letter in fresh:
                code = self._code_of(letter)
                if code:
                    self._known.add(letter.id)
                    return code
            if self._clock() >= ends:
                raise CodeMissing(f"No code came within {seconds:g} seconds. {self._told(fresh)}")
            yield from self._rest(min(self._every, ends - self._clock()))

    def _look(self) -> list[Letter]:
        """The letters that have come since; none while the mailbox cannot be read."""
        try:
            letters = self._mailbox.letters()
        except MailboxFailed as failure:
            if not failure.again:
                raise
            self._trouble = str(failure)
            return []
        return [letter for letter in letters if letter.id not in self._known]

    def _rest(self, seconds: float) -> Waiting[None]:
        """In short steps: whoever waits can give up between them."""
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0:
            self._pause(min(left, STEP_SECONDS))
            yield SILENCE

    def _code_of(self, letter: Letter) -> str | None:
        if self._is_old(letter) or not is_expected(letter.sender, self._senders):
            return None
        code = code_in(letter)
        return None if code in self._codes else code

    def _is_old(self, letter: Letter) -> bool:
        return letter.at is not None and letter.at < (self._asked or 0.0) - SKEW_SECONDS

    def _told(self, fresh: Sequence[Letter]) -> str:
        """What was seen instead, without what the letters say, and what to do."""
        if self._trouble:
            return f"The mailbox could not always be read: {self._trouble}"
        if not fresh:
            return "No letter came at all: look whether the mailbox is the one of this account."
        young = [letter for letter in fresh if not self._is_old(letter)]
        if not young:
            return f"{_count(fresh)} came, dated before it was asked for: set this machine's clock right."
        expected = [letter for letter in young if is_expected(letter.sender, self._senders)]
        if expected:
            return (
                f"{_count(expected)} came from {_domains(expected)}, but no code was found in what they say."
            )
        wanted = ", ".join(self._senders)
        return (
            f"{_count(young)} came, none of them from {wanted}, but from {_domains(young)}. "
            "If that is the service, add it to GOOGLE_MAIL."
        )


def _count(letters: Sequence[Letter]) -> str:
    return "1 letter" if len(letters) == 1 else f"{len(letters)} letters"


def _domains(letters: Sequence[Letter]) -> str:
    """Where letters came from; of each sender no more than the domain."""
    domains = {sender_address(letter.sender).rpartition("@")[2] or "an unnamed sender" for letter in letters}
    return ", ".join(sorted(domains)[:3])
