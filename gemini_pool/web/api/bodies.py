"""What the fields of a request's body must be."""

from gemini_pool.dialects.base import JSON
from gemini_pool.errors import Invalid


def text_of(body: JSON, name: str, otherwise: str | None = None) -> str:
    """A field that is text. Invalid when it is not, or is missing and there is nothing else."""
    value = body.get(name, otherwise)
    if not isinstance(value, str):
        what = "is missing" if value is None else "must be text"
        raise Invalid(f"The field {name} {what}.", fields={name: f"This {what}."})
    return value
