"""One answer from one account: token, session, stream.

A call starts nothing until its first event is drawn, and what it opened is closed when the iterator is
closed. Of retries this room knows only those that stay with the account: a token the service no longer
takes, and a session it has lost. Whether another account tries is the pool's business.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

import orjson

from gemini_pool.bounds import bounded
from gemini_pool.dialogue import Event, Prompt
from gemini_pool.errors import BadReply, CredentialsRejected, SessionLost, Unreachable
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.upstream.refusals import refusal_in_stream, refusal_of_reply
from gemini_pool.upstream.stream import ArrayReader
from gemini_pool.upstream.tokens import ISSUER, Token, Tokens
from gemini_pool.upstream.transcript import as_text
from gemini_pool.upstream.transport import StreamReply, Transport
from gemini_pool.upstream.wire import AnswerReader

T = TypeVar("T")

METHODS = "/v1alpha/locations/global/"
USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)

# What the model may use for an answer of each kind; an image or a film is asked for by that tool alone.
TOOLS: dict[QuotaKind, dict[str, Any]] = {
    QuotaKind.TEXT: {"webGroundingSpec": {}, "toolRegistry": "default_tool_registry"},
    QuotaKind.IMAGES: {"imageGenerationSpec": {}},
    QuotaKind.VIDEOS: {"videoGenerationSpec": {}},
}


@dataclass(frozen=True, slots=True)
class Locale:
    """What the service is told of the asker's place."""

    language: str
    time_zone: str


class UpstreamClient:
    """Asks Gemini Business. Thread-safe; one object serves all accounts."""

    def __init__(self, transport: Transport, tokens: Tokens, *, api_url: str, locale: Locale) -> None:
        self._transport = transport
        self._tokens = tokens
        self._base = api_url + METHODS
        self._locale = locale
        self._headers = {
            "content-type": "application/json",
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
            "accept-language": locale.language,
            "origin": ISSUER,
            "referer": f"{ISSUER}/",
            "user-agent": USER_AGENT,
            "x-server-timeout": "1800",
        }

    def ask(self, account: Account, prompt: Prompt) -> Generator[Event]:
        """The answer's events, within the prompt's bounds; raises UpstreamError, at the first or later."""
        with closing(self._events(account, prompt)) as events:
            yield from bounded(events, prompt.stop, prompt.max_tokens)

    def _events(self, account: Account, prompt: Prompt) -> Generator[Event]:
        answer = AnswerReader()
        with closing(self._begun(account, prompt)) as begun:
            try:
                for element in begun.elements():
                    yield from answer.read(element)
            except Unreachable:
                if not answer.succeeded:  # else only the array's end is missing
                    raise
            if not (begun.closed or answer.succeeded):
                raise BadReply("The service's answer was cut off.")

    def _begun(self, account: Account, prompt: Prompt) -> "_Begun":
        begin = partial(self._begin, account, prompt)
        try:
            return self._authorised(account, begin)
        except SessionLost:  # nobody's fault, and a new session mends it
            return self._authorised(account, begin)

    def _authorised(self, account: Account, call: Callable[[Token], T]) -> T:
        """Make a call with the account's token; once more with a new one when the service refuses it."""
        token = self._tokens.get(account)
        try:
            return call(token)
        except CredentialsRejected:
            self._tokens.forget(account.id, token)
            return call(self._tokens.get(account))

    def _begin(self, account: Account, prompt: Prompt, token: Token) -> "_Begun":
        """Open the answer's stream and draw its first element, which may be a refusal of the token."""
        session = self._create_session(account, token)
        body = self._assist_request(account, prompt, session)
        stream = self._transport.stream(self._base + "widgetStreamAssist", self._signed(token), body)
        with ExitStack() as on_failure:
            on_failure.callback(stream.close)
            if stream.status != 200:
                raise refusal_of_reply(stream.status, stream.headers, stream.rest())
            begun = _Begun(stream)
            begun.draw_first()
            on_failure.pop_all()
        return begun

    def _create_session(self, account: Account, token: Token) -> str:
        body = _envelope(account, "createSessionRequest", {"session": {"name": "", "displayName": ""}})
        reply = self._transport.post(self._base + "widgetCreateSession", self._signed(token), body)
        if reply.status != 200:
            raise refusal_of_reply(reply.status, reply.headers, reply.body)
        try:
            return str(orjson.loads(reply.body)["session"]["name"])
        except (ValueError, KeyError, TypeError):
            raise BadReply("The service made a session but did not name it.") from None

    def _assist_request(self, account: Account, prompt: Prompt, session: str) -> bytes:
        model = prompt.model.upstream_id
        request: dict[str, Any] = {
            "session": session,
            "query": {"parts": [{"text": as_text(prompt)}]},
            "filter": "",
            "fileIds": [],
            "answerGenerationMode": "NORMAL",
            "toolsSpec": TOOLS[prompt.model.kind],
            "languageCode": self._locale.language,
            "userMetadata": {"timeZone": self._locale.time_zone},
            "assistSkippingMode": "REQUEST_ASSIST",
        }
        if model:  # left out, the service chooses
            request["assistGenerationConfig"] = {"modelId": model}
        return _envelope(account, "streamAssistRequest", request)

    def _signed(self, token: Token) -> dict[str, str]:
        return {**self._headers, "authorization": f"Bearer {token.bearer}"}


def _envelope(account: Account, name: str, request: dict[str, Any]) -> bytes:
    """The outer shape that every method shares."""
    config_id = account.credentials.config_id
    return orjson.dumps({"configId": config_id, "additionalParams": {"token": "-"}, name: request})


class _Begun:
    """An answer whose first element is in hand."""

    def __init__(self, stream: StreamReply) -> None:
        self._stream = stream
        self._reader = ArrayReader()
        self._rest = self._read()
        self._first: list[Any] = []

    @property
    def closed(self) -> bool:
        """Whether the service closed its array, so that nothing can be missing."""
        return self._reader.closed

    def draw_first(self) -> None:
        self._first = list(islice(self._rest, 1))
        error = self._first[0].get("error") if self._first and isinstance(self._first[0], dict) else None
        if error is not None:
            raise refusal_in_stream(error)

    def elements(self) -> Iterator[Any]:
        return chain(self._first, self._rest)

    def close(self) -> None:
        self._stream.close()

    def _read(self) -> Iterator[Any]:
        for piece in self._stream.pieces():
            yield from self._reader.feed(piece)
