"""What taking over found accounts would do, and does."""

import json
from dataclasses import replace

import pytest

from gemini_pool.errors import BadRequest
from gemini_pool.simulator.cast import make_account
from gemini_pool.store.accounts import Accounts, Applied
from gemini_pool.store.db import Store
from gemini_pool.store.profiles import Changes
from gemini_pool.store.secrets import Vault
from gemini_pool.store.transfer.plan import Action, Plan, Step, plan
from gemini_pool.store.transfer.reading import read_pasted

AMBER = make_account("amber")


def record(name: str, **changes: object) -> dict[str, object]:
    return {**make_account(name).as_config(), "id": f"{name}@example.com", **changes}


@pytest.fixture
def accounts(store: Store, vault: Vault) -> Accounts:
    return Accounts(store, vault)


@pytest.fixture
def pool(accounts: Accounts) -> Accounts:
    """Amber and bruno, who are accounts 1 and 2."""
    accounts.apply(planned(accounts, record("amber"), record("bruno")))
    return accounts


def planned(
    accounts: Accounts, *records: dict[str, object], replacing: bool = False, force: bool = False
) -> Plan:
    found = read_pasted(json.dumps(records)).found
    return plan(found, accounts.profiles(), replacing=replacing, force=force)


def only(accounts: Accounts, **changes: object) -> Step:
    (step,) = planned(accounts, record("amber", **changes)).steps
    return step


def test_what_is_not_there_is_added(accounts: Accounts) -> None:
    todo = planned(accounts, record("amber", disabled=True, disabled_reason="holiday"), record("bruno"))
    assert [step.action for step in todo.steps] == [Action.ADD, Action.ADD]
    assert accounts.accounts() == []  # it is a plan
    assert accounts.apply(todo) == Applied(added=2, updated=0, deleted=0, skipped=0)
    amber, bruno = accounts.profiles()
    assert (amber.account.name, amber.given.email, amber.given.enabled) == ("amber@example.com",) * 2 + (
        False,
    )
    assert bruno.given.enabled
    assert accounts.history(1)[0].reason == "holiday"


def test_the_same_again_changes_nothing(pool: Accounts) -> None:
    todo = planned(pool, record("amber"), record("bruno"))
    assert [(step.action, step.account_id) for step in todo.steps] == [
        (Action.UNCHANGED, 1),
        (Action.UNCHANGED, 2),
    ]
    assert pool.apply(todo) == Applied(0, 0, 0, 0)


def test_an_update_says_what_changes_and_never_to_what(pool: Accounts) -> None:
    step = only(pool, secure_c_ses="CSE.a-new-and-secret-one", note="mine")
    assert (step.action, step.account_id, step.changes) == (Action.UPDATE, 1, ("secure_c_ses", "note"))
    assert "a-new-and-secret-one" not in repr(step)
    pool.apply(Plan((step,)))
    assert pool.profiles()[0].given.credentials.secure_c_ses == "CSE.a-new-and-secret-one"


def test_a_sign_in_needs_no_name_to_be_known_again(pool: Accounts) -> None:
    step = only(pool, id="", secure_c_ses="CSE.new")
    assert (step.action, step.account_id, step.changes) == (Action.UPDATE, 1, ("secure_c_ses",))


def test_a_new_csesidx_of_the_same_person_is_the_same_account(pool: Accounts) -> None:
    step = only(pool, csesidx="777", secure_c_ses="CSE.new")
    assert (step.action, step.account_id, step.changes) == (Action.UPDATE, 1, ("secure_c_ses", "csesidx"))


def test_a_colleague_in_the_same_workspace_is_asked_for(pool: Accounts) -> None:
    step = only(pool, id="other@example.com", csesidx="777")
    assert (step.action, step.account_id) == (Action.ASK, 1)


def test_the_same_mail_in_another_workspace_is_asked_for(pool: Accounts) -> None:
    step = only(pool, csesidx="777", config_id="elsewhere")
    assert (step.action, step.account_id) == (Action.ASK, 1)


