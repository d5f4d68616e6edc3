"""The OpenAI routes: chat completions and models."""

from flask import Blueprint, Response

from gemini_pool.dialects.chat import ChatDialect
from gemini_pool.dialogue import Model
from gemini_pool.web.answering import answer
from gemini_pool.web.cors import let_browsers_call
from gemini_pool.web.edge import reply_json
from gemini_pool.web.keys import callers_models, require_key
from gemini_pool.web.limits import keep_limits
from gemini_pool.web.origin import journal_refused

bp = Blueprint("openai", __name__, url_prefix="/v1")
bp.before_request(require_key)
bp.before_request(keep_limits)
bp.after_request(let_browsers_call)
bp.after_request(journal_refused)


@bp.post("/chat/completions")
def chat_completions() -> Response:
    """Answer a chat, whole or as a stream."""
    return answer(ChatDialect(), id_prefix="chatcmpl-")


@bp.get("/models")
def models() -> Response:
    """The models that can be asked for."""
    return reply_json({"object": "list", "data": [_shown(model) for model in callers_models().list()]})


@bp.get("/models/<path:name>")
def model(name: str) -> Response:
    """One model; 404 when it does not exist."""
    return reply_json(_shown(callers_models().resolve(name)))


def _shown(model: Model) -> dict[str, object]:
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": "google"}
