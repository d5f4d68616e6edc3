"""Tokens: cookies become a signed token, one renewal at a time; every way of being refused is told apart."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import jwt
import pytest
from proxies import Heard, Peer, answer

from gemini_pool.dialogue import SILENCE, patiently
from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    QuotaExhausted,
    Unreachable,
    UpstreamError,
)
from gemini_pool.roster import Account, Credentials
from gemini_pool.simulator.cast import CAST, make_account
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.upstream.cookies import with_cookies
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.tokens import Rotated, Token, Tokens
from gemini_pool.upstream.transport import Patience, Transport
from gemini_pool.upstream.xsrf import decoded

Seat = Callable[[str], Account]
NOW = 1_800_000_000.0
SECRET = base64.urlsafe_b64encode(bytes(range(200, 240))).rstrip(b"=").decode()
OLD = Credentials("CSE.old", "123", "config", "COS.old")


class Clock:
    """Epoch seconds that stand still until a test moves them; `meanwhile` happens at the next look, once."""

    def __init__(self) -> None:
        self.now = NOW
        self.meanwhile: Callable[[], object] | None = None

    def __call__(self) -> float:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """The simulator, living by the test's clock."""
    simulator = Simulator()
    simulator.world = World(map(make_account, CAST), clock=clock)
    with simulator:
        yield simulator


@pytest.fixture
def told() -> list[tuple[int, Credentials]]:
    """The rotations that were reported."""
    return []


Make = Callable[..., Tokens]


@pytest.fixture
def make(transport: Transport, clock: Clock, told: list[tuple[int, Credentials]]) -> Make:
    """Tokens from any address."""

    def tokens(
        url: str,
        *,
        login_url: str = "https://login.invalid",
        via: Transport = transport,
        rotated: Rotated = lambda *rotation: told.append(rotation),
    ) -> Tokens:
        return Tokens(via, auth_url=url, login_url=login_url, user_agent="pool", rotated=rotated, clock=clock)

    return tokens


@pytest.fixture
def tokens(make: Make, simulator: Simulator) -> Tokens:
    return make(simulator.url)


def got(tokens: Tokens, account: Account) -> Token:
    return patiently(tokens.get(account))


def asks(world: World, name: str) -> int:
    """How often the account asked for a key."""
    return world.counts()[name]["xsrf"]


def key_reply(
    token: object = SECRET, *headers: str, expires: str | None = None, key_id: object = "kid"
) -> bytes:
    members = {"keyId": key_id, "xsrfToken": token, "expirationTime": expires}
    body = json.dumps({name: value for name, value in members.items() if value is not None})
    return answer(200, b")]}'\n" + body.encode(), *headers)


# A good token