def test_who_asks_is_left_out_until_it_is_answered(pool: Accounts) -> None:
    todo = planned(pool, record("amber", csesidx="777", config_id="elsewhere"))
    assert pool.apply(todo) == Applied(0, 0, 0, 0)
    onto = todo.answered(0, 1).steps[0]
    assert (onto.action, onto.changes) == (Action.UPDATE, ("csesidx", "config_id"))
    assert pool.apply(todo.answered(0, None)) == Applied(1, 0, 0, 0)


def test_half_a_sign_in_is_enough_for_an_account_that_is_there(pool: Accounts) -> None:
    cookies = f"__Secure-C_SES=CSE.new; __Host-C_OSES={AMBER.host_c_oses}"
    pasted = f"curl 'https://business.gemini.google/auth/getoxsrf?csesidx={AMBER.csesidx}' -b '{cookies}'"
    (step,) = plan(read_pasted(pasted).found, pool.profiles()).steps
    assert (step.action, step.account_id, step.changes) == (Action.UPDATE, 1, ("secure_c_ses",))


@pytest.mark.parametrize("lacking", ["secure_c_ses", "csesidx", "config_id"])
def test_what_lacks_something_and_is_not_there_is_incomplete(accounts: Accounts, lacking: str) -> None:
    step = only(accounts, **{lacking: ""})
    assert (step.action, step.found.missing) == (Action.INCOMPLETE, (lacking,))
    assert accounts.apply(Plan((step,))) == Applied(0, 0, 0, 0)


def test_a_mailbox_finds_the_account_of_its_address(pool: Accounts) -> None:
    found = read_pasted("duckmail----bruno@example.com----pw\nduckmail----clara@example.com----pw").found
    bruno, clara = plan(found, pool.profiles()).steps
    assert (bruno.action, bruno.account_id, bruno.changes) == (Action.UPDATE, 2, ("mailbox",))
    assert clara.action is Action.INCOMPLETE


def test_replacing_deletes_the_others_in_the_same_step(pool: Accounts) -> None:
    todo = planned(pool, record("amber"), record("clara"), replacing=True)
    assert todo.deleted == (2,)
    assert pool.apply(todo) == Applied(added=1, updated=0, deleted=1, skipped=0)
    assert [account.name for account in pool.accounts()] == ["amber@example.com", "clara@example.com"]


@pytest.mark.parametrize("records", [(), (record("clara", secure_c_ses=""),)])
def test_replacing_never_leaves_an_empty_pool_unless_forced(
    pool: Accounts, records: tuple[dict[str, object]]
) -> None:
    with pytest.raises(BadRequest, match="leave none"):
        planned(pool, *records, replacing=True)
    assert planned(pool, *records, replacing=True, force=True).deleted == (1, 2)


def test_what_others_did_meanwhile_is_not_undone(pool: Accounts) -> None:
    todo = planned(pool, record("amber", note="x"), record("clara"))
    pool.delete([1])
    pool.apply(planned(pool, record("clara", note="theirs")))
    assert pool.apply(todo) == Applied(added=0, updated=0, deleted=0, skipped=2)
    assert [profile.given.note for profile in pool.profiles()] == ["", "theirs"]


def test_an_update_that_clashes_with_another_account_takes_nothing_over(pool: Accounts) -> None:
    (step,) = planned(pool, record("amber", note="x")).steps
    bruno = make_account("bruno")
    theirs = replace(step.found.account.credentials, csesidx=bruno.csesidx, config_id=bruno.config_id)
    clash = replace(step, found=replace(step.found, account=replace(step.found.account, credentials=theirs)))
    with pytest.raises(BadRequest, match="Account 2"):
        pool.apply(Plan((step, clash)))
    assert pool.profiles()[0].given.note == ""


def test_a_plan_is_compared_with_what_is_there_now(pool: Accounts) -> None:
    pool.edit(1, Changes(note="mine"))
    assert only(pool, note="mine").action is Action.UNCHANGED
