"""The sign-in site without a browser: what its pages ask of it, and the cookies it gives."""

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

from .caller import Caller

CODE = re.compile(r"^[A-Z0-9]{6}$", re.MULTILINE)


@dataclass
class Visitor:
    """A browser that keeps cookies and follows nothing."""

    url: str
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str, str]:
        """Status, Location and text of an answer."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        shown = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {"Accept-Language": self.language, "Cookie": shown})
        answer = connection.getresponse()
        for given in answer.headers.get_all("Set-Cookie", []):
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Location", ""), text

    def act(self, rpc: str, **given: str) -> Any:
        path = f"/_/SignInUi/data/batchexecute?rpcids={rpc}"
        return json.loads(self.ask("POST", path, json.dumps(given))[2].removeprefix(")]}'\n"))

    def goes(self, path: str) -> str:
        """Where a page sends the visitor on to."""
        status, location, _ = self.ask("GET", path)
        assert status == 302
        return location


@pytest.fixture
def visitor(simulator: Simulator) -> Visitor:
    """At the entry page."""
    visitor = Visitor(simulator.url)
    visitor.ask("GET", "/login")
    return visitor


def code_for(world: World, name: str) -> str:
    """The code in the newest letter."""
    return CODE.findall(world.post.box(f"{name}@mail.example")[0].text)[0]


def signed_in(visitor: Visitor, world: World, name: str = "amber") -> Any:
    visitor.act("address", value=f"{name}@mail.example")
    return visitor.act("verify", code=code_for(world, name))


def with_cookies_of(visitor: Visitor, caller: Caller) -> Caller:
    caller.cookies = {name: visitor.cookies[name] for name in caller.cookies}
    return caller


def test_a_sign_in_gives_cookies_that_are_taken_beside_the_old_ones(
    visitor: Visitor, world: World, amber: Caller
) -> None:
    old = dict(amber.cookies)
    assert signed_in(visitor, world) == {"go": "/signed-in"}
    assert visitor.goes("/signed-in").startswith(f"/home/cid/{amber.account.config_id}?csesidx=")
    assert amber.xsrf().status == 200
    assert with_cookies_of(visitor, amber).xsrf().status == 200
    assert amber.cookies["__Secure-C_SES"] != old["__Secure-C_SES"]
    assert amber.cookies["__Host-C_OSES"] != old["__Host-C_OSES"]


def test_a_new_index_goes_with_the_new_cookies_alone(visitor: Visitor, world: World, amber: Caller) -> None:
    world.behave("amber", new_index=True)
    signed_in(visitor, world)
    found = re.search(r"csesidx=(\d+)", visitor.goes("/"))
    assert found
    assert found[1] != amber.account.csesidx
    assert amber.xsrf(found[1]).status == 401
    assert amber.xsrf().status == 200
    with_cookies_of(visitor, amber)
    assert amber.xsrf(found[1]).status == 200
    assert amber.xsrf().status == 401


def test_who_is_signed_out_must_sign_in_again(visitor: Visitor, world: World, amber: Caller) -> None:
    token = amber.token()
    world.sign_out("amber")
    assert amber.xsrf().status == 401
    assert amber.create(token).status == 401
    signed_in(visitor, world)
    assert with_cookies_of(visitor, amber).create().status == 200


def test_other_processes_can_sign_accounts_out(amber: Caller, bruno: Caller) -> None:
    assert amber.http("POST", "/_sim/sign-out", b'{"account": "amber"}').status == 200
    assert amber.xsrf().status == 401
    assert bruno.xsrf().status == 200
    assert amber.http("POST", "/_sim/sign-out", b'{"account": "nobody"}').status == 400


def test_without_good_cookies_every_page_of_the_app_leads_to_the_entry(
    visitor: Visitor, world: World
) -> None:
    home = f"/home/cid/{world.accounts['amber'].config_id}"
    assert visitor.goes(home) == "/"
    assert visitor.goes("/").startswith("/login?continueUrl=")
    signed_in(visitor, world, "bruno")
    assert visitor.goes(home).startswith(f"/home/cid/{world.accounts['bruno'].config_id}?")


@pytest.mark.parametrize(
    ("language", "subject", "phrase"),
    [
        ("zh-CN", "Gemini Business 验证码", "您的一次性验证码为："),
        ("en", "verification code", "your one-time verification code is:"),
    ],
)
def test_the_letter_speaks_the_language_of_the_pages(
    simulator: Simulator, language: str, subject: str, phrase: str
) -> None:
    visitor = Visitor(simulator.url, language)
    visitor.ask("GET", "/login")
    visitor.act("address", value="Amber@mail.example")
    (letter,) = simulator.world.post.box("amber@mail.example")
    assert subject in letter.subject
    assert phrase in letter.text


def test_the_newest_code_alone_is_taken_and_a_few_tries_are(visitor: Visitor, world: World) -> None:
    visitor.act("address", value="amber@mail.example")
    first = code_for(world, "amber")
    assert "code" in visitor.act("resend")["toast"]
    assert "Incorrect" in visitor.act("verify", code=first)["message"]
    for _ in range(4):
        assert "Incorrect" in visitor.act("verify", code="AAAAA1")["message"]
    assert "Too many" in visitor.act("verify", code=code_for(world, "amber"))["message"]
    visitor.act("resend")
    assert visitor.act("verify", code=code_for(world, "amber")) == {"go": "/signed-in"}


def test_letters_can_be_lost_and_late(visitor: Visitor, world: World) -> None:
    world.behave("amber", codes_lost=1)
    visitor.act("address", value="amber@mail.example")
    assert world.post.box("amber@mail.example") == []
    visitor.act("resend")
    assert len(world.post.box("amber@mail.example")) == 1
    world.behave("amber", code_delay=3600.0)
    visitor.act("resend")
    assert len(world.post.box("amber@mail.example")) == 1


def test_a_stranger_gets_no_code(visitor: Visitor) -> None:
    assert "Something went wrong" in visitor.act("address", value="nobody@mail.example")["toast"]


def test_pages_of_a_first_sign_in_come_in_their_order(visitor: Visitor, world: World) -> None:
    world.behave("amber", sign_in_steps=["name", "setup", "workspaces"], setup_seconds=0.0)
    signed_in(visitor, world)
    assert visitor.goes("/signed-in") == "/admin/create"
    assert visitor.act("name", value="Amber") == {"go": "/admin/setup"}
    assert visitor.act("setup") == {"go": "/workspaces"}
    assert world.desk.names == {"amber": "Amber"}


def test_a_reset_forgets_who_was_there(visitor: Visitor, world: World) -> None:
    visitor.act("address", value="amber@mail.example")
    world.reset()
    assert visitor.act("verify", code="AAAAA1") == {"go": "/login"}
