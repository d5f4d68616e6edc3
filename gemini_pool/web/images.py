"""OpenAI's picture routes: from words, from pictures and words, and variations of a picture."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, g, request

from gemini_pool.dialects.base import JSON, Models
from gemini_pool.dialects.images import (
    MOST_GIVEN,
    Drawing,
    read_edit,
    read_generation,
    read_variation,
    write_pictures,
)
from gemini_pool.dialogue import Attachment, MadeFile, Prompt
from gemini_pool.errors import BadRequest, EmptyAnswer, LimitReached, Overloaded, PoolError, TooLarge
from gemini_pool.web.answering import Ticket, watched
from gemini_pool.web.cors import let_browsers_call
from gemini_pool.web.edge import read_json, reply
from gemini_pool.web.forms import FORM, heard_out, read_form
from gemini_pool.web.keys import callers_models, require_key
from gemini_pool.web.limits import keep_limits, take_slot
from gemini_pool.web.links import link_to
from gemini_pool.web.origin import Origin, journal_refused, origin
from gemini_pool.wiring import Services, services

log = logging.getLogger(__name__)

bp = Blueprint("images", __name__, url_prefix="/v1/images")
bp.before_request(require_key)
bp.before_request(keep_limits)
bp.after_request(let_browsers_call)
bp.after_request(journal_refused)

# What a form of sixteen pictures holds, and a mask, and every field that OpenAI has, and some more.
MOST_PARTS = 50
# `image`, and as clients name the fields of several: `image[]`, `image[0]`, `images`.
PICTURE_FIELD = re.compile(r"images?(\[\d*\])?")
NO_FILES: Mapping[str, Attachment] = MappingProxyType({})


@bp.post("/generations")
def generations() -> Response:
    """Draw what words say."""
    s = services()
    return _answered(read_generation(read_json(), callers_models()), s)


@bp.post("/edits")
def edits() -> Response:
    """Draw anew what pictures show, as words say."""
    return _from_pictures(read_edit)


@bp.post("/variations")
def variations() -> Response:
    """Draw something like a picture."""
    return _from_pictures(read_variation)


def _from_pictures(read: Callable[[JSON, Models], Drawing]) -> Response:
    """The answer to a request that brings pictures, in a form or by name."""
    s = services()
    if request.mimetype != FORM:
        return _answered(read(read_json(), callers_models()), s)
    with ExitStack() as stack:
        body, came = _form(s, stack)
        return _answered(read(body, callers_models()), s, came)


def _form(s: Services, stack: ExitStack) -> tuple[JSON, Mapping[str, Attachment]]:
    """The form as JSON that says the same, and its files by the ids that stand for them there. Those are
    gone when the stack is closed."""
    with ExitStack() as meanwhile, heard_out():
        _places(s, 1, meanwhile)
        try:
            form = read_form(s.depot, stack, most_files=MOST_GIVEN + 1, most_parts=MOST_PARTS)
        except TooLarge as error:
            raise TooLarge(str(error), param="image") from None
    named = [(file.field, {"file_id": file.incoming.id}) for file in form.files]
    body: dict[str, Any] = dict(form.fields)
    if pictures := [one for field, one in named if PICTURE_FIELD.fullmatch(field)]:
        body["image"] = pictures
    body |= {field: one for field, one in named if field == "mask"}
    return body, {file.incoming.id: file.attachment for file in form.files}


def _answered(drawing: Drawing, s: Services, came: Mapping[str, Attachment] = NO_FILES) -> Response:
    """All pictures at one time, as far as there are places; `came` are files of the request, by id.

    Whoever asked for several gets those that were made. Only where that is none it is an error.
    """
    with ExitStack() as stack:
        places = _places(s, drawing.count, stack)
        prompt = _prompt(drawing, s, came, stack)
        check = watched(s, stack)
        easel = _Easel(s, origin(), drawing, prompt, check)
        with ThreadPoolExecutor(places, thread_name_prefix="picture") as threads:
            results = list(threads.map(easel.draw, range(drawing.count)))
        check()
    drawn = [result for result in results if not isinstance(result, PoolError)]
    if not drawn:
        raise next(result for result in results if isinstance(result, PoolError))
    # An answer may hold several: the first of each, then what can stand in for those that failed.
    pictures = [picture for picture in chain.from_iterable(zip_longest(*drawn)) if picture]
    body = write_pictures(drawing, int(time.time()), pictures[: drawing.count], partial(link_to, request, s))
    return reply(body)


def _places(s: Services, wanted: int, stack: ExitStack) -> int:
    """Take up to so many places until the stack is closed, at least one: how many. Overloaded.

    The key's slot for the first is held already.
    """
    s.admission.enter()
    stack.callback(s.admission.leave)
    taken = 1
    with suppress(Overloaded, LimitReached):
        while taken < wanted:
            take_slot(s, stack)
            s.admission.enter()
            stack.callback(s.admission.leave)
            taken += 1
    return taken


def _prompt(drawing: Drawing, s: Services, came: Mapping[str, Attachment], stack: ExitStack) -> Prompt:
    """What is asked with its pictures, which are there until the stack is closed."""
    call = drawing.call
    gathered = s.gather(call.prompt.turns, call.files, g.key.scope, came)
    stack.callback(gathered.close)
    for file in gathered.turns[0].files:
        if not file.mime_type.startswith("image/"):
            raise BadRequest(f"`{file.name}` is no picture but {file.mime_type}.", param="image")
    return replace(call.prompt, turns=gathered.turns)


@dataclass(frozen=True, slots=True)
class _Easel:
    """What all pictures of one request share."""

    services: Services
    origin: Origin
    drawing: Drawing
    prompt: Prompt
    check: Callable[[], None]

    def draw(self, _: int) -> list[MadeFile] | PoolError:
        """The pictures of one answer, or why there are none; in the journal it is a call of its own."""
        try:
            with Ticket(self.services, self.origin, self.drawing.call) as ticket:
                return self._answer(ticket)
        except PoolError as error:
            log.info("request %s: a picture was not made: %s", self.origin.request_id, error)
            return error

    def _answer(self, ticket: Ticket) -> list[MadeFile]:
        self.check()  # a picture that waited for its place is not begun for somebody who has gone
        pictures = []
        with closing(ticket.ask(self.prompt, self.check)) as answer:
            for event in answer:
                ticket.meter.add(event)
                if isinstance(event, MadeFile) and event.folder == "image":
                    pictures.append(event)
        if not pictures:
            raise EmptyAnswer("The service made a film and no picture. Change the prompt.")
        return pictures
