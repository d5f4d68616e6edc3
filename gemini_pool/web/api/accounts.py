"""Accounts: seen, added, changed, switched, renewed, deleted."""

import time
from typing import Literal

from flask import g
from pydantic import Field

from gemini_pool.errors import NotFound
from gemini_pool.store.profiles import Profile
from gemini_pool.web.api.account_shapes import AccountShown, Quota, quota_of, shown
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Done, Id, Shape
from gemini_pool.web.api.given_accounts import AccountChanges, GivenAccount, changes, new_account
from gemini_pool.wiring import services

bp = Desk("accounts", "/api/accounts")

MOST_IN_BULK = 5_000


class AccountsShown(Shape):
    """`current_index` is for clients that show whose turn it is; nobody's is, here."""

    accounts: list[AccountShown]
    current_index: int = 0


class AccountAnswer(Shape):
    account: AccountShown


class Added(Shape):
    success: bool = True
    id: int


class Toggled(Shape):
    success: bool = True
    available: bool


class QuotaAnswer(Shape):
    account_id: int
    quota: Quota


class EventShown(Shape):
    """One thing that happened to an account."""

    at: float
    what: str
    reason: str
    kind: str


class HistoryAnswer(Shape):
    history: list[EventShown]


class Bulk(Shape):
    """The same for several accounts at once."""

    action: Literal["enable", "disable", "delete"]
    ids: list[Id] = Field(min_length=1, max_length=MOST_IN_BULK)


class BulkDone(Shape):
    success: bool = True
    count: int


@bp.operation("GET")
def accounts() -> AccountsShown:
    """All accounts, with their state and what is known of their limits."""
    s, now = services(), time.time()
    today = s.tally.today()
    return AccountsShown(
        accounts=[shown(one, today.get(one.account.id, ()), s, now) for one in s.office.profiles.get()]
    )


@bp.operation("POST")
def add(body: GivenAccount) -> Added:
    """Add an account. There is one for each csesidx of a workspace."""
    s = services()
    account_id = s.accounts.add(new_account(body))
    wrote("account.added", f"account {account_id}")
    return Added(id=account_id)


@bp.operation("GET", "/<id:account_id>", errors=(404,))
def account(account_id: int) -> AccountAnswer:
    """An account."""
    s, profile = services(), known(account_id)
    return AccountAnswer(account=shown(profile, s.tally.today().get(account_id, ()), s))


@bp.operation("PUT", "/<id:account_id>", errors=(404,))
def edit(account_id: int, body: AccountChanges) -> Done:
    """Change an account. New cookies are a new sign-in: what was said of the old one is forgotten."""
    account_id = _meant(account_id, body)
    changed = services().accounts.edit(account_id, changes(body))
    if changed is None:
        raise no_account(account_id)
    if changed:
        services().sign_ins.settle(account_id)
        wrote("account.edited", f"account {account_id}", ", ".join(changed))
    return Done()


@bp.operation("DELETE", "/<id:account_id>", errors=(404,))
def delete(account_id: int) -> Done:
    """Delete an account. Its id is never used again."""
    if not services().accounts.delete([account_id]):
        raise no_account(account_id)
    wrote("account.deleted", f"account {account_id}")
    return Done()


@bp.operation("POST", "/<id:account_id>/toggle", errors=(404,))
def toggle(account_id: int) -> Toggled:
    """Switch an account off, or on again; on also ends its rests."""
    enabled = not known(account_id).account.enabled
    services().accounts.switch(account_id, enabled=enabled)
    wrote("account.enabled" if enabled else "account.disabled", f"account {account_id}")
    return Toggled(available=enabled)


@bp.operation("GET", "/<id:account_id>/quota", errors=(404,))
def quota(account_id: int) -> QuotaAnswer:
    """What is known of an account's limits."""
    s, now = services(), time.time()
    tallies = {one.kind: one for one in s.tally.today().get(account_id, ())}
    return QuotaAnswer(account_id=account_id, quota=quota_of(known(account_id).account, tallies, s, now))


@bp.operation("GET", "/<id:account_id>/history", errors=(404,))
def history(account_id: int) -> HistoryAnswer:
    """What happened to an account, the latest first; `at` in epoch seconds."""
    known(account_id)
    events = services().accounts.history(account_id)
    return HistoryAnswer(
        history=[
            EventShown(at=one.at, what=one.what.value, reason=one.reason, kind=one.kind or "")
            for one in events
        ]
    )


@bp.operation("POST", "/bulk")
def bulk(body: Bulk) -> BulkDone:
    """Switch several accounts on or off, or delete them."""
    ledger = services().accounts
    if body.action == "delete":
        count = ledger.delete(body.ids)
    else:
        count = ledger.switch_all(body.ids, enabled=body.action == "enable")
    wrote(f"accounts.{body.action}", f"{count} accounts", ", ".join(map(str, body.ids[:50])))
    return BulkDone(count=count)


def _meant(account_id: int, body: AccountChanges) -> int:
    """The account that a change is for; NotFound.

    Older programs bring cookies with ADMIN_KEY itself and count accounts by their place in a list of their
    own: whoever sends that and names a workspace means the account of that workspace, whatever the number.
    What might be another account's is refused, for the cookies of one would overwrite the other.
    """
    if g.admin.session_id is not None or not (body.config_id and body.secure_c_ses):
        return account_id
    there = [one.account for one in services().office.profiles.get()]
    theirs = [one for one in there if one.credentials.config_id == body.config_id]
    same = [one for one in theirs if one.credentials.csesidx == body.csesidx] or theirs
    if len(same) == 1:
        return same[0].id
    raise NotFound(
        f"There are {len(same)} accounts of the workspace {body.config_id} here, and nothing tells which "
        "one is meant. Nothing was changed."
    )


def known(account_id: int) -> Profile:
    """All that is kept of an account; NotFound."""
    profile = services().accounts.profile(account_id)
    if profile is None:
        raise no_account(account_id)
    return profile


def no_account(account_id: int) -> NotFound:
    return NotFound(f"There is no account {account_id}.")
