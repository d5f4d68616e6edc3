"""Which calls of the journal are wanted, and how that is said in SQL."""

from dataclasses import dataclass
from typing import Any

NEWEST_FIRST = "ORDER BY at DESC, id DESC"
SEARCHED = ("request_id", "error", "error_message", "model", "key_name")

# Stands for the keys that have no id: those of the environment, and anybody where none is asked for.
ENVIRONMENT = 0

Moment = tuple[float, int]  # when a call was begun, and its id: no two have both in common


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Calls for which all of this holds; what is None or empty asks for nothing.

    `key_id` 0 stands for the keys of the environment. `outcome` is a word of pool.answer.Outcome. `text` is
    looked for in the request's id, the error and its message, and the names of model and key, whatever its
    case. `since` and `until` in epoch seconds; a call of the moment `until` is out. `before` and `horizon`
    are for the journal itself.
    """

    key_id: int | None = None
    account_id: int | None = None
    model: str = ""
    outcome: str = ""
    text: str = ""
    since: float | None = None
    until: float | None = None
    before: Moment | None = None
    horizon: Moment | None = None

    def in_sql(self) -> tuple[str, list[Any]]:
        """A condition, and the values for its question marks."""
        said: list[tuple[str, list[Any]]] = [
            ("key_id IS NULL", [] if self.key_id == ENVIRONMENT else [None]),
            ("key_id = ?", [self.key_id or None]),
            ("account_id = ?", [self.account_id]),
            ("model = ?", [self.model or None]),
            ("outcome = ?", [self.outcome or None]),
            ("at >= ?", [self.since]),
            ("at < ?", [self.until]),
            ("(at, id) < (?, ?)", [*(self.before or (None,))]),
            ("(at, id) >= (?, ?)", [*(self.horizon or (None,))]),
            (_holding_text(), [pattern(self.text) if self.text else None] * len(SEARCHED)),
        ]
        asked = [(condition, values) for condition, values in said if None not in values]
        where = " AND ".join(condition for condition, _ in asked)
        return where or "TRUE", [value for _, values in asked for value in values]


EVERY_CALL = CallFilter()


def pattern(text: str) -> str:
    """What LIKE finds a text by, anywhere, when its escape is a backslash."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"


def _holding_text() -> str:
    return "(" + " OR ".join(rf"{column} LIKE ? ESCAPE '\'" for column in SEARCHED) + ")"
