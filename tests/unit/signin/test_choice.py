"""How the browser is started: with a window or without, by which proxy, and with nothing to hide behind."""

from pathlib import Path

import pytest

from gemini_pool.sign_in_errors import BrowserFailed
from gemini_pool.signin.choice import BrowserChoice, arguments, environment, is_headless

SCREEN = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("environ", "platform", "rules", "headless"),
    [
        ({}, "linux", {}, True),
        (SCREEN, "linux", {}, False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", {}, False),
        ({}, "darwin", {}, False),
        (SCREEN, "linux", {"flag": True}, True),
        ({}, "linux", {"flag": False}, False),
        (SCREEN, "linux", {"force_headless": True}, True),
        (SCREEN, "linux", {"force_headless": True, "flag": False}, True),
        ({}, "linux", {"force_headed": True}, False),
        ({}, "linux", {"force_headed": True, "force_headless": True, "flag": True}, False),
    ],
)
def test_who_decides_whether_there_is_a_window(
    environ: dict[str, str], platform: str, rules: dict[str, bool], headless: bool
) -> None:
    assert is_headless(environ, platform, **rules) is headless


def test_the_browser_says_what_it_is() -> None:
    given = arguments(BrowserChoice(), Path("/run/profile"), root=False)
    assert "--no-sandbox" not in given
    assert not [one for one in given if "user-agent" in one or "AutomationControlled" in one]


def test_the_sandbox_is_left_out_for_root_alone() -> None:
    assert "--no-sandbox" in arguments(BrowserChoice(), None, root=True)


@pytest.mark.parametrize("headless", [True, False])
def test_a_window_is_left_out_when_so_chosen(headless: bool) -> None:
    given = arguments(BrowserChoice(headless=headless), None, root=False)
    assert ("--headless=new" in given) is headless


@pytest.mark.parametrize("address", ["http://10.0.0.7:3128", "socks5://proxy.example:1080"])
def test_a_proxy_is_handed_on(address: str) -> None:
    assert f"--proxy-server={address}" in arguments(BrowserChoice(proxy=address), None, root=False)


def test_a_proxy_that_also_looks_names_up_is_called_as_the_browser_calls_it() -> None:
    given = arguments(BrowserChoice(proxy="socks5h://127.0.0.1:1080"), None, root=False)
    assert "--proxy-server=socks5://127.0.0.1:1080" in given


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://user:secret@proxy.example:3128", "without"),
        ("socks5://user@proxy.example:1080", "without"),
        ("ftp://proxy.example", "kind ftp"),
        ("proxy.example:3128", "http://host:port"),
    ],
)
def test_a_proxy_that_the_browser_cannot_use_is_refused_without_its_password(address: str, told: str) -> None:
    with pytest.raises(BrowserFailed, match=told) as refused:
        arguments(BrowserChoice(proxy=address), None, root=False)
    assert "secret" not in str(refused.value)
    assert "BROWSER_PROXY" in str(refused.value)


def test_the_browser_is_not_given_our_secrets() -> None:
    ours = {"PATH": "/usr/bin", "ADMIN_PASSWORD": "hunter2", "API_KEY": "sk-gp-1", "HOME": "/root"}
    given = environment(ours, Path("/data/run-1"), Path("/tmp/gp-1"))
    assert given == {"PATH": "/usr/bin", "HOME": "/data/run-1", "TMPDIR": "/tmp/gp-1"}


def test_a_display_stays_reachable_from_another_home() -> None:
    given = environment(SCREEN | {"HOME": "/home/me"}, Path("/data/run-1"), Path("/tmp/gp-1"))
    assert given["XAUTHORITY"] == "/home/me/.Xauthority"
