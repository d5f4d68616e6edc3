"""From whom a code is taken."""

import pytest

from gemini_pool.signin.mailbox.senders import is_expected, sender_address

SENDERS = ("google.com", "gemini.google", "bot@mail.example")


@pytest.mark.parametrize(
    "sender",
    [
        "noreply-googlecloud@google.com",
        "NoReply@Google.COM",
        "Google Cloud <noreply-googlecloud@google.com>",
        '"Google, Inc. <x>" <noreply@google.com>',
        "<noreply@accountverification.business.gemini.google>",
        "3kf_bounces@scoutcamp.bounces.google.com",
        "bot@mail.example",
    ],
)
def test_the_service_is_expected(sender: str) -> None:
    assert is_expected(sender, SENDERS)


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "google.com",
        "a@evilgoogle.com",
        "a@google.com.evil.org",
        "a@evil.org",
        "google.com <a@evil.org>",
        '"noreply@google.com" <a@evil.org>',
        "noreply@google.com <a@evil.org>",
        "a@evil.org, <noreply@google.com>",
        "<a@evil.org> <noreply@google.com>",
        "noreply@google.com, a@evil.org",
        "a@evil.org\n<noreply@google.com>",
        "a@evil.org(<noreply@google.com>",
        "other@mail.example",
        "bot@sub.mail.example",
    ],
)
def test_whoever_resembles_it_is_not(sender: str) -> None:
    assert not is_expected(sender, SENDERS)


@pytest.mark.parametrize("senders", [(), ("",), (" ",)])
def test_everybody_is_expected_where_nobody_is_named(senders: tuple[str, ...]) -> None:
    assert is_expected("a@evil.org", senders)
    assert is_expected("", senders)


@pytest.mark.parametrize("named", ["@google.com", " Google.com ", "noreply@google.com"])
def test_a_sender_may_be_written_in_several_ways(named: str) -> None:
    assert is_expected("Google <noreply@google.com>", [named])


def test_the_address_is_what_stands_in_the_brackets() -> None:
    assert sender_address('"A \\" B" <X@Y.org>') == "x@y.org"
    assert sender_address("nobody") == ""