def test_the_service_takes_the_token(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    for name in ("amber", "bruno"):
        assert simulator.world.keys.account_of(got(tokens, seat(name)).bearer).name == name


def test_the_token_says_what_the_service_expects(tokens: Tokens, seat: Seat) -> None:
    amber = seat("amber")
    bearer = got(tokens, amber).bearer
    assert jwt.decode(bearer, options={"verify_signature": False}) == {
        "iss": "https://business.gemini.google",
        "aud": "https://biz-discoveryengine.googleapis.com",
        "sub": f"csesidx/{amber.credentials.csesidx}",
        "iat": NOW,
        "exp": NOW + 300,
        "nbf": NOW,
    }
    header = jwt.get_unverified_header(bearer)
    assert (header["alg"], header["typ"]) == ("HS256", "JWT")
    assert "=" not in bearer


def test_the_empty_second_cookie_is_left_out_and_a_full_one_sent(make: Make, seat: Seat) -> None:
    with Peer(lambda _: key_reply()) as peer:
        tokens = make(peer.url)
        got(tokens, Account(1, "both", OLD))
        got(tokens, Account(2, "one", replace(OLD, host_c_oses="")))
    assert [heard.headers["cookie"] for heard in peer.requests] == [
        "__Secure-C_SES=CSE.old; __Host-C_OSES=COS.old",
        "__Secure-C_SES=CSE.old",
    ]
    assert {heard.target for heard in peer.requests} == {"/auth/getoxsrf?csesidx=123"}


def test_the_account_s_own_user_agent_is_used_where_there_is_one(make: Make) -> None:
    with Peer(lambda _: key_reply()) as peer:
        tokens = make(peer.url)
        got(tokens, Account(1, "own", replace(OLD, user_agent="Firefox")))
        got(tokens, Account(2, "none", OLD))
    assert [heard.headers["user-agent"] for heard in peer.requests] == ["Firefox", "pool"]


def test_the_session_s_index_cannot_become_another_parameter(make: Make) -> None:
    with Peer(lambda _: key_reply()) as peer:
        got(make(peer.url), Account(1, "odd", replace(OLD, csesidx="1&rt=json#")))
    (heard,) = peer.requests
    assert heard.target == "/auth/getoxsrf?csesidx=1%26rt%3Djson%23"
    assert heard.headers["referer"] == "https://business.gemini.google/"


# When it is renewed


def test_a_token_is_used_until_shortly_before_it_expires(
    tokens: Tokens, simulator: Simulator, seat: Seat, clock: Clock
) -> None:
    first = got(tokens, seat("amber"))
    clock.now += 239
    assert got(tokens, seat("amber")).bearer == first.bearer
    assert asks(simulator.world, "amber") == 1
    clock.now += 2
    second = got(tokens, seat("amber"))
    assert second.bearer != first.bearer
    assert asks(simulator.world, "amber") == 2
    assert simulator.world.keys.account_of(second.bearer).name == "amber"


def test_every_account_has_a_token_of_its_own(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    assert got(tokens, seat("amber")).bearer != got(tokens, seat("bruno")).bearer
    assert (asks(simulator.world, "amber"), asks(simulator.world, "bruno")) == (1, 1)


def test_a_forgotten_token_is_asked_for_anew(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    first = got(tokens, seat("amber"))
    tokens.forget(1, first)
    assert got(tokens, seat("amber")).bearer != first.bearer
    assert asks(simulator.world, "amber") == 2


def test_forgetting_an_old_token_leaves_the_new_one(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    first = got(tokens, seat("amber"))
    tokens.forget(1, first)
    second = got(tokens, seat("amber"))
    tokens.forget(1, first)
    assert got(tokens, seat("amber")) is second


def test_changed_credentials_are_asked_for_anew(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    amber = seat("amber")
    got(tokens, amber)
    without = amber.with_credentials(replace(amber.credentials, host_c_oses=""))
    got(tokens, without)
    assert asks(simulator.world, "amber") == 2
    wrong = amber.with_credentials(replace(amber.credentials, secure_c_ses="CSE.wrong"))
    with pytest.raises(CredentialsRejected):
        got(tokens, wrong)


def test_a_token_is_renewed_ahead_where_that_is_asked_for(
    tokens: Tokens, simulator: Simulator, seat: Seat, clock: Clock
) -> None:
    amber = seat("amber")
    assert tokens.due_within(amber, 0)
    first = got(tokens, amber)
    clock.now += 200  # it is due in 40 s
    assert patiently(tokens.get(amber, ahead=39)) is first
    assert (tokens.due_within(amber, 39), tokens.due_within(amber, 40)) == (False, True)
    second = patiently(tokens.get(amber, ahead=40))
    assert (second is first, second.due) == (False, NOW + 440)
    assert got(tokens, amber) is second
    assert asks(simulator.world, "amber") == 2


def test_who_needs_a_token_now_does_not_wait_for_one_that_is_renewed_ahead(
    tokens: Tokens, simulator: Simulator, seat: Seat, clock: Clock
) -> None:
    first = got(tokens, seat("dieter"))
    clock.now += 200
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=30)
    ahead = tokens.get(seat("dieter"), ahead=60)
    assert next(ahead) is SILENCE
    with pytest.raises(StopIteration) as end:
        next(tokens.get(seat("dieter")))
    assert end.value.value is first
    ahead.close()


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("key_life", "used_for"),
    [(300, 240), (200, 140), (3600, 240), (100, 40), (0, 30), (-5000, 30)],
    ids=[
        "as usual",
        "a short key",
        "a long key",
        "a very short key",
        "no time left",
        "a clock far behind ours",
    ],
)
def test_a_token_is_used_no_longer_than_its_key_lives(
    make: Make, clock: Clock, key_life: int, used_for: int
) -> None:
    with Peer(lambda _: key_reply(expires=_iso(clock.now + key_life))) as peer:
        tokens = make(peer.url)
        got(tokens, Account(1, "amber", OLD))
        clock.now += used_for - 1
        got(tokens, Account(1, "amber", OLD))
        assert len(peer.requests) == 1
        clock.now += 2
        got(tokens, Account(1, "amber", OLD))
        assert len(peer.requests) == 2


@pytest.mark.parametrize("expires", [None, "", "soon", "2026-13-45T00:00:00Z"])
def test_without_a_readable_expiration_time_a_token_lives_as_usual(
    make: Make, clock: Clock, expires: str | None
) -> None:
    with Peer(lambda _: key_reply(expires=expires)) as peer:
        assert got(make(peer.url), Account(1, "amber", OLD)).due == NOW + 240


# The key


@pytest.mark.parametrize("size", range(1, 70))
def test_a_key_of_any_length_is_read_without_its_padding(size: int) -> None:
    secret = bytes((index * 37 + 251) % 256 for index in range(size))
    assert decoded(base64.urlsafe_b64encode(secret).rstrip(b"=").decode()) == secret


def test_keys_of_all_lengths_that_the_service_gives_are_signed_with(
    tokens: Tokens, simulator: Simulator, seat: Seat
) -> None:
    for _ in range(6):  # the simulator deals lengths of 0, 2 and 3 mod 4 in turn
        token = got(tokens, seat("amber"))
        assert simulator.world.keys.account_of(token.bearer).name == "amber"
        tokens.forget(1, token)


@pytest.mark.parametrize("token", ["A" * 45, "A", "", "not base64!", 7, ["A"], {}, None])
def test_a_key_that_no_base64url_can_be_means_signed_out(make: Make, token: object) -> None:
    with Peer(lambda _: key_reply(token)) as peer, pytest.raises(CredentialsRejected):
        got(make(peer.url), Account(1, "amber", OLD))


def test_the_prefix_is_not_needed(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    simulator.world.behave("amber", xsrf="no-prefix")
    assert simulator.world.keys.account_of(got(tokens, seat("amber")).bearer).name == "amber"


def test_the_new_line_after_the_prefix_is_not_needed(make: Make) -> None:
    body = f""")]}}'{{"keyId": "k", "xsrfToken": "{SECRET}"}}"""
    with Peer(lambda _: answer(200, body.encode())) as peer:
        assert got(make(peer.url), Account(1, "amber", OLD)).bearer


# Failure signs


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("302-login", CredentialsRejected),
        ("302-accounts", CredentialsRejected),
        ("html", CredentialsRejected),
        ("401", CredentialsRejected),
        ("no-key", CredentialsRejected),
        ("403", AccountForbidden),
        ("429", QuotaExhausted),
        ("500", Busy),
    ],
)
def test_every_failure_sign_is_the_error_it_stands_for(
    tokens: Tokens, simulator: Simulator, seat: Seat, fault: str, expected: type[UpstreamError]
) -> None:
    simulator.world.behave("clara", xsrf=fault)
    with pytest.raises(UpstreamError) as caught:
        got(tokens, seat("clara"))
    assert type(caught.value) is expected
    assert asks(simulator.world, "clara") == 1  # no redirect was followed, nothing was tried twice


def test_a_403_from_the_sign_in_itself_is_certain(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    simulator.world.behave("clara", xsrf="403")
    with pytest.raises(AccountForbidden) as caught:
        got(tokens, seat("clara"))
    assert caught.value.certain


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, CredentialsRejected),
        (307, CredentialsRejected),
        (502, Busy),
        (503, Busy),
        (404, BadReply),
        (418, BadReply),
    ],
)
def test_other_statuses_are_told_apart_too(make: Make, status: int, expected: type[UpstreamError]) -> None:
    with Peer(lambda _: answer(status, b"", "Location: https://accounts.google.com/")) as peer:
        with pytest.raises(UpstreamError) as caught:
            got(make(peer.url), Account(1, "amber", OLD))
        assert type(caught.value) is expected


