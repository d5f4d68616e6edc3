"""Reading OpenAI's chat request: JSON -> Call, or a clear word on what is wrong with it.

Lenient on purpose: fields nobody here can honour are ignored, since clients send many. What would change
the question itself (a picture we cannot pass on) is refused, by the path of the field.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gemini_pool.dialects.base import JSON, Call, Models
from gemini_pool.dialogue import Prompt, Role, Turn
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
_TEXT_PARTS = ("text", "input_text", "output_text", "refusal")


def read_call(body: JSON, models: Models) -> Call:
    """The call in a request body; BadRequest or UnknownModel."""
    name = body.get("model")
    if name is not None and (not isinstance(name, str) or len(name) > MOST_NAME_CHARACTERS):
        raise BadRequest(
            f"`model` must be a string of up to {MOST_NAME_CHARACTERS} characters.", param="model"
        )
    turns = _turns(body)
    if not any(turn.role in (Role.USER, Role.TOOL) and turn.text for turn in turns):
        raise BadRequest("There is no message with text to answer.", param="messages")
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
        turns=turns,
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
    )


def _turns(body: JSON) -> tuple[Turn, ...]:
    if "messages" in body:
        return tuple(_message(m, f"messages[{at}]") for at, m in enumerate(_array(body, "messages")))
    if "prompts" in body:
        return tuple(_prompt(p, f"prompts[{at}]") for at, p in enumerate(_array(body, "prompts")))
    raise BadRequest("`messages` is missing: a list of at least one message.", param="messages")


def _array(body: JSON, name: str) -> list[Any]:
    entries = body[name]
    if not isinstance(entries, list) or not entries:
        raise BadRequest(f"`{name}` must be a list of at least one message.", param=name)
    return entries


def _message(message: Any, path: str) -> Turn:
    if not isinstance(message, Mapping):
        raise BadRequest(f"`{path}` must be an object.", param=path)
    text = _content(message.get("content"), f"{path}.content")
    # The model must see what it asked for, or the tool's answer makes no sense.
    text = "\n".join(filter(None, [text, *_tool_calls(message)]))
    name = message.get("name") or message.get("tool_call_id") or ""
    return Turn(_role(message.get("role"), path), text, str(name))


def _prompt(prompt: Any, path: str) -> Turn:
    """The older form: `{role, text, files}`."""
    if not isinstance(prompt, Mapping):
        raise BadRequest(f"`{path}` must be an object.", param=path)
    if prompt.get("files"):
        raise BadRequest("Files in prompts are not taken yet. Send text.", param=f"{path}.files")
    return Turn(_role(prompt.get("role", "user"), path), _content(prompt.get("text"), f"{path}.text"))


def _role(role: Any, path: str) -> Role:
    if not isinstance(role, str) or role not in ROLES:
        raise BadRequest(f"`{path}.role` must be one of {', '.join(ROLES)}.", param=f"{path}.role")
    return ROLES[role]


def _content(content: Any, path: str) -> str:
    """Text, parts, or nothing: assistant turns that carry tool calls have `content: null`."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, (_part(part, f"{path}[{at}]") for at, part in enumerate(content))))
    raise BadRequest(f"`{path}` must be a string, a list of parts or null.", param=path)


def _part(part: Any, path: str) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind not in _TEXT_PARTS:
        raise BadRequest(
            f"`{path}` is of a type that is not taken yet ({kind!r}). Send text parts.",
            param=path,
            code="unsupported_content",
        )
    text = part.get("refusal" if kind == "refusal" else "text")
    if not isinstance(text, str):
        raise BadRequest(f"`{path}.text` must be a string.", param=f"{path}.text")
    return text


def _tool_calls(message: Mapping[str, Any]) -> Iterator[str]:
    """What an assistant's message called, in words; `function_call` is the older form."""
    calls = message.get("tool_calls")
    functions = (
        [c.get("function") for c in calls if isinstance(c, Mapping)] if isinstance(calls, list) else []
    )
    for function in [*functions, message.get("function_call")]:
        if isinstance(function, Mapping):
            yield f"[called {function.get('name', 'a tool')} with {function.get('arguments', '')}]"


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
