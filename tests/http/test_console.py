"""The frame of the console: languages, themes, static files, and what a page may not hold."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from signing_in import PASSWORD, Browser

from gemini_pool.roster import AccountState
from gemini_pool.web.console.frame import STATIC, TEMPLATES
from gemini_pool.web.console.states import LOOKS
from gemini_pool.wiring import EXTENSION

MakeApp = Callable[..., Flask]


@pytest.fixture
def client(make_app: MakeApp) -> FlaskClient:
    """A browser that is signed in."""
    return signed_in(make_app("amber", ADMIN_PASSWORD=PASSWORD))


def signed_in(app: Flask) -> FlaskClient:
    browser = Browser(app)
    assert browser.sign_in().status_code == 200
    return browser.client


HANDLERS = re.compile(r"on[a-z]+$")


class Tags(HTMLParser):
    """What of a page its content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        inline = tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        )
        if inline or "style" in given or any(HANDLERS.match(name) for name in given):
            self.refused.append(self.get_starttag_text() or tag)


def tags(page: str) -> Tags:
    found = Tags()
    found.feed(page)
    return found


def test_a_page_obeys_its_content_security_policy(client: FlaskClient) -> None:
    found = tags(client.get("/").text)
    assert found.refused == []
    assert all(address.startswith(("/", "#")) for address in found.addresses)


def test_every_file_of_a_page_is_there_and_kept_for_ever(client: FlaskClient) -> None:
    page = client.get("/", headers={"accept-language": "zh"}).text
    files = {one.partition("#")[0] for one in tags(page).addresses if one.startswith("/static/")}
    assert len(files) >= 6
    for address in files:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_file_changes_its_address_with_its_bytes(client: FlaskClient) -> None:
    address = tags(client.get("/").text).addresses[0]
    _, _, version, name = address.split("/", 3)
    other = client.get(f"/static/{'0' * len(version)}/{name}")
    assert other.status_code == 200
    assert other.headers["cache-control"] == "no-cache"


def test_files_are_packed_for_who_can_unpack_them(client: FlaskClient) -> None:
    address = next(one for one in tags(client.get("/").text).addresses if one.endswith("bootstrap.css"))
    plain, packed = client.get(address), client.get(address, headers={"accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert len(packed.data) < len(plain.data) / 4


@pytest.mark.parametrize("name", ["nothing.css", "../README.md", "..%2f..%2fREADME.md", "js"])
def test_nothing_but_static_files_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/0/{name}").status_code == 404


@pytest.mark.parametrize(
    ("preferred", "chosen", "lang"),
    [
        ("", "", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh-CN"),
        ("zh-TW", "", "zh-CN"),
        ("de, en;q=0.5, zh;q=0.2", "", "en"),
        ("fr", "", "en"),
        ("zh", "en", "en"),
        ("zh", "../../etc", "zh-CN"),
    ],
)
def test_the_language_is_what_was_chosen_or_what_the_browser_prefers(
    client: FlaskClient, preferred: str, chosen: str, lang: str
) -> None:
    if chosen:
        client.set_cookie("language", chosen)
    page = client.get("/", headers={"accept-language": preferred}).text
    assert f'<html lang="{lang}"' in page
    assert ("概览" in page) == (lang == "zh-CN")


def test_a_choice_is_kept_and_leads_back(client: FlaskClient) -> None:
    answer = client.get("/look?language=zh_CN&theme=dark&next=/?period=7d")
    assert (answer.status_code, answer.location) == (303, "/?period=7d")
    page = client.get("/").text
    assert '<html lang="zh-CN" data-theme="dark" data-bs-theme="dark">' in page


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1"],
)
def test_a_choice_leads_nowhere_else(client: FlaskClient, address: str) -> None:
    answer = client.get("/look", query_string={"theme": "purple", "next": address})
    assert answer.location == "/"
    assert "set-cookie" not in answer.headers


def test_a_switch_keeps_what_else_the_page_was_asked_for(client: FlaskClient) -> None:
    page = client.get("/?period=24h&q=a%26b%2Bc&page=3").text
    assert 'href="/?q=a%26b%2Bc&amp;period=7d"' in page or 'href="/?period=7d&amp;q=a%26b%2Bc"' in page


def test_what_an_account_is_called_stays_text(make_app: MakeApp) -> None:
    app = make_app("amber", ADMIN_PASSWORD=PASSWORD)
    name = "</script><img src=x onerror=alert(1)>"
    store = app.extensions[EXTENSION].store
    with store.writing():
        store.db.execute_sql("UPDATE accounts SET name = ?, standing = 'forbidden'", (name,))
    app.extensions[EXTENSION].office.profiles.renew()
    page = signed_in(app).get("/").text
    assert name not in page
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_the_overview_shows_no_cookie(make_app: MakeApp) -> None:
    app = make_app("amber", "bruno", ADMIN_PASSWORD=PASSWORD)
    page = signed_in(app).get("/").text
    for account in app.extensions[EXTENSION].accounts.accounts():
        assert account.name in page
        assert account.credentials.secure_c_ses not in page


def test_a_caller_of_the_api_pays_nothing_for_the_console(app: Flask) -> None:
    hooks = [app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs]
    whole = [hook for one in hooks for hook in one.get(None, [])]
    assert whole
    assert not [hook for hook in whole if hook.__module__.startswith(("gemini_pool.web.console", "flask_b"))]


def test_every_state_has_a_word_an_icon_and_a_tone_of_its_own() -> None:
    assert set(LOOKS) == set(AccountState)
    assert len({look.icon for look in LOOKS.values()}) == len(LOOKS)


def sources() -> Iterator[tuple[Path, str]]:
    for folder, kind in ((TEMPLATES, "*.html"), (STATIC, "*.js")):
        for path in sorted(folder.rglob(kind)):
            yield path, path.read_text(encoding="utf-8")


def test_no_source_of_a_page_breaks_out_of_its_escaping() -> None:
    words = re.compile(
        r"\|\s*safe\b|autoescape\s+false|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|style=\""
    )
    found = [f"{path}: {match[0]}" for path, text in sources() for match in words.finditer(text)]
    assert not found, found


@pytest.mark.parametrize("path", ["/v1/models", "/health", "/api/status"])
def test_an_answer_for_programs_depends_on_no_cookie(client: FlaskClient, path: str) -> None:
    assert "cookie" not in client.get(path).headers.get("vary", "").lower()
