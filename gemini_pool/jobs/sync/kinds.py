"""What peers run, and how each is spoken to: one table. A new kind is two functions and a row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol

from gemini_pool.jobs.sync.line import GOOD, Line, PeerAway, PushFailed, words_of
from gemini_pool.store.peers import PeerKind
from gemini_pool.store.profiles import Profile

ACCOUNTS = "/api/accounts"
SYNC = "/api/sync"
NOT_FOUND = 404
NO_SUCH_ACCOUNT = (
    "It has no account of this workspace. Add it there, or let this peer add accounts that it lacks."
)


class Push(Protocol):
    def __call__(self, line: Line, profile: Profile, *, create: bool) -> None:
        """Bring an account's cookies; PushFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """How to try the line to a peer, which is told in a sentence, and how to bring it something."""

    greet: Callable[[Line], str]
    push: Push


def greet(line: Line) -> str:
    """Whether the token is good at an instance of this program."""
    status, told = line.ask("GET", SYNC, _bearer(line))
    if status not in GOOD or not isinstance(told, dict):
        raise PeerAway(f"It does not answer as this program does ({status}). Check its kind and address.")
    return f"It answers: {told.get('name', '')} {told.get('version', '')}, {told.get('mode', '')}."


def push(line: Line, profile: Profile, *, create: bool) -> None:
    """Bring cookies to an instance of this program, which proves them before it keeps them."""
    account, given = profile.account, profile.given
    body: dict[str, Any] = {
        "config_id": account.credentials.config_id,
        **_cookies(profile),
        "email": given.email,
        "name": given.name,
        "create": create,
    }
    if given.expires_at is not None:
        body["expires_at"] = datetime.fromtimestamp(given.expires_at, UTC).isoformat()
    _taken(*line.ask("PUT", f"{SYNC}/accounts", _bearer(line), body))


def greet_older(line: Line) -> str:
    """Whether the secret is good at an instance of the older program."""
    return f"It answers; accounts there: {len(_listed(line))}."


def push_older(line: Line, profile: Profile, *, create: bool) -> None:
    """Bring cookies to the older program: it knows accounts by their place in its list, which shifts, so that
    the list is read first and searched for the workspace."""
    team_id = profile.account.credentials.config_id
    five = {"team_id": team_id, **_cookies(profile)}
    there = [(one.get("id", place), one) for place, one in enumerate(_listed(line))]
    theirs = [(place, one) for place, one in there if one.get("team_id") == team_id]
    csesidx = profile.account.credentials.csesidx
    same = next((place for place, one in theirs if one.get("csesidx") == csesidx), None)
    if same is None and len(theirs) == 1:
        same = theirs[0][0]
    if same is not None:
        _taken(*line.ask("PUT", f"{ACCOUNTS}/{same}", _secret(line), five))
    elif theirs:
        raise PushFailed(f"It has {len(theirs)} accounts of this workspace, and none of this csesidx.")
    elif create:
        _taken(*line.ask("POST", ACCOUNTS, _secret(line), five))
    else:
        raise PushFailed(NO_SUCH_ACCOUNT)


def _listed(line: Line) -> list[dict[str, Any]]:
    status, told = line.ask("GET", ACCOUNTS, _secret(line))
    accounts = told.get("accounts") if isinstance(told, dict) and status in GOOD else None
    if not isinstance(accounts, list):
        raise PeerAway(f"It shows no list of accounts ({status}). Check its kind and address.")
    return [one for one in accounts if isinstance(one, dict)]


def _taken(status: int, told: Any) -> None:
    if status == NOT_FOUND:
        raise PushFailed(NO_SUCH_ACCOUNT)
    if status not in GOOD or not isinstance(told, dict) or told.get("success") is not True:
        raise PushFailed(f"It refused the cookies ({status}): {words_of(told)}")


def _cookies(profile: Profile) -> dict[str, str]:
    credentials = profile.account.credentials
    return {
        "secure_c_ses": credentials.secure_c_ses,
        "host_c_oses": credentials.host_c_oses,
        "csesidx": credentials.csesidx,
        "user_agent": credentials.user_agent,
    }


def _bearer(line: Line) -> dict[str, str]:
    return {"authorization": f"Bearer {line.token}"}


def _secret(line: Line) -> dict[str, str]:
    return {"x-admin-token": line.token}


KINDS = MappingProxyType(
    {
        PeerKind.GEMINI_POOL: Kind(greet, push),
        PeerKind.BUSINESS_GEMINI: Kind(greet_older, push_older),
    }
)
