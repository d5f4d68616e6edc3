"""Which model answers, for a key whose owner leaves that to us.

Off unless the operator switches it on for a key. Then a model is replaced by the better one that the
catalogue names for it, and a request that names none gets the one that answered when this key last named
one. The caller is told in a header, the operator in the log.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from flask import g

from gemini_pool.dialects.base import Call
from gemini_pool.dialogue import Model
from gemini_pool.errors import UnknownModel
from gemini_pool.store.keys import Key
from gemini_pool.web.keys import KeyModels
from gemini_pool.wiring import Services

log = logging.getLogger(__name__)

HEADER = "x-gemini-pool-model"
REASON_HEADER = "x-gemini-pool-model-reason"


def preferred(call: Call, key: Key, s: Services) -> tuple[Call, Mapping[str, str]]:
    """The call as it is answered, and the headers that tell of the change; none when there is none."""
    if not key.upgrade or key.id is None:
        return call, {}
    model, models = call.prompt.model, KeyModels(key, s)
    known = model if call.named else _remembered(s.preferences.of(key.id), models) or model
    better = models.better(known)
    if better.id == model.id:
        return call, {}
    reason = f"upgraded from {known.id}" if better.id != known.id else "last answered this key"
    log.info("request %s: %s answers instead of %s, %s", g.request_id, better.id, model.id, reason)
    changed = replace(call, prompt=replace(call.prompt, model=better))
    return changed, {HEADER: better.id, REASON_HEADER: reason}


def keep_preference(call: Call, key: Key, s: Services) -> None:
    """This model has answered this key; one that it did not name says nothing of what it prefers."""
    if key.upgrade and key.id is not None and call.named:
        s.preferences.keep(key.id, call.prompt.model.id)


def _remembered(name: str | None, models: KeyModels) -> Model | None:
    try:
        return models.resolve(name) if name else None
    except UnknownModel:  # it has been switched off since, or this key may use it no more
        return None
