"""How findings are shown, and what is to be done about them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat, zip_longest
from textwrap import fill, wrap

from gemini_pool.errors import (
    AccountForbidden,
    Busy,
    CredentialsRejected,
    QuotaExhausted,
    Unreachable,
    UpstreamError,
)
from gemini_pool.upstream.doctor.findings import Diagnosis, Fact, Finding
from gemini_pool.upstream.doctor.keys import CLOCK

# A line holds a mark, what was looked at, what is expected and what was seen: 98 characters.
WIDTHS = (18, 30, 46)
MARKS = {
    Diagnosis.AS_EXPECTED: " ",
    Diagnosis.DIFFERENT: "≠",
    Diagnosis.FAILED: "✗",
    Diagnosis.NOT_REACHED: "–",
}
ADVICE: dict[type[UpstreamError], str] = {
    CredentialsRejected: "Sign in with the browser again and give the account its new cookies with "
    "`accounts put`. A csesidx or config_id that is another account's looks the same.",
    AccountForbidden: "The service refuses the account: look at it in the browser.",
    QuotaExhausted: "The account has met a limit: try again later, or with another one (`--account`).",
    Busy: "The service has trouble of its own: try again in some minutes.",
    Unreachable: "The service was not reached, or fell silent: look at this machine's network and at PROXY, "
    "GEMINI_AUTH_URL and GEMINI_API_URL.",
}
TELL = "Please tell the project what is different: `--report FILE` writes it down without secrets."
SET_CLOCK = "This machine's clock is wrong, or the service's. Set it: tokens are good for five minutes only."
LINE = 100


def heading() -> str:
    return _line(" ", ("looked at", "expected", "seen"))


def table(finding: Finding) -> Iterator[str]:
    """The lines of one step, none longer than LINE."""
    yield f"\n{finding.step}: {finding.diagnosis.value}, {finding.milliseconds} ms"
    for fact in finding.facts:
        yield from _rows(fact)


def advice(findings: Sequence[Finding]) -> Iterator[str]:
    """What to do about it, in lines no longer than LINE."""
    return (fill(line, LINE) for line in _advice(findings))


def _advice(findings: Sequence[Finding]) -> Iterator[str]:
    failed = [finding for finding in findings if finding.diagnosis is Diagnosis.FAILED]
    different = [
        (finding.step, fact.name)
        for finding in findings
        for fact in finding.facts
        if fact.diagnosis is Diagnosis.DIFFERENT
    ]
    if failed:
        yield f"{len(failed)} of {len(findings)} steps failed, the first of them: {failed[0].step}."
        yield from filter(None, [ADVICE.get(failed[0].cause or UpstreamError)])
    elif different:
        names = ", ".join(f"{name} ({step})" for step, name in different)
        yield f"All steps succeeded, though not all is as expected: {names}."
    else:
        yield "All is as expected: there is nothing to do."
    if any(name == CLOCK for _, name in different):
        yield SET_CLOCK
    if failed or different:
        yield TELL


def _rows(fact: Fact) -> Iterator[str]:
    cells = (fact.name, fact.expected, fact.seen)
    wrapped = (wrap(cell, width) for cell, width in zip(cells, WIDTHS, strict=True))
    marks = chain(MARKS[fact.diagnosis], repeat(" "))
    for row in zip_longest(*wrapped, fillvalue=""):
        yield _line(next(marks), row)


def _line(mark: str, cells: Iterable[str]) -> str:
    columns = (f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
    return f"{mark} {' '.join(columns)}".rstrip()