def test_json_without_the_key_s_id_means_signed_out(make: Make) -> None:
    with Peer(lambda _: key_reply(key_id=None)) as peer, pytest.raises(CredentialsRejected):
        got(make(peer.url), Account(1, "amber", OLD))


@pytest.mark.parametrize("body", [b")]}'\n[]", b")]}'\nnull", b")]}'\n7", b"", b")]}'", b"\xff"])
def test_json_of_another_shape_means_signed_out(make: Make, body: bytes) -> None:
    with Peer(lambda _: answer(200, body)) as peer, pytest.raises(CredentialsRejected):
        got(make(peer.url), Account(1, "amber", OLD))


def test_a_time_out_is_unreachable(simulator: Simulator, make: Make, seat: Seat) -> None:
    hasty = Transport(Dialler(proxy="", timeout=5), patience=Patience(0.1, 5), most_idle=1)
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=30)
    try:
        with pytest.raises(Unreachable):
            got(make(simulator.url, via=hasty), seat("dieter"))
    finally:
        hasty.close()


def test_nobody_at_the_address_is_unreachable(make: Make, seat: Seat) -> None:
    with Peer(lambda _: b"") as gone:
        url = gone.url
    with pytest.raises(Unreachable):
        got(make(url), seat("amber"))


def test_an_error_holds_no_cookie(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    for fault in ("302-login", "html", "401", "no-key", "403", "429", "500"):
        simulator.world.behave("clara", xsrf=fault)
        with pytest.raises(UpstreamError) as caught:
            got(tokens, seat("clara"))
        assert "CSE." not in str(caught.value) + repr(caught.value)


# Rotated cookies


def test_rotated_cookies_are_reported_once_and_the_token_still_used(
    tokens: Tokens, simulator: Simulator, seat: Seat, told: list[tuple[int, Credentials]]
) -> None:
    simulator.world.behave("amber", xsrf="rotate")
    amber = seat("amber")
    first = got(tokens, amber)
    fresh = simulator.world.wallet.values("amber")[-1]
    expected = replace(amber.credentials, secure_c_ses=fresh)
    assert told == [(1, expected)]
    assert got(tokens, amber) is first  # a request that began with the old cookies
    assert got(tokens, amber.with_credentials(expected)) is first  # and one that begins with the new
    assert asks(simulator.world, "amber") == 1
    assert len(told) == 1


def test_cookies_that_stay_are_not_reported(
    tokens: Tokens, seat: Seat, told: list[tuple[int, Credentials]]
) -> None:
    got(tokens, seat("amber"))
    assert told == []


def test_both_cookies_can_be_renewed_at_once() -> None:
    lines = (
        "__Secure-C_SES=CSE.new; Domain=.gemini.google; Path=/; Secure; HttpOnly; SameSite=None",
        "__Host-C_OSES=COS.new; Path=/; Secure; Priority=HIGH",
        "NID=511=abc; expires=Wed, 21-Oct-2099 07:28:00 GMT; path=/; domain=.google.com; HttpOnly",
    )
    assert with_cookies(OLD, lines) == replace(OLD, secure_c_ses="CSE.new", host_c_oses="COS.new")


@pytest.mark.parametrize("value", ["CSE.a/b+c==", "a:b", "CSE.x-y_z~", "a%3Db", "a|b,c"])
def test_cookie_values_are_kept_to_the_letter(value: str) -> None:
    assert with_cookies(OLD, (f"__Secure-C_SES={value}; Path=/; Secure",)).secure_c_ses == value


@pytest.mark.parametrize(
    "line", ["", "garbage", "=", ";;;", "__Secure-C_SES=; Path=/", "other=1", "__Secure-C_SES", "a b=c"]
)
def test_lines_that_renew_nothing_change_nothing(line: str) -> None:
    assert with_cookies(OLD, (line,)) == OLD


def test_a_cookie_that_is_deleted_by_max_age_is_kept() -> None:
    assert with_cookies(OLD, ("__Secure-C_SES=deleted; Path=/; Max-Age=0",)) == OLD


@pytest.mark.parametrize(
    "deletion",
    ["Expires=Thu, 01 Jan 1970 00:00:00 GMT", "expires=Mon, 01-Jan-1990 00:00:00 GMT", "Max-Age=-1"],
)
@pytest.mark.parametrize("name", ["__Secure-C_SES", "__Host-C_OSES"])
def test_a_cookie_that_is_deleted_by_a_time_in_the_past_is_kept(name: str, deletion: str) -> None:
    assert with_cookies(OLD, (f"{name}=EXPIRED; Path=/; {deletion}",)) == OLD


@pytest.mark.parametrize("date", ["", "soon", "Thu, 99 Foo 1970 00:00:00 GMT"])
def test_a_date_that_cannot_be_read_deletes_nothing(date: str) -> None:
    assert with_cookies(OLD, (f"__Secure-C_SES=CSE.new; Expires={date}",)).secure_c_ses == "CSE.new"


def test_a_cookie_in_quotes_is_the_same() -> None:
    assert with_cookies(OLD, ('__Host-C_OSES="COS.new"; Path=/',)).host_c_oses == "COS.new"


@pytest.mark.parametrize("flag", ["Partitioned", "SameParty"])
def test_a_flag_nobody_knows_does_not_lose_the_cookie(flag: str) -> None:
    assert with_cookies(OLD, (f"__Secure-C_SES=CSE.new; Path=/; {flag}; Secure",)).secure_c_ses == "CSE.new"


# The hop


def test_the_hop_that_renews_cookies_is_followed_and_reported(
    tokens: Tokens, simulator: Simulator, seat: Seat, told: list[tuple[int, Credentials]]
) -> None:
    world = simulator.world
    world.behave("amber", xsrf="302-refreshcookies")
    token = got(tokens, seat("amber"))
    assert world.keys.account_of(token.bearer).name == "amber"
    assert [call.method for call in world.calls("amber")] == ["xsrf", "hop", "xsrf"]
    assert [(number, c.secure_c_ses) for number, c in told] == [(1, world.wallet.values("amber")[-1])]
    assert got(tokens, seat("amber")) is token


def _redirecting(target: Callable[[], str]) -> Callable[[Heard], bytes]:
    return lambda _: answer(302, b"", f"Location: {target()}")


def test_the_hop_never_carries_cookies_to_a_foreign_host(make: Make) -> None:
    with (
        Peer(lambda _: key_reply()) as thief,
        Peer(_redirecting(lambda: f"{thief.url}/auth/refreshcookies")) as peer,
    ):
        with pytest.raises(CredentialsRejected, match="not its own"):
            got(make(peer.url), Account(1, "amber", OLD))
        assert thief.connections == 0


def test_the_hop_keeps_to_the_scheme(make: Make) -> None:
    with Peer(lambda _: b"") as peer:
        peer.say = _redirecting(lambda: f"https://{peer.netloc}/auth/refreshcookies")
        with pytest.raises(CredentialsRejected, match="not its own"):
            got(make(peer.url), Account(1, "amber", OLD))


@pytest.mark.parametrize("status", [200, 303, 401])
def test_only_a_302_is_followed(make: Make, status: int) -> None:
    with Peer(lambda _: answer(status, b"", "Location: /auth/refreshcookies")) as peer:
        with pytest.raises(CredentialsRejected):
            got(make(peer.url), Account(1, "amber", OLD))
        assert len(peer.requests) == 1


def test_cookies_that_come_with_the_redirect_itself_are_kept(
    make: Make, told: list[tuple[int, Credentials]]
) -> None:
    def say(heard: Heard) -> bytes:
        if "CSE.new" in heard.headers["cookie"]:
            return key_reply()
        cookie = [] if "refreshcookies" in heard.target else ["Set-Cookie: __Secure-C_SES=CSE.new; Path=/"]
        return answer(302, b"", "Location: /auth/refreshcookies", *cookie)

    with Peer(say) as peer:
        assert got(make(peer.url), Account(1, "amber", OLD)).bearer
        assert len(peer.requests) == 3
    assert told == [(1, replace(OLD, secure_c_ses="CSE.new"))]


@pytest.mark.parametrize(
    "form",
    [
        "http://{own}@{foreign}/refreshcookies",
        "//{foreign}/refreshcookies",
        "http://{foreign}/{own}/refreshcookies",
        "http://[{own}/refreshcookies",
    ],
)
def test_a_foreign_host_in_disguise_is_still_foreign(make: Make, form: str) -> None:
    with Peer(lambda _: key_reply()) as thief, Peer(lambda _: b"") as peer:
        peer.say = _redirecting(lambda: form.format(own=peer.netloc, foreign=thief.netloc))
        with pytest.raises(CredentialsRejected):
            got(make(peer.url), Account(1, "amber", OLD))
        assert thief.connections == 0


def test_the_hop_may_lead_to_the_sign_in_host(make: Make, told: list[tuple[int, Credentials]]) -> None:
    def auth(heard: Heard) -> bytes:
        if "CSE.hopped" in heard.headers["cookie"]:
            return key_reply()
        return answer(302, b"", f"Location: {login.url}/refreshcookies?x=1")

    hopped = answer(302, b"", "Location: /", "Set-Cookie: __Secure-C_SES=CSE.hopped; Path=/")
    with Peer(lambda _: hopped) as login, Peer(auth) as peer:
        assert got(make(peer.url, login_url=login.url), Account(1, "amber", OLD)).bearer
    assert [heard.headers["cookie"] for heard in login.requests] == [
        "__Secure-C_SES=CSE.old; __Host-C_OSES=COS.old"
    ]
    assert told == [(1, replace(OLD, secure_c_ses="CSE.hopped"))]


def test_a_relative_hop_is_followed_and_only_once(make: Make) -> None:
    with Peer(_redirecting(lambda: "/auth/refreshcookies")) as peer:
        with pytest.raises(CredentialsRejected):
            got(make(peer.url), Account(1, "amber", OLD))
        assert [heard.target.partition("?")[0] for heard in peer.requests] == [
            "/auth/getoxsrf",
            "/auth/refreshcookies",
            "/auth/getoxsrf",
        ]


# One renewal at a time


def test_twenty_threads_share_one_renewal(tokens: Tokens, simulator: Simulator, seat: Seat) -> None:
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=0.3)
    start = threading.Barrier(20)

    def ask() -> str:
        start.wait(5)
        return got(tokens, seat("dieter")).bearer

    with ThreadPoolExecutor(20) as threads:
        bearers = {future.result() for future in [threads.submit(ask) for _ in range(20)]}
    assert len(bearers) == 1
    assert asks(simulator.world, "dieter") == 1


