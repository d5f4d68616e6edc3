"""What a streamAssistRequest asks, read strictly."""

from dataclasses import dataclass
from typing import Any

from gemini_pool.simulator import checks
from gemini_pool.simulator.refusal import invalid

AUTO = "auto"

MODELS = frozenset(
    {
        "gemini-2.5-flash",
        "gemini-2.5-pro",
        "gemini-3-flash-preview",
        "gemini-3.1-pro-preview",
        "gemini-3-pro-preview",
    }
)

_SPECS = ("webGroundingSpec", "imageGenerationSpec", "videoGenerationSpec", "vertexAiSearchSpec")
_MAKING = {"imageGenerationSpec", "videoGenerationSpec"}
_CHECKED = ("session", "query", "filter", "fileIds", "answerGenerationMode", "toolsSpec", "languageCode")
_REST = ("userMetadata", "assistSkippingMode", "assistGenerationConfig")
_PUBLIC_SCHEMA = ("isSessionLess", "agentsSpec", "actionSpec", "generationSpec", "dataStoreSpecs")
_MEMBERS = frozenset({*_CHECKED, *_REST, *_PUBLIC_SCHEMA})


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt for a session; `model` is "auto" when none is named, and need not exist.

    `film` says that a file made for it is a film. Where pictures are allowed too it is a picture. `makes`
    that nothing but making one is allowed.
    """

    session: str
    prompt: str
    model: str
    file_ids: tuple[str, ...]
    film: bool
    makes: bool


def read_question(body: dict[str, Any]) -> Question:
    """The question in a streamAssistRequest. Refusal 400 for any deviation from the protocol."""
    checks.known_only(body, _MEMBERS, "streamAssistRequest")
    checks.constant(body, "answerGenerationMode", "NORMAL")
    checks.constant(body, "assistSkippingMode", "REQUEST_ASSIST")
    checks.optional(body, "filter", "")
    checks.optional(body, "languageCode", "")
    tools = checks.required(body, "toolsSpec", dict)
    _check_tools(tools)
    _check_user(checks.optional(body, "userMetadata", {}))
    session, prompt, files = checks.required(body, "session", str), _prompt(body), _file_ids(body)
    if not prompt and not files:
        raise invalid("The query is empty.")
    allowed = {name for name in _SPECS if name in tools}
    film = allowed & _MAKING == {"videoGenerationSpec"}
    makes = bool(allowed) and allowed <= _MAKING
    return Question(session, prompt, model_of(body), files, film, makes)


def model_of(body: dict[str, Any]) -> str:
    """The model a streamAssistRequest names; "auto" without one."""
    config: dict[str, Any] = checks.optional(body, "assistGenerationConfig", {})
    checks.known_only(config, {"modelId"}, "assistGenerationConfig")
    return checks.optional(config, "modelId", "") or AUTO


def _file_ids(body: dict[str, Any]) -> tuple[str, ...]:
    ids: list[Any] = checks.optional(body, "fileIds", [])
    return tuple(checks.typed(one, str, "fileIds") for one in ids)


def _prompt(body: dict[str, Any]) -> str:
    query = checks.required(body, "query", dict)
    checks.known_only(query, {"parts"}, "query")
    parts = checks.required(query, "parts", list)
    if not parts:
        raise invalid('Invalid value at "query.parts": it is empty.')
    return "".join(_part_text(checks.typed(part, dict, "query.parts")) for part in parts)


def _part_text(part: dict[str, Any]) -> str:
    checks.known_only(part, {"text"}, "query.parts")
    return checks.required(part, "text", str)


def _check_tools(tools: dict[str, Any]) -> None:
    checks.known_only(tools, {*_SPECS, "toolRegistry"}, "toolsSpec")
    for name in _SPECS:
        checks.optional(tools, name, {})
    if "toolRegistry" in tools:
        checks.constant(tools, "toolRegistry", "default_tool_registry")


def _check_user(metadata: dict[str, Any]) -> None:
    checks.known_only(metadata, {"timeZone", "preferredLanguageCode"}, "userMetadata")
    checks.optional(metadata, "timeZone", "")
    checks.optional(metadata, "preferredLanguageCode", "")
