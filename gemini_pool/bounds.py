"""The bounds a caller sets: stop sequences and a most number of tokens.

The service knows neither, so the answer is cut here as it passes. Text that might be the beginning of a
stop sequence is held back until it is clear, and not a character longer.
"""

from collections.abc import Iterable, Iterator

from gemini_pool.dialogue import Event, Finished, FinishReason, MadeFile, TextDelta
from gemini_pool.weights import TOKEN, weight


def bounded(events: Iterable[Event], stop: tuple[str, ...], max_tokens: int | None) -> Iterable[Event]:
    """The events up to the first bound; a last `Finished` says which it was."""
    if stop:
        events = _until_stop(events, stop)
    return events if max_tokens is None else _until_full(events, max_tokens)


def _until_stop(events: Iterable[Event], stop: tuple[str, ...]) -> Iterator[Event]:
    held = ""
    for event in events:
        if not isinstance(event, TextDelta):
            # What follows in sight ends all doubt; thoughts and sources stand beside the text.
            if held and isinstance(event, Finished | MadeFile):
                yield TextDelta(held)
                held = ""
            yield event
            continue
        text = held + event.text
        found = [at for at in map(text.find, stop) if at >= 0]
        if found:
            if text[: min(found)]:
                yield TextDelta(text[: min(found)])
            yield Finished(FinishReason.STOP_SEQUENCE)
            return
        clear = len(text) - _possible(text, stop)
        held = text[clear:]
        if clear:
            yield TextDelta(text[:clear])
    if held:
        yield TextDelta(held)


def _possible(text: str, stop: tuple[str, ...]) -> int:
    """Length of the longest end of `text` that a stop sequence could begin with."""
    longest = min(len(text), max(map(len, stop)) - 1)
    return next((n for n in range(longest, 0, -1) if any(s.startswith(text[-n:]) for s in stop)), 0)


def _until_full(events: Iterable[Event], max_tokens: int) -> Iterator[Event]:
    room = max_tokens * TOKEN
    for event in events:
        if isinstance(event, TextDelta):
            cost = weight(event.text)
            if cost > room:
                text = _fitting(event.text, room)
                if text:
                    yield TextDelta(text)
                yield Finished(FinishReason.LENGTH)
                return
            room -= cost
        yield event


def _fitting(text: str, room: int) -> str:
    """The longest beginning of `text` that weighs no more than `room`."""
    used = 0
    for at, character in enumerate(text):
        used += weight(character)
        if used > room:
            return text[:at]
    return text
