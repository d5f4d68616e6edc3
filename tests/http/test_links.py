"""Links begin with BASE_URL, else with what the request says, and a proxy only if it is trusted."""

from collections.abc import Callable

import pytest
from flask import Flask, request

from gemini_pool.web.links import public_base
from gemini_pool.wiring import services

MakeApp = Callable[..., Flask]
Base = Callable[..., str]

OUTSIDE = "203.0.113.9"
EVIL = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "99",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": 'proto=https;host="evil.example"',
}


@pytest.fixture
def base(make_app: MakeApp) -> Base:
    """The beginning of links for a request: `base({"Host": "…"}, peer="10.0.0.1", BASE_URL="…")`."""
    made: dict[tuple[tuple[str, str], ...], Flask] = {}

    def ask(
        headers: dict[str, str] | None = None,
        *,
        peer: str = "127.0.0.1",
        scheme: str = "http",
        **environ: str,
    ) -> str:
        known = tuple(sorted(environ.items()))
        app = made.setdefault(known, made.get(known) or make_app(**environ))
        sent = {"Host": "pool.example.com", **(headers or {})}
        with app.test_request_context(
            "/v1/models", headers=sent, environ_overrides={"REMOTE_ADDR": peer, "wsgi.url_scheme": scheme}
        ):
            return public_base(request, services())

    return ask


def test_base_url_rules_whatever_a_request_says(base: Base) -> None:
    for given in ("https://pool.example.com/gemini", "https://pool.example.com/gemini/"):
        told = base(EVIL, BASE_URL=given)
        assert told == "https://pool.example.com/gemini"


def test_without_a_proxy_the_request_itself_tells(base: Base) -> None:
    assert base(peer=OUTSIDE) == "http://pool.example.com"
    assert base({"Host": "192.0.2.7:8000"}, peer=OUTSIDE) == "http://192.0.2.7:8000"
    assert base({"Host": "[2001:db8::1]:8000"}, peer=OUTSIDE) == "http://[2001:db8::1]:8000"
    assert base({"Host": "gemini_pool:8000"}, peer=OUTSIDE) == "http://gemini_pool:8000"


@pytest.mark.parametrize(
    ("scheme", "host", "link"),
    [
        ("http", "pool.example.com:80", "http://pool.example.com"),
        ("https", "pool.example.com:443", "https://pool.example.com"),
        ("http", "pool.example.com:443", "http://pool.example.com:443"),
        ("https", "pool.example.com:80", "https://pool.example.com:80"),
        ("https", "[::1]:443", "https://[::1]"),
        ("http", "Pool.Example.COM", "http://pool.example.com"),
    ],
)
def test_the_port_is_told_only_where_it_is_not_the_usual_one(
    base: Base, scheme: str, host: str, link: str
) -> None:
    assert base({"Host": host}, scheme=scheme) == link


@pytest.mark.parametrize(
    "peer", [OUTSIDE, "10.0.0.5", "2001:db8::9", "::ffff:203.0.113.9", "", "unix:", "localhost"]
)
def test_nobody_outside_can_say_how_he_came(base: Base, peer: str) -> None:
    assert base(EVIL, peer=peer) == "http://pool.example.com"
    for name, value in EVIL.items():
        assert base({name: value}, peer=peer) == "http://pool.example.com"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"])
def test_a_proxy_on_the_same_machine_is_trusted(base: Base, peer: str) -> None:
    told = {"Host": "127.0.0.1:8000", "X-Forwarded-Host": "pool.example.com", "X-Forwarded-Proto": "https"}
    assert base(told, peer=peer) == "https://pool.example.com"


def test_the_headers_of_the_nginx_that_we_describe(base: Base) -> None:
    told = {
        "X-Forwarded-For": OUTSIDE,
        "X-Forwarded-Host": "pool.example.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
    }
    assert base(told) == "https://pool.example.com"
    assert base({**told, "X-Forwarded-Port": "8443"}) == "https://pool.example.com:8443"


def test_proxies_elsewhere_are_named_by_address_or_network(base: Base) -> None:
    told = {"X-Forwarded-Proto": "https"}
    named = {"TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,2001:db8::/32"}
    for peer in ("10.1.2.3", "192.0.2.1", "2001:db8::7", "::ffff:10.1.2.3"):
        assert base(told, peer=peer, **named) == "https://pool.example.com"
    for peer in ("127.0.0.1", "192.0.2.2", "11.0.0.1", "2001:db9::1"):
        assert base(told, peer=peer, **named) == "http://pool.example.com"
    assert base(told, TRUSTED_PROXIES="none") == "http://pool.example.com"


def test_a_prefix_and_a_port_of_the_proxy(base: Base) -> None:
    assert base({"X-Forwarded-Prefix": "/gemini/"}) == "http://pool.example.com/gemini"
    assert (
        base({"X-Forwarded-Host": "a.example:8443", "X-Forwarded-Proto": "https"}) == "https://a.example:8443"
    )
    assert base({"X-Forwarded-Port": "8080"}) == "http://pool.example.com:8080"


def test_of_several_values_the_nearest_proxy_said_the_last(base: Base) -> None:
    told = {"X-Forwarded-Host": "evil.example, pool.example.com", "X-Forwarded-Proto": "http,HTTPS"}
    assert base(told) == "https://pool.example.com"
    told = {"Forwarded": "host=evil.example;proto=http, for=192.0.2.1;host=pool.example.com;proto=https"}
    assert base(told) == "https://pool.example.com"


@pytest.mark.parametrize(
    ("forwarded", "link"),
    [
        ('for=192.0.2.60;proto=https;host="pool.example.org:8443"', "https://pool.example.org:8443"),
        ("Proto=HTTPS; Host=pool.example.org", "https://pool.example.org"),
        ("for=192.0.2.60", "http://pool.example.com"),
        ('proto=https;host="[2001:db8::1]"', "https://[2001:db8::1]"),
        ("nonsense", "http://pool.example.com"),
    ],
)
def test_the_standard_header(base: Base, forwarded: str, link: str) -> None:
    assert base({"Forwarded": forwarded}) == link
    assert base({"Forwarded": forwarded}, peer=OUTSIDE) == "http://pool.example.com"


def test_what_a_proxy_lets_through_of_the_other_family_does_not_count(base: Base) -> None:
    told = {"X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    assert base(told) == "https://pool.example.com"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/path",
        "evil.example@pool",
        "pool.example.com:port",
        "pool.example.com:123456",
        'evil"onload',
        "evil)![x](http://evil",
        "evil example",
        "<script>",
        "-evil",
        "[::1",
        "e" * 300,
    ],
)
def test_what_is_no_host_gets_into_no_link(base: Base, host: str) -> None:
    assert base({"X-Forwarded-Host": host}) == "http://pool.example.com"
    assert base({"Host": host}, peer=OUTSIDE) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Proto", "https://evil"),
        ("X-Forwarded-Port", "80a"),
        ("X-Forwarded-Port", "-1"),
        ("X-Forwarded-Prefix", "//evil.example"),
        ("X-Forwarded-Prefix", "/a)b"),
        ("X-Forwarded-Prefix", "evil"),
    ],
)
def test_nonsense_of_a_proxy_is_as_nothing(base: Base, name: str, value: str) -> None:
    assert base({name: value}) == "http://pool.example.com"
