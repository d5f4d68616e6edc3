"""What may be told of what the service sent: forms instead of contents.

Two nets hold a secret back. The first lets through only what has the form of a name, a word or a number
that means the same for everybody; the second (`Veil`) takes out what is known to be the account's own,
wherever it stands.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

LONGEST = 2000  # of longer strings only the length is told
VEILED = "•••"
# Shorter ones could be anything; up to the second length they are taken for secrets as whole words alone.
SHORTEST_SECRET, SHORTEST_IN_WORDS = 4, 8

_URL = re.compile(r"https?://[^\s\"'<>()\[\]{}]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s\"'<>()=:;,/]+@[\w-]+(?:\.[\w-]+)+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9_.~+/-]+")
_DIGITS = re.compile(r"[0-9]{5,}")
_ENUM = re.compile(r"[A-Z]{2,20}(?:_[A-Z]{1,20}|_[0-9]{1,2}){0,6}")
_NAME = re.compile(r"[@_A-Za-z][A-Za-z0-9_@-]{0,63}")
_HOST = re.compile(r"[a-z0-9.:-]{1,253}")
_STEP = re.compile(r"[A-Za-z_-]{1,32}[0-9]?")  # of an address's path

_COLLECTIONS = frozenset(
    ("projects", "locations", "collections", "engines", "sessions", "assistAnswers", "queries", "files")
)
_SESSION = re.compile(r"(projects/[0-9]+/locations/[^/]+/)?collections/[^/]+/engines/[^/]+/sessions/([^/]+)")
_PLACES = _COLLECTIONS | {"global", "default_collection", "agentspace-engine", "v1alpha", "-", ""}

# What a whole string can be, most telling first.
_FORMS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"[0-9]+"), lambda text: f"digits({len(text)})"),
    (_UUID, lambda _: "uuid"),
    (
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.:+Z-]{0,20}"),
        lambda _: "timestamp",
    ),
    (re.compile(r"[0-9]+(?:\.[0-9]+)?s"), lambda _: "duration"),
    (_URL, lambda text: f"url({_host(text)})"),
    (_EMAIL, lambda _: "email"),
    (re.compile(r"(?:image|video|audio|text|application)/[a-z0-9.+-]{1,40}"), str),
    (re.compile(r"type\.googleapis\.com/[A-Za-z.]{1,60}"), str),
)


class Veil:
    """Takes what is known to be secret out of anything that is to be shown."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: set[str] = set()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """These are secret too."""
        self._secrets.update(one for one in secrets if len(one) >= SHORTEST_SECRET)
        known = sorted(self._secrets, key=len, reverse=True)
        self._known = re.compile("|".join(map(_anywhere, known)) or r"(?!)", re.IGNORECASE)

    def over(self, value: Any) -> Any:
        """The same text, or JSON value, without them."""
        if isinstance(value, str):
            return self._known.sub(VEILED, value)
        if isinstance(value, dict):
            return {self.over(key): self.over(one) for key, one in value.items()}
        return [self.over(one) for one in value] if isinstance(value, list | tuple) else value


def form(text: str, *, enum: bool = False) -> str:
    """What a string is: `digits(19)`, `uuid`, `text(12)`, `opaque(43)`, `timestamp`, `url(host)`, …

    Media types and the known parts of resource names are told as they are, and so are upper-case words
    where they are an enumeration's (`enum`) and not somebody's.
    """
    if len(text) > LONGEST:
        return f"text({len(text)})"
    for pattern, told in _FORMS:
        if pattern.fullmatch(text):
            return told(text)
    if enum and _ENUM.fullmatch(text):
        return text
    if not _COLLECTIONS.isdisjoint(text.split("/")[:-1]):
        return "/".join(part if part in _PLACES else form(part) for part in text.split("/"))
    kind = "opaque" if not any(map(str.isspace, text)) and is_opaque(text) else "text"
    return f"{kind}({len(text)})"


def plain_name(text: str) -> str:
    """A member's, header's or cookie's name; its form in angle brackets where it is no name but a value."""
    is_name = _NAME.fullmatch(text) and not (_DIGITS.search(text) or is_opaque(text) or _EMAIL.search(text))
    return text if is_name else f"<{form(text)}>"


def sentence(text: str, veil: Veil) -> str:
    """A message in the service's own words, with whatever is no word replaced by what it is.

    The veil comes first: it would not know a secret of which a part has been replaced.
    """
    if len(text) > LONGEST:
        return f"text({len(text)})"
    text = " ".join("".join(one if one.isprintable() else " " for one in veil.over(text)).split())
    text = _URL.sub(lambda found: address(found[0]), text)
    text = _UUID.sub("uuid", _EMAIL.sub("email", unquote(text)))
    return _WORD.sub(lambda found: _word(found[0]), text)


def address(url: str) -> str:
    """Host and path of an address; that there is a query, and not what is in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "no address"
    path = "/".join(
        part if part in _PLACES or (_STEP.fullmatch(part) and not is_opaque(part)) else form(part)
        for part in parts.path.split("/")
    )
    return (_host(url) if parts.netloc else "") + path + ("?…" if parts.query else "")


def session_form(name: str) -> str:
    """Which of its two names a session is given, and the form of its id."""
    if not (found := _SESSION.fullmatch(name)):
        return form(name)
    return f"{'full' if found[1] else 'short'} name, {form(found[2])}"


def is_opaque(word: str) -> bool:
    """Whether a word is of the kind that keys, tokens and cookies are made of."""
    parts = re.split(r"[^A-Za-z0-9]", word)
    mixed = any(len(part) >= 8 and not (part.isalpha() or part.isdigit()) for part in parts)
    long = any(len(part) >= 40 for part in parts)
    return mixed or long or (len(word) >= 24 and sum(map(str.isdigit, word)) >= 6)


def _anywhere(secret: str) -> str:
    escaped = re.escape(secret)
    return escaped if len(secret) >= SHORTEST_IN_WORDS else rf"(?<!\w){escaped}(?!\w)"


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return host if _HOST.fullmatch(host) else "no host"


def _word(word: str) -> str:
    if not _COLLECTIONS.isdisjoint(word.split("/")[:-1]):
        return form(word)
    bare = word.rstrip(".")
    told = f"opaque({len(bare)})" if is_opaque(bare) else _DIGITS.sub(lambda m: f"digits({len(m[0])})", bare)
    return told + word[len(bare) :]
