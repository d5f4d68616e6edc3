"""Accounts as the operator handles them: added, changed, switched, deleted; alone and many at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gemini_pool.errors import BadRequest
from gemini_pool.readers import Seat
from gemini_pool.roster import Credentials
from gemini_pool.store.account_rows import (
    FRESH,
    AccountRow,
    CooldownRow,
    DeletedRow,
    columns_of,
    profile_of,
)
from gemini_pool.store.history import Chapter, Event, What
from gemini_pool.store.ledger import Ledger, given_by
from gemini_pool.store.profiles import SIGN_IN, Changes, NewAccount, Profile, check, differing
from gemini_pool.store.push_queue import QueueRow
from gemini_pool.store.transfer.found import FoundAccount
from gemini_pool.store.transfer.plan import Action, Plan


@dataclass(frozen=True, slots=True)
class Applied:
    """How many accounts a plan added, changed and deleted; `skipped` are steps that had become impossible."""

    added: int
    updated: int
    deleted: int
    skipped: int


class Accounts(Ledger):
    """The ledger, and what the console does with it. All writes of a call are one transaction."""

    def profile(self, account_id: int) -> Profile | None:
        """All that is kept of an account."""
        with self._store.reading():
            row = self._row(account_id)
            return profile_of(row, self._cooled(account_id), self._vault) if row else None

    def profiles(self) -> list[Profile]:
        """The same of all accounts, by id."""
        with self._store.reading():
            return [profile_of(row, cooled, self._vault) for row, cooled in self._rows()]

    def history(self, account_id: int, limit: int = 50) -> list[Event]:
        """What happened to an account, the latest first."""
        return self._history.of(account_id, limit)

    def add(self, account: NewAccount) -> int:
        """The new account's id. BadRequest: a field is wrong, or there is an account of this sign-in."""
        check(account)
        with self._changing() as chapter:
            self._be_the_only_one(account)
            return self._add(account, chapter)

    def edit(self, account_id: int, changes: Changes) -> tuple[str, ...] | None:
        """The names of the fields that changed; None when there is no such account. BadRequest as in `add`.

        With another sign-in the account begins anew: nothing that was said of the old one holds.
        """
        with self._changing() as chapter:
            row = self._row(account_id)
            return None if row is None else self._edit(row, changes, chapter)

    def delete(self, account_ids: Iterable[int]) -> int:
        """How many there were. What the environment gives of them does not come back at the next start."""
        with self._changing() as chapter:
            return sum(self._delete(account_id, chapter) for account_id in account_ids)

    def switch(self, account_id: int, *, enabled: bool, reason: str = "") -> bool:
        """Switch an account on or off; on also ends its rests. False when there is no such account."""
        return self.switch_all([account_id], enabled=enabled, reason=reason) > 0

    def switch_all(self, account_ids: Iterable[int], *, enabled: bool, reason: str = "") -> int:
        """The same for several; how many there were."""
        with self._changing() as chapter:
            return sum(self._switch(one, chapter, enabled=enabled, reason=reason) for one in account_ids)

    def put(self, seats: Sequence[Seat]) -> tuple[int, int]:
        """Add seats, or give new cookies to those that are there: how many were added, and how many renewed.

        New cookies wipe away what was said of the old ones, but not the limits the account has met.
        """
        renewed = 0
        with self._changing() as chapter:
            for seat in seats:
                account_id = self._seated(seat)
                if account_id is None:
                    self._add(given_by(seat), chapter, origin=seat.origin)
                    continue
                columns = columns_of(given_by(seat), self._vault)
                fresh = {name: columns[name] for name in (*SIGN_IN, "user_agent", "expires_at")}
                self._update(account_id, fresh | FRESH | {"cookies_at": self._clock()})
                chapter.note(account_id, What.NEW_COOKIES)
                renewed += 1
        return len(seats) - renewed, renewed

    def signed_in(
        self, account_id: int, credentials: Credentials, *, expires_at: float | None, trial_end: str = ""
    ) -> bool:
        """Keep what a new sign-in of the same account gave. False when it is gone, or another one by now.

        As in `put` the limits stay: the service counts them whatever the cookies are.
        """
        with self._changing() as chapter:
            row = self._row(account_id)
            if row is None or row.config_id != credentials.config_id:
                return False
            given = profile_of(row, [], self._vault).given
            given = replace(
                given,
                credentials=replace(credentials, user_agent=credentials.user_agent or row.user_agent),
                expires_at=expires_at,
                trial_end=trial_end or row.trial_end,
            )
            check(given)
            self._be_the_only_one(given, but=account_id)
            self._update(account_id, columns_of(given, self._vault) | FRESH | {"cookies_at": self._clock()})
            chapter.note(account_id, What.NEW_COOKIES)
        return True

    def apply(self, plan: Plan) -> Applied:
        """Do what a plan says, all or nothing. What needs an answer or more cookies is left out."""
        added = updated = skipped = 0
        with self._changing() as chapter:
            for step in plan.steps:
                if step.action is Action.ADD:
                    new = self._take_over(step.found, chapter)
                    added, skipped = added + new, skipped + (not new)
                elif step.action is Action.UPDATE:
                    row = self._row(step.account_id or 0)
                    changed = row is not None and self._edit(row, step.wanted, chapter) is not None
                    updated, skipped = updated + changed, skipped + (not changed)
            deleted = sum(self._delete(account_id, chapter) for account_id in plan.deleted)
        return Applied(added, updated, deleted, skipped)

    # Below, the caller is within a transaction

    def _add(self, account: NewAccount, chapter: Chapter, origin: str | None = None) -> int:
        name = account.name or account.email or account.external_id
        account_id = self._insert(replace(account, name=name), origin)
        if not name:
            self._update(account_id, {"name": f"account {account_id}"})
        chapter.note(account_id, What.ADDED)
        return account_id

    def _take_over(self, found: FoundAccount, chapter: Chapter) -> bool:
        """Add a found account, switched off if the text says so. False when its sign-in is there by now."""
        if self._same_sign_in(found.account) is not None:
            return False
        account_id = self._add(found.account, chapter)
        if found.enabled is False:
            self._switch(account_id, chapter, enabled=False, reason=found.disabled_reason)
        return True

    def _edit(self, row: AccountRow, changes: Changes, chapter: Chapter) -> tuple[str, ...]:
        held = profile_of(row, [], self._vault).given
        wanted = changes.onto(held)
        names = differing(held, wanted)
        if not names:
            return ()
        check(wanted)
        if SIGN_IN & set(names):
            self._be_the_only_one(wanted, but=row.id)
            self._begin_anew(row.id)
            if "expires_at" not in names:  # it was that of the old cookies
                wanted = replace(wanted, expires_at=None)
            chapter.note(row.id, What.NEW_COOKIES)
        elif edited := [name for name in names if name != "enabled"]:
            chapter.note(row.id, What.EDITED, ", ".join(edited))
        self._update(row.id, columns_of(wanted, self._vault))
        if "enabled" in names:
            self._switch(row.id, chapter, enabled=wanted.enabled)
        return names

    def _begin_anew(self, account_id: int) -> None:
        self._update(account_id, FRESH | {"cookies_at": self._clock()})
        CooldownRow.delete().where(CooldownRow.account_id == account_id).execute(self._db)

    def _switch(self, account_id: int, chapter: Chapter, *, enabled: bool, reason: str = "") -> bool:
        there = self._update(account_id, {"enabled": enabled} | (FRESH if enabled else {}))
        if there:
            chapter.note(account_id, What.ENABLED if enabled else What.DISABLED, reason)
            if enabled:
                CooldownRow.delete().where(CooldownRow.account_id == account_id).execute(self._db)
        return there

    def _delete(self, account_id: int, chapter: Chapter) -> bool:
        row = self._row(account_id)
        if row is None:
            return False
        for origin in {row.origin, f"{row.config_id}/{row.csesidx}"} - {None}:
            DeletedRow.replace(origin=origin, account_id=account_id, at=self._clock()).execute(self._db)
        for kept in (CooldownRow, QueueRow):
            kept.delete().where(kept.account_id == account_id).execute(self._db)
        AccountRow.delete().where(AccountRow.id == account_id).execute(self._db)
        chapter.close(account_id)
        return True

    def _update(self, account_id: int, columns: dict[str, object]) -> bool:
        return bool(AccountRow.update(columns).where(AccountRow.id == account_id).execute(self._db))

    def _seated(self, seat: Seat) -> int | None:
        """The account that a seat is."""
        ids = AccountRow.select(AccountRow.id)
        named = ids.where(AccountRow.origin == seat.origin).tuples().execute(self._db)
        return named[0][0] if len(named) else self._same_sign_in(given_by(seat))

    def _same_sign_in(self, account: NewAccount) -> int | None:
        credentials = account.credentials
        same = (AccountRow.config_id == credentials.config_id) & (AccountRow.csesidx == credentials.csesidx)
        rows = AccountRow.select(AccountRow.id).where(same).tuples().execute(self._db)
        return rows[0][0] if len(rows) else None

    def _be_the_only_one(self, account: NewAccount, but: int | None = None) -> None:
        there = self._same_sign_in(account)
        if there not in (None, but):
            raise BadRequest(
                f"Account {there} has this csesidx and config_id: give that one the new cookies.",
                param="csesidx",
                code="account_exists",
            )
