"""What the pages' scripts ask of the server: send a code, check one, take a name."""

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.http import JSON
from gemini_pool.simulator.script import Script, hang, plain
from gemini_pool.simulator.sign_in.asked import Asked, home_of
from gemini_pool.simulator.sign_in.desk import MOST_TRIES, new_code
from gemini_pool.simulator.sign_in.letter import send_code
from gemini_pool.simulator.sign_in_behaviour import SignInFault
from gemini_pool.simulator.wallet import HOST, SECURE, Grant

PREFIX = "/_/SignInUi/data/batchexecute"
CODE = "/v1/verify-oob-code"

Reply = dict[str, Any]


def act(asked: Asked) -> Script:
    """The answer to one request of a page's script."""
    acts = _ACTS.get(asked.query("rpcids"))
    if acts is None:
        return plain(400, b"{}")
    reply = acts(asked, json.loads(asked.request.body or b"{}"))
    if reply.pop("silence", False):
        return hang()
    headers = reply.pop("cookies", {})
    return plain(200, b")]}'\n" + json.dumps(reply, ensure_ascii=False).encode(), JSON, headers)


def _address(asked: Asked, given: Reply) -> Reply:
    account = _account_at(asked, str(given.get("value", "")))
    if account is None:
        return _refused(asked)
    asked.visit.account = account
    asked.visit.done.clear()
    return _stopped(asked, account) or (
        {"go": "/login/email"} if _step(asked, "methods") else _sent(asked, account)
    )


def _methods(asked: Asked, _: Reply) -> Reply:
    account = asked.visit.account
    return _sent(asked, account) if account else {"go": "/login"}


def _resend(asked: Asked, _: Reply) -> Reply:
    account = asked.visit.account
    if account is None:
        return {"go": "/login"}
    _post_code(asked, account)
    return {"toast": asked.words["code_sent"]}


def _verify(asked: Asked, given: Reply) -> Reply:
    visit, account = asked.visit, asked.visit.account
    if account is None:
        return {"go": "/login"}
    fault = asked.world.desk.strikes(
        account, asked.world.behaviour(account.name), "wrong-code", "expired-code", "too-many"
    )
    visit.tries += 1
    if fault == "too-many" or visit.tries > MOST_TRIES:
        return {"message": asked.words["too_many"]}
    if fault is not None:
        return {"message": asked.words[fault.replace("-", "_")]}
    if given.get("code") not in visit.codes[-1:]:
        return {"message": asked.words["wrong_code"]}
    return _signed_in(asked, account)


def _name(asked: Asked, given: Reply) -> Reply:
    if asked.account is None:
        return {"go": "/login"}
    asked.world.desk.names[asked.account.name] = str(given.get("value", ""))
    asked.visit.done.add("name")
    return {"go": next_page(asked)}


def _setup(asked: Asked, _: Reply) -> Reply:
    waited = asked.world.clock() - asked.visit.setup_since
    if waited < asked.behaviours[0].setup_seconds:
        return {}
    asked.visit.done.add("setup")
    return {"go": next_page(asked)}


def _challenge(asked: Asked, _: Reply) -> Reply:
    return {"passed": all(behaviour.sign_in != "captcha" for behaviour in asked.behaviours)}


def next_page(asked: Asked) -> str:
    """Where somebody who has signed in goes: to the first step not behind him, or home."""
    account, grant = asked.account, asked.grant
    if account is None or grant is None:
        return "/login"
    pages = {"name": "/admin/create", "setup": "/admin/setup", "workspaces": "/workspaces"}
    left = (page for step, page in pages.items() if _step(asked, step) and step not in asked.visit.done)
    return next(left, home_of(asked, account, grant))


def _signed_in(asked: Asked, account: SimAccount) -> Reply:
    world, behaviour = asked.world, asked.world.behaviour(account.name)
    owner = world.accounts[behaviour.lands_at or account.name]
    grant = world.wallet.sign_in(owner, new_index=behaviour.new_index)
    world.desk.signed_in.append(account.name)
    return {"go": "/signed-in", "cookies": _cookies(grant, behaviour.cookie_seconds)}


def _cookies(grant: Grant, seconds: int) -> dict[str, str]:
    age = f"; Max-Age={seconds}" if seconds else ""
    marks = f"; Path=/; Secure; HttpOnly; SameSite=None{age}"
    # Two headers of one name: a second spelling tells them apart here.
    return {"Set-Cookie": f"{SECURE}={grant.secure}{marks}", "set-cookie": f"{HOST}={grant.host}{marks}"}


def _stopped(asked: Asked, account: SimAccount) -> Reply | None:
    """What meets an address instead of a code on its way."""
    behaviour = asked.world.behaviour(account.name)
    match asked.world.desk.strikes(account, behaviour, *_AT_ADDRESS):
        case None:
            return None
        case "captcha":
            return {"challenge": True}
        case "captcha-refused":
            return {"error": "CAPTCHA_CHECK_FAILED", **_refused(asked)}
        case "toast":
            return {"error": "SendEmailOtpError", **_refused(asked)}
        case "stuck" | "freeze" | "silence" as fault:
            return {fault: True}
        case page:
            return {"go": f"/{page}"}


def _refused(asked: Asked) -> Reply:
    return {"toast": asked.words["something_wrong"]}


def _sent(asked: Asked, account: SimAccount) -> Reply:
    _post_code(asked, account)
    return {"go": f"{CODE}?{urlencode({'notice': asked.words['code_sent']})}"}


def _post_code(asked: Asked, account: SimAccount) -> None:
    visit, behaviour = asked.visit, asked.world.behaviour(account.name)
    visit.codes.append(new_code())
    visit.tries = 0
    if len(visit.codes) > behaviour.codes_lost:
        send_code(asked.world.post, account.email, visit.codes[-1], asked.language, behaviour.code_delay)


def _account_at(asked: Asked, address: str) -> SimAccount | None:
    accounts = asked.world.accounts.values()
    return next((one for one in accounts if one.email == address.strip().lower()), None)


def _step(asked: Asked, step: str) -> bool:
    return any(step in behaviour.sign_in_steps for behaviour in asked.behaviours)


_AT_ADDRESS: tuple[SignInFault, ...] = (
    "toast", "captcha", "captcha-refused", "restricted", "signin-error", "dead-end", "unknown-page",
    "stuck", "freeze", "silence",
)  # fmt: skip
_ACTS: MappingProxyType[str, Callable[[Asked, Reply], Reply]] = MappingProxyType(
    {
        "address": _address,
        "methods": _methods,
        "resend": _resend,
        "verify": _verify,
        "name": _name,
        "setup": _setup,
        "challenge": _challenge,
    }
)
