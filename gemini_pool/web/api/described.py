"""The door to pydantic: operations that say what they take and give, and are held to it.

    bp = Desk("keys", "/api/api-keys")

    @bp.operation("POST", "/<id:key_id>/revoke", errors=(404,))
    def revoke(key_id: int) -> Done: ...

The signature is the description: `body` and `query` are shapes that a request is checked against, the other
parameters stand in the path, and the shape that is returned is the answer. `web/api/document` makes OpenAPI
of it. An operation stays the function that it is, so that a page can call it as well.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, cast, get_type_hints

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.routing import BaseConverter

from gemini_pool.errors import Invalid
from gemini_pool.web.admin import require_admin
from gemini_pool.web.edge import reply

Operate = TypeVar("Operate", bound=Callable[..., Any])

LISTED = "operations"


class Shape(BaseModel):
    """What goes over the wire; what a client sends beyond it is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True)


# A row's id in a body or a query.
Id = Annotated[int, Field(ge=0, lt=10**15)]


class Done(Shape):
    """It is done."""

    success: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """What is known of an operation. `body`, `query` and `answer` are None where there is none, or where the
    answer is no JSON but of the media type `produces`."""

    method: str
    rule: str
    name: str
    about: str
    tag: str
    path: tuple[str, ...]
    query: type[Shape] | None
    body: type[Shape] | None
    answer: type[Shape] | None
    produces: str
    errors: tuple[int, ...]
    open: bool


class IdConverter(BaseConverter):
    """A row's id in a path: none is longer, and the database could not compare one that is."""

    regex = r"[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        return int(value)


class Desk(Blueprint):
    """A blueprint whose operations are described; for administrators alone unless it is `open`, or another
    `gate` is before it, which raises for whom it does not let in."""

    def __init__(
        self, name: str, prefix: str, *, open: bool = False, gate: Callable[[], Any] = require_admin
    ) -> None:
        super().__init__(name, __name__, url_prefix=prefix)
        self._open = open
        if not open:
            self.before_request(gate)
        self.operations: list[Operation] = []
        self.record(self._listed)

    def operation(
        self,
        method: str,
        rule: str = "",
        *,
        errors: Sequence[int] = (),
        produces: str = "application/json",
    ) -> Callable[[Operate], Operate]:
        """Serve a function as an operation. `errors` are the statuses it can end with besides those that all
        may have."""

        def kept(operate: Operate) -> Operate:
            hints = get_type_hints(operate)
            path = tuple(name for name in inspect.signature(operate).parameters if name not in _TAKEN)
            described = Operation(
                method=method,
                rule=f"{self.url_prefix}{rule}",
                name=f"{self.name}_{operate.__name__}",
                about=inspect.getdoc(operate) or "",
                tag=self.name,
                path=path,
                query=hints.get("query"),
                body=_bare(hints.get("body")),
                answer=hints["return"] if _is_shape(hints["return"]) else None,
                produces=produces,
                errors=tuple(errors),
                open=self._open,
            )
            self.operations.append(described)
            self.add_url_rule(rule, operate.__name__, _served(operate, described), methods=[method])
            return operate

        return kept

    def _listed(self, state: BlueprintSetupState) -> None:
        """Known to the application, with the operations of all others."""
        state.app.url_map.converters.setdefault("id", IdConverter)
        state.app.extensions.setdefault(LISTED, []).extend(self.operations)


def _served(operate: Callable[..., Any], described: Operation) -> Callable[..., Response]:
    @wraps(operate)
    def view(**given: Any) -> Response:
        if described.query:
            given["query"] = checked(described.query, "query")
        if described.body:
            given["body"] = checked(described.body, "body")
        answer = operate(**given)
        if isinstance(answer, Response):
            return answer
        return reply(cast(Shape, answer).model_dump_json().encode())

    return view


Checked = TypeVar("Checked", bound=Shape)


def checked(shape: type[Checked], where: str) -> Checked:
    """The current request's query or body as a shape; Invalid."""
    try:
        return cast(Checked, _READERS[where](shape))
    except ValidationError as error:
        raise _invalid(error) from None


def filled(shape: type[Checked], values: Mapping[str, object]) -> Checked:
    """What a form of the console held as a shape, numbers still as text; Invalid."""
    try:
        return shape.model_validate(dict(values))
    except ValidationError as error:
        raise _invalid(error) from None


def _of_query(shape: type[Shape]) -> Shape:
    return shape.model_validate_strings(request.args.to_dict())


def _of_body(shape: type[Shape]) -> Shape:
    # An empty body is an empty object: many an operation can do without.
    return shape.model_validate_json(request.get_data(cache=False) or b"{}", strict=True)


_TAKEN = frozenset({"query", "body"})
_READERS = MappingProxyType({"query": _of_query, "body": _of_body})


def _invalid(error: ValidationError) -> Invalid:
    """The body as a whole is a field called "body"."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(map(str, fault["loc"])) or "body"
        faults.setdefault(name, fault["msg"].removeprefix("Value error, "))
    return Invalid("; ".join(f"{name}: {fault}" for name, fault in faults.items()) + ".", fields=faults)


def _is_shape(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Shape)


def _bare(hint: Any) -> type[Shape] | None:
    return hint if _is_shape(hint) else None
