"""Accounts and all else in and out: what is pasted, and whole files."""

from dataclasses import replace
from typing import Annotated, Literal

import orjson
from flask import Response, request
from pydantic import Field

from gemini_pool.errors import BadRequest
from gemini_pool.store.transfer.everything import Done as Carried
from gemini_pool.store.transfer.everything import Intent
from gemini_pool.store.transfer.found import Problem
from gemini_pool.store.transfer.plan import Action, Step
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Id, Shape
from gemini_pool.web.edge import reply
from gemini_pool.wiring import Services, services

bp = Desk("transfer", "/api")

MOST_CHARACTERS = 15_000_000
# What other programs call the file.
FILE_NAME = "business_gemini_session.json"


class Pasted(Shape):
    """A text of any known form: an address with a Cookie header, cURL, HAR, JSON, settings, lines.

    `answers` decides the entries that ask: the entry's number to the account that it is, or 0 for a new one.
    """

    text: str = Field(max_length=MOST_CHARACTERS)
    answers: dict[Annotated[str, Field(pattern=r"^[0-9]{1,6}$")], Id] = Field(default_factory=dict)


class Entry(Shape):
    """What becomes of one account that was found: `action` is add, update, unchanged, ask or incomplete."""

    number: int
    where: str
    format: str
    name: str
    config_id: str
    csesidx: str
    action: str
    account_id: int | None
    changes: list[str]
    missing: list[str]
    mailbox_only: bool


class Preview(Shape):
    """Nothing of it is done yet."""

    entries: list[Entry]
    problems: list[str]
    added: int
    updated: int
    unchanged: int
    asking: int
    incomplete: int
    deleted: int


class Imported(Shape):
    """What was done. `backup` is the file that holds what was there before."""

    success: bool = True
    accounts_count: int
    added: int
    updated: int
    deleted: int
    models: int
    settings: int
    keys: int
    problems: list[str]
    backup: str


class Exporting(Shape):
    """`secrets` 1: with cookies in the clear."""

    secrets: Literal["0", "1"] = "0"


class Importing(Shape):
    """`replace` deletes the accounts that are not in the file; `force` 1 even when that are all."""

    mode: Literal["merge", "replace"] = "merge"
    force: Literal["0", "1"] = "0"


@bp.operation("POST", "/accounts/read")
def read(body: Pasted) -> Preview:
    """Tell what a pasted text holds, and what taking it over would do."""
    return preview_of(intent_of(body, services()))


@bp.operation("POST", "/accounts/import")
def take_over(body: Pasted) -> Imported:
    """Add and renew accounts from a pasted text."""
    return carried_out(intent_of(body, services()))


@bp.operation("GET", "/config/export")
def export(query: Exporting) -> Response:
    """Everything in one file; without `secrets=1` no cookie is in it."""
    secrets = query.secrets == "1"
    written = services().office.transfer.export(secrets=secrets)
    wrote("config.exported", detail="with cookies" if secrets else "without cookies")
    response = reply(orjson.dumps(written, option=orjson.OPT_INDENT_2))
    response.headers["content-disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


@bp.operation("POST", "/config/import/preview")
def preview(query: Importing) -> Preview:
    """Tell what taking over a file would do."""
    return preview_of(_intent(query))


@bp.operation("POST", "/config/import")
def import_config(query: Importing) -> Imported:
    """Take over a file: this program's own, or another's. A backup is made first."""
    return carried_out(_intent(query))


def intent_of(body: Pasted, s: Services) -> Intent:
    """What a pasted text would do, with what was decided."""
    intent = s.office.transfer.preview(body.text)
    plan = intent.accounts
    for number, account_id in body.answers.items():
        if int(number) >= len(plan.steps):
            raise BadRequest(f"There is no entry {number} in the text.", param="answers")
        plan = plan.answered(int(number), account_id or None)
    return replace(intent, accounts=plan)


def preview_of(intent: Intent) -> Preview:
    plan = intent.accounts
    return Preview(
        entries=[_entry(number, step) for number, step in enumerate(plan.steps)],
        problems=[str(problem) for problem in intent.problems],
        added=plan.count(Action.ADD),
        updated=plan.count(Action.UPDATE),
        unchanged=plan.count(Action.UNCHANGED),
        asking=plan.count(Action.ASK),
        incomplete=plan.count(Action.INCOMPLETE),
        deleted=len(plan.deleted),
    )


def carried_out(intent: Intent) -> Imported:
    s = services()
    done = s.office.transfer.carry_out(intent)
    wrote("accounts.imported", detail=_in_words(done))
    if done.settings:
        s.office.reload()
    return Imported(
        accounts_count=done.accounts.added + done.accounts.updated,
        added=done.accounts.added,
        updated=done.accounts.updated,
        deleted=done.accounts.deleted,
        models=done.models,
        settings=done.settings,
        keys=done.keys,
        problems=_told(intent.problems),
        backup=done.backup.name,
    )


def _intent(query: Importing) -> Intent:
    text = request.get_data(cache=False, as_text=True)
    if not text.strip():
        raise BadRequest("The file is empty. Send the file as the request's body.")
    transfer = services().office.transfer
    return transfer.preview(text, replacing=query.mode == "replace", force=query.force == "1")


def _entry(number: int, step: Step) -> Entry:
    found = step.found
    account = found.account
    return Entry(
        number=number,
        where=found.where,
        format=found.format,
        name=account.name or account.email,
        config_id=account.credentials.config_id,
        csesidx=account.credentials.csesidx,
        action=step.action.value,
        account_id=step.account_id,
        changes=list(step.changes),
        missing=list(found.missing),
        mailbox_only=found.mailbox_only,
    )


def _told(problems: tuple[Problem, ...]) -> list[str]:
    return [str(problem) for problem in problems]


def _in_words(done: Carried) -> str:
    accounts = done.accounts
    return f"{accounts.added} added, {accounts.updated} updated, {accounts.deleted} deleted"
