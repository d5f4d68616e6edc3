"""The faults of the API at the level of HTTP: an answer other than the one asked for."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from gemini_pool.simulator import refusal as no
from gemini_pool.simulator.behaviour import ApiFault, Behaviour
from gemini_pool.simulator.refusal import Refusal
from gemini_pool.simulator.script import Script, hang, page, reset

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


def faulty_answer(fault: ApiFault, behaviour: Behaviour, model: str) -> Script:
    """The answer that this fault gives to any request."""
    wordless = _WORDLESS.get(fault)
    script = wordless() if wordless else _REFUSALS[fault](behaviour, model).script()
    return replace(script, fault=fault)
