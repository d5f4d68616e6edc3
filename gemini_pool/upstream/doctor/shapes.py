"""The shape of JSON: which members it has, and what form their values have."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from typing import Any

from gemini_pool.upstream.doctor.scrubbing import form, plain_name

# Members whose value may be anybody's word. In all others a word in capitals is an enumeration's.
_SPOKEN = re.compile(
    r"(?:code|content|data|description|hash|id|key|message|name|output|query|secret|snippet|subject|text|thought"
    r"|title|token|user)s?$",
    re.IGNORECASE,
)
_SIZED = re.compile(r"(\w+)\(([0-9]+)\)")


class Shapes:
    """Gathers the key paths of values, `answer.replies[].text`, with the forms seen at the end of each."""

    def __init__(self) -> None:
        self._forms: dict[str, set[str]] = defaultdict(set)

    def add(self, value: Any) -> None:
        for path, told in _leaves(value):
            self._forms[path].add(told)

    @property
    def paths(self) -> dict[str, list[str]]:
        """Key path -> forms, `text(1)` and `text(9)` as `text(1..9)`; {} and [] are empty ones."""
        return {path: _gathered(forms) for path, forms in sorted(self._forms.items())}

    def unknown(self, documented: Set[str]) -> list[str]:
        """The members that are not documented, without what is below them."""
        known = {*documented, *(start for path in documented for start in _starts(path))}
        return sorted({one for path in self._forms for one in _first_unknown(path, known)})

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Which of these members are nowhere; lists are passed through, as in `answer.replies.text`."""
        seen = {start for path in self._forms for start in _starts(path)}
        return [one for one in wanted if one not in seen]


def _leaves(value: Any) -> Iterator[tuple[str, str]]:
    """Key path and form of everything that holds nothing else. Without recursion, however deep it goes."""
    waiting: list[tuple[str, str, Any]] = [("", "", value)]
    while waiting:
        path, key, held = waiting.pop()
        if isinstance(held, dict) and held:
            start = f"{path}." if path else ""
            waiting += [(start + plain_name(one), one, inner) for one, inner in held.items()]
        elif isinstance(held, list) and held:
            waiting += [(f"{path}[]", key, inner) for inner in held]
        else:
            yield path, _form(held, enum=not _SPOKEN.search(key))


def _form(value: Any, *, enum: bool) -> str:
    if isinstance(value, str):
        return form(value, enum=enum)
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "null" if value is None else str(value)  # an empty object or list


def _gathered(forms: Iterable[str]) -> list[str]:
    sizes: dict[str, list[int]] = defaultdict(list)
    plain = []
    for told in forms:
        if sized := _SIZED.fullmatch(told):
            sizes[sized[1]].append(int(sized[2]))
        else:
            plain.append(told)
    return sorted([*plain, *(_ranged(kind, of) for kind, of in sizes.items())])


def _ranged(kind: str, sizes: list[int]) -> str:
    least, most = min(sizes), max(sizes)
    return f"{kind}({least})" if least == most else f"{kind}({least}..{most})"


def _starts(path: str) -> list[str]:
    """A path and all above it, without the marks of lists."""
    parts = path.replace("[]", "").split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _first_unknown(path: str, known: Set[str]) -> Iterator[str]:
    for start in _starts(path):
        if f"{start}.*" in known:
            return
        if start and start not in known:
            yield start
            return
