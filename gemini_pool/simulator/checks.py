"""Strict reading of request bodies; every deviation is a Refusal 400 that names its place."""

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.http import Request
from gemini_pool.simulator.refusal import invalid, unauthenticated

T = TypeVar("T")

_ENVELOPE = frozenset({"configId", "additionalParams"})


def read_json(request: Request) -> dict[str, Any]:
    """The body as a JSON object."""
    if not request.header("content-type").lower().startswith("application/json"):
        raise invalid("Content-Type must be application/json.")
    try:
        value = json.loads(request.body)
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
    return typed(value, dict, "the body")


def read_envelope(body: dict[str, Any], account: SimAccount, member: str) -> dict[str, Any]:
    """The `<method>Request` object inside. Refusal 401 when the configId is another account's."""
    known_only(body, _ENVELOPE | {member}, "the body")
    if required(body, "configId", str) != account.config_id:
        raise unauthenticated("the configId does not belong to this account")
    if required(body, "additionalParams", dict).get("token") != "-":
        raise invalid('Invalid value at "additionalParams.token": it must be "-".')
    return required(body, member, dict)


def required(holder: dict[str, Any], name: str, kind: type[T]) -> T:
    """The member of this name and type."""
    if name not in holder:
        raise invalid(f'Missing required member "{name}".')
    return typed(holder[name], kind, name)


def optional(holder: dict[str, Any], name: str, default: T) -> T:
    """The member of this name, of the default's type; the default when absent."""
    return typed(holder[name], type(default), name) if name in holder else default


def constant(holder: dict[str, Any], name: str, value: str) -> None:
    """The member must be there and have this value."""
    if required(holder, name, str) != value:
        raise invalid(f'Invalid value at "{name}": it must be "{value}".')


def known_only(holder: dict[str, Any], names: Collection[str], where: str) -> None:
    """No member but these."""
    for name in holder:
        if name not in names:
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}" in {where}.')


def typed(value: Any, kind: type[T], where: str) -> T:
    """The value itself, known to be of this type; text is known to be encodable."""
    if not isinstance(value, kind):
        raise invalid(f'Invalid value at "{where}": it must be {_JSON_NAMES[kind]}.')
    if isinstance(value, str) and not value.isascii():
        _encodable(value, where)
    checked: T = value
    return checked


def _encodable(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise invalid(f'Invalid value at "{where}": it holds half a surrogate pair.') from error


_JSON_NAMES: Mapping[type, str] = MappingProxyType({str: "a string", dict: "an object", list: "an array"})
