"""The faults of the API at the level of HTTP: an answer other than the one asked for, or a late one."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from gemini_pool.simulator import refusal as no
from gemini_pool.simulator.behaviour import ApiMethod, Behaviour
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.question import AUTO
from gemini_pool.simulator.refusal import Refusal
from gemini_pool.simulator.script import Script, hang, page, reset
from gemini_pool.simulator.world import World

_DENIED = "The caller does not have permission: access to this workspace is restricted."

_REFUSALS: MappingProxyType[str, Callable[[Behaviour, str], Refusal]] = MappingProxyType(
    {
        "401": lambda *_: no.unauthenticated("the session has ended"),
        "401-once": lambda *_: no.unauthenticated("the token is no longer accepted"),
        "403": lambda *_: Refusal(403, _DENIED),
        "403-session": lambda *_: no.session_not_owned(),
        "404-session": lambda *_: no.session_not_found("the session asked for"),
        "429": lambda behaviour, _: no.exhausted(behaviour),
        "429-retry-after": lambda behaviour, _: no.exhausted(behaviour, header=True),
        "500": lambda *_: Refusal(500, "Internal error encountered."),
        "503": lambda *_: Refusal(503, "The service is currently unavailable."),
        "400-model": lambda _, model: no.unknown_model(model),
    }
)
_WORDLESS: MappingProxyType[str, Callable[[], Script]] = MappingProxyType(
    {"502-html": lambda: page(502, "Error 502 (Server Error)!!1"), "hang": hang, "reset": reset}
)


def strike(world: World, account: SimAccount, method: ApiMethod, model: str = AUTO) -> Script | None:
    """The answer of the fault that strikes this method of the account; None when all is to go well.

    A fault that strikes once switches itself off. A hang that ends is left to `delayed`.
    """
    behaviour = world.behaviour(account.name)
    fault = behaviour.api_fault(method)
    if fault is None or (fault == "hang" and behaviour.hang_delay):
        return None
    if fault == "401-once":
        world.behave(account.name, api=None)
    wordless = _WORDLESS.get(fault)
    script = wordless() if wordless else _REFUSALS[fault](behaviour, model).script()
    return replace(script, fault=fault)


def delayed(behaviour: Behaviour, method: ApiMethod | None, script: Script) -> Script:
    """The answer after the waits that this behaviour puts before its first byte; None is no method."""
    wait = behaviour.rtt + (behaviour.first_delay if method == "stream" else 0.0)
    if method and behaviour.hang_delay and behaviour.api_fault(method) == "hang":
        script, wait = replace(script, fault="hang"), wait + behaviour.hang_delay
    return replace(script, first_delay=script.first_delay + wait) if wait else script
