"""Sign-ins are ordered over the API, done by the process that leads, and watched as work."""

from dataclasses import replace

import pytest
from programs import Program

from gemini_pool.keeping import PROFILES, prune_profiles
from gemini_pool.simulator.world import World
from gemini_pool.store.orders import Task
from gemini_pool.store.sign_ins import SignInOutcome
from gemini_pool.store.works import Step
from gemini_pool.wiring import Services

MAILBOX = {"mail_provider": "cfmail", "mail_address": "amber@mail.example", "mail_password": "GEHEIM"}
LINES = "cfmail----new@mail.example----GEHEIM\n\nduckmail----other@duck.example----GEHEIM2\nnonsense\n"


@pytest.fixture(autouse=True)
def mailbox(services: Services, program: Program) -> None:
    program.put("/api/accounts/1", {"mailbox": MAILBOX})


def taken(services: Services) -> Task:
    task = services.orders.take(("refresh", "enrolment"))
    assert task
    return task


def test_an_account_is_signed_in_when_asked(program: Program, services: Services) -> None:
    ordered = program.post("/api/accounts/1/auto-refresh-cookie", {"headless": True})
    assert (ordered["success"], ordered["auto"]) == (True, True)
    assert "nobody runs the background jobs" in ordered["message"]  # in a test
    work = program.get(f"/api/works/{ordered['work_id']}")
    assert work["work"]["state"] == "waiting"
    assert [(one["ref"], one["name"], one["state"]) for one in work["items"]] == [("1", "amber", "waiting")]
    assert services.job_book.orders().wanted.keys() == set()  # a job that nobody has entered yet
    task = taken(services)
    assert (task.item.ref, task.urgent, dict(task.data)) == ("1", True, {})


def test_the_browsers_window_can_be_asked_for(program: Program, services: Services) -> None:
    program.post("/api/accounts/1/auto-refresh-cookie", {"headless": False})
    assert dict(taken(services).data) == {"visible": "1"}


def test_one_sign_in_at_a_time(program: Program) -> None:
    first = program.post("/api/accounts/1/auto-refresh-cookie")
    again = program.post("/api/accounts/1/auto-refresh-cookie")
    assert again["work_id"] == first["work_id"]
    assert "under way" in again["message"]
    assert program.post("/api/accounts/refresh")["work_id"] == first["work_id"]


def test_an_empty_body_has_the_account_signed_in(program: Program) -> None:
    renewed = program.post("/api/accounts/1/refresh-cookie")
    assert (renewed["success"], renewed["auto"]) == (True, True)


def test_cookies_that_the_service_refuses_are_not_kept(
    program: Program, services: Services, world: World
) -> None:
    before = services.accounts.accounts()
    brunos = world.accounts["bruno"].secure_c_ses
    for wrong in ("CSE.wrong", brunos):
        refused = program.refused("POST", "/api/accounts/1/refresh-cookie", 400, {"secure_c_ses": wrong})
        assert "Nothing was changed" in refused["detail"]
    assert services.accounts.accounts() == before
    world.behave("amber", xsrf="500")  # nobody knows then
    program.post("/api/accounts/1/refresh-cookie", {"secure_c_ses": "CSE.untried"})
    assert services.accounts.accounts()[0].credentials.secure_c_ses == "CSE.untried"


def test_all_that_have_a_mailbox_are_signed_in(program: Program, services: Services) -> None:
    program.put("/api/accounts/2", {"mailbox": MAILBOX})
    work_id = program.post("/api/accounts/refresh", {})["work_id"]
    assert [one["ref"] for one in program.get(f"/api/works/{work_id}")["items"]] == ["1", "2"]


def test_without_a_mailbox_it_says_so(program: Program) -> None:
    refused = program.refused("POST", "/api/accounts/2/auto-refresh-cookie", 400)
    assert "mailbox" in refused["detail"]
    program.refused("POST", "/api/accounts/refresh", 400, {"ids": [2, 3]})
    program.refused("POST", "/api/accounts/99/auto-refresh-cookie", 404)


