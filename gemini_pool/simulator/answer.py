"""What a healthy account says: the text, and the elements that carry it."""

import base64
import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.elements import Stationery, Style, grounding_reply, reply
from gemini_pool.simulator.files import PICTURE, MadeFile
from gemini_pool.simulator.sessions import Session, Turn

WORDS_PER_DELTA = 3

FILLER = (
    "the", "pool", "answers", '"in', 'quotes"', "with", "{braces}", "and", "[brackets],", "naïve", "café",
    "日本語", "🙂", "👩‍🚀", "```py\nx = {}\n```", "back\\slash", "tab\there", "then", "goes", "on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The elements of a whole answer, in the order they are sent; each is composed when it is asked for."""

    stationery: Stationery
    opening: Iterator[bytes]  # empty elements and thoughts
    body: Iterator[bytes]  # text, pictures, files
    size: int  # how many the body has
    closing: list[bytes]  # grounding, and the SUCCEEDED element


def compose(
    session: Session, turn: Turn, number: int, behaviour: Behaviour, made: Sequence[MadeFile]
) -> Answer:
    """The healthy answer to turn `number` of the session, for which these files were made."""
    style = Style(behaviour.session_info == "every", behaviour.unknown_members)
    stationery = Stationery(session.full_name, f"{session.id}{number:04d}", style)
    text = _text(session, turn, number, behaviour)
    deltas = _number_of_deltas(text, behaviour.deltas)
    media = [*_pictures(stationery, behaviour), *_files(stationery, made)]
    return Answer(
        stationery,
        itertools.chain(stationery.empties(behaviour.empty_elements), _thoughts(stationery, behaviour)),
        itertools.chain(stationery.texts(_cut(text, deltas)), media),
        deltas + len(media),
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
    return f"{text} {_filler(behaviour.words)}" if behaviour.words else text


@functools.lru_cache(maxsize=16)
def _filler(words: int) -> str:
    return " ".join(itertools.islice(itertools.cycle(FILLER), words))


def _thoughts(stationery: Stationery, behaviour: Behaviour) -> Iterator[bytes]:
    thoughts = (f"**Weighing It**\n\nThought {number}. " for number in range(1, behaviour.thoughts + 1))
    return stationery.texts(thoughts, "reply" if behaviour.reply_thought else "content")


def _number_of_deltas(text: str, wanted: int | None) -> int:
    """As many as wanted, or one for every few words; but none is empty."""
    return min(wanted or 1 + text.count(" ") // WORDS_PER_DELTA, len(text))


def _cut(text: str, count: int) -> Iterator[str]:
    """The text in this many pieces of nearly equal length."""
    start = 0
    for number in range(1, count + 1):
        end = len(text) * number // count
        yield text[start:end]
        start = end


def _pictures(stationery: Stationery, behaviour: Behaviour) -> Iterator[bytes]:
    size = behaviour.inline_image_bytes
    if size:
        data = base64.b64encode(PICTURE.smallest[:size].ljust(size, b"\0")).decode()
        yield stationery.replies(reply({"inlineData": {"mimeType": PICTURE.mime_type, "data": data}}))


def _files(stationery: Stationery, made: Iterable[MadeFile]) -> Iterator[bytes]:
    for one in made:
        file = {"fileId": one.id, "mimeType": one.mime_type, "name": one.name}
        yield stationery.replies(reply({"role": "model", "file": file}))


def _grounding(stationery: Stationery, text: str, behaviour: Behaviour) -> Iterator[bytes]:
    if behaviour.citations:
        end = len(text.encode())
        yield stationery.replies(grounding_reply(end, "First source", "https://example.com/one"))
        yield stationery.replies(grounding_reply(end, "Second source", "https://example.com/two?a=1&b=2"))
