"""The calls of the API as the service wants them: addresses, headers, bodies. Nothing is sent here."""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from gemini_pool.dialogue import Model
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.upstream.xsrf import ISSUER

METHODS = "/v1alpha/locations/global/"
# A file is had from either; no two programs agree on which. The first is what most of them use.
DOWNLOADS = ("/v1alpha/", "/download/v1alpha/")
# The name of a session that is yet to be made: whatever is asked in it makes one.
ANY_SESSION = "collections/default_collection/engines/agentspace-engine/sessions/-"
GENERATED = "file_origin_type = AI_GENERATED"
USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)

# How the body of an upload ends, whose last member are the contents.
_AFTER = b'"}}'

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


@dataclass(frozen=True, slots=True)
class Contents:
    """A file that is read when it is sent: `size` in bytes; all pieces but the last are of a length that
    divides by three, as base64 wants it."""

    size: int
    pieces: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class InBase64:
    """A body that holds a file's contents in base64, between two texts."""

    before: bytes
    contents: Contents
    after: bytes

    def __len__(self) -> int:
        return len(self.before) + -(-self.contents.size // 3) * 4 + len(self.after)

    def __iter__(self) -> Iterator[bytes]:
        yield self.before
        yield from map(base64.b64encode, self.contents.pieces())
        yield self.after


@dataclass(frozen=True, slots=True)
class Call:
    """One request to be sent; a download has no body."""

    url: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Upload:
    """A request that carries a file."""

    url: str
    headers: dict[str, str]
    body: InBase64


class Calls:
    """Writes the calls of all accounts; `bearer` is the account's token. Thread-safe."""

    def __init__(self, api_url: str, locale: Locale) -> None:
        self._api_url = api_url
        self._locale = locale
        self._headers = {
            "content-type": "application/json",
            "accept": "*/*",
            "accept-encoding": "gzip",
            "accept-language": locale.language,
            "origin": ISSUER,
            "referer": f"{ISSUER}/",
            "user-agent": USER_AGENT,
            "x-server-timeout": "1800",
        }

    def create_session(self, account: Account, bearer: str) -> Call:
        request = {"session": {"name": "", "displayName": ""}}
        return self._call("widgetCreateSession", account, bearer, "createSessionRequest", request)

    def assist(
        self,
        account: Account,
        bearer: str,
        session: str,
        text: str,
        model: Model,
        file_ids: Sequence[str] = (),
    ) -> Call:
        """Ask in a session, with files of that session; a model without an upstream id is the service's
        choice."""
        request: dict[str, Any] = {
            "session": session,
            "query": {"parts": [{"text": text}]},
            "filter": "",
            "fileIds": list(file_ids),
            "answerGenerationMode": "NORMAL",
            "toolsSpec": TOOLS[model.kind],
            "languageCode": self._locale.language,
            "userMetadata": {"timeZone": self._locale.time_zone},
            "assistSkippingMode": "REQUEST_ASSIST",
        }
        if model.upstream_id:  # left out, the service chooses
            request["assistGenerationConfig"] = {"modelId": model.upstream_id}
        return self._call("widgetStreamAssist", account, bearer, "streamAssistRequest", request)

    def add_file(
        self, account: Account, bearer: str, session: str, name: str, mime_type: str, contents: Contents
    ) -> Upload:
        """Upload a file into a session."""
        request = {"name": session, "fileName": name, "mimeType": mime_type, "fileContents": ""}
        call = self._call("widgetAddContextFile", account, bearer, "addContextFileRequest", request)
        body = InBase64(call.body.removesuffix(_AFTER), contents, _AFTER)
        return Upload(call.url, call.headers, body)

    def list_files(self, account: Account, bearer: str, session: str, only: str = "") -> Call:
        """What files a session holds; `only` those that this filter lets through."""
        request = {"name": session, **({"filter": only} if only else {})}
        method, member = "widgetListSessionFileMetadata", "listSessionFileMetadataRequest"
        return self._call(method, account, bearer, member, request)

    def download(self, bearer: str, session: str, file_id: str, under: str = DOWNLOADS[0]) -> Call:
        """Fetch a file of a session, which must have its full name; to be sent as a GET."""
        query = urlencode({"fileId": file_id, "alt": "media"})
        return Call(f"{self._api_url}{under}{quote(session)}:downloadFile?{query}", self._signed(bearer))

    def _call(self, method: str, account: Account, bearer: str, member: str, request: dict[str, Any]) -> Call:
        """In the outer shape that every method shares."""
        config_id = account.credentials.config_id
        body = orjson.dumps({"configId": config_id, "additionalParams": {"token": "-"}, member: request})
        return Call(self._api_url + METHODS + method, self._signed(bearer), body)

    def _signed(self, bearer: str) -> dict[str, str]:
        return {**self._headers, "authorization": f"Bearer {bearer}"}
