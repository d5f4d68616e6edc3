"""Accounts and their state on disk."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gemini_pool.errors import CredentialsRejected, StoreError
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.slots import Slots
from gemini_pool.readers import Seat
from gemini_pool.roster import Account, Credentials, QuotaKind, Standing, Verdict
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault
from gemini_pool.store.tally import Tally


def seat(name: str, *, cookie: str = "") -> Seat:
    credentials = Credentials(
        secure_c_ses=cookie or f"CSE.{name}-secret",
        csesidx="123456",
        config_id=f"config-{name}",
        host_c_oses=f"COS.{name}-secret",
        user_agent="Mozilla/5.0",
    )
    return Seat(name, name, credentials, expires_at=2_000_000_000.5)


def change(path: Path, statement: str, *values: object) -> None:
    """What the operator does to the database by other means."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement, values)
    connection.execute("UPDATE revision SET number = number + 1")
    connection.close()


@pytest.fixture
def accounts(store: Store, vault: Vault) -> Accounts:
    return Accounts(store, vault)


@pytest.fixture
def amber(accounts: Accounts) -> Account:
    accounts.add_missing([seat("amber")])
    return accounts.accounts()[0]


def test_an_account_comes_back_as_it_was_given(accounts: Accounts) -> None:
    assert accounts.add_missing([seat("amber"), seat("bruno")]) == 2
    amber, bruno = accounts.accounts()
    assert (amber.id, amber.name, bruno.id, bruno.name) == (1, "amber", 2, "bruno")
    assert amber.credentials == seat("amber").credentials
    assert amber.expires_at == 2_000_000_000.5
    assert (amber.enabled, amber.standing, amber.reason) == (True, Standing.GOOD, "")
    assert (amber.cooldowns, amber.resting_until, amber.strikes, amber.firm) == ({}, 0.0, 0, frozenset())


def test_no_cookie_can_be_read_in_the_files(accounts: Accounts, amber: Account, path: Path) -> None:
    fresh = Credentials("CSE.amber-renewed", "123456", "config-amber", "COS.amber-renewed")
    accounts.renew(amber.id, fresh)
    files = list(path.parent.glob(f"{path.name}*"))
    assert f"{path.name}-wal" in {file.name for file in files}
    on_disk = b"".join(file.read_bytes() for file in files)
    assert b"config-amber" in on_disk  # it is the right file
    for secret in (b"CSE.amber", b"COS.amber", b"amber-secret", b"amber-renewed"):
        assert secret not in on_disk


def test_adding_again_adds_nothing_and_overwrites_no_edit(
    accounts: Accounts, amber: Account, path: Path
) -> None:
    change(path, "UPDATE accounts SET name = 'renamed', enabled = 0 WHERE id = ?", amber.id)
    accounts.renew(amber.id, Credentials("CSE.edited", "123456", "config-amber"))
    assert accounts.add_missing([seat("amber", cookie="CSE.environment")]) == 0
    (kept,) = accounts.accounts()
    assert (kept.name, kept.enabled, kept.credentials.secure_c_ses) == ("renamed", False, "CSE.edited")


def test_only_what_is_missing_is_added(accounts: Accounts, amber: Account) -> None:
    assert accounts.add_missing([seat("amber"), seat("bruno")]) == 1
    assert [account.name for account in accounts.accounts()] == ["amber", "bruno"]


def test_two_seats_of_one_origin_are_one_account(accounts: Accounts) -> None:
    accounts.add_missing([seat("amber"), seat("amber", cookie="CSE.other")])
    assert len(accounts.accounts()) == 1


