"""One answer from one account: token, session, stream.

A call starts nothing until its first event is drawn, and what it opened is closed when the iterator is
closed. Of retries this room knows only those that stay with the account: a token the service no longer
takes, and a session it has lost. Whether another account tries is the pool's business.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeVar

from gemini_pool.bounds import bounded
from gemini_pool.dialogue import (
    SILENCE,
    Event,
    FileSent,
    Finished,
    GeneratedFile,
    InlineFile,
    Prompt,
    Said,
    SessionNamed,
    Silence,
    Waiting,
    patiently,
)
from gemini_pool.errors import BadReply, CredentialsRejected, SessionLost, Unreachable, UpstreamError
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.upstream.calls import Calls, Locale
from gemini_pool.upstream.downloads import Downloads, Publish, Shelf
from gemini_pool.upstream.opening import open_session
from gemini_pool.upstream.refusals import refusal_in_stream, refusal_of_reply
from gemini_pool.upstream.spares import Spares
from gemini_pool.upstream.stream import ArrayReader
from gemini_pool.upstream.tokens import Token, Tokens
from gemini_pool.upstream.transcript import as_text
from gemini_pool.upstream.transport import StreamReply, Transport
from gemini_pool.upstream.upkeep import Upkeep
from gemini_pool.upstream.uploads import Uploads
from gemini_pool.upstream.wire import AnswerReader

T = TypeVar("T")

# A token is renewed this long before it is due, for an account that is kept ready. Well below the 30 s
# that any token is used for, or one of a short-lived key would be renewed as soon as it is made.
AHEAD_SECONDS = 15.0

NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FirstByte:
    """How long an answer may take to begin, in seconds: of words, and of pictures and films."""

    text: float
    media: float

    def of(self, kind: QuotaKind) -> float:
        return self.text if kind is QuotaKind.TEXT else self.media


class UpstreamClient:
    """Asks Gemini Business. Thread-safe; one object serves all accounts.

    An account that answered is kept ready for `ready_seconds`: its token is renewed ahead, and one session
    waits for the next conversation, which then costs one round trip.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        *,
        api_url: str,
        locale: Locale,
        first_byte: FirstByte,
        ready_seconds: float,
        shelf: Shelf,
        publish: Publish = lambda _: "",
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._api_url = api_url
        self._calls = Calls(api_url, locale)
        self._uploads = Uploads(transport, self._calls)
        self._downloads = Downloads(transport, self._calls, tokens, shelf, publish)
        self._first_byte = first_byte
        self._spares = Spares()
        self._upkeep = Upkeep(self._is_ready, self._make_ready, ready_seconds)

    def ask(
        self,
        account: Account,
        prompt: Prompt,
        session: str | None = None,
        known: Mapping[str, str] = NOTHING_KNOWN,
    ) -> Generator[Event]:
        """The answer's events, within the prompt's bounds; raises UpstreamError, at the first or later.

        In a session that has heard the conversation up to its latest answer only the new turn is sent, with
        those of its files that are not `known` there (ids by digest). When the service has lost it, or there
        is none, a new one hears the whole transcript.
        """
        with closing(self._events(account, prompt, session, known)) as events:
            yield from bounded(events, prompt.stop, prompt.max_tokens)

    def prove(self, account: Account) -> Waiting[None]:
        """Have a new token made, whatever is held: proof that the cookies are good; UpstreamError."""
        yield from self._tokens.get(account, ahead=math.inf)

    def holds_token(self, account: Account) -> bool:
        """Whether there is a token for it that is good at this moment."""
        return not self._tokens.due_within(account, 0.0)

    def open_session(self, account: Account) -> Waiting[None]:
        """Open a session, for the next conversation to begin in; UpstreamError."""
        token = yield from self._tokens.get(account)
        self._spares.keep(account, (yield from self._opened(account, token)))

    def _events(
        self, account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str]
    ) -> Generator[Event]:
        with closing((yield from self._begun(account, prompt, session, known))) as begun:
            self._upkeep.used(account)
            yield SessionNamed(begun.session)
            yield from begun.sent
            made = prompt.model.kind is not QuotaKind.TEXT and begun.session != session
            yield from self._gathered(account, begun, must_be=made)

    def _gathered(self, account: Account, begun: "_Begun", *, must_be: bool) -> Generator[Event]:
        """What the service says, with the files it made in the place of their names; its end comes last."""
        ending: list[Event] = []
        with closing(self._downloads.of(account, begun.session)) as files:
            for said in begun.said():
                if isinstance(said, Finished):
                    ending.append(said)
                elif isinstance(said, GeneratedFile):
                    files.want(said)
                elif isinstance(said, InlineFile):
                    yield files.kept(said)
                else:
                    if isinstance(said, SessionNamed):
                        files.session_is(said.name)
                    yield said
                    if files.under_way:
                        yield from files.ripe()
            yield from files.rest(must_be=must_be)
        yield from ending

    def _begun(
        self, account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str]
    ) -> "Waiting[_Begun]":
        begin = partial(self._begin, account, prompt)
        try:
            return (yield from self._authorised(account, partial(begin, session, known)))
        except SessionLost:  # nobody's fault, and a new session mends it
            return (yield from self._authorised(account, partial(begin, None, NOTHING_KNOWN)))

    def _authorised(self, account: Account, call: Callable[[Token], Waiting[T]]) -> Waiting[T]:
        """Make a call with the account's token; once more with a new one when the service refuses it."""
        with _not_asked_yet():
            token = yield from self._tokens.get(account)
        try:
            return (yield from call(token))
        except CredentialsRejected:
            self._tokens.forget(account.id, token)
            with _not_asked_yet():
                token = yield from self._tokens.get(account)
            return (yield from call(token))

    def _begin(
        self, account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str], token: Token
    ) -> "Waiting[_Begun]":
        """Open the answer's stream and draw its first element, which may be a refusal of the token."""
        turns = prompt.asked if session else prompt.turns
        with _not_asked_yet():
            name = session or self._spares.take(account) or (yield from self._opened(account, token))
            sent = yield from self._uploads.bring(account, token.bearer, name, turns, known)
        ids = [one.file_id for one in sent]
        call = self._calls.assist(account, token.bearer, name, as_text(turns), prompt.model, ids)
        first = self._first_byte.of(prompt.model.kind)
        stream = yield from self._transport.stream(call.url, call.headers, call.body, first=first)
        with ExitStack() as on_failure:
            on_failure.callback(stream.close)
            if stream.status != 200:
                raise refusal_of_reply(stream.status, stream.headers, (yield from stream.rest()))
            begun = _Begun(stream, name, sent)
            yield from begun.draw_first()
            on_failure.pop_all()
        return begun

    def _is_ready(self, account: Account) -> bool:
        return (
            self._spares.has(account)
            and not self._tokens.due_within(account, AHEAD_SECONDS)
            and self._transport.is_ready(self._api_url)
        )

    def _make_ready(self, account: Account) -> None:
        """Renew the token ahead, have a session to spare and a line to ask on; UpstreamError."""
        patiently(self._tokens.get(account, ahead=AHEAD_SECONDS))
        if not self._spares.has(account):
            patiently(self.open_session(account))
        self._transport.make_ready(self._api_url)

    def _opened(self, account: Account, token: Token) -> Waiting[str]:
        return open_session(self._transport, self._calls, account, token.bearer)


