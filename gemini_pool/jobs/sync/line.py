"""The line to another instance: requests with our token, answers bounded in size and time."""

import json
import time
from typing import Any

import requests

from gemini_pool.errors import PoolError
from gemini_pool.store.peers import GivenPeer

CONNECT_SECONDS = 5.0
READ_SECONDS = 40.0  # the other side proves the cookies before it answers
LONGEST_SECONDS = 60.0
MOST_BYTES = 20_000_000  # the list of some thousand accounts
PIECE = 64 * 1024
SHOWN_CHARACTERS = 300
GOOD = range(200, 300)
REDIRECTS = range(300, 400)

Json = dict[str, Any] | None


class PushFailed(PoolError):
    """One account's cookies were not taken; the words are fit for the operator, and hold no secret."""


class PeerAway(PushFailed):
    """The peer takes nothing at all: not there, not in order, or not with this token."""


class Line:
    """Requests to one peer. Nobody's proxy, and no password of a `.netrc`, comes in between."""

    def __init__(self, peer: GivenPeer) -> None:
        self.token = peer.token
        self._base = peer.url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def ask(self, method: str, path: str, headers: dict[str, str], body: Json = None) -> tuple[int, Any]:
        """The status and the JSON of an answer; PeerAway unless it speaks of what was asked alone."""
        try:
            status, text = self._answer(method, path, headers, body)
        except requests.exceptions.SSLError:
            raise PeerAway("Its certificate is not valid. Check the address.") from None
        except (requests.RequestException, OSError) as error:
            raise PeerAway(f"It could not be reached ({type(error).__name__}).") from None
        told = _json(text)
        if status in REDIRECTS:
            raise PeerAway("It sends us elsewhere. Enter the address that it redirects to.")
        if status in (401, 403):
            raise PeerAway(f"It does not accept the token ({status}). Enter the one that it shows.")
        if status == 429 or status >= 500 or told is None:
            raise PeerAway(f"It could not take it ({status}): {words_of(told)}")
        return status, told

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: Json
    ) -> tuple[int, bytes | None]:
        """The status and the text of an answer; None when it is too long, or too slow in coming."""
        began, text = time.monotonic(), b""
        with self._session.request(
            method,
            f"{self._base}{path}",
            headers={**headers, "accept": "application/json", "user-agent": "gemini_pool"},
            json=body,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as reply:
            for piece in reply.iter_content(PIECE):
                text += piece
                if len(text) > MOST_BYTES or time.monotonic() - began > LONGEST_SECONDS:
                    return reply.status_code, None
            return reply.status_code, text


def words_of(told: Any) -> str:
    """What an answer says went wrong."""
    said = told.get("error") or told.get("detail") if isinstance(told, dict) else None
    return " ".join(str(said).split())[:SHOWN_CHARACTERS] if said else "it does not say why."


def _json(text: bytes | None) -> Any:
    """What a text says; None when it is no JSON."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None