def test_eight_processes_that_add_the_same_seat_add_it_once(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.readers import Seat
from gemini_pool.roster import Credentials
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault
from gemini_pool.store.tally import Tally
accounts = Accounts(Store(Path(sys.argv[1])), Vault(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
accounts.add_missing([Seat(n, n, Credentials("CSE", "1", n), None) for n in ("amber", "bruno")])
"""
    key = Fernet.generate_key().decode()
    processes = [elsewhere(code, path, key) for _ in range(8)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 8
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=30)[1] for process in processes] == [""] * 8
    found = Accounts(store, Vault(key)).accounts()
    assert [(account.id, account.name) for account in found] == [(1, "amber"), (2, "bruno")]


def test_the_id_of_a_deleted_account_is_never_used_again(accounts: Accounts, path: Path) -> None:
    accounts.add_missing([seat("amber"), seat("bruno")])
    change(path, "DELETE FROM accounts")
    accounts.add_missing([seat("clara")])
    assert [account.id for account in accounts.accounts()] == [3]


@pytest.mark.parametrize("standing", [Standing.NEEDS_SIGN_IN, Standing.FORBIDDEN])
def test_a_standing_survives_reopening(
    accounts: Accounts, amber: Account, path: Path, vault: Vault, standing: Standing
) -> None:
    accounts.record(amber, Verdict("signed out", standing=standing))
    (kept,) = Accounts(Store(path), vault).accounts()
    assert (kept.standing, kept.reason) == (standing, "signed out")


def test_cool_downs_survive_reopening_each_kind_for_itself(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    accounts.record(amber, Verdict("429", kind=QuotaKind.IMAGES, until=500.5))
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=600.0))
    accounts.record(amber, Verdict("429 again", kind=QuotaKind.IMAGES, until=700.0))
    (kept,) = Accounts(Store(path), vault).accounts()
    assert kept.cooldowns == {QuotaKind.IMAGES: 700.0, QuotaKind.TEXT: 600.0}
    assert kept.reason == "429 again"
    assert (kept.standing, kept.resting_until) == (Standing.GOOD, 0.0)


def test_an_open_breaker_survives_reopening(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    accounts.record(amber, Verdict("503", until=800.0))
    (kept,) = Accounts(Store(path), vault).accounts()
    assert (kept.resting_until, kept.cooldowns) == (800.0, {})


def test_what_is_on_disk_is_what_the_pool_concluded(accounts: Accounts, amber: Account) -> None:
    for verdict in (
        Verdict("429", kind=QuotaKind.VIDEOS, until=500.0),
        Verdict("503", until=800.0),
        Verdict("503 again", until=900.0, strikes=4),
        Verdict("told", kind=QuotaKind.TEXT, until=700.0, firm=True),
        Verdict("guessed, shorter", kind=QuotaKind.TEXT, until=600.0),
        Verdict("told, equal", kind=QuotaKind.VIDEOS, until=500.0, firm=True),
        Verdict("guessed, longer", kind=QuotaKind.TEXT, until=800.0),
        Verdict("noted"),
        Verdict("", strikes=0),
        Verdict("signed out", standing=Standing.NEEDS_SIGN_IN),
    ):
        amber = amber.after(verdict)
        accounts.record(amber, verdict)
        assert accounts.accounts() == [amber]


def test_strikes_and_told_ends_survive_reopening(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    accounts.record(amber, Verdict("503", until=800.0, strikes=5))
    accounts.record(amber, Verdict("429", kind=QuotaKind.IMAGES, until=500.5, firm=True))
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=600.0))
    (kept,) = Accounts(Store(path), vault).accounts()
    assert (kept.strikes, kept.firm) == (5, {QuotaKind.IMAGES})


def test_a_recovery_ends_the_rest_and_leaves_cool_downs(accounts: Accounts, amber: Account) -> None:
    accounts.record(amber, Verdict("429", kind=QuotaKind.IMAGES, until=500.5, firm=True))
    accounts.record(amber, Verdict("503", until=800.0, strikes=5))
    accounts.record(amber, Verdict("", strikes=0))
    (kept,) = accounts.accounts()
    assert (kept.strikes, kept.resting_until, kept.reason) == (0, 0.0, "")
    assert (kept.cooldowns, kept.firm) == ({QuotaKind.IMAGES: 500.5}, {QuotaKind.IMAGES})


def test_a_verdict_is_applied_to_what_other_processes_wrote_meanwhile(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    Accounts(Store(path), vault).record(amber, Verdict("503", until=800.0, strikes=5))
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=600.0))
    (kept,) = accounts.accounts()
    assert (kept.strikes, kept.resting_until, kept.cooldowns) == (5, 800.0, {QuotaKind.TEXT: 600.0})


def test_a_verdict_touches_its_own_account_alone(accounts: Accounts) -> None:
    accounts.add_missing([seat("amber"), seat("bruno")])
    before, stranger = accounts.accounts()
    accounts.record(stranger, Verdict("503", standing=Standing.FORBIDDEN, until=800.0))
    accounts.record(stranger, Verdict("429", kind=QuotaKind.TEXT, until=800.0, strikes=3))
    assert accounts.accounts()[0] == before


def test_a_verdict_on_a_deleted_account_is_no_error(accounts: Accounts, amber: Account, path: Path) -> None:
    change(path, "DELETE FROM accounts")
    accounts.record(amber, Verdict("503", until=800.0))
    accounts.renew(amber.id, amber.credentials)
    assert accounts.accounts() == []


def test_renewed_cookies_are_kept_and_prove_that_the_account_is_signed_in(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    accounts.record(amber, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    accounts.renew(amber.id, Credentials("CSE.fresh", "123456", "config-amber", "COS.fresh"))
    (kept,) = Accounts(Store(path), vault).accounts()
    assert (kept.credentials.secure_c_ses, kept.credentials.host_c_oses) == ("CSE.fresh", "COS.fresh")
    assert kept.credentials.user_agent == "Mozilla/5.0"
    assert kept.standing is Standing.GOOD


def test_a_limit_met_with_cookies_that_were_renewed_since_is_kept_all_the_same(
    accounts: Accounts, amber: Account
) -> None:
    accounts.renew(amber.id, Credentials("CSE.fresh", "123456", "config-amber"))
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=600.0))
    assert accounts.accounts()[0].cooldowns == {QuotaKind.TEXT: 600.0}


def test_cookies_are_renewed_for_their_own_account_alone(accounts: Accounts) -> None:
    accounts.add_missing([seat("amber"), seat("bruno")])
    before = accounts.accounts()[0]
    accounts.renew(2, Credentials("CSE.fresh", "123456", "config-bruno", "COS.fresh"))
    assert accounts.accounts()[0] == before


def test_a_verdict_is_news_to_another_process_within_a_second(
    accounts: Accounts,
    amber: Account,
    path: Path,
    vault: Vault,
    within,  # type: ignore[no-untyped-def]
) -> None:
    other = Accounts(Store(path), vault)
    accounts.record(amber, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    assert within(1.0, other.changed)
    assert other.accounts()[0].standing is Standing.NEEDS_SIGN_IN


def test_the_wrong_encryption_key_is_told_with_what_to_do(
    accounts: Accounts, amber: Account, store: Store
) -> None:
    other = Accounts(store, Vault(Fernet.generate_key().decode()))
    with pytest.raises(StoreError, match="Put the old key back"):
        other.accounts()


def test_dead_cookies_that_another_process_replaced_do_not_condemn_the_account(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    store = Store(path)
    tally = Tally(store, WriteBehind(), day=lambda _: "2026-11-21")
    slots = Slots(path.with_suffix(".slots"))
    other = AccountManager(Accounts(store, vault), Policy(3, 600), slots=slots, counter=tally)
    late = other.lease(QuotaKind.TEXT)
    accounts.renew(amber.id, Credentials("CSE.fresh", "123456", "config-amber"))
    other.settle(late, CredentialsRejected("signed out"))
    assert accounts.accounts()[0].standing is Standing.GOOD


def test_new_cookies_replace_the_old_and_what_was_said_of_them(accounts: Accounts, amber: Account) -> None:
    accounts.record(amber, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN, until=9e9, strikes=3))
    fresh = replace(seat("amber"), credentials=Credentials("CSE.fresh", "654321", "config-amber"))
    assert accounts.put([fresh, seat("bruno")]) == (1, 1)
    first, second = accounts.accounts()
    assert (first.id, first.name, first.credentials) == (amber.id, amber.name, fresh.credentials)
    assert (first.standing, first.reason, second.name) == (Standing.GOOD, "", "bruno")
    assert (first.strikes, first.resting_until) == (0, 0.0)


def test_a_quota_is_the_accounts_and_not_the_cookies(accounts: Accounts, amber: Account) -> None:
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=9e9, firm=True))
    accounts.put([seat("amber", cookie="CSE.fresh")])
    (kept,) = accounts.accounts()
    assert (kept.cooldowns, kept.firm) == ({QuotaKind.TEXT: 9e9}, {QuotaKind.TEXT})


def test_new_cookies_do_not_enable_what_was_disabled_by_hand(accounts: Accounts, amber: Account) -> None:
    accounts.switch(amber.id, enabled=False)
    accounts.put([seat("amber")])
    assert not accounts.accounts()[0].enabled


def test_enabling_ends_every_rest(accounts: Accounts, amber: Account) -> None:
    accounts.record(amber, Verdict("403", standing=Standing.FORBIDDEN, until=9e9, strikes=7))
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=9e9, firm=True))
    assert accounts.switch(amber.id, enabled=True)
    assert accounts.accounts() == [amber]
    assert amber.usable(QuotaKind.TEXT, now=1.0)


def test_disabling_forgets_nothing(accounts: Accounts, amber: Account) -> None:
    verdict = Verdict("503", until=9e9, strikes=7)
    accounts.record(amber, verdict)
    accounts.switch(amber.id, enabled=False)
    assert accounts.accounts() == [replace(amber.after(verdict), enabled=False)]


def test_switching_an_account_that_is_not_there_says_so(accounts: Accounts) -> None:
    assert not accounts.switch(99, enabled=True)


def test_of_two_limits_met_at_once_the_longer_counts(accounts: Accounts, amber: Account) -> None:
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=3600.0))
    accounts.record(amber, Verdict("429", kind=QuotaKind.TEXT, until=10.0))
    assert accounts.accounts()[0].cooldowns == {QuotaKind.TEXT: 3600.0}


# The probe after a rest

RESTED = Verdict("503", until=1_767_225_600.123456, strikes=3)


def test_a_probe_is_claimed_once_and_the_account_rests_meanwhile(
    accounts: Accounts, amber: Account, path: Path, vault: Vault
) -> None:
    accounts.record(amber, RESTED)
    (rested,) = accounts.accounts()
    other = Accounts(Store(path), vault)
    assert other.claim_probe(rested, 1_767_225_700.75)
    assert not accounts.claim_probe(rested, 1_767_225_800.0)
    assert accounts.accounts() == [replace(rested, resting_until=1_767_225_700.75)]


def test_a_probe_can_be_claimed_again_when_its_time_has_run_out(accounts: Accounts, amber: Account) -> None:
    accounts.record(amber, RESTED)
    for until in (1_767_225_700.1, 1_767_225_800.2):
        assert accounts.claim_probe(accounts.accounts()[0], until)


def test_a_probe_is_claimed_for_its_own_account_alone(accounts: Accounts) -> None:
    accounts.add_missing([seat("amber"), seat("bruno")])
    amber, bruno = accounts.accounts()
    assert accounts.claim_probe(bruno, 500.0)
    assert accounts.accounts()[0] == amber


def test_an_account_that_is_gone_has_no_probe(accounts: Accounts, amber: Account, path: Path) -> None:
    change(path, "DELETE FROM accounts")
    assert not accounts.claim_probe(amber, 500.0)


def test_a_claimed_probe_is_news_to_other_processes(store: Store, accounts: Accounts, amber: Account) -> None:
    before = store.revision()
    accounts.claim_probe(amber, 500.0)
    assert store.revision() > before


def test_of_eight_processes_one_has_the_probe(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault
from gemini_pool.store.tally import Tally
accounts = Accounts(Store(Path(sys.argv[1])), Vault(sys.argv[2]))
(rested,) = accounts.accounts()
print("ready", flush=True)
sys.stdin.readline()
print(sum(accounts.claim_probe(rested, rested.resting_until + 60 + n) for n in range(5)))
"""
    key = Fernet.generate_key().decode()
    accounts = Accounts(store, Vault(key))
    accounts.add_missing([seat("amber")])
    accounts.record(accounts.accounts()[0], RESTED)
    processes = [elsewhere(code, path, key) for _ in range(8)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 8
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30) for process in processes]
    assert sorted(said) == [("0\n", "")] * 7 + [("1\n", "")]
