"""Mailboxes of older tools: the service behind a link first, the page that it opens second."""

from collections.abc import Callable

import pytest

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox import Letter, MailDefaults, open_mailbox
from gemini_pool.simulator.mail.boxes import SimBox
from gemini_pool.simulator.post import Mail
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

SEEN = Letter("page", "a@google.com", "seen on the page", "您的一次性验证码为：PAGE01")


class Page:
    """A page as the browser shows it, which may be out of order."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.looks = 0
        self.failure: MailboxFailed | None = None
        self.address = ""

    def __call__(self, link: str) -> "Page":
        self.opened.append(link)
        return self

    def letters(self) -> list[Letter]:
        self.looks += 1
        if self.failure:
            raise self.failure
        return [SEEN]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def worker(simulator: Simulator) -> MailDefaults:
    """What tells where the worker behind the links is."""
    return MailDefaults(temp_mail_url=f"{simulator.url}/mail/cf")


def test_where_the_service_answers_no_page_is_opened(
    simulator: Simulator, box: SimBox, send: Callable[..., Mail], page: Page, worker: MailDefaults
) -> None:
    send("ABC123")
    mailbox = open_mailbox(box.older(simulator.url), worker, page)
    assert "ABC123" in mailbox.letters()[0].text
    assert mailbox.address == box.address
    assert page.opened == []


def test_where_none_is_the_page_is_read_from_then_on(
    simulator: Simulator, box: SimBox, page: Page, world: World
) -> None:
    mailbox = open_mailbox(box.older(simulator.url), MailDefaults(), page)
    assert mailbox.letters() == [SEEN]
    asked = world.calls()
    assert mailbox.letters() == [SEEN]
    assert page.opened == [box.link(simulator.url)]
    assert world.calls() == asked


@pytest.mark.parametrize("fault", ["html", "404", "reset"])
def test_the_page_is_read_where_the_service_is_not_there(
    simulator: Simulator, box: SimBox, page: Page, worker: MailDefaults, world: World, fault: str
) -> None:
    mailbox = open_mailbox(box.older(simulator.url), worker, page)
    assert mailbox.letters() == []
    world.mail.behave(fault=fault)
    assert mailbox.letters() == [SEEN]


@pytest.mark.parametrize("fault", ["401", "429", "500"])
def test_a_trouble_that_the_page_has_as_well_opens_none(
    simulator: Simulator, box: SimBox, page: Page, worker: MailDefaults, world: World, fault: str
) -> None:
    world.mail.behave(fault=fault)
    with pytest.raises(MailboxFailed):
        open_mailbox(box.older(simulator.url), worker, page).letters()
    assert page.opened == []


def test_a_page_that_fails_later_gives_way_to_the_service(
    simulator: Simulator, box: SimBox, page: Page, worker: MailDefaults, world: World
) -> None:
    mailbox = open_mailbox(box.older(simulator.url), worker, page)
    world.mail.behave(fault="404")
    assert mailbox.letters() == [SEEN]
    world.mail.behave(fault=None)
    page.failure = MailboxFailed("The page shows no list.")
    assert mailbox.letters() == []
    page.failure = None
    assert mailbox.letters() == []


def test_both_reasons_are_told_and_the_link_is_not(
    simulator: Simulator, box: SimBox, page: Page, worker: MailDefaults, world: World
) -> None:
    world.mail.behave(fault="html")
    page.failure = MailboxFailed("The page shows no list.")
    with pytest.raises(MailboxFailed, match=r"not the worker.*Its page: The page shows no list\.") as failure:
        open_mailbox(box.older(simulator.url), worker, page).letters()
    assert failure.value.again
    assert box.jwt not in str(failure.value)


def test_a_link_without_a_token_is_the_page(simulator: Simulator, page: Page) -> None:
    link = f"{simulator.url}/some/page"
    assert open_mailbox({"tempmail_url": link}, MailDefaults(), page).letters() == [SEEN]
    with pytest.raises(MailboxFailed, match="token"):
        open_mailbox({"tempmail_url": link}, MailDefaults())


def test_a_mailbox_may_be_said_to_be_a_page(simulator: Simulator, box: SimBox, page: Page) -> None:
    given = {"mail_provider": "page", "tempmail_url": box.link(simulator.url)}
    assert open_mailbox(given, MailDefaults(), page).letters() == [SEEN]
    with pytest.raises(MailboxFailed, match="browser"):
        open_mailbox(given, MailDefaults())


def test_a_token_is_found_behind_the_hash_as_well(
    simulator: Simulator, box: SimBox, worker: MailDefaults
) -> None:
    given = {"tempmail_url": f"https://mail.invalid/#/?jwt={box.jwt}"}
    assert open_mailbox(given, worker).address == box.address
    assert open_mailbox(given, worker).letters() == []
