"""Naming an account's mailbox: its form, saved, tried without saving, and forgotten.

Secrets that were typed for a test go with its answer, sealed, and need not be typed again to be saved.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, request
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from gemini_pool.errors import StoreError
from gemini_pool.signin.mailbox import PROVIDERS, Field
from gemini_pool.web.api import accounts as api
from gemini_pool.web.api import mailboxes
from gemini_pool.web.api.described import filled
from gemini_pool.web.api.given_accounts import AccountChanges
from gemini_pool.web.console import mailbox_form, mailbox_words
from gemini_pool.web.console.account import Asked, account_page
from gemini_pool.web.console.accounts import HERE
from gemini_pool.wiring import services

bp = Blueprint("mailbox", __name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form of an account's mailbox holds. `typed` has its fields, the secrets of an earlier answer
    among them; `changes` is what it asks for, and `mailbox` how that would be."""

    kind: str
    typed: dict[str, str]
    changes: dict[str, str]
    mailbox: dict[str, str]


@bp.post("/accounts/<id:account_id>/mailbox")
def save(account_id: int) -> Response | tuple[str, int]:
    """Keep what the form says, all of it or nothing."""
    sent = _sent(account_id)
    if wrong := mailbox_form.faults(sent.mailbox, sent.kind):
        return account_page(account_id, wrong=wrong, mailbox=_asked(sent)), 400
    api.edit(account_id, filled(AccountChanges, {"mailbox": sent.changes}))
    flash(_("The mailbox is saved."), "good")
    return redirect(f"{HERE}/{account_id}#mailbox", 303)


@bp.post("/accounts/<id:account_id>/mailbox/test")
def test(account_id: int) -> str | tuple[str, int]:
    """Read the mailbox with what the form holds, and save nothing."""
    sent = _sent(account_id)
    if wrong := mailbox_form.faults(sent.mailbox, sent.kind):
        return account_page(account_id, wrong=wrong, mailbox=_asked(sent)), 400
    read = mailboxes.test(mailboxes.Fields(mailbox=sent.mailbox))
    told = mailbox_words.tried(read, sent.mailbox)
    return account_page(account_id, mailbox=_asked(sent, (read.success, told)))


@bp.post("/accounts/<id:account_id>/mailbox/forget")
def forget(account_id: int) -> Response:
    """Forget all of it."""
    held = api.known(account_id).given.mailbox
    api.edit(account_id, filled(AccountChanges, {"mailbox": dict.fromkeys(held, "")}))
    flash(_("The mailbox is forgotten. Nobody but you can sign this account in now."), "good")
    return redirect(f"{HERE}/{account_id}#mailbox", 303)


def _sent(account_id: int) -> Sent:
    held = api.known(account_id).given.mailbox
    kind = request.form.get(mailbox_form.KIND, "")
    kind = kind if kind in PROVIDERS else next(iter(PROVIDERS))
    typed = _unsealed(request.form.get("sealed", "")) | _fields(kind)
    forgotten = frozenset(name.removesuffix("-forget") for name in request.form if name.endswith("-forget"))
    changes = mailbox_form.wanted(held, kind, typed, forgotten)
    mailbox = {name: value for name, value in {**held, **changes}.items() if value}
    return Sent(kind, typed, changes, mailbox)


def _fields(kind: str) -> dict[str, str]:
    """What was typed; of secrets only those that were."""
    given = {field: request.form.get(field.name) for field in PROVIDERS[kind].fields}
    return {
        field.name: text.strip() for field, text in given.items() if text is not None and _counts(field, text)
    }


def _counts(field: Field, text: str) -> bool:
    return bool(text.strip()) or not field.secret


def _asked(sent: Sent, tried: tuple[bool, Markup] | None = None) -> Asked:
    """What the page shows of the form again."""
    secrets = {field.name for field in PROVIDERS[sent.kind].fields if field.secret}
    typed = {name: text for name, text in sent.typed.items() if name in secrets}
    return Asked(sent.kind, sent.typed, services().vault.seal(json.dumps(typed)) if typed else "", tried)


def _unsealed(sealed: str) -> dict[str, str]:
    """The secrets of an earlier answer; none where they cannot be read any more."""
    try:
        held: Mapping[str, str] = json.loads(services().vault.open(sealed) or "{}")
    except StoreError:
        return {}
    return dict(held)
