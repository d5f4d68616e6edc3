"""Reading OpenAI's chat request: JSON -> Call, or a clear word on what is wrong with it.

Lenient on purpose: fields nobody here can honour are ignored, since clients send many. What would change
the question itself (a part of a kind nobody knows) is refused, by the path of the field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gemini_pool.dialects.base import JSON, Call, Models
from gemini_pool.dialects.parts import read_content, read_file
from gemini_pool.dialogue import IMAGE_FORMATS, FileSource, Prompt, Role, Turn
from gemini_pool.errors import BadRequest

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
MOST_NAME_CHARACTERS = 200
MOST_STOPS = 16
MOST_STOP_CHARACTERS = 256


def read_call(body: JSON, models: Models) -> Call:
    """The call in a request body; BadRequest or UnknownModel."""
    name = body.get("model")
    if name is not None and (not isinstance(name, str) or len(name) > MOST_NAME_CHARACTERS):
        raise BadRequest(
            f"`model` must be a string of up to {MOST_NAME_CHARACTERS} characters.", param="model"
        )
    messages = _messages(body)
    if not any(m.turn.role in (Role.USER, Role.TOOL) and (m.turn.text or m.files) for m in messages):
        raise BadRequest("There is no message with text or a file to answer.", param="messages")
    options = body.get("stream_options")
    conversation = body.get("conversation_id")
    if conversation is not None and (
        not isinstance(conversation, str) or len(conversation) > MOST_NAME_CHARACTERS
    ):
        raise BadRequest(
            f"`conversation_id` must be a string of up to {MOST_NAME_CHARACTERS} characters.",
            param="conversation_id",
        )
    prompt = Prompt(
        model=models.resolve(name),
        turns=tuple(message.turn for message in messages),
        stop=_stop(body.get("stop")),
        max_tokens=_max_tokens(body),
    )
    return Call(
        prompt,
        stream=_flag(body, "stream"),
        include_usage=isinstance(options, Mapping) and options.get("include_usage") is True,
        conversation=conversation or None,
        anew=body.get("is_new_conversation") is True,
        named=bool(name),
        files=tuple(message.files for message in messages),
        image_format=_image_format(body),
    )


@dataclass(frozen=True, slots=True)
class _Message:
    turn: Turn
    files: tuple[FileSource, ...]


def _messages(body: JSON) -> list[_Message]:
    if "prompts" in body and not body.get("messages"):  # clients that must send `messages` send none
        return [_prompt(p, f"prompts[{at}]") for at, p in enumerate(_array(body, "prompts"))]
    if "messages" in body:
        return [_message(m, f"messages[{at}]") for at, m in enumerate(_array(body, "messages"))]
    raise BadRequest("`messages` is missing: a list of at least one message.", param="messages")


def _array(body: JSON, name: str) -> list[Any]:
    entries = body[name]
    if not isinstance(entries, list) or not entries:
        raise BadRequest(f"`{name}` must be a list of at least one message.", param=name)
    return entries


def _message(message: Any, path: str) -> _Message:
    if not isinstance(message, Mapping):
        raise BadRequest(f"`{path}` must be an object.", param=path)
    text, files = read_content(message.get("content"), f"{path}.content")
    # The model must see what it asked for, or the tool's answer makes no sense.
    text = "\n".join(filter(None, [text, *_tool_calls(message)]))
    name = message.get("name") or message.get("tool_call_id") or ""
    return _Message(Turn(_role(message.get("role"), path), text, str(name)), files)


def _prompt(prompt: Any, path: str) -> _Message:
    """The older form: `{role, text, files}`."""
    if not isinstance(prompt, Mapping):
        raise BadRequest(f"`{path}` must be an object.", param=path)
    text, files = read_content(prompt.get("text"), f"{path}.text")
    attached = prompt.get("files") or []
    if not isinstance(attached, list):
        raise BadRequest(f"`{path}.files` must be a list.", param=f"{path}.files")
    files += tuple(read_file(one, f"{path}.files[{at}]") for at, one in enumerate(attached))
    return _Message(Turn(_role(prompt.get("role", "user"), path), text), files)


def _role(role: Any, path: str) -> Role:
    if not isinstance(role, str) or role not in ROLES:
        raise BadRequest(f"`{path}.role` must be one of {', '.join(ROLES)}.", param=f"{path}.role")
    return ROLES[role]


def _tool_calls(message: Mapping[str, Any]) -> Iterator[str]:
    """What an assistant's message called, in words; `function_call` is the older form."""
    calls = message.get("tool_calls")
    functions = (
        [c.get("function") for c in calls if isinstance(c, Mapping)] if isinstance(calls, list) else []
    )
    for function in [*functions, message.get("function_call")]:
        if isinstance(function, Mapping):
            yield f"[called {function.get('name', 'a tool')} with {function.get('arguments', '')}]"


def _image_format(body: JSON) -> str | None:
    """The form that pictures are wanted in. `response_format` is OpenAI's field for something else, unless it
    is one of our words; `image_format` is ours alone."""
    form = body.get("image_format")
    if form is None:
        other = body.get("response_format")
        return other if isinstance(other, str) and other in IMAGE_FORMATS else None
    if form not in IMAGE_FORMATS:
        raise BadRequest(f"`image_format` must be one of {', '.join(IMAGE_FORMATS)}.", param="image_format")
    return str(form)


def _stop(stop: Any) -> tuple[str, ...]:
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or len(stops) > MOST_STOPS or not all(map(_is_stop, stops)):
        raise BadRequest(
            f"`stop` must be a string or a list of up to {MOST_STOPS} strings, "
            f"each of up to {MOST_STOP_CHARACTERS} characters.",
            param="stop",
        )
    return tuple(s for s in stops if s)


def _is_stop(stop: Any) -> bool:
    return isinstance(stop, str) and len(stop) <= MOST_STOP_CHARACTERS


def _max_tokens(body: JSON) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        bound = body.get(name)
        if bound is None:
            continue
        if not isinstance(bound, int) or isinstance(bound, bool) or bound < 1:
            raise BadRequest(f"`{name}` must be a whole number of at least 1.", param=name)
        return bound
    return None


def _flag(body: JSON, name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"`{name}` must be true or false.", param=name)
    return value is True
