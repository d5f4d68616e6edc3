"""Accounts out of mailboxes: first which mailboxes a text holds, then signing in with each of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, make_response, redirect, render_template
from flask import request as asked
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from gemini_pool.errors import BadRequest
from gemini_pool.signin.mailbox import PROVIDERS
from gemini_pool.store.transfer.found import FoundAccount
from gemini_pool.store.transfer.mailboxes import JOINT, MICROSOFT, PARTS
from gemini_pool.store.transfer.reading import read_pasted
from gemini_pool.web.api import refreshing
from gemini_pool.web.console import mailbox_words, works
from gemini_pool.web.console.faults import sentence
from gemini_pool.web.console.mailbox_form import kind_of
from gemini_pool.web.console.pasting import take_large_texts, text_of_form
from gemini_pool.web.console.reading_words import in_words, place
from gemini_pool.wiring import services

bp = Blueprint("enrolling", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A mailbox as the preview shows it. `account` is the account of the same address, if there is one;
    `lacks` are the labels of fields without which it cannot be read."""

    address: str
    kind: str
    where: str
    account: str
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a text holds; `others` counts the accounts in it that are no mailboxes."""

    lines: tuple[Line, ...]
    problems: tuple[str, ...]
    others: int

    @property
    def summary(self) -> str:
        """3 mailboxes found: 2 × IMAP, 1 × DuckMail"""
        if not self.lines:
            return _("No mailbox was found in this.")
        head = ngettext("%(num)s mailbox found: ", "%(num)s mailboxes found: ", len(self.lines))
        kinds = Counter(line.kind for line in self.lines)
        return head + _(", ").join(f"{count} × {kind}" for kind, count in kinds.most_common())


@bp.url_value_preprocessor
def _large(endpoint: str | None, values: dict[str, object] | None) -> None:
    take_large_texts()


@bp.get("/accounts/enrol")
def page() -> str:
    """The empty box."""
    return _page("", None)


@bp.post("/accounts/enrol")
def enrol() -> Response:
    """Tell which mailboxes a text holds; with `sure`, have them signed in with."""
    try:
        text = text_of_form(most=refreshing.MOST_CHARACTERS)
        found = _found(text)
        if "sure" not in asked.form or not found.lines:
            return make_response(_page(text, found))
        begun = refreshing.enrol(refreshing.Mailboxes(text=text))
    except BadRequest as error:
        return make_response(_page("", None, wrong=sentence(error)), 400)
    return redirect(f"{works.HERE}/{begun.work_id}", 303)


def _page(text: str, found: Found | None, wrong: str = "") -> str:
    s = services()
    sealed = s.vault.seal(text) if found else ""
    return render_template(
        "accounts_enrol.html",
        found=found,
        sealed=sealed,
        wrong=wrong,
        forms=_forms(),
        elsewhere=s.settings.sync_only,
    )


def _forms() -> list[tuple[str, str]]:
    """How the line of each kind looks: the kind, and the parts by their labels."""
    lines = {kind: (kind, *_labels(kind, parts)) for kind, parts in PARTS.items()}
    lines["microsoft"] = _labels("microsoft", MICROSOFT)
    return [(mailbox_words.title(kind), JOINT.join(line)) for kind, line in lines.items()]


def _labels(kind: str, parts: Sequence[str]) -> tuple[str, ...]:
    words = {field.name: _(field.word) for field in PROVIDERS[kind].fields}
    return tuple(words.get(part, part) for part in parts)


def _found(text: str) -> Found:
    reading = read_pasted(text)
    mailboxes = refreshing.enrollable(reading)
    names = {one.given.email.lower(): one.account.name for one in services().office.profiles.get()}
    return Found(
        lines=tuple(_line(one, names) for one in mailboxes),
        problems=tuple(map(in_words, reading.problems)),
        others=len(reading.found) - len(mailboxes),
    )


def _line(found: FoundAccount, names: Mapping[str, str]) -> Line:
    account = found.account
    kind = kind_of(account.mailbox)
    fields = PROVIDERS[kind].fields if kind else ()
    return Line(
        address=account.email,
        kind=mailbox_words.title(kind) or _("a kind that is not known here"),
        where=place(found.line, found.entry),
        account=names.get(account.email.lower(), ""),
        lacks=tuple(_(one.word) for one in fields if one.needed and not account.mailbox.get(one.name)),
    )