def test_another_account_s_token_comes_while_the_first_is_slow(
    tokens: Tokens, simulator: Simulator, seat: Seat
) -> None:
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=2)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(got, tokens, seat("dieter"))
        assert simulator.world.wait_until(lambda world: asks(world, "dieter") == 1)
        assert simulator.world.keys.account_of(got(tokens, seat("amber")).bearer).name == "amber"
        assert not slow.done()
        simulator.stop()
        with pytest.raises(Unreachable):
            slow.result()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released each time somebody begins to wait for another's renewal."""
    begun = threading.Semaphore(0)

    class Announced(Future):
        def result(self, timeout: float | None = None) -> object:
            begun.release()
            return super().result(timeout)

    monkeypatch.setattr("gemini_pool.upstream.tokens.Future", Announced)
    return begun


def test_a_failed_renewal_is_told_to_all_who_wait_and_the_next_call_tries_anew(
    make: Make, waiting: threading.Semaphore
) -> None:
    heard, answered = threading.Event(), threading.Event()
    replies = iter([answer(401), key_reply()])

    def say(_: Heard) -> bytes:
        heard.set()
        assert answered.wait(5)
        return next(replies)

    with Peer(say) as peer, ThreadPoolExecutor(5) as threads:
        tokens = make(peer.url)
        clara = Account(3, "clara", OLD)
        asked = [threads.submit(got, tokens, clara) for _ in range(5)]
        assert heard.wait(5)
        assert all(waiting.acquire(timeout=5) for _ in range(4))
        answered.set()
        for one in asked:
            with pytest.raises(CredentialsRejected):
                one.result()
        assert len(peer.requests) == 1
        assert got(tokens, clara).bearer
        assert len(peer.requests) == 2


