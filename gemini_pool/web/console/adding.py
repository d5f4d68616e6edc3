"""Adding accounts from whatever was copied: first what is in it and what would be done, then doing it."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response

from gemini_pool.errors import BadRequest
from gemini_pool.store.transfer.everything import Intent
from gemini_pool.web.api import transfer
from gemini_pool.web.console.accounts import HERE
from gemini_pool.web.console.pasting import take_large_texts, text_of_form
from gemini_pool.web.console.reading_words import in_words, place
from gemini_pool.wiring import services

bp = Blueprint("adding", __name__)

LONGEST_NUMBER = 15
# What is called a field, where people find it.
FIELDS = {
    "secure_c_ses": _l("the cookie __Secure-C_SES"),
    "host_c_oses": _l("the cookie __Host-C_OSES"),
    "csesidx": _l("csesidx in the page's address"),
    "config_id": _l("the id after /cid/ in the page's address"),
    "user_agent": _l("the browser's name"),
    "name": _l("the name"),
    "email": _l("the e-mail address"),
    "note": _l("the note"),
    "external_id": _l("its id elsewhere"),
    "trial_end": _l("the end of the trial"),
    "expires_at": _l("when it expires"),
    "mailbox": _l("the mailbox"),
    "enabled": _l("whether it is switched on"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a text, and what the button would do. `places` are those of the entries, `names` the
    names of accounts by id; `asks` holds, of the entries that asked, which account each may be."""

    preview: transfer.Preview
    problems: tuple[str, ...]
    places: tuple[str, ...]
    names: dict[int, str]
    asks: dict[int, int | None]
    answers: dict[str, int]
    models: int
    settings: int

    @property
    def does_something(self) -> bool:
        return bool(self.preview.added or self.preview.updated or self.models or self.settings)

    @property
    def mailboxes(self) -> int:
        """How many entries are mailboxes alone, to sign in with."""
        return sum(one.mailbox_only for one in self.preview.entries)

    @property
    def summary(self) -> str:
        """3 accounts found: 2 new, 1 updates clara@…"""
        preview = self.preview
        if not preview.entries:
            return _("No account was found in this.")
        updated = [one for one in preview.entries if one.action == "update" and one.account_id]
        incomplete = preview.incomplete - self.mailboxes
        parts = [
            (preview.added, ngettext("%(num)s new", "%(num)s new", preview.added)),
            (preview.updated, self._updates(updated)),
            (preview.unchanged, ngettext("%(num)s as it is", "%(num)s as they are", preview.unchanged)),
            (preview.asking, ngettext("%(num)s to decide", "%(num)s to decide", preview.asking)),
            (self.mailboxes, ngettext("%(num)s mailbox", "%(num)s mailboxes", self.mailboxes)),
            (incomplete, ngettext("%(num)s incomplete", "%(num)s incomplete", incomplete)),
        ]
        head = ngettext("%(num)s account found: ", "%(num)s accounts found: ", len(preview.entries))
        return head + _(", ").join(text for count, text in parts if count)

    @property
    def verb(self) -> str:
        """What the button does: "Add 2, update 1"."""
        preview = self.preview
        parts = [
            (preview.added, ngettext("add %(num)s", "add %(num)s", preview.added)),
            (preview.updated, ngettext("update %(num)s", "update %(num)s", preview.updated)),
            (self.models, ngettext("take over %(num)s model", "take over %(num)s models", self.models)),
            (
                self.settings,
                ngettext("take over %(num)s setting", "take over %(num)s settings", self.settings),
            ),
        ]
        text = _(", ").join(text for count, text in parts if count)
        return text[:1].upper() + text[1:]

    def _updates(self, updated: list[transfer.Entry]) -> str:
        if len(updated) == 1:
            return _("1 updates %(name)s", name=self.names.get(updated[0].account_id or 0, ""))
        return ngettext("%(num)s is updated", "%(num)s are updated", len(updated))


@bp.url_value_preprocessor
def _large(endpoint: str | None, values: dict[str, object] | None) -> None:
    take_large_texts()


@bp.get("/accounts/add")
def page() -> str:
    """The empty box."""
    return _page("", None)


@bp.post("/accounts/add")
def add() -> Response | str | tuple[str, int]:
    """Tell what a text holds; with `sure`, do it."""
    try:
        text = text_of_form(*_from_fields(), most=transfer.MOST_CHARACTERS)
        asking, intent = _intents(text, answers := dict(_answers()))
    except BadRequest as error:
        return _page("", None, wrong=str(error)), 400
    found = _found(asking, intent, answers)
    if "sure" not in request.form or not found.does_something:
        return _page(text, found)
    done = transfer.carried_out(intent)
    flash(_told(done), "good")
    return redirect(HERE, 303)


def _page(text: str, found: Found | None, wrong: str = "") -> str:
    sealed = services().vault.seal(text) if found else ""
    return render_template("accounts_add.html", found=found, sealed=sealed, wrong=wrong, fields=FIELDS)


def _from_fields() -> Iterator[str]:
    """The page's address and its cookies, where each has a field of its own."""
    cookies = [
        f"{cookie}={value}"
        for cookie, name in (("__Secure-C_SES", "secure_c_ses"), ("__Host-C_OSES", "host_c_oses"))
        if (value := request.form.get(name, "").strip())
    ]
    if address := request.form.get("address", "").strip():
        yield address
    if cookies:
        yield f"Cookie: {'; '.join(cookies)}"


def _answers() -> Iterator[tuple[str, int]]:
    """What was decided of entries that ask: `answer-3` is an account's id, or 0 for a new one."""
    for name, value in request.form.items():
        number = name.removeprefix("answer-")
        if number != name and value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER:
            yield number, int(value)


def _intents(text: str, answers: dict[str, int]) -> tuple[Intent, Intent]:
    """What the text would do with nothing decided, and with what was."""
    s = services()
    asking = transfer.intent_of(transfer.Pasted(text=text), s)
    decided = transfer.intent_of(transfer.Pasted(text=text, answers=answers), s) if answers else asking
    return asking, decided


def _found(asking: Intent, intent: Intent, answers: dict[str, int]) -> Found:
    entries = transfer.preview_of(asking).entries
    return Found(
        preview=transfer.preview_of(intent),
        problems=tuple(map(in_words, intent.problems)),
        places=tuple(place(step.found.line, step.found.entry) for step in intent.accounts.steps),
        names={one.account.id: one.account.name for one in services().office.profiles.get()},
        asks={one.number: one.account_id for one in entries if one.action == "ask"},
        answers=answers,
        models=len(intent.models),
        settings=len(intent.settings),
    )


def _told(done: transfer.Imported) -> str:
    parts = [
        ngettext("%(num)s account was added", "%(num)s accounts were added", done.added),
        ngettext("%(num)s was updated", "%(num)s were updated", done.updated),
    ]
    text = _(", ").join(part for part, count in zip(parts, (done.added, done.updated), strict=True) if count)
    return _("%(what)s. What was there before lies in %(backup)s.", what=text, backup=done.backup)
