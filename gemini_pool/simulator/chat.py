"""The three methods of the chat API: create a session, upload a file into it, stream an answer."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gemini_pool.simulator import checks
from gemini_pool.simulator.answer import compose
from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.file_types import is_supported
from gemini_pool.simulator.files import FILM, PICTURE
from gemini_pool.simulator.framing import stream_writes
from gemini_pool.simulator.performance import Performance, error_only, perform
from gemini_pool.simulator.question import AUTO, MODELS, Question, read_question
from gemini_pool.simulator.refusal import invalid, unknown_model
from gemini_pool.simulator.script import Script, json_reply
from gemini_pool.simulator.sessions import Session, Turn
from gemini_pool.simulator.world import World


@dataclass(frozen=True, slots=True)
class Ask:
    """A method call whose token and envelope were found good; `body` is the `<method>Request` object."""

    world: World
    account: SimAccount
    behaviour: Behaviour
    body: dict[str, Any]
    gzip_offered: bool


def create_session(ask: Ask) -> Script:
    """widgetCreateSession: the name asked for does not matter, the service gives its own."""
    checks.known_only(ask.body, {"session"}, "createSessionRequest")
    wanted = checks.required(ask.body, "session", dict)
    checks.known_only(wanted, {"name", "displayName"}, "session")
    checks.optional(wanted, "name", "")
    display_name = checks.optional(wanted, "displayName", "")
    session = ask.world.book.create(ask.account)
    return json_reply({"session": {"name": session.short_name, "displayName": display_name}})


def add_context_file(ask: Ask) -> Script:
    """widgetAddContextFile: base64 in, the id of a file of that session out."""
    checks.known_only(ask.body, {"name", "fileName", "mimeType", "fileContents"}, "addContextFileRequest")
    name, file_name, mime_type, contents = (
        checks.required(ask.body, member, str) for member in ("name", "fileName", "mimeType", "fileContents")
    )
    if not is_supported(mime_type):
        raise invalid(f"Unsupported file type: {mime_type}")
    content = _decoded(contents)
    session = ask.world.book.find(name, ask.account)
    file = session.add_file(file_name, mime_type, content, ask.world.clock())
    told = {"session": session.short_name, "fileId": file.id, "tokenCount": str(file.tokens)}
    return json_reply({"addContextFileResponse": told})


def stream_assist(ask: Ask) -> Script:
    """widgetStreamAssist: one JSON array, bit by bit."""
    question = read_question(ask.body)
    session = ask.world.book.find(question.session, ask.account)
    turn = Turn(question.prompt, question.model, question.file_ids)
    number = session.hear(turn)
    ask.world.log.hear(ask.account.name, question.prompt)
    performance = _performance(ask, session, turn, number, question)
    return Script(
        status=200,
        writes=stream_writes(performance, ask.behaviour, gzip=ask.behaviour.gzip and ask.gzip_offered),
        ending=performance.ending,
        fault=ask.behaviour.stream,
        release=_occupy(ask.world, session),
    )


def _performance(ask: Ask, session: Session, turn: Turn, number: int, question: Question) -> Performance:
    if turn.model != AUTO and turn.model not in MODELS:
        return error_only(unknown_model(turn.model))
    behaviour, now = ask.behaviour, ask.world.clock()
    kind = FILM if question.film else PICTURE
    count = int(question.makes) if behaviour.files is None else behaviour.files
    made = [session.make_file(kind, behaviour.file_bytes, now) for _ in range(count)]
    return perform(compose(session, turn, number, behaviour, made), behaviour, turn.model)


def _occupy(world: World, session: Session) -> Callable[[], None]:
    """Mark the session as answering; what is returned ends that."""
    if session.streaming:
        world.log.overlapped()
    session.streaming += 1

    def leave() -> None:
        session.streaming -= 1

    return leave


def _decoded(contents: str) -> bytes:
    try:
        return base64.b64decode(contents, validate=True)
    except binascii.Error as error:
        raise invalid('Invalid value at "fileContents": it is not base64.') from error