def test_a_renewal_that_breaks_in_an_unforeseen_way_leaves_nobody_waiting(
    make: Make, waiting: threading.Semaphore
) -> None:
    class Broken(Exception):
        pass

    first_time = iter([Broken])

    def broken(*_: object) -> None:
        for error in first_time:
            raise error

    heard, answered = threading.Event(), threading.Event()

    def say(_: Heard) -> bytes:
        heard.set()
        assert answered.wait(5)
        return key_reply(SECRET, "Set-Cookie: __Secure-C_SES=CSE.new; Path=/")

    with Peer(say) as peer, ThreadPoolExecutor(2) as threads:
        tokens = make(peer.url, rotated=broken)
        first = threads.submit(got, tokens, Account(1, "amber", OLD))
        assert heard.wait(5)
        second = threads.submit(got, tokens, Account(1, "amber", OLD))
        assert waiting.acquire(timeout=5)
        answered.set()
        with pytest.raises(Broken):
            first.result(5)
        assert second.result(5).bearer  # who waited has asked for himself
        assert len(peer.requests) == 2


def test_new_cookies_do_not_share_the_fate_of_a_renewal_with_the_old_ones(
    make: Make, waiting: threading.Semaphore
) -> None:
    heard, answered = threading.Event(), threading.Event()

    def say(request: Heard) -> bytes:
        if "CSE.new" in request.headers["cookie"]:
            return key_reply()
        heard.set()
        assert answered.wait(5)
        return answer(401)

    with Peer(say) as peer, ThreadPoolExecutor(2) as threads:
        tokens = make(peer.url)
        clara = Account(3, "clara", OLD)
        old = threads.submit(got, tokens, clara)
        assert heard.wait(5)
        new = threads.submit(got, tokens, clara.with_credentials(replace(OLD, secure_c_ses="CSE.new")))
        new.add_done_callback(lambda _: waiting.release())
        assert waiting.acquire(timeout=5)
        answered.set()
        with pytest.raises(CredentialsRejected):
            old.result()
        assert new.result().bearer


