import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from gemini_pool.simulator.world import World

from .caller import Caller


def test_getoxsrf_answers_with_the_prefix_and_a_key(amber: Caller) -> None:
    answer = amber.xsrf()
    assert answer.status == 200
    assert answer.body.startswith(b")]}'\n")
    key = amber.key()
    assert set(key) == {"keyId", "xsrfToken", "expirationTime"}
    assert "=" not in key["xsrfToken"]
    assert {"-", "_"} <= set(key["xsrfToken"])


def test_the_expiration_time_is_five_minutes_ahead_in_utc(amber: Caller) -> None:
    expires = datetime.strptime(amber.key()["expirationTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=4) < expires - datetime.now(UTC) <= timedelta(minutes=5)


def test_every_call_gives_a_new_key_and_all_lengths_come_up(amber: Caller) -> None:
    keys = [amber.key() for _ in range(6)]
    assert len({key["keyId"] for key in keys}) == 6
    assert {len(key["xsrfToken"]) % 4 for key in keys} == {0, 2, 3}


def test_the_second_cookie_may_be_left_out(amber: Caller) -> None:
    del amber.cookies["__Host-C_OSES"]
    assert amber.xsrf().status == 200


def test_the_second_cookie_can_be_made_necessary(amber: Caller, world: World) -> None:
    world.behave("amber", require_host_cookie=True)
    assert amber.xsrf().status == 200
    del amber.cookies["__Host-C_OSES"]
    assert amber.xsrf().status == 401


@pytest.mark.parametrize("name", ["__Secure-C_SES", "__Host-C_OSES"])
def test_a_wrong_cookie_is_refused(amber: Caller, name: str) -> None:
    amber.cookies[name] += "x"
    assert amber.xsrf().status == 401


def test_no_cookie_at_all_is_refused(amber: Caller) -> None:
    amber.cookies.clear()
    assert amber.xsrf().status == 401


def test_a_csesidx_of_another_account_is_refused(amber: Caller, bruno: Caller) -> None:
    assert amber.xsrf(bruno.account.csesidx).status == 401
    assert amber.xsrf("123").status == 401


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        ("302-login", "https://auth.business.gemini.google/login"),
        ("302-accounts", "https://accounts.google.com/"),
    ],
)
def test_the_redirects_of_a_signed_out_browser(amber: Caller, world: World, fault: str, place: str) -> None:
    world.behave("amber", xsrf=fault)
    answer = amber.xsrf()
    assert answer.status == 302
    assert answer.headers["location"].startswith(place)


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_getoxsrf_can_fail_with_a_status(amber: Caller, world: World, status: int) -> None:
    world.behave("amber", xsrf=str(status))
    assert amber.xsrf().status == status
    assert world.calls("amber", "xsrf")[-1].fault == str(status)


def test_html_in_the_place_of_a_key(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="html")
    answer = amber.xsrf()
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")
    assert b"<html>" in answer.body


def test_an_answer_without_a_key(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="no-key")
    assert amber.key() == {}


def test_an_answer_without_the_prefix_has_a_good_key(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="no-prefix")
    assert set(json.loads(amber.xsrf().body)) == {"keyId", "xsrfToken", "expirationTime"}
    assert amber.create().status == 200


def test_a_slow_answer_comes_after_its_delay(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="slow", xsrf_delay=0.05)
    begun = datetime.now(UTC)
    assert amber.xsrf().status == 200
    assert datetime.now(UTC) - begun >= timedelta(seconds=0.05)


def test_a_rotated_cookie_is_good_and_so_is_the_old_one(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="rotate")
    told = amber.xsrf().headers["set-cookie"]
    assert told.startswith("__Secure-C_SES=")
    assert "Secure; HttpOnly" in told
    assert amber.xsrf().status == 200
    amber.cookies["__Secure-C_SES"] = told.partition("=")[2].partition(";")[0]
    assert amber.xsrf().status == 200


@pytest.mark.parametrize("fault", ["401", "403", "429", "500", "502-html", "503"])
def test_a_fault_of_the_api_strikes_where_it_is_listed(amber: Caller, world: World, fault: str) -> None:
    world.behave("amber", api=fault)
    assert amber.xsrf().status == 200
    world.behave("amber", api_on=("xsrf",))
    assert amber.xsrf().status == int(fault[:3])
    assert [call.fault for call in world.calls("amber", "xsrf")] == [None, fault]


def test_getoxsrf_can_hang(amber: Caller, world: World) -> None:
    world.behave("amber", api="hang", api_on=("xsrf",))
    with amber.plug() as plug:
        plug.sendall(f"GET /auth/getoxsrf?csesidx={amber.account.csesidx} HTTP/1.1\r\n\r\n".encode())
        assert world.wait_until(lambda w: w.counts()["amber"]["xsrf"] == 1)
        plug.settimeout(0.05)
        with pytest.raises(TimeoutError):
            plug.recv(1)


def test_getoxsrf_can_be_torn_down(amber: Caller, world: World) -> None:
    world.behave("amber", api="reset", api_on=("xsrf",))
    with pytest.raises(ConnectionResetError):
        amber.xsrf()


def test_a_single_401_of_getoxsrf_ends_nothing(amber: Caller, world: World) -> None:
    token = amber.token()
    world.behave("amber", api="401-once", api_on=("xsrf",))
    assert [amber.xsrf().status for _ in range(2)] == [401, 200]
    assert amber.create(token).status == 200


def test_the_faults_of_getoxsrf_go_first(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="rotate", api="500", api_on=("xsrf", "stream"))
    answer = amber.xsrf()
    assert (answer.status, "set-cookie" in answer.headers) == (200, True)
    world.behave("amber", xsrf="429")
    assert amber.xsrf().status == 429


def test_old_cookies_can_be_retired(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="rotate")
    amber.xsrf()
    world.wallet.retire_old("amber")
    assert amber.xsrf().status == 401
    amber.cookies["__Secure-C_SES"] = world.wallet.values("amber")[-1]
    assert amber.xsrf().status == 200


def test_the_refreshcookies_hop_gives_a_cookie_that_passes(amber: Caller, world: World) -> None:
    world.behave("amber", xsrf="302-refreshcookies")
    place = urlsplit(amber.xsrf().headers["location"])
    assert "refreshcookies" in place.path
    cookie = f"__Secure-C_SES={amber.account.secure_c_ses}"
    hop = amber.http("GET", f"{place.path}?{place.query}", Cookie=cookie)
    assert hop.status == 302
    assert "/auth/getoxsrf?csesidx=" in hop.headers["location"]
    amber.cookies["__Secure-C_SES"] = hop.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert amber.xsrf().status == 200


def test_the_hop_turns_a_stranger_away(amber: Caller) -> None:
    hop = amber.http("GET", f"/auth/refreshcookies?csesidx={amber.account.csesidx}", Cookie="a=b")
    assert "set-cookie" not in hop.headers
    assert hop.headers["location"].startswith("https://auth.business.gemini.google/login")