@contextmanager
def _not_asked_yet() -> Iterator[None]:
    """Whatever fails here fails before anybody has read the prompt."""
    try:
        yield
    except UpstreamError as error:
        error.asked = False
        raise


class _Begun:
    """An answer whose first element is in hand."""

    def __init__(self, stream: StreamReply, session: str, sent: tuple[FileSent, ...]) -> None:
        self.session = session
        self.sent = sent
        self._stream = stream
        self._reader = ArrayReader()
        self._answer = AnswerReader()
        self._rest = self._read()
        self._first: Any = None

    def draw_first(self) -> Waiting[None]:
        for element in self._rest:
            if not isinstance(element, Silence):
                self._first = element
                break
            yield element
        error = self._first.get("error") if isinstance(self._first, dict) else None
        if error is not None:
            raise refusal_in_stream(error)

    def said(self) -> Iterator[Said]:
        """What the answer's elements say, and silences between them; BadReply when it is cut off."""
        try:
            for element in self._rest if self._first is None else chain((self._first,), self._rest):
                if isinstance(element, Silence):
                    yield element
                else:
                    events = self._answer.read(element)
                    yield next(events, SILENCE)  # many an element says nothing
                    yield from events
        except Unreachable:
            if not self._answer.succeeded:  # else only the array's end is missing
                raise
        if not (self._reader.closed or self._answer.succeeded):
            raise BadReply("The service's answer was cut off.")

    def close(self) -> None:
        self._stream.close()

    def _read(self) -> Iterator[Any]:
        for piece in self._stream.pieces():
            if isinstance(piece, Silence):
                yield piece
            else:
                yield from self._reader.feed(piece) or (SILENCE,)