def test_a_renewal_that_is_given_up_is_taken_over_by_one_of_those_who_wait(
    tokens: Tokens, simulator: Simulator, seat: Seat, waiting: threading.Semaphore
) -> None:
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=30)
    leaving = tokens.get(seat("dieter"))
    assert next(leaving) is SILENCE
    simulator.world.behave("dieter", xsrf_delay=0.3)
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(got, tokens, seat("dieter")) for _ in range(3)]
        assert all(waiting.acquire(timeout=5) for _ in range(3))
        leaving.close()
        assert len({one.result(5).bearer for one in asked}) == 1
    assert asks(simulator.world, "dieter") == 2


def test_a_renewal_that_is_given_up_is_out_of_the_way_when_those_who_wait_hear_of_it(
    tokens: Tokens, simulator: Simulator, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=0.7)
    heard: list[Token] = []

    class Quick(Future):
        def cancel(self) -> bool:
            given_up = super().cancel()
            if given_up and not heard:
                heard.append(got(tokens, seat("dieter")))
            return given_up

    monkeypatch.setattr("gemini_pool.upstream.tokens.Future", Quick)
    leaving = tokens.get(seat("dieter"))
    assert next(leaving) is SILENCE
    leaving.close()
    assert got(tokens, seat("dieter")) is heard[0]


def test_who_waits_for_another_s_renewal_says_so_and_does_not_wait_for_ever(
    tokens: Tokens, simulator: Simulator, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.upstream.tokens.WAIT_SECONDS", 0.7)
    simulator.world.behave("dieter", xsrf="slow", xsrf_delay=30)
    renewing, waiting = tokens.get(seat("dieter")), tokens.get(seat("dieter"))
    assert next(renewing) is SILENCE
    assert [next(waiting), next(waiting)] == [SILENCE, SILENCE]
    with pytest.raises(Busy):
        next(waiting)
    renewing.close()


def test_who_looked_just_before_a_renewal_ended_does_not_renew_again(
    make: Make, simulator: Simulator, seat: Seat, clock: Clock
) -> None:
    tokens = make(simulator.url)
    amber = seat("amber")
    got(tokens, amber)
    clock.now += 241

    def another_thread_renews() -> None:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(got, tokens, amber).result()

    clock.meanwhile = another_thread_renews
    got(tokens, amber)
    assert asks(simulator.world, "amber") == 2
