"""cURL commands as browsers copy them, quoted for bash or for Windows' cmd."""

import re
from collections.abc import Iterator

from gemini_pool.store.transfer.fields import cookies_in
from gemini_pool.store.transfer.found import UNCLOSED, Entry, Piece, Problem
from gemini_pool.store.transfer.traffic import Request, accounts_of

# One part of a word: quoted in one of bash's three ways, an escaped character, or plain.
PART = re.compile(r"\$'((?:[^'\\]|\\.)*)'|'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)|([^\s'\"\\]+)", re.DOTALL)
ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
HEADERS = {"-b": "cookie", "--cookie": "cookie", "-A": "user-agent", "--user-agent": "user-agent"} | {
    "-e": "referer",
    "--referer": "referer",
}
BODIES = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode")
# Further options with a value that is not looked at.
VALUED = ("-X", "--request", "-o", "--output", "-x", "--proxy", "-u", "--user", "-m", "--max-time")


def fits(piece: Piece) -> bool:
    return re.match(r"\s*curl(?:\.exe)?\s", piece.text) is not None


def read(piece: Piece) -> Iterator[Entry | Problem]:
    try:
        words = list(_words(_for_bash(piece.text)))
    except ValueError:
        yield Problem(piece.line, None, UNCLOSED)
        return
    yield from accounts_of(_requests(words, piece.line))


def _for_bash(text: str) -> str:
    """cmd's carets taken away, where it was written for cmd: there they stand before each quotation mark."""
    if '^"' not in text:
        return text
    text = re.sub(r"\^\r?\n", " ", text)
    return re.sub(r"\^(.)", r"\1", text, flags=re.DOTALL)


def _words(text: str) -> Iterator[str]:
    """The command's words; ValueError when a quotation mark is not closed."""
    at, word = 0, list[str]()
    while at < len(text):
        if text[at].isspace():
            if word:
                yield "".join(word)
            at, word = at + 1, []
            continue
        part = PART.match(text, at)
        if not part:
            raise ValueError("not closed")
        if part[4] != "\n":  # a line that goes on
            word.append(_unquoted(part))
        at = part.end()
    if word:
        yield "".join(word)


def _unquoted(part: re.Match[str]) -> str:
    ansi, single, double, escaped, plain = part.groups()
    if ansi is not None:
        return ESCAPED.sub(_character, ansi)
    if double is not None:
        return re.sub(r"\\([\"\\$`\n])", lambda found: found[1].strip("\n"), double)
    if escaped is not None:
        return escaped
    return single if single is not None else plain


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else CONTROLS.get(code, code)


def _requests(words: list[str], line: int) -> Iterator[Request]:
    url, body, headers = "", "", dict[str, str]()
    rest = iter([*words, "curl"])  # the next command ends the one before
    for word in rest:
        if word in ("curl", "curl.exe"):
            yield Request(line, url, headers, cookies_in(headers.get("cookie", "")), body)
            url, body, headers = "", "", {}
        elif word in ("-H", "--header"):
            name, _, value = next(rest, "").partition(":")
            headers[name.strip().lower()] = value.strip()
        elif word in HEADERS:
            headers[HEADERS[word]] = next(rest, "")
        elif word in BODIES:
            body = next(rest, "")
        elif word in VALUED:
            next(rest, "")
        elif word != "--url" and not word.startswith("-") and not url:
            url = word