def test_mailboxes_are_enrolled(program: Program, services: Services) -> None:
    enrolling = program.post("/api/enrolments", {"text": LINES})
    assert enrolling["total"] == 2
    assert len(enrolling["problems"]) == 1
    assert "GEHEIM" not in str(program.get(f"/api/works/{enrolling['work_id']}"))
    task = taken(services)
    assert task.item.ref == "new@mail.example"
    assert task.data["mail_password"] == "GEHEIM"
    program.refused("POST", "/api/enrolments", 400, {"text": "nothing"})
    program.refused("POST", "/api/enrolments", 400, {"text": LINES})  # under way


def test_work_that_is_ordered_can_be_paused_and_stopped(program: Program) -> None:
    work_id = program.post("/api/enrolments", {"text": LINES})["work_id"]
    assert program.post(f"/api/works/{work_id}/pause")["success"]
    assert program.get(f"/api/works/{work_id}")["work"]["state"] == "paused"
    assert program.post(f"/api/works/{work_id}/resume")["success"]
    assert program.get(f"/api/works/{work_id}")["work"]["state"] == "waiting"
    assert program.post(f"/api/works/{work_id}/cancel")["success"]
    assert program.get(f"/api/works/{work_id}")["work"]["state"] == "cancelled"
    assert not program.post(f"/api/works/{work_id}/pause")["success"]


def test_sign_ins_are_shown_with_what_was_seen(program: Program, services: Services) -> None:
    book = services.sign_ins
    sign_in = book.begin(1, "amber", 7)
    book.keep(sign_in, b"\x89PNG", "<script>alert(1)</script>")
    book.end(sign_in, SignInOutcome.PERSON, "The page shows a challenge.", [Step("address", 12)])
    book.went_wrong(1, "The page shows a challenge.", again=False, pause=60)
    shown = program.get("/api/accounts/1/sign-ins")
    assert shown["trouble"] == {
        "failures": 1, "next_at": None, "needs_person": True, "message": "The page shows a challenge.",
    }  # fmt: skip
    (one,) = shown["sign_ins"]
    assert (one["outcome"], one["evidence"]) == ("needs_person", True)
    assert one["steps"] == [{"name": "address", "ms": 12}]
    picture = program.send("GET", f"/api/sign-ins/{sign_in}/picture")
    assert (picture.data, picture.content_type) == (b"\x89PNG", "image/png")
    page = program.send("GET", f"/api/sign-ins/{sign_in}/page")
    assert page.content_type.startswith("text/plain")
    assert page.text == "<script>alert(1)</script>"
    program.refused("GET", "/api/sign-ins/99/picture", 404)


def test_what_somebody_does_about_it_ends_the_trouble(
    program: Program, services: Services, world: World
) -> None:
    amber = world.accounts["amber"]
    for act in (
        lambda: program.put("/api/accounts/1", {"mailbox": {"mail_password": "ANOTHER"}}),
        lambda: program.post("/api/accounts/1/refresh-cookie", {"secure_c_ses": world.wallet.rotate(amber)}),
        lambda: program.post("/api/accounts/1/auto-refresh-cookie"),
    ):
        services.sign_ins.went_wrong(1, "no", again=False, pause=60)
        act()
        assert program.get("/api/accounts/1/sign-ins")["trouble"] is None


def test_cookies_given_by_hand_go_to_other_instances(
    program: Program, services: Services, world: World
) -> None:
    peer = {"name": "other", "url": "https://other.example", "token": "gp-sync-of-the-tests"}
    program.post("/api/sync/peers", peer)
    new = world.wallet.rotate(world.accounts["amber"])
    program.post("/api/accounts/1/refresh-cookie", {"secure_c_ses": new})
    assert [one["waiting"] for one in program.get("/api/sync/peers")["peers"]] == [1]


def test_profiles_of_accounts_that_are_gone_are_deleted(services: Services) -> None:
    folder = services.settings.data_path / PROFILES
    assert prune_profiles(services) == 0
    for name in ("1", "99"):
        (folder / name / "Default").mkdir(parents=True)
    keeps = replace(services, settings=replace(services.settings, browser_profiles=True))
    assert prune_profiles(keeps) == 1
    assert [one.name for one in folder.iterdir()] == ["1"]
    assert prune_profiles(services) == 1  # no profiles are wanted any more
