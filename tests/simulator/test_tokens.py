import time
from typing import Any

import pytest

from gemini_pool.simulator.cast import make_account
from gemini_pool.simulator.keys import KeyRing, Token
from gemini_pool.simulator.refusal import Refusal
from gemini_pool.simulator.world import World

from .caller import Caller, encode


def test_a_right_token_opens_the_api(amber: Caller) -> None:
    assert amber.create(amber.token()).status == 200


def test_a_token_is_good_many_times(amber: Caller) -> None:
    token = amber.token()
    assert [amber.create(token).status for _ in range(3)] == [200, 200, 200]


def test_older_keys_stay_good(amber: Caller) -> None:
    token = amber.token()
    amber.token()
    assert amber.create(token).status == 200


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://example.com"}, "iss must be https://business.gemini.google"),
        ({"aud": "https://example.com"}, "aud must be https://biz-discoveryengine.googleapis.com"),
        ({"sub": "csesidx/1"}, "sub must be csesidx/"),
        ({"exp": 1e9}, "exp must be whole seconds"),
        ({"iat": True}, "iat must be whole seconds"),
        ({"nbf": None}, "nbf must be whole seconds"),
    ],
)
def test_a_wrong_claim_is_refused(amber: Caller, claims: dict[str, Any], reason: str) -> None:
    answer = amber.create(amber.token(claims=claims))
    assert answer.status == 401
    assert answer.error()["status"] == "UNAUTHENTICATED"
    assert reason in answer.error()["message"]


@pytest.mark.parametrize(
    ("offsets", "reason"),
    [
        ({"exp": 400}, "lives 300 seconds at most"),
        ({"iat": -400, "nbf": -400, "exp": -100}, "expired or not yet valid"),
        ({"nbf": 100}, "expired or not yet valid"),
    ],
)
def test_a_wrong_time_is_refused(amber: Caller, offsets: dict[str, int], reason: str) -> None:
    now = int(time.time())
    answer = amber.create(amber.token(claims={name: now + offset for name, offset in offsets.items()}))
    assert answer.status == 401
    assert reason in answer.error()["message"]


@pytest.mark.parametrize("header", [{"alg": "none"}, {"typ": "JWS"}, {"kid": "unknown"}, {"kid": None}])
def test_a_wrong_header_is_refused(amber: Caller, header: dict[str, Any]) -> None:
    assert amber.create(amber.token(header)).status == 401


def test_a_signature_of_another_key_is_refused(amber: Caller) -> None:
    signed, _, _ = amber.token().rpartition(".")
    answer = amber.create(f"{signed}.{encode(b'x' * 32)}")
    assert "signature does not fit" in answer.error()["message"]


@pytest.mark.parametrize(
    "token", ["abc", "a.b", "a.b.c.d", "e30.e30.e30", "e30=.e30.e30", "!!.e30.e30", "W10.W10.e30"]
)
def test_what_is_no_token_is_refused(amber: Caller, token: str) -> None:
    assert amber.create(token).status == 401


def test_padded_parts_are_refused(amber: Caller) -> None:
    assert amber.create(amber.token() + "=").status == 401


def test_a_bearer_token_is_required(amber: Caller, world: World) -> None:
    answer = amber.call("widgetCreateSession", b"{}", Authorization="Basic abc")
    assert answer.status == 401
    assert world.counts()["unknown"]["session"] == 1


def test_the_config_id_must_be_the_accounts_own(amber: Caller, bruno: Caller) -> None:
    body = amber.envelope("createSessionRequest", {"session": {}}, configId=bruno.account.config_id)
    answer = amber.call("widgetCreateSession", body)
    assert answer.status == 401
    assert "configId" in answer.error()["message"]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def remembered_token(ring: KeyRing, life: int) -> str:
    """A token as if verified, so that only its age is left to judge."""
    key = ring.issue(make_account("amber"), make_account("amber").csesidx)
    ring._tokens["jwt"] = Token(key, 1_000_000, 1_000_000 + life)
    return "jwt"


@pytest.mark.parametrize(("life", "good_until"), [(300, 310), (100, 110)])
def test_a_verified_token_is_still_refused_when_its_time_is_over(life: int, good_until: int) -> None:
    clock = Clock()
    ring = KeyRing(clock)
    token = remembered_token(ring, life)
    clock.now += good_until - 1
    assert ring.account_of(token).name == "amber"
    clock.now += 1
    with pytest.raises(Refusal, match="expired"):
        ring.account_of(token)


def test_a_key_outlives_its_five_minutes_by_the_skew_only() -> None:
    clock = Clock()
    ring = KeyRing(clock)
    token = remembered_token(ring, 10_000)
    clock.now += 310
    with pytest.raises(Refusal, match="signing key is unknown or has expired"):
        ring.account_of(token)
