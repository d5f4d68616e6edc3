"""Every kind of mailbox against the service that it is read from."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from certificates import self_signed

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox import PROVIDERS, MailDefaults, open_mailbox, try_mailbox
from gemini_pool.signin.mailbox.codes import code_in
from gemini_pool.simulator.mail.boxes import ADMIN_KEY, SITE_PASSWORD, SimBox
from gemini_pool.simulator.mail.imap import ImapServer
from gemini_pool.simulator.post import CODE_SENDER, Mail
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

Send = Callable[..., Mail]
NONE = MailDefaults()
OVER_HTTP = ("cfmail", "duckmail", "moemail", "freemail", "gptmail")
ALL = (*OVER_HTTP, "imap", "microsoft")
SECRETS = ("mail_password", "mail_api_key", "mail_jwt_token", "mail_refresh_token")


@pytest.fixture
def fields(
    simulator: Simulator, box: SimBox, request: pytest.FixtureRequest
) -> Callable[[str], dict[str, str]]:
    """What an account keeps of its mailbox with a provider."""

    def make(provider: str) -> dict[str, str]:
        if provider in OVER_HTTP:
            return dict(getattr(box, provider)(simulator.url))
        imap: ImapServer = request.getfixturevalue("imap")
        if provider == "imap":
            return box.imap(imap.host, imap.port)
        return box.microsoft(simulator.url, imap.host, imap.port)

    return make


Fields = Callable[[str], dict[str, str]]


@pytest.mark.parametrize("provider", ALL)
def test_letters_are_read_the_newest_first(fields: Fields, send: Send, world: World, provider: str) -> None:
    mailbox = open_mailbox(fields(provider), NONE)
    assert mailbox.letters() == []
    first = send("AAA111")
    send("XXX000", to=world.accounts["bruno"].email)
    assert [code_in(one) for one in mailbox.letters()] == ["AAA111"]
    send("BBB222", sender="Google <a@google.com>")
    letters = mailbox.letters()
    assert sorted(map(code_in, letters)) == ["AAA111", "BBB222"]  # type: ignore[type-var]
    old = next(one for one in letters if code_in(one) == "AAA111")
    assert old.sender == CODE_SENDER
    assert old.subject == "Gemini Business 验证码"
    assert old.at == pytest.approx(first.arrives_at, abs=1)
    assert mailbox.address == world.accounts["amber"].email
    assert "AAA111" not in repr(letters)


@pytest.mark.parametrize("provider", ALL)
def test_a_wrong_secret_is_settled_and_not_told(fields: Fields, provider: str) -> None:
    given = fields(provider)
    name = next(name for name in ("mail_api_key", *SECRETS) if name in given)
    given[name] = given[name][:-4] + "zzzz"
    with pytest.raises(MailboxFailed) as failure:
        open_mailbox(given, NONE).letters()
    assert not failure.value.again
    assert all(given[name] not in str(failure.value) for name in SECRETS if name in given)


@pytest.mark.parametrize("provider", OVER_HTTP)
@pytest.mark.parametrize(
    ("fault", "again", "words"),
    [
        ("html", False, "that is the page, not the worker behind it. Set TEMP_MAIL_URL"),
        ("401", False, "refused the mailbox's key or password"),
        ("404", False, "404"),
        ("429", True, "asked too often"),
        ("500", True, "failed (status 500)"),
        ("garbage", True, "not understood"),
        ("reset", True, "cannot be reached"),
        ("huge", True, "more than 4 MB"),
        ("away", False, "sends on to http://elsewhere.invalid"),
    ],
)
def test_a_fault_is_told_with_what_to_do(
    fields: Fields, world: World, provider: str, fault: str, again: bool, words: str
) -> None:
    given = fields(provider)
    world.mail.behave(fault=fault)
    with pytest.raises(MailboxFailed) as failure:
        open_mailbox(given, NONE).letters()
    said = str(failure.value)
    assert failure.value.again is again
    assert words in said
    assert "127.0.0.1:" in said
    assert all(given[name] not in said for name in SECRETS if name in given)


def test_a_service_is_followed_within_itself_and_not_for_ever(
    fields: Fields, send: Send, world: World
) -> None:
    send("ABC123")
    mailbox = open_mailbox(fields("freemail"), NONE)  # whose key is in the query
    world.mail.behave(fault="moved")
    assert len(mailbox.letters()) == 1
    world.mail.behave(fault="round")
    with pytest.raises(MailboxFailed, match="sends on and on"):
        mailbox.letters()


def test_an_https_service_must_prove_who_it_is(
    imap: ImapServer, fields: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = fields("cfmail") | {"mail_base_url": f"https://127.0.0.1:{imap.port}", "mail_verify_ssl": "false"}
    with pytest.raises(MailboxFailed) as trusted:  # it speaks no HTTP, but is who it says it is
        open_mailbox(given, NONE).letters()
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed(other).authority))
    with pytest.raises(MailboxFailed, match="certificate") as strange:
        open_mailbox(given, NONE).letters()
    assert "certificate" not in str(trusted.value)
    assert not strange.value.again


@pytest.mark.parametrize("provider", ALL)
def test_letters_that_are_late_are_read_when_they_come(
    fields: Fields, send: Send, world: World, provider: str
) -> None:
    world.mail.behave(late=300)
    send("ABC123")
    mailbox = open_mailbox(fields(provider), NONE)
    assert mailbox.letters() == []
    world.mail.behave(late=0)
    assert code_in(mailbox.letters()[0]) == "ABC123"


@pytest.mark.parametrize("provider", ["duckmail", "moemail", "freemail", "gptmail"])
def test_a_letter_is_asked_for_once_and_only_the_newest_are(
    fields: Fields, send: Send, world: World, provider: str
) -> None:
    for number in range(8):
        send(f"ABC12{number}")
    mailbox = open_mailbox(fields(provider), NONE)
    assert len(mailbox.letters()) == 5
    asked = len(world.mail.asked)
    assert len(mailbox.letters()) == 5
    assert len(world.mail.asked) == asked + 1


@pytest.mark.parametrize(
    "form", ["raw", "parsed", "parsed-path", "bare", "mails", "data", "result", "detail"]
)
def test_a_worker_is_read_in_all_its_forms(fields: Fields, send: Send, world: World, form: str) -> None:
    world.mail.behave(form=form)
    send("ABC123")
    letter = open_mailbox(fields("cfmail"), NONE).letters()[0]
    assert code_in(letter) == "ABC123"
    assert letter.at == pytest.approx(time.time(), abs=30)
    assert letter.sender == CODE_SENDER


def test_the_site_may_have_a_password_of_its_own(fields: Fields, world: World) -> None:
    world.mail.behave(site_password=True)
    with pytest.raises(MailboxFailed, match="refused"):
        open_mailbox(fields("cfmail"), NONE).letters()
    given = fields("cfmail") | {"mail_site_password": SITE_PASSWORD}
    assert open_mailbox(given, NONE).letters() == []


def test_a_token_may_be_kept_as_the_password(fields: Fields, send: Send, box: SimBox) -> None:
    send("ABC123")
    given = fields("cfmail") | {"mail_password": box.jwt}
    del given["mail_jwt_token"]
    assert len(open_mailbox(given, NONE).letters()) == 1


@pytest.mark.parametrize("everybody", [False, True])
def test_the_operators_own_service_is_read_with_his_key(
    simulator: Simulator, world: World, send: Send, box: SimBox, everybody: bool
) -> None:
    world.mail.behave(everybody=everybody)
    send("ABC123")
    send("XXX000", to="bruno@mail.example")
    ours = MailDefaults(api=f"{simulator.url}/mail/cf", admin_key=ADMIN_KEY)
    letters = open_mailbox({"mail_provider": "cfmail", "mail_address": box.address}, ours).letters()
    assert [code_in(one) for one in letters] == ["ABC123"]


@pytest.mark.parametrize("provider", ["cfmail", "freemail"])
def test_the_operators_key_goes_to_no_other_service(provider: str, simulator: Simulator, box: SimBox) -> None:
    given = {"mail_provider": provider, "mail_address": box.address, "mail_base_url": simulator.url}
    with pytest.raises(MailboxFailed, match="lacks") as failure:
        open_mailbox(given, MailDefaults(api="https://mail.invalid", admin_key=ADMIN_KEY))
    assert not failure.value.again


def test_duckmail_is_entered_again_when_its_token_ends(fields: Fields, send: Send, world: World) -> None:
    send("ABC123")
    mailbox = open_mailbox(fields("duckmail"), NONE)
    mailbox.letters()
    world.mail.behave(expired=True)
    assert len(mailbox.letters()) == 1
    assert world.mail.asked.count("POST /duck/token") == 2


def test_try_tells_of_letters_without_showing_any(fields: Fields, send: Send, box: SimBox) -> None:
    assert try_mailbox(fields("cfmail"), NONE).letters == 0
    mail = send("ABC123", sender="Google Cloud <noreply@google.com>")
    glimpse = try_mailbox(fields("cfmail"), NONE)
    assert (glimpse.address, glimpse.letters, glimpse.newest_from) == (box.address, 1, "google.com")
    assert glimpse.newest_at == pytest.approx(mail.arrives_at, abs=1)
    assert "ABC123" not in repr(glimpse)


@pytest.mark.parametrize("provider", [key for key in PROVIDERS if key != "page"])
def test_a_mailbox_without_its_needed_fields_is_refused_without_a_call(provider: str) -> None:
    with pytest.raises(MailboxFailed, match=r"lacks|names no service") as failure:
        open_mailbox({"mail_provider": provider}, NONE)
    assert not failure.value.again


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"mail_address": "a@b.org"},
        {"mail_provider": "pigeon"},
        {"mail_provider": "page", "tempmail_url": ""},
    ],
)
def test_an_account_without_a_mailbox_is_told(given: Mapping[str, str]) -> None:
    with pytest.raises(MailboxFailed) as failure:
        open_mailbox(given, NONE)
    assert not failure.value.again


@pytest.mark.parametrize(
    "base", ["mail.example", "ftp://mail.example", "https://", "https://[", "http://x:99999"]
)
def test_an_address_that_is_none_is_told(fields: Fields, base: str) -> None:
    with pytest.raises(MailboxFailed, match="enter it as https://host"):
        open_mailbox(fields("cfmail") | {"mail_base_url": base}, NONE)


def test_fields_of_every_provider_are_named_as_accounts_keep_them() -> None:
    for provider in PROVIDERS.values():
        names = [field.name for field in provider.fields]
        assert len(set(names)) == len(names)
        assert all(name.startswith(("mail_", "tempmail_")) and name.islower() for name in names)
        assert all(field.secret for field in provider.fields if field.name in SECRETS)
