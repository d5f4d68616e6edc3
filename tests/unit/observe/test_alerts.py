"""Messages to people, as each kind of address takes them."""

import json
import logging
from typing import Any

import pytest
from proxies import Peer, answer

from gemini_pool.knobs import SettingsError
from gemini_pool.observe.alerts import KINDS, Alert, Bases, Webhooks
from gemini_pool.readers import WEBHOOKS, read_webhook
from gemini_pool.settings import read_settings

ALERT = Alert(
    "pool_empty", "没有可用账号", "None of 3.", 0.0, (1, "amber"), "https://pool.example/accounts/1"
)
OK = answer(200, b"{}", "Connection: close")


def sent(address: str) -> Any:
    """The request that an alert to this address comes to; PEER stands for where it goes."""
    with Peer(lambda _: OK) as peer:
        hook = read_webhook(address.replace("PEER", peer.netloc))
        bases = Bases(telegram=peer.url, scheme="http")
        assert Webhooks((hook,), bases).send(hook, ALERT) == ""
    (heard,) = peer.requests
    assert heard.method == "POST"
    assert heard.headers["content-type"] == "application/json"
    return heard.target, json.loads(heard.body), heard.headers


def test_a_web_address_is_given_the_alert_itself() -> None:
    target, body, _ = sent("http://PEER/hook?key=planted")
    assert target == "/hook?key=planted"
    assert body == {
        "event": "pool_empty",
        "title": "没有可用账号",
        "message": "None of 3.",
        "at": "1970-01-01T00:00:00Z",
        "account": {"id": 1, "name": "amber"},
        "url": "https://pool.example/accounts/1",
    }


@pytest.mark.parametrize("chat", ["-1001234", "@Channel"])
def test_telegram(chat: str) -> None:
    target, body, _ = sent(f"telegram://123:AbC-d@{chat}")
    assert target == "/bot123:AbC-d/sendMessage"
    assert body["chat_id"] == chat
    assert body["text"] == "没有可用账号\nNone of 3.\nhttps://pool.example/accounts/1"


def test_bark() -> None:
    target, body, _ = sent("bark://PEER/kEy")
    assert target == "/push"
    assert (body["device_key"], body["title"], body["body"]) == ("kEy", "没有可用账号", "None of 3.")


@pytest.mark.parametrize(("login", "header"), [("", None), ("tk_planted@", "Bearer tk_planted")])
def test_ntfy(login: str, header: str | None) -> None:
    target, body, headers = sent(f"ntfy://{login}PEER/topic")
    assert (target, body["topic"], body["click"]) == ("/", "topic", "https://pool.example/accounts/1")
    assert headers.get("authorization") == header


def test_every_kind_of_address_has_its_row() -> None:
    assert set(KINDS) == set(WEBHOOKS)


@pytest.mark.parametrize(
    "address",
    ["telegram://planted@chat", "bark://PEER/planted", "ntfy://planted@PEER/planted", "http://PEER/planted"],
)
def test_a_failure_is_told_without_what_is_secret(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(lambda _: answer(403, b"planted")) as peer:
        pass
    hook = read_webhook(address.replace("PEER", peer.netloc))
    fault = Webhooks((hook,), Bases(telegram=peer.url, scheme="http")).send(hook, ALERT)
    assert "could not be reached" in fault
    assert "planted" not in fault + hook.shown + repr(hook) + caplog.text.replace("/planted", "")
    with Peer(lambda _: answer(403, b"planted")) as peer:
        hook = read_webhook(address.replace("PEER", peer.netloc))
        fault = Webhooks((hook,), Bases(telegram=peer.url, scheme="http")).send(hook, ALERT)
    assert fault == "It answered with status 403."


@pytest.mark.parametrize(
    "address",
    [
        "mail://planted@host",
        "planted",
        "https://",
        "https://[planted",
        "telegram://chat",
        "bark://host",
        "ntfy://planted@host",
        "ntfy://host/a/planted",
        "https://ho st/planted",
    ],
)
def test_an_address_that_cannot_be_read_is_told_by_name(address: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings({"ALERT_URLS": f"https://good.example/x,{address}"})
    assert str(told.value).startswith("ALERT_URLS: the value holds")
    assert "planted" not in str(told.value)


def test_several_addresses_are_read() -> None:
    text = "https://good.example/x, telegram://1:a@2"
    assert read_settings({"ALERT_URLS": text}).alert_urls == ("https://good.example/x", "telegram://1:a@2")
