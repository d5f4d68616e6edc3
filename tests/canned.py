"""A service whose every reply a test writes itself, for what the simulator does not play."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from proxies import Heard, Peer, answer

SHORT = "collections/default_collection/engines/agentspace-engine/sessions/1234567890123456789"
FULL = f"projects/123456789012/locations/global/{SHORT}"
JSON = "Content-Type: application/json; charset=UTF-8"
KEY = base64.urlsafe_b64encode(bytes(range(200, 232))).rstrip(b"=").decode()


def reply(value: object, status: int = 200, *headers: str) -> bytes:
    """JSON as the service sends it."""
    return answer(status, json.dumps(value).encode(), JSON, *headers)


def refusal(status: int, name: str, message: str) -> bytes:
    """Google's error envelope."""
    return reply({"error": {"code": status, "status": name, "message": message}}, status)


def key(*headers: str, **members: object) -> bytes:
    """What getoxsrf answers, with these members changed."""
    told = {"keyId": "kid-1", "xsrfToken": KEY, "expirationTime": "2100-01-01T00:05:00Z"} | members
    body = json.dumps({name: value for name, value in told.items() if value is not None})
    return answer(200, b")]}'\n" + body.encode(), JSON, *headers)


def stream(*elements: object) -> bytes:
    """An answer in one chunk."""
    body = json.dumps(elements).encode()
    head = f"HTTP/1.1 200 OK\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def element(text: str = "pong", state: str = "SUCCEEDED", **members: object) -> dict[str, object]:
    """An element of an answer; `members` go into its reply."""
    said = {"groundedContent": {"content": {"text": text}}, **members}
    answer_ = {"state": state, "replies": [said]}
    return {"streamAssistResponse": {"answer": answer_, "sessionInfo": {"session": FULL}}}


class Canned:
    """Replies by the last word of a request's path; a test replaces those that it is about."""

    def __init__(self) -> None:
        missing = refusal(404, "NOT_FOUND", "File not found.")
        upload = {"session": SHORT, "fileId": "2234567890123456789", "tokenCount": "12"}
        listed = {"fileMetadata": [{"fileId": upload["fileId"], "session": FULL}]}
        self.replies = {
            "getoxsrf": key(),
            "widgetCreateSession": reply({"session": {"name": SHORT, "displayName": ""}}),
            "widgetStreamAssist": stream(element()),
            "widgetAddContextFile": reply({"addContextFileResponse": upload}),
            "widgetListSessionFileMetadata": reply({"listSessionFileMetadataResponse": listed}),
            "/v1alpha/": missing,  # a download
            "/download/v1alpha/": missing,
        }

    def __call__(self, heard: Heard) -> bytes:
        path = urlsplit(heard.target).path
        if path.endswith(":downloadFile"):
            return self.replies["/download/v1alpha/" if path.startswith("/download/") else "/v1alpha/"]
        if path.endswith("FileMetadata") and b"AI_GENERATED" in heard.body:
            return reply({"listSessionFileMetadataResponse": {}})
        return self.replies[path.rpartition("/")[2]]

    @contextmanager
    def serving(self) -> Iterator[Peer]:
        with Peer(self) as peer:
            yield peer
