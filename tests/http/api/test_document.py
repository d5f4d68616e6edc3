"""openapi.json, and whether the API keeps what it promises: tried with whatever fits it and what does not."""

import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from programs import Program
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gemini_pool.web.api.described import LISTED

EXAMPLES = 6
# A stream without an end, and calls that would end the session that tries.
LEFT_OUT = ("/api/events", "/api/auth/", "/api/proxy/test")
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def test_every_operation_is_in_the_document(program: Program, app: Flask) -> None:
    document = program.get("/api/openapi.json")
    assert document["openapi"].startswith("3.1")
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    promised = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert promised == routes
    assert len(app.extensions[LISTED]) == len(routes)


def test_nobody_comes_in_who_is_not_signed_in(app: Flask, program: Program) -> None:
    document = program.get("/api/openapi.json")
    stranger = app.test_client()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["security"]:
                reply = stranger.open(re.sub(r"\{\w+\}", "1", path), method=method.upper(), json={})
                assert reply.status_code == 401, path
                assert set(reply.json) == {"error", "detail"}


def test_every_operation_and_every_field_says_what_it_is(program: Program) -> None:
    document = program.get("/api/openapi.json")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"].endswith("."), f"{method} {path}"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_api_keeps_what_it_promises(app: Flask, program: Program, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app, headers=program.headers)
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        if not operation.path.startswith(LEFT_OUT):
            promises_kept(operation, mode, program.headers)
    assert len(operations) > 50


def promises_kept(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    """Send what the document allows, or what it does not, and hold the answers against it."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    keeps()
