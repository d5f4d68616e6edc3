"""The mail services of the simulated world: strict about what lets one in, and true to their shapes."""

import json
from typing import Any

import pytest

from gemini_pool.simulator.mail.behaviour import MailBehaviour
from gemini_pool.simulator.mail.boxes import ADMIN_KEY, SimBox, make_box
from gemini_pool.simulator.world import CAST, World

from .caller import Answer, Caller

LIST = "/mail/cf/api/mails?limit=20&offset=0"


@pytest.fixture
def box(world: World) -> SimBox:
    box = world.accounts["amber"].box
    world.post.send(box.address, subject="Hello", text="in words", html="<p>on a page</p>")
    return box


def bearer(box: SimBox) -> str:
    return f"Bearer {box.jwt}"


def test_a_mailbox_is_drawn_from_its_accounts_name(world: World) -> None:
    for name in CAST:
        account = world.accounts[name]
        assert account.box == make_box(name)
        assert account.email == f"{name}@mail.example"
    assert len({make_box(name).jwt for name in CAST}) == len(CAST)


def test_a_workers_list_holds_raw_letters(amber: Caller, box: SimBox) -> None:
    answer = amber.http("GET", LIST, authorization=bearer(box))
    value = answer.json()
    assert answer.status == 200
    assert (list(value), value["count"]) == (["results", "count"], 1)
    assert set(value["results"][0]) == {
        "id", "message_id", "source", "address", "created_at", "raw", "metadata"
    }  # fmt: skip
    assert "Content-Transfer-Encoding: quoted-printable" in value["results"][0]["raw"]


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        (LIST, "", 401),
        (LIST, "Bearer a.b.c", 401),
        (LIST, f"Bearer {make_box('amber').jwt}x", 401),
        (LIST, make_box("amber").jwt, 401),
        ("/mail/cf/api/mails", bearer(make_box("amber")), 400),
        ("/mail/cf/api/mails?limit=101&offset=0", bearer(make_box("amber")), 400),
        ("/mail/cf/api/mails?limit=20&offset=x", bearer(make_box("amber")), 400),
        ("/mail/cf/api/parsed_mails?limit=20&offset=0", bearer(make_box("amber")), 404),
        ("/mail/cf/api/mail/99", bearer(make_box("amber")), 404),
        ("/mail/cf/api/mail/1", bearer(make_box("bruno")), 404),
        ("/mail/nobody/", "", 404),
    ],
)
def test_a_worker_is_strict(amber: Caller, box: SimBox, path: str, authorization: str, status: int) -> None:
    assert amber.http("GET", path, authorization=authorization).status == status


def test_the_admin_key_opens_every_mailbox(amber: Caller, box: SimBox) -> None:
    path = f"/mail/cf/admin/mails?limit=20&offset=0&address={box.address}"
    assert amber.http("GET", path, x_admin_auth="wrong").status == 401
    assert amber.http("GET", path, x_admin_auth=ADMIN_KEY).json()["count"] == 1


def test_the_page_shows_letters_to_whoever_has_the_link(amber: Caller, box: SimBox) -> None:
    page = amber.http("GET", f"/mail/page/?jwt={box.jwt}")
    assert page.status == 200
    assert box.address.encode() in page.body
    assert amber.http("GET", f"/mail/page/letters?jwt={box.jwt}").json()[0]["subject"] == "Hello"
    assert amber.http("GET", "/mail/page/letters?jwt=x").status == 401


def test_letters_are_sent_and_seen_from_another_process(amber: Caller, world: World) -> None:
    order = {"letter": {"to": "bruno@mail.example", "subject": "s", "text": "t"}, "behaviour": {"late": 0}}
    told = post(amber, order).json()
    assert [letter["to"] for letter in told["letters"]] == ["bruno@mail.example"]
    assert world.post.box("bruno@mail.example")[0].text == "t"
    assert amber.http("GET", "/_sim/mail").json() == told


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"letters": {}}, "unknown member: letters"),
        ({"letter": {"to": "a@b.org"}}, "the letter cannot be sent"),
        ({"letter": {"to": 5, "subject": "s", "text": "t"}}, "the letter cannot be sent"),
        ({"behaviour": {"speed": 1}}, "unknown behaviour of mail: speed"),
        ({"behaviour": {"fault": "x"}}, "fault must be one of html"),
        ({"behaviour": {"late": -1}}, "late must be a number from 0 up"),
    ],
)
def test_a_wrong_order_is_refused(amber: Caller, order: Any, words: str) -> None:
    answer = post(amber, order)
    assert answer.status == 400
    assert words in answer.json()["error"]


def test_a_reset_burns_letters_and_mends_services(world: World, box: SimBox) -> None:
    world.mail.behave(fault="500")
    world.reset()
    assert world.mail.box(box.address) == []
    assert world.mail.behaviour == MailBehaviour()


def post(caller: Caller, value: Any) -> Answer:
    return caller.http("POST", "/_sim/mail", json.dumps(value).encode())
