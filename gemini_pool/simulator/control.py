"""The simulator's own doors under /_sim/: for tests and programs in other processes."""

import json
from collections.abc import Callable
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.script import Script, json_reply
from gemini_pool.simulator.world import World

PREFIX = "/_sim/"

Door = Callable[[World, Request], Any]
"""Gives the JSON value to answer with; a ValueError becomes a 400 with its text."""


def control(world: World, request: Request) -> Script:
    """Answer a request for a path under /_sim/."""
    door = _DOORS.get((request.head.method, request.head.path.removeprefix(PREFIX)))
    if door is None:
        return json_reply({"error": f"no such control: {request.head.method} {request.head.path}"}, 404)
    try:
        return json_reply(door(world, request))
    except ValueError as error:
        return json_reply({"error": str(error)}, 400)


def _accounts(world: World, _: Request) -> list[dict[str, str]]:
    return [account.as_config() for account in world.accounts.values()]


def _behaviours(world: World, _: Request) -> dict[str, Any]:
    return {name: world.behaviour(name).to_json() for name in world.accounts}


def _behave(world: World, request: Request) -> dict[str, Any]:
    body = _object(json.loads(request.body), "the body")
    unknown = sorted(set(body) - {"account", "behaviour"})
    if unknown:
        raise ValueError(f"unknown member: {', '.join(unknown)}")
    if "behaviour" not in body:
        raise ValueError("behaviour is missing")
    name = body.get("account")
    if name is not None and not isinstance(name, str):
        raise ValueError("account must be a name or null")
    world.behave(name, **_object(body["behaviour"], "behaviour"))
    return _behaviours(world, request)


def _calls(world: World, _: Request) -> list[dict[str, Any]]:
    return [asdict(call) for call in world.calls()]


def _sign_out(world: World, request: Request) -> dict[str, Any]:
    world.sign_out(_object(json.loads(request.body), "the body").get("account"))
    return {}


def _mail(world: World, _: Request) -> dict[str, Any]:
    letters = [asdict(mail) for mail in world.mail.all()]
    return {"behaviour": world.mail.behaviour.to_json(), "letters": letters, "asked": world.mail.asked}


def _send_mail(world: World, request: Request) -> dict[str, Any]:
    """Send a letter, and change how the services of mail behave; both are optional."""
    body = _object(json.loads(request.body), "the body")
    unknown = sorted(set(body) - {"letter", "behaviour"})
    if unknown:
        raise ValueError(f"unknown member: {', '.join(unknown)}")
    world.mail.behave(**_object(body.get("behaviour", {}), "behaviour"))
    if "letter" in body:
        try:
            world.post.send(**_object(body["letter"], "letter"))
        except (TypeError, AttributeError) as error:
            raise ValueError(f"the letter cannot be sent: {error}") from error
    return _mail(world, request)


def _reset(world: World, _: Request) -> dict[str, Any]:
    world.reset()
    return {}


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be an object")
    return value


_DOORS: MappingProxyType[tuple[str, str], Door] = MappingProxyType(
    {
        ("GET", "accounts"): _accounts,
        ("GET", "behaviour"): _behaviours,
        ("POST", "behaviour"): _behave,
        ("GET", "counts"): lambda world, _: world.counts(),
        ("GET", "calls"): _calls,
        ("GET", "prompts"): lambda world, _: world.prompts,
        ("GET", "open"): lambda world, _: {"open_streams": world.open_streams()},
        ("GET", "mail"): _mail,
        ("POST", "mail"): _send_mail,
        ("POST", "reset"): _reset,
        ("POST", "sign-out"): _sign_out,
    }
)
