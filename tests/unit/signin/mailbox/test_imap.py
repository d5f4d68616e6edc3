"""What is particular to mailboxes that speak IMAP."""

from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import self_signed

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox import MailDefaults, open_mailbox
from gemini_pool.signin.mailbox.codes import code_in
from gemini_pool.simulator.mail.boxes import SimBox
from gemini_pool.simulator.mail.imap import ImapServer
from gemini_pool.simulator.post import Mail
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

Send = Callable[..., Mail]
NONE = MailDefaults()


def test_junk_is_read_too(imap: ImapServer, box: SimBox, send: Send, world: World) -> None:
    world.mail.behave(junk=True)
    send("ABC123")
    assert code_in(open_mailbox(box.imap(imap.host, imap.port), NONE).letters()[0]) == "ABC123"


def test_no_letter_becomes_read(imap: ImapServer, box: SimBox, send: Send, world: World) -> None:
    send("ABC123")
    open_mailbox(box.imap(imap.host, imap.port), NONE).letters()
    said = " ".join(world.mail.asked)
    assert "BODY.PEEK" in said
    assert not any(word in said for word in ("SELECT", "STORE", "RFC822", "BODY["))


def test_a_server_that_cannot_prove_who_it_is_is_not_spoken_to(
    imap: ImapServer, box: SimBox, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed(other).authority))
    given = box.imap(imap.host, imap.port) | {"mail_verify_ssl": "false"}
    with pytest.raises(MailboxFailed, match="certificate") as failure:
        open_mailbox(given, NONE).letters()
    assert not failure.value.again
    assert world.mail.asked == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("429", "lets nobody in at this moment"),
        ("500", "could not be read"),
        ("reset", "could not be read"),
    ],
)
def test_a_passing_trouble_is_no_wrong_password(
    imap: ImapServer, box: SimBox, world: World, fault: str, words: str
) -> None:
    world.mail.behave(fault=fault)
    with pytest.raises(MailboxFailed, match=words) as failure:
        open_mailbox(box.imap(imap.host, imap.port), NONE).letters()
    assert failure.value.again


def test_a_password_may_have_any_letters(imap: ImapServer, box: SimBox) -> None:
    with pytest.raises(MailboxFailed, match="refused"):
        open_mailbox(box.imap(imap.host, imap.port) | {"mail_password": "schlüssel"}, NONE).letters()


@pytest.mark.parametrize(
    "wrong", [{"mail_port": "0"}, {"mail_port": "x"}, {"mail_password": "a\r\nb"}, {"mail_host": "a\nb"}]
)
def test_what_cannot_be_said_on_a_line_is_refused(box: SimBox, wrong: dict[str, str]) -> None:
    with pytest.raises(MailboxFailed) as failure:
        open_mailbox(box.imap("mail.example", 993) | wrong, NONE)
    assert not failure.value.again


def test_a_refresh_token_that_is_replaced_is_told_and_used(
    simulator: Simulator, imap: ImapServer, box: SimBox, world: World
) -> None:
    world.mail.behave(rotate=True)
    told: list[dict[str, str]] = []
    given = box.microsoft(simulator.url, imap.host, imap.port)
    open_mailbox(given, NONE, renewed=lambda fields: told.append(dict(fields))).letters()
    assert [list(fields) for fields in told] == [["mail_refresh_token"]]
    with pytest.raises(MailboxFailed, match=r"invalid_grant.*new mail_refresh_token") as failure:
        open_mailbox(given, NONE).letters()
    assert not failure.value.again
    assert open_mailbox(given | told[0], NONE).letters() == []


def test_an_access_token_is_used_as_long_as_it_is_good(
    simulator: Simulator, imap: ImapServer, box: SimBox, world: World
) -> None:
    mailbox = open_mailbox(box.microsoft(simulator.url, imap.host, imap.port), NONE)
    mailbox.letters()
    mailbox.letters()
    assert sum(asked.startswith("POST /ms/") for asked in world.mail.asked) == 1


def test_a_token_endpoint_that_is_away_for_a_moment_is_waited_for(
    simulator: Simulator, imap: ImapServer, box: SimBox, world: World
) -> None:
    world.mail.behave(fault="500")
    with pytest.raises(MailboxFailed, match="status 500") as failure:
        open_mailbox(box.microsoft(simulator.url, imap.host, imap.port), NONE).letters()
    assert failure.value.again
