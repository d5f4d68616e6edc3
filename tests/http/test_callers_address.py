"""Where a caller is: the peer, or whoever trusted proxies say called them; nobody else is believed."""

from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from gemini_pool.web.callers_address import caller_address

OURS = SimpleNamespace(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1/128")))
PROXY, CALLER = "10.0.0.1", "192.0.2.7"


def address(peer: str, *headers: tuple[str, str]) -> str:
    environ = EnvironBuilder(headers=list(headers)).get_environ()
    return caller_address(Request({**environ, "REMOTE_ADDR": peer}), OURS)


@pytest.mark.parametrize(
    ("peer", "said", "caller"),
    [
        (CALLER, "", CALLER),
        (CALLER, "198.51.100.1", CALLER),  # nobody whom we trust says so
        (PROXY, "", PROXY),
        (PROXY, CALLER, CALLER),
        (PROXY, f"198.51.100.1, {CALLER}", CALLER),  # the first is what the caller said of himself
        (PROXY, f"198.51.100.1, {CALLER}, 10.9.9.9", CALLER),  # through two proxies of ours
        (PROXY, "10.2.2.2, 10.3.3.3", "10.2.2.2"),
        (PROXY, f"{CALLER}:51234", CALLER),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "[2001:DB8::7]:51234", "2001:db8::7"),
        (PROXY, f"::ffff:{CALLER}", CALLER),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{CALLER}, nonsense", PROXY),
        ("::1", CALLER, CALLER),
        (f"::ffff:{PROXY}", CALLER, CALLER),
        ("fe80::1%eth0", "", "fe80::1"),
        ("", CALLER, ""),
    ],
)
def test_hops_are_believed_as_far_as_they_are_ours(peer: str, said: str, caller: str) -> None:
    assert address(peer, *([("X-Forwarded-For", said)] if said else [])) == caller


def test_several_headers_are_one_list() -> None:
    said = (("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", CALLER))
    assert address(PROXY, *said) == CALLER


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        (f"for={CALLER};proto=https", CALLER),
        (f'for=198.51.100.1, for="{CALLER}:4711"', CALLER),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=_hidden", PROXY),
        ("proto=https", PROXY),
    ],
)
def test_the_standard_header_is_read_too(said: str, caller: str) -> None:
    assert address(PROXY, ("Forwarded", said)) == caller


def test_of_both_headers_the_usual_one_counts() -> None:
    assert address(PROXY, ("Forwarded", "for=198.51.100.1"), ("X-Forwarded-For", CALLER)) == CALLER
