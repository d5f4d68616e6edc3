"""Accounts as the operator handles them, and the history of each."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gemini_pool.errors import BadRequest, StoreError
from gemini_pool.readers import Seat, seat_origin
from gemini_pool.roster import Credentials, QuotaKind, Standing, Verdict, masked
from gemini_pool.simulator.cast import make_account
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.db import Store
from gemini_pool.store.history import What
from gemini_pool.store.profiles import Changes, NewAccount, Profile
from gemini_pool.store.secrets import Vault


def sign_in(name: str, **changes: str) -> Credentials:
    sim = make_account(name)
    given = Credentials(sim.secure_c_ses, sim.csesidx, sim.config_id, sim.host_c_oses, "Mozilla/5.0")
    return replace(given, **changes)


def new(name: str, **more: object) -> NewAccount:
    return NewAccount(sign_in(name), name=name, **more)  # type: ignore[arg-type]


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(store: Store, vault: Vault, clock: Clock) -> Accounts:
    return Accounts(store, vault, clock)


@pytest.fixture
def amber(accounts: Accounts) -> int:
    return accounts.add(new("amber"))


def shown(accounts: Accounts, account_id: int) -> Profile:
    profile = accounts.profile(account_id)
    assert profile
    return profile


def whats(accounts: Accounts, account_id: int) -> list[What]:
    return [event.what for event in accounts.history(account_id)]


def test_what_is_given_of_an_account_comes_back(accounts: Accounts, clock: Clock) -> None:
    given = new(
        "amber",
        email="a@example.com",
        note="the first",
        external_id="7",
        trial_end="2026-12-31",
        expires_at=5_000.0,
        mailbox={"mail_address": "a@example.com", "mail_password": "p"},
    )
    profile = shown(accounts, accounts.add(given))
    assert profile.given == given
    assert (profile.cookies_at, profile.created_at) == (1_000.0, 1_000.0)
    assert accounts.profiles() == [profile]
    assert accounts.accounts() == [profile.account]


def test_an_account_is_named_after_its_mail_or_its_number(accounts: Accounts) -> None:
    accounts.add(replace(new("amber"), name="", email="a@example.com"))
    accounts.add(replace(new("bruno"), name=""))
    assert [account.name for account in accounts.accounts()] == ["a@example.com", "account 2"]


def test_no_secret_lies_in_the_clear_or_is_shown(accounts: Accounts, path: Path) -> None:
    mailbox = {"mail_address": "a@example.com", "mail_password": "the-mailbox-password"}
    profile = shown(accounts, accounts.add(new("amber", mailbox=mailbox)))
    assert b"the-mailbox-password" not in b"".join(f.read_bytes() for f in path.parent.glob("pool.db*"))
    cookie = make_account("amber").secure_c_ses
    for text in (
        repr(profile),
        repr(profile.given),
        json.dumps(profile.cookies),
        json.dumps(profile.mailbox),
    ):
        assert "the-mailbox-password" not in text
        assert cookie not in text
    assert profile.cookies["secure_c_ses"] == masked(cookie)
    assert profile.mailbox["mail_address"] == "a@example.com"


def test_of_a_mailbox_only_the_secrets_are_masked(accounts: Accounts) -> None:
    mailbox = {"mail_provider": "imap", "mail_host": "imap.example.com", "mail_password": "p" * 20}
    profile = shown(accounts, accounts.add(new("amber", mailbox=mailbox)))
    assert profile.mailbox == {**mailbox, "mail_password": masked("p" * 20)}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"secure_c_ses": ""}, "secure_c_ses"),
        ({"csesidx": ""}, "csesidx"),
        ({"config_id": ""}, "config_id"),
        ({"secure_c_ses": "CSE with spaces"}, "secure_c_ses"),
        ({"user_agent": "Mozilla\n"}, "user_agent"),
        ({"host_c_oses": "x" * 9_000}, "host_c_oses"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_the_fields_name(
    accounts: Accounts, changes: dict[str, str], param: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        accounts.add(NewAccount(sign_in("amber", **changes)))
    assert refused.value.param == param
    assert accounts.accounts() == []


def test_a_sign_in_is_one_account_only(accounts: Accounts, amber: int) -> None:
    bruno = accounts.add(new("bruno"))
    with pytest.raises(BadRequest, match="Account 1 has this csesidx"):
        accounts.add(new("amber"))
    theirs = sign_in("amber")
    with pytest.raises(BadRequest, match="Account 1"):
        accounts.edit(bruno, Changes(csesidx=theirs.csesidx, config_id=theirs.config_id))
    assert accounts.accounts()[1].credentials == sign_in("bruno")


def test_an_edit_changes_what_it_names_alone(accounts: Accounts, amber: int) -> None:
    assert accounts.edit(amber, Changes(note="mine", email="a@example.com")) == ("email", "note")
    given = shown(accounts, amber).given
    assert given == new("amber", note="mine", email="a@example.com")
    assert accounts.edit(amber, Changes(note="", trial_end="2026-12-31")) == ("note", "trial_end")
    assert shown(accounts, amber).given == new("amber", email="a@example.com", trial_end="2026-12-31")


def test_what_was_shown_masked_and_is_sent_back_changes_nothing(accounts: Accounts) -> None:
    mailbox = {"mail_address": "a@example.com", "mail_password": "the-mailbox-password"}
    given = new("amber", mailbox=mailbox, expires_at=5_000.0)
    amber = accounts.add(given)
    profile = shown(accounts, amber)
    back = Changes(**profile.cookies, csesidx=given.credentials.csesidx, mailbox=profile.mailbox, name="")
    assert accounts.edit(amber, back) == ()
    assert shown(accounts, amber) == profile
    assert whats(accounts, amber) == [What.ADDED]


def test_a_mailbox_is_changed_field_by_field(accounts: Accounts) -> None:
    amber = accounts.add(new("amber", mailbox={"mail_address": "a@example.com", "mail_password": "p" * 20}))
    accounts.edit(amber, Changes(mailbox={"mail_password": "q" * 20}))
    assert shown(accounts, amber).given.mailbox == {
        "mail_address": "a@example.com",
        "mail_password": "q" * 20,
    }
    accounts.edit(amber, Changes(mailbox={"mail_password": "", "mail_address": ""}))
    assert shown(accounts, amber).given.mailbox == {}


def test_required_fields_cannot_be_emptied(accounts: Accounts, amber: int) -> None:
    assert accounts.edit(amber, Changes(secure_c_ses="", csesidx="", config_id="")) == ()
    assert accounts.edit(amber, Changes(host_c_oses="")) == ("host_c_oses",)
    assert shown(accounts, amber).given.credentials == sign_in("amber", host_c_oses="")


@pytest.mark.parametrize(
    "changes",
    [
        Changes(secure_c_ses="CSE.new"),
        Changes(host_c_oses="COS.new"),
        Changes(csesidx="9"),
        Changes(config_id="c"),
    ],
)
def test_another_sign_in_makes_the_account_begin_anew(
    accounts: Accounts, clock: Clock, changes: Changes
) -> None:
    amber = accounts.add(new("amber", expires_at=500.0))
    (account,) = accounts.accounts()
    accounts.record(account, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN, until=9e9, strikes=3))
    accounts.record(account, Verdict("429", kind=QuotaKind.TEXT, until=9e9, firm=True))
    clock.now = 2_000.0
    assert accounts.edit(amber, changes)
    profile = shown(accounts, amber)
    account = profile.account
    assert (account.standing, account.reason, account.strikes) == (Standing.GOOD, "", 0)
    assert (account.resting_until, account.cooldowns, account.expires_at) == (0.0, {}, None)
    assert profile.cookies_at == 2_000.0
    assert account.usable(QuotaKind.TEXT, clock.now)


def test_a_name_says_nothing_of_the_sign_in(accounts: Accounts, amber: int, clock: Clock) -> None:
    (account,) = accounts.accounts()
    accounts.record(account, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    clock.now = 2_000.0
    accounts.edit(amber, Changes(name="other"))
    profile = shown(accounts, amber)
    assert (profile.account.standing, profile.cookies_at) == (Standing.NEEDS_SIGN_IN, 1_000.0)


def test_new_cookies_can_come_with_their_end(accounts: Accounts) -> None:
    amber = accounts.add(new("amber", expires_at=500.0))
    accounts.edit(amber, Changes(secure_c_ses="CSE.new", expires_at=9_000.0))
    assert shown(accounts, amber).given.expires_at == 9_000.0
    accounts.edit(amber, Changes(expires_at=float("inf")))
    assert shown(accounts, amber).given.expires_at is None


def test_an_account_that_is_not_there_cannot_be_edited(accounts: Accounts) -> None:
    assert accounts.edit(7, Changes(name="x")) is None
    assert accounts.profile(7) is None
    assert accounts.delete([7]) == 0


def test_many_are_switched_at_once(accounts: Accounts, amber: int) -> None:
    bruno = accounts.add(new("bruno"))
    assert accounts.switch_all([amber, bruno, 99], enabled=False, reason="holiday") == 2
    assert [account.enabled for account in accounts.accounts()] == [False, False]
    assert accounts.history(bruno)[0].reason == "holiday"


def seat(name: str) -> Seat:
    return Seat(name, name, sign_in(name), None)


def test_what_was_deleted_does_not_come_back_from_the_environment(accounts: Accounts) -> None:
    accounts.add_missing([seat("amber"), seat("bruno")])
    assert accounts.delete([1]) == 1
    assert accounts.add_missing([seat("amber"), seat("bruno")]) == 0
    assert [account.name for account in accounts.accounts()] == ["bruno"]


def test_what_was_added_by_hand_and_deleted_does_not_come_from_the_environment_either(
    accounts: Accounts, amber: int
) -> None:
    assert accounts.add_missing([seat("amber")]) == 0  # it is there, by its sign-in
    accounts.delete([amber])
    assert accounts.add_missing([seat("amber")]) == 0


def test_what_was_deleted_can_be_added_again_and_is_new(accounts: Accounts) -> None:
    accounts.add_missing([seat("amber")])
    accounts.delete([1])
    assert accounts.put([seat("amber")]) == (1, 0)
    assert [account.id for account in accounts.accounts()] == [2]
    accounts.delete([2])
    assert accounts.add(new("amber")) == 3
    assert accounts.add_missing([replace(seat("amber"), origin=seat_origin(sign_in("amber")))]) == 0


def test_a_deleted_account_leaves_no_rest_and_no_history(accounts: Accounts, amber: int) -> None:
    accounts.record(accounts.accounts()[0], Verdict("429", kind=QuotaKind.TEXT, until=9e9))
    accounts.delete([amber])
    assert accounts.history(amber) == []
    assert accounts.accounts() == []


def test_putting_renews_what_was_added_by_hand(accounts: Accounts, amber: int) -> None:
    assert accounts.put([replace(seat("amber"), credentials=sign_in("amber", secure_c_ses="CSE.new"))]) == (
        0,
        1,
    )
    (account,) = accounts.accounts()
    assert (account.id, account.credentials.secure_c_ses) == (amber, "CSE.new")


def test_cookies_that_the_service_renews_do_not_undo_another_sign_in(accounts: Accounts, amber: int) -> None:
    accounts.edit(amber, Changes(secure_c_ses="CSE.mine", csesidx="9"))
    accounts.renew(amber, sign_in("amber", secure_c_ses="CSE.rotated"))
    assert shown(accounts, amber).given.credentials.secure_c_ses == "CSE.mine"


# History


def test_history_tells_what_happened_latest_first(accounts: Accounts, amber: int, clock: Clock) -> None:
    def concluded(verdict: Verdict) -> None:
        clock.now += 1
        accounts.record(accounts.accounts()[0], verdict)

    concluded(Verdict("429", kind=QuotaKind.IMAGES, until=9e9))
    concluded(Verdict("503", until=5e9, strikes=3))
    concluded(Verdict("", strikes=0))
    concluded(Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    concluded(Verdict("signed out again", standing=Standing.NEEDS_SIGN_IN))  # no news
    accounts.renew(amber, sign_in("amber", secure_c_ses="CSE.rotated"))
    accounts.renew(amber, sign_in("amber", secure_c_ses="CSE.rotated-again"))  # no news
    accounts.switch(amber, enabled=False)
    accounts.switch(amber, enabled=True)
    accounts.edit(amber, Changes(note="x", enabled=False))
    accounts.edit(amber, Changes(secure_c_ses="CSE.new"))
    events = accounts.history(amber)
    assert [event.what for event in reversed(events)] == [
        What.ADDED,
        What.RATE_LIMITED,
        What.FAILING,
        What.RECOVERED,
        What.NEEDS_SIGN_IN,
        What.RECOVERED,
        What.DISABLED,
        What.ENABLED,
        What.EDITED,
        What.DISABLED,
        What.NEW_COOKIES,
    ]
    limited = events[-2]
    assert (limited.at, limited.reason, limited.kind) == (1_001.0, "429", QuotaKind.IMAGES)
    assert events[2].reason == "note"
    assert accounts.history(amber, 2) == events[:2]


def test_of_a_long_history_the_last_is_kept_and_each_account_has_its_own(
    accounts: Accounts, amber: int
) -> None:
    bruno = accounts.add(new("bruno"))
    for number in range(210):
        accounts.switch(amber, enabled=bool(number % 2))
    assert len(accounts.history(amber, 1_000)) == 200
    assert whats(accounts, bruno) == [What.ADDED]


def test_who_listens_is_told_once_when_it_is_on_disk(
    accounts: Accounts, amber: int, path: Path, vault: Vault
) -> None:
    bruno = accounts.add(new("bruno"))
    told: list[tuple[int, int]] = []
    other = Accounts(Store(path), vault)
    accounts.listen(lambda account_id: told.append((account_id, len(other.history(account_id)))))
    accounts.edit(amber, Changes(note="x", enabled=False))
    accounts.switch_all([amber, bruno], enabled=True)
    accounts.edit(amber, Changes(note="x"))  # nothing new
    accounts.delete([bruno])
    assert told == [(amber, 3), (amber, 4), (bruno, 2), (bruno, 0)]


def test_what_fails_half_way_changes_and_tells_nothing(accounts: Accounts, amber: int) -> None:
    told: list[int] = []
    accounts.listen(told.append)
    with pytest.raises(StoreError):
        accounts.switch_all([amber, object()], enabled=False)  # type: ignore[list-item]
    assert accounts.accounts()[0].enabled
    assert told == []
