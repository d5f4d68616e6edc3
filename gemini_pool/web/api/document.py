"""The OpenAPI document of all operations, made from what they say of themselves."""

import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

import orjson
from flask import Response, current_app
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gemini_pool.web.api.described import LISTED, Desk, Operation, Shape
from gemini_pool.web.edge import reply

bp = Desk("document", "/api/openapi.json")

VERSION = "3.1.0"
TITLE = "gemini_pool: the admin API"
ABOUT = (
    "What the console can do, for programs. Sign in with POST /api/auth/login and send the token as "
    "`Authorization: Bearer …` or `X-Admin-Token: …`."
)
TEMPLATE = "#/components/schemas/{model}"
ERROR = {
    "type": "object",
    "required": ["error", "detail"],
    "properties": {
        "error": {"type": "string", "description": "What happened, and what to do."},
        "detail": {"type": "string", "description": "The same, for clients that look for it here."},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
TOLD = MappingProxyType(
    {
        400: "Something in the request cannot be used.",
        401: "Nobody is signed in.",
        403: "The request came from another site.",
        404: "There is no such thing.",
        413: "The request is too large.",
        429: "Too many tries; Retry-After tells when the next is taken.",
        502: "The service could not be asked, or did not answer as it should.",
        503: "Not possible at the moment.",
    }
)
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
KINDS = MappingProxyType(
    {
        "id": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
        "path": {"type": "string", "minLength": 1},
        None: {"type": "string", "minLength": 1},
    }
)

Json = dict[str, Any]


@bp.operation("GET")
def document() -> Response:
    """This document."""
    return reply(orjson.dumps(described(current_app.extensions[LISTED])))


def described(operations: Sequence[Operation]) -> Json:
    """The document of these operations."""
    shapes, definitions = models_json_schema(list(_used(operations)), ref_template=TEMPLATE)
    paths: dict[str, Json] = {}
    for one in operations:
        paths.setdefault(_address(one), {})[one.method.lower()] = _told(one, shapes)
    return {
        "openapi": VERSION,
        "info": {"title": TITLE, "description": ABOUT, "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Error": ERROR},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-Admin-Token"},
            },
        },
    }


def as_markdown(operations: Iterable[Operation]) -> Iterable[str]:
    """The same in short, line by line: docs/admin-api.md."""
    yield "# The admin API"
    yield ""
    yield ABOUT
    yield 'Errors are `{"error": …, "detail": …}`, with `fields` where some of them are wrong.'
    yield "All of it, with every field: OpenAPI at `GET /api/openapi.json`."
    tag = ""
    for one in operations:
        if one.tag != tag:
            tag = one.tag
            yield from ("", f"## {tag.capitalize()}", "", "| Operation | |", "|---|---|")
        about = one.about.replace("\n", " ").replace("|", "\\|")
        yield f"| `{one.method} {_address(one)}` | {about} |"


def _address(one: Operation) -> str:
    """As OpenAPI writes it: `/api/accounts/{account_id}`."""
    return PARAMETER.sub(r"{\2}", one.rule)


def _used(operations: Iterable[Operation]) -> Iterable[tuple[type[Shape], JsonSchemaMode]]:
    used: dict[tuple[type[Shape], JsonSchemaMode], None] = {}
    for one in operations:
        if one.body:
            used[one.body, "validation"] = None
        if one.answer:
            used[one.answer, "serialization"] = None
    return used


def _told(one: Operation, shapes: Any) -> Json:
    summary, _, more = one.about.partition("\n\n")
    told: Json = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": summary.replace("\n", " "),
        "responses": _responses(one, shapes),
        "security": [] if one.open else [{"token": []}, {"header": []}],
    }
    if more:
        told["description"] = more
    if parameters := [*_in_path(one), *_in_query(one)]:
        told["parameters"] = parameters
    if one.body:
        required = any(field.is_required() for field in one.body.model_fields.values())
        told["requestBody"] = {"required": required, "content": _json(shapes[one.body, "validation"])}
    return told


def _responses(one: Operation, shapes: Any) -> Json:
    schema = shapes[one.answer, "serialization"] if one.answer else None
    good: Json = {"description": "It is done."}
    good["content"] = _json(schema) if schema else {one.produces: {}}
    statuses = {*one.errors, *([] if one.open else [401])}
    statuses |= {400} if one.body or one.query else set()
    statuses |= {403, 413} if one.method != "GET" else set()
    refs = {"$ref": TEMPLATE.format(model="Error")}
    bad = {str(status): {"description": TOLD[status], "content": _json(refs)} for status in sorted(statuses)}
    return {"200": good, **bad}


def _in_path(one: Operation) -> Iterable[Json]:
    for kind, name in PARAMETER.findall(one.rule):
        yield {"name": name, "in": "path", "required": True, "schema": KINDS[kind or None]}


def _in_query(one: Operation) -> Iterable[Json]:
    if one.query is None:
        return
    schema = one.query.model_json_schema(ref_template=TEMPLATE)
    for name, field in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}
