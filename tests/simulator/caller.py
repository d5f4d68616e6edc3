"""A small, literal client of the service: it sends what it is told and hides nothing."""

import base64
import hmac
import http.client
import json
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from gemini_pool.simulator.world import SimAccount

TIMEOUT_S = 5.0
API = "/v1alpha/locations/global/"


@dataclass(frozen=True)
class Answer:
    """A whole response; header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json()["error"]
        return error

    def contents(self) -> list[dict[str, Any]]:
        """The `content` of every reply of a stream."""
        replies = [reply for answer in self.answers() for reply in answer.get("replies", [])]
        return [reply["groundedContent"].get("content", {}) for reply in replies]

    def answers(self) -> list[dict[str, Any]]:
        return [element["streamAssistResponse"]["answer"] for element in self.json()]

    def text(self) -> str:
        return "".join(one.get("text", "") for one in self.contents() if not one.get("thought"))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Caller:
    """Speaks to the simulator at `url` as one account."""

    def __init__(self, url: str, account: SimAccount) -> None:
        self.account = account
        self.address = urlsplit(url).hostname or "", urlsplit(url).port or 0
        self.cookies = {"__Secure-C_SES": account.secure_c_ses, "__Host-C_OSES": account.host_c_oses}

    def http(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own; `_` in header names becomes `-`."""
        connection = http.client.HTTPConnection(*self.address, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    def xsrf(self, csesidx: str | None = None) -> Answer:
        query = urlencode({"csesidx": csesidx or self.account.csesidx})
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.http("GET", f"/auth/getoxsrf?{query}", Cookie=cookie)

    def key(self) -> dict[str, str]:
        members: dict[str, str] = json.loads(self.xsrf().body.removeprefix(b")]}'\n"))
        return members

    def claims(self) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": "https://business.gemini.google",
            "aud": "https://biz-discoveryengine.googleapis.com",
            "sub": f"csesidx/{self.account.csesidx}",
            "iat": now,
            "exp": now + 300,
            "nbf": now,
        }

    def token(self, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
        """A JWT under a fresh key, with these members laid over the right ones."""
        key = self.key()
        head = {"alg": "HS256", "typ": "JWT", "kid": key["keyId"], **(header or {})}
        parts = (head, {**self.claims(), **(claims or {})})
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{encode(hmac.digest(decode(key['xsrfToken']), signed.encode(), 'sha256'))}"

    def envelope(self, member: str, request: dict[str, Any], **changes: Any) -> bytes:
        body = {"configId": self.account.config_id, "additionalParams": {"token": "-"}, member: request}
        return json.dumps({**body, **changes}).encode()

    def call(self, method: str, body: bytes, token: str | None = None, **headers: str) -> Answer:
        headers = {"Authorization": f"Bearer {token or self.token()}", **headers}
        return self.http("POST", API + method, body, **{"Content_Type": "application/json", **headers})

    def create(self, token: str | None = None) -> Answer:
        request = {"session": {"name": "", "displayName": ""}}
        return self.call("widgetCreateSession", self.envelope("createSessionRequest", request), token)

    def session(self) -> str:
        name: str = self.create().json()["session"]["name"]
        return name

    def upload(self, session: str, content: bytes = b"hello", **changes: str) -> Answer:
        contents = base64.b64encode(content).decode()
        request = {"name": session, "fileName": "a.txt", "mimeType": "text/plain", "fileContents": contents}
        body = self.envelope("addContextFileRequest", {**request, **changes})
        return self.call("widgetAddContextFile", body)

    def metadata(self, session: str, **changes: Any) -> Answer:
        body = self.envelope("listSessionFileMetadataRequest", {"name": session, **changes})
        return self.call("widgetListSessionFileMetadata", body)

    def download(
        self, session: str, file_id: str, address: str = "/v1alpha/", more: str = "&alt=media"
    ) -> Answer:
        path = f"{address}{session}:downloadFile?fileId={file_id}{more}"
        return self.http("GET", path, Authorization=f"Bearer {self.token()}")

    def question(self, prompt: str, session: str = "-", **changes: Any) -> dict[str, Any]:
        request = {
            "session": session,
            "query": {"parts": [{"text": prompt}]},
            "filter": "",
            "fileIds": [],
            "answerGenerationMode": "NORMAL",
            "toolsSpec": {"webGroundingSpec": {}, "toolRegistry": "default_tool_registry"},
            "languageCode": "en-US",
            "userMetadata": {"timeZone": "Etc/UTC"},
            "assistSkippingMode": "REQUEST_ASSIST",
        }
        return {**request, **changes}

    def send(self, question: dict[str, Any], token: str | None = None, **headers: str) -> Answer:
        body = self.envelope("streamAssistRequest", question)
        return self.call("widgetStreamAssist", body, token, **headers)

    def ask(self, prompt: str = "hello", session: str = "-", **changes: Any) -> Answer:
        return self.send(self.question(prompt, session, **changes))

    def open_stream(self, prompt: str = "hello", *headers: str) -> socket.socket:
        """Send a question on a raw socket and leave the answer there to be read."""
        body = self.envelope("streamAssistRequest", self.question(prompt))
        lines = [
            f"POST {API}widgetStreamAssist HTTP/1.1",
            f"Authorization: Bearer {self.token()}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *headers,
        ]
        plug = self.plug()
        plug.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return plug

    def plug(self) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(self.address, timeout=TIMEOUT_S)


def read_until(plug: socket.socket, mark: bytes) -> bytes:
    """Everything received up to the first piece that completes `mark`."""
    heard = bytearray()
    while heard.find(mark, max(0, len(heard) - 65536 - len(mark))) < 0:
        piece = plug.recv(65536)
        assert piece, f"closed before {mark!r}"
        heard += piece
    return bytes(heard)


def chunks(response: bytes) -> list[bytes]:
    """The chunks of a chunked response, the end mark left out."""
    rest, found = response.partition(b"\r\n\r\n")[2], []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        found.append(rest[:length])
        rest = rest[length + 2 :]
    return found[:-1]
