"""What a healthy account says: the text, and the elements that carry it."""

import base64
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.elements import Stationery, Style, grounding_reply, reply
from gemini_pool.simulator.sessions import Session, Turn, new_id

WORDS_PER_DELTA = 3

FILLER = (
    "the", "pool", "answers", '"in', 'quotes"', "with", "{braces}", "and", "[brackets],", "naïve", "café",
    "日本語", "🙂", "👩‍🚀", "```py\nx = {}\n```", "back\\slash", "tab\there", "then", "goes", "on",
)  # fmt: skip

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """The elements of a whole answer, in the order they are sent."""

    stationery: Stationery
    opening: list[bytes]  # empty elements and thoughts
    body: list[bytes]  # text, pictures, files
    closing: list[bytes]  # grounding, and the SUCCEEDED element


def compose(session: Session, turn: Turn, number: int, behaviour: Behaviour) -> Answer:
    """The healthy answer to turn `number` of the session."""
    style = Style(behaviour.session_info == "every", behaviour.unknown_members)
    stationery = Stationery(session.full_name, f"{session.id}{number:04d}", style)
    text = _text(session, turn, number, behaviour)
    return Answer(
        stationery,
        [*stationery.empties(behaviour.empty_elements), *_thoughts(stationery, behaviour)],
        [*stationery.texts(cut(text, behaviour.deltas)), *_media(stationery, behaviour)],
        [*_grounding(stationery, text, behaviour), final(stationery, behaviour)],
    )


def final(stationery: Stationery, behaviour: Behaviour) -> bytes:
    """The SUCCEEDED element."""
    return stationery.ending("SUCCEEDED", session_info=behaviour.session_info != "never")


def _text(session: Session, turn: Turn, number: int, behaviour: Behaviour) -> str:
    text = behaviour.text
    if text is None:
        count = len(turn.file_ids)
        files = f" ({count} file{'s' * (count > 1)})" if count else ""
        text = f"[{session.owner.name}/{session.id}/turn {number}/{turn.model}] {turn.prompt}{files}"
    filler = itertools.islice(itertools.cycle(FILLER), behaviour.words)
    return " ".join([text, *filler])


def _thoughts(stationery: Stationery, behaviour: Behaviour) -> list[bytes]:
    thoughts = (f"**Weighing It**\n\nThought {number}. " for number in range(1, behaviour.thoughts + 1))
    return stationery.texts(thoughts, "reply" if behaviour.reply_thought else "content")


def cut(text: str, deltas: int | None) -> list[str]:
    """The text in `deltas` pieces of nearly equal length (never empty ones), or in one per few words."""
    if not text:
        return []
    count = deltas or 1 + text.count(" ") // WORDS_PER_DELTA
    count = min(count, len(text))
    edges = [len(text) * number // count for number in range(count + 1)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


def _media(stationery: Stationery, behaviour: Behaviour) -> Iterator[bytes]:
    if behaviour.inline_image_bytes:
        picture = (_PNG + bytes(behaviour.inline_image_bytes))[: behaviour.inline_image_bytes]
        data = base64.b64encode(picture).decode()
        yield stationery.replies(reply({"inlineData": {"mimeType": "image/png", "data": data}}))
    for number in range(1, behaviour.files + 1):
        file = {"fileId": new_id(), "mimeType": "image/png", "name": f"generated_{number}.png"}
        yield stationery.replies(reply({"role": "model", "file": file}))


def _grounding(stationery: Stationery, text: str, behaviour: Behaviour) -> Iterator[bytes]:
    if behaviour.citations:
        end = len(text.encode())
        yield stationery.replies(grounding_reply(end, "First source", "https://example.com/one"))
        yield stationery.replies(grounding_reply(end, "Second source", "https://example.com/two?a=1&b=2"))
