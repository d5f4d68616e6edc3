"""getoxsrf: cookies in, a signing key out; and all the ways it is known to refuse."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.faults import strike
from gemini_pool.simulator.http import JSON, Request
from gemini_pool.simulator.keys import Key
from gemini_pool.simulator.moments import written
from gemini_pool.simulator.script import Script, page, plain, redirect
from gemini_pool.simulator.wallet import SECURE, read_cookies
from gemini_pool.simulator.world import World

PREFIX = b")]}'\n"

_SIGN_IN = "https://auth.business.gemini.google/login"
_ACCOUNTS = "https://accounts.google.com/ServiceLogin"

_FAULTS: MappingProxyType[str, Callable[[], Script]] = MappingProxyType(
    {
        "302-login": lambda: redirect(f"{_SIGN_IN}?continueUrl=https://business.gemini.google/"),
        "302-accounts": lambda: redirect(f"{_ACCOUNTS}?continue=https://business.gemini.google/"),
        "html": lambda: page(200, "Sign in"),
        "401": lambda: page(401, "Unauthorized"),
        "403": lambda: page(403, "Forbidden"),
        "429": lambda: page(429, "Too Many Requests"),
        "500": lambda: page(500, "Internal Server Error"),
        "no-key": lambda: plain(200, PREFIX + b"{}"),
    }
)


def get_xsrf(world: World, request: Request) -> tuple[str | None, Script]:
    """The account asked for (None: no such), and the answer of getoxsrf."""
    csesidx, account, cookies = _caller(world, request)
    if account is None:
        return None, page(401, "Unauthorized")
    behaviour = world.behaviour(account.name)
    fault = behaviour.xsrf
    if fault is not None and fault in _FAULTS:
        return account.name, replace(_FAULTS[fault](), fault=fault)
    struck = strike(world, account, "xsrf")
    if struck is not None:
        return account.name, struck
    if not world.wallet.accepts(csesidx, cookies, host_required=behaviour.require_host_cookie):
        return account.name, page(401, "Unauthorized")
    if fault == "302-refreshcookies" and not world.wallet.is_rotated(account, cookies):
        hop = f"{request.origin}/auth/refreshcookies?{urlencode({'csesidx': csesidx})}"
        return account.name, replace(redirect(hop), fault=fault)
    return account.name, _key_given(world, account, csesidx)


def refresh_cookies(world: World, request: Request) -> tuple[str | None, Script]:
    """The hop behind a refreshcookies redirect: a new cookie, and back to getoxsrf."""
    csesidx, account, cookies = _caller(world, request)
    if account is None or not world.wallet.accepts(csesidx, cookies, host_required=False):
        return None, _FAULTS["302-login"]()
    back = f"{request.origin}/auth/getoxsrf?{urlencode({'csesidx': csesidx})}"
    return account.name, redirect(back, **_rotation(world, account))


def _caller(world: World, request: Request) -> tuple[str, SimAccount | None, dict[str, str]]:
    named = parse_qs(request.head.query, keep_blank_values=True).get("csesidx", [])
    csesidx = named[0] if len(named) == 1 else ""
    return csesidx, world.wallet.owner(csesidx), read_cookies(request.header("cookie"))


def _key_given(world: World, account: SimAccount, csesidx: str) -> Script:
    behaviour = world.behaviour(account.name)
    fault = behaviour.xsrf
    prefix = b"" if fault == "no-prefix" else PREFIX
    headers = _rotation(world, account) if fault == "rotate" else {}
    script = plain(200, prefix + _key_json(world.keys.issue(account, csesidx)), JSON, headers)
    delay = behaviour.xsrf_delay if fault == "slow" else 0.0
    return replace(script, fault=fault, first_delay=delay)


def _key_json(key: Key) -> bytes:
    members = {"keyId": key.kid, "xsrfToken": key.xsrf_token, "expirationTime": written(key.expires)}
    return json.dumps(members).encode()


def _rotation(world: World, account: SimAccount) -> dict[str, str]:
    cookie = f"{SECURE}={world.wallet.rotate(account)}; Path=/; Secure; HttpOnly; SameSite=None"
    return {"Set-Cookie": cookie}
