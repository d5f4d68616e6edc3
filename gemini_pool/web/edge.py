"""The edge: request ids, bodies in, errors out. The only room that knows HTTP statuses."""

import logging
import math
import random
import re
import time
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from gemini_pool.dialects.base import JSON
from gemini_pool.dialects.chat import ChatDialect
from gemini_pool.errors import (
    BadRequest,
    CallerError,
    CallerGone,
    FileRefused,
    Forged,
    Invalid,
    KeyRefused,
    LimitReached,
    NoAccountAvailable,
    NoSuchFile,
    NoSuchVideo,
    NotFound,
    Overloaded,
    PolicyRefused,
    PoolError,
    PromptRefused,
    SignInRefused,
    Throttled,
    TooLarge,
    UnknownModel,
    UpstreamError,
)
from gemini_pool.web.console.frame import error_page
from gemini_pool.wiring import services

log = logging.getLogger(__name__)

GONE = 499  # nginx's number for it; nobody reads it
# The first class that fits decides.
STATUSES: tuple[tuple[type[PoolError], int], ...] = (
    (KeyRefused, 401),
    (SignInRefused, 401),
    (Forged, 403),
    (UnknownModel, 404),
    (NoSuchFile, 404),
    (NoSuchVideo, 404),
    (NotFound, 404),
    (TooLarge, 413),
    (LimitReached, 429),
    (Throttled, 429),
    (CallerGone, GONE),
    (CallerError, 400),
    (FileRefused, 400),
    (PolicyRefused, 400),
    (PromptRefused, 400),
    (UpstreamError, 502),
)
OWN_FAULT = 500
NOT_FOUND = 404
# What clients ask an OpenAI for, and there is no such thing to be had from the service.
LACKING = {
    "embeddings": "embeddings",
    "moderations": "moderation",
    "fine_tuning": "fine-tuning",
    "fine-tunes": "fine-tuning",
    "audio/speech": "speech",
    "audio/translations": "translation of speech; ask for it in a chat, with the file attached",
    "assistants": "assistants",
    "threads": "threads",
    "vector_stores": "vector stores",
    "batches": "batches",
    "realtime": "realtime sessions",
}
JSON_TYPE = "application/json"
_REQUEST_ID = re.compile(r"[\w.-]{8,64}")


def install(app: Flask) -> None:
    """Put the edge around an application."""
    app.before_request(_name_request)
    app.after_request(_stamp)
    app.register_error_handler(PoolError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _own_fault)


def read_json() -> JSON:
    """The request's body as an object; BadRequest or TooLarge."""
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.", code="invalid_json")
    return body


def fresh_id(prefix: str) -> str:
    """An id that no other has; not a secret, for which the system's random numbers cost 16 µs a piece."""
    return f"{prefix}{random.getrandbits(96):024x}"


def own_fault(error: Exception, request_id: str) -> PoolError:
    """What was not foreseen, logged with its trace, as an error that can be told without it."""
    log.error("request %s failed", request_id, exc_info=error)
    return PoolError(f"Something went wrong here. Give the operator this id: {request_id}.")


def status_of(error: BaseException) -> int:
    """The HTTP status that tells of an error."""
    if isinstance(error, NoAccountAvailable):
        return 429 if error.limited else 503
    if isinstance(error, Overloaded):
        return 503
    return next((status for kind, status in STATUSES if isinstance(error, kind)), OWN_FAULT)


def reply(body: bytes, status: int = 200) -> Response:
    return Response(body, status=status, content_type=JSON_TYPE)


def reply_json(body: Any) -> Response:
    return reply(orjson.dumps(body))


def _name_request() -> None:
    g.started = time.monotonic()
    given = request.headers.get("x-request-id", "")
    g.request_id = given if given and _REQUEST_ID.fullmatch(given) else fresh_id("req_")


def _stamp(response: Response) -> Response:
    response.headers["x-request-id"] = g.request_id
    return response


def _refuse(error: PoolError) -> Response:
    status = status_of(error)
    if status == OWN_FAULT:
        log.error("request %s failed", g.request_id, exc_info=error)
    g.refusal = error
    response = _written(error, status)
    if error.retry_after is not None:
        response.headers["retry-after"] = str(math.ceil(error.retry_after))
    if isinstance(error, UpstreamError | NoAccountAvailable):
        # The pool has tried what there is to try; a client that repeats it only multiplies the load.
        response.headers["x-should-retry"] = "false"
    return response


def _refuse_http(error: HTTPException) -> Response:
    """What Flask itself refuses: no such route, wrong method, a body over the limit."""
    if isinstance(error, RequestEntityTooLarge):
        most = services().settings.max_body_mb
        return _refuse(TooLarge(f"The request body is over the limit of {most} MB (MAX_BODY_MB)."))
    status = error.code or 500
    lacking = next((name for name in LACKING if request.path.startswith(f"/v1/{name}")), None)
    words = f"{request.method} {request.path}: {error.name}."
    if status == NOT_FOUND and lacking:
        words = f"{request.path} does not exist here: Gemini Business has no {LACKING[lacking]}."
    told = BadRequest(words, code=_slug(error.name))
    response = _written(told, status)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "content-range"):
            response.headers[name] = value
    return response


def _own_fault(error: Exception) -> Response:
    """Border: the caller is told of whatever was not foreseen."""
    g.refusal = own_fault(error, g.get("request_id", ""))
    return _written(g.refusal, OWN_FAULT)


def _written(error: PoolError, status: int) -> Response:
    """An error in the form that those who call this path can read."""
    writer = next(write for start, write in WRITERS if request.path.startswith(start))
    return writer(error, status)


def _in_openais_form(error: PoolError, status: int) -> Response:
    return reply(ChatDialect().write_error(error, status), status)


def _in_plain_form(error: PoolError, status: int) -> Response:
    told: dict[str, object] = {"error": str(error), "detail": str(error)}
    if isinstance(error, Invalid):
        told["fields"] = error.fields
    elif isinstance(error, BadRequest) and error.param:
        told["fields"] = {error.param: str(error)}
    if isinstance(error, SignInRefused) and error.code_required:
        told["code_required"] = True
    return reply(orjson.dumps(told), status)


def _as_a_page(error: PoolError, status: int) -> Response:
    """For who reads pages; programs come here by a wrong address, and are told as elsewhere."""
    kinds = request.accept_mimetypes
    if not services().settings.console or kinds["text/html"] <= kinds[JSON_TYPE]:
        return _in_openais_form(error, status)
    try:
        page = error_page(str(error), status, g.get("request_id", ""))
    except PoolError:  # without the store nobody knows who is signed in
        return _in_openais_form(error, status)
    return Response(page, status, content_type="text/html; charset=utf-8")


# The first beginning of the path that fits decides.
WRITERS = (
    ("/api/", _in_plain_form),
    ("/v1/", _in_openais_form),
    ("/image/", _in_openais_form),
    ("/video/", _in_openais_form),
    ("", _as_a_page),
)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_")
