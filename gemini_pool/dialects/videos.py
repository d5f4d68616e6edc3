"""OpenAI's order of a film: JSON, or the fields of a form -> VideoOrder."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemini_pool.dialects.base import JSON, Models
from gemini_pool.dialects.parts import read_picture
from gemini_pool.dialogue import FileSource, Model
from gemini_pool.errors import BadRequest
from gemini_pool.roster import QuotaKind

OTHERS = "sora"  # the beginning of OpenAI's own names
DEFAULT_MODEL = "gemini-video"
REFERENCE = "input_reference"
MOST_PROMPT_CHARACTERS = 32_000
MOST_SECONDS = 60
_SECONDS = re.compile(r"[1-9][0-9]?")
_SIZE = re.compile(r"[1-9][0-9]{1,3}x[1-9][0-9]{1,3}")
_IN_FORM = re.compile(rf"{REFERENCE}\[(\w+)\]")


@dataclass(frozen=True, slots=True)
class VideoOrder:
    """A film as a caller wants it; `seconds` and `size` are empty where he leaves them open. `model` is the
    name that he used."""

    prompt: str
    model: str
    seconds: str
    size: str
    reference: FileSource | None


def read_order(body: JSON, models: Models) -> VideoOrder:
    """The order in a request's body; BadRequest or UnknownModel."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > MOST_PROMPT_CHARACTERS:
        raise BadRequest(
            f"`prompt` must be a text of 1 to {MOST_PROMPT_CHARACTERS} characters.", param="prompt"
        )
    reference = body.get(REFERENCE)
    return VideoOrder(
        prompt,
        _model(body.get("model"), models),
        _seconds(body.get("seconds")),
        _size(body.get("size")),
        read_picture(reference, REFERENCE) if reference else None,
    )


def unfolded(fields: Mapping[str, str]) -> JSON:
    """The fields of a form as the JSON that they stand for: `input_reference[file_id]` is a member of one."""
    plain: dict[str, Any] = {name: value for name, value in fields.items() if not _IN_FORM.fullmatch(name)}
    members = {form[1]: fields[form[0]] for name in fields if (form := _IN_FORM.fullmatch(name))}
    return plain | ({REFERENCE: members} if members else {})


def _model(name: Any, models: Models) -> str:
    if name is not None and not isinstance(name, str):
        raise BadRequest("`model` must be a string.", param="model")
    if not name or name.startswith(OTHERS):
        name = DEFAULT_MODEL
    model: Model = models.resolve(name)
    if model.kind is not QuotaKind.VIDEOS:
        raise BadRequest(
            f"The model {model.id!r} makes no films. Ask for {DEFAULT_MODEL!r}, or name none.", param="model"
        )
    return model.id


def _seconds(given: Any) -> str:
    """Clients send it as a number and as a text."""
    if given in (None, ""):
        return ""
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if not _SECONDS.fullmatch(text) or int(text) > MOST_SECONDS:
        raise BadRequest(f"`seconds` must be a whole number from 1 to {MOST_SECONDS}.", param="seconds")
    return text


def _size(given: Any) -> str:
    if given in (None, ""):
        return ""
    if not isinstance(given, str) or not _SIZE.fullmatch(given):
        raise BadRequest("`size` must be width x height in pixels, such as 1280x720.", param="size")
    return given
