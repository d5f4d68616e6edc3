"""A transcript as the one text that the service takes.

The service has a field for the prompt and none for roles, system text or history. A single question goes
as it is; anything longer is written out with role markers, system text first, so that the model sees the
whole conversation.
"""

from collections.abc import Sequence

from gemini_pool.dialogue import Role, Turn

_SPEAKER = {Role.USER: "User", Role.ASSISTANT: "Assistant", Role.TOOL: "Tool"}


def as_text(turns: Sequence[Turn]) -> str:
    """The text to send for these turns."""
    system = [turn.text for turn in turns if turn.role is Role.SYSTEM and turn.text]
    said = [turn for turn in turns if turn.role is not Role.SYSTEM and (turn.text or turn.files)]
    if not system and len(said) == 1 and said[0].role is Role.USER:
        return said[0].text
    parts = ["System:\n" + "\n\n".join(system)] if system else []
    parts += [f"{_speaker(turn)}:\n{_told(turn)}" for turn in said]
    # An open marker at the end tells whose turn it is.
    return "\n\n".join([*parts, "Assistant:"])


def _told(turn: Turn) -> str:
    """A turn's text, and which of the files that go with the prompt belong to it."""
    names = ", ".join(file.name for file in turn.files)
    return "\n".join(filter(None, [turn.text, names and f"[with: {names}]"]))


def _speaker(turn: Turn) -> str:
    return f"{_SPEAKER[turn.role]} ({turn.name})" if turn.name else _SPEAKER[turn.role]
