"""Adding accounts: nothing is written before it was told, and no page holds what was pasted."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from signing_in import Browser

from gemini_pool.simulator.cast import SimAccount, make_account
from gemini_pool.store.transfer import found
from gemini_pool.web.console.reading_words import SENTENCES
from gemini_pool.wiring import Services

Send = Callable[..., Any]
FRIDA = make_account("frida")


def pasted(account: SimAccount, **changed: str) -> str:
    csesidx = changed.get("csesidx", account.csesidx)
    return (
        f"https://business.gemini.google/home/cid/{account.config_id}?csesidx={csesidx}\n"
        f"Cookie: __Secure-C_SES={changed.get('cookie', account.secure_c_ses)}; NID=1\n"
    )


def sealed(page: str) -> str:
    match = re.search(r'name="sealed" value="([^"]+)"', page)
    assert match
    return match[1]


def count(s: Services) -> int:
    return len(s.accounts.accounts())


def test_a_preview_writes_nothing_and_holds_no_cookie(send: Send, s: Services) -> None:
    renewed = pasted(make_account("amber"), cookie="CSE.renewed-0123456789")
    page = send("/accounts/add", text=f"{pasted(FRIDA)}\n\n{renewed}").text
    assert "2 accounts found: 1 new, 1 updates amber" in page
    assert "Changes: the cookie __Secure-C_SES." in page
    assert ">Add 1, update 1<" in page
    assert FRIDA.secure_c_ses not in page
    assert "CSE.renewed" not in page
    assert count(s) == 4


def test_the_button_does_what_it_said_with_what_the_page_held(
    send: Send, browser: Browser, s: Services
) -> None:
    page = send("/accounts/add", text=pasted(FRIDA)).text
    reply = send("/accounts/add", text="", sealed=sealed(page), sure="1")
    assert (reply.status_code, reply.location) == (303, "/accounts")
    assert count(s) == 5
    assert s.accounts.accounts()[-1].credentials.secure_c_ses == FRIDA.secure_c_ses
    assert "1 account was added." in browser.send("GET", "/accounts").text
    assert [entry.action for entry in s.audit.page()].count("accounts.imported") == 1


def test_what_was_typed_into_fields_and_chosen_as_a_file_is_read_as_well(send: Send) -> None:
    address, _, _ = pasted(FRIDA).partition("\n")
    page = send("/accounts/add", address=address, secure_c_ses=FRIDA.secure_c_ses, host_c_oses="").text
    assert "1 account found: 1 new" in page
    page = send("/accounts/add", file=(io.BytesIO(pasted(FRIDA).encode()), "a.txt")).text
    assert "1 account found: 1 new" in page


def test_what_is_missing_is_called_as_people_find_it(send: Send) -> None:
    page = send("/accounts/add", text=f"Cookie: __Secure-C_SES={FRIDA.secure_c_ses}").text
    assert "1 account found: 1 incomplete" in page
    assert "csesidx in the page's address, the id after /cid/ in the page's address." in page
    assert 'name="sure"' not in page


@pytest.mark.parametrize(
    ("answer", "verb", "accounts"), [("", None, 4), ("1", "Update 1", 4), ("0", "Add 1", 5)]
)
def test_an_entry_that_asks_is_decided(
    send: Send, s: Services, answer: str, verb: str | None, accounts: int
) -> None:
    text = pasted(make_account("amber"), csesidx="4242", cookie=FRIDA.secure_c_ses)
    asked = send("/accounts/add", text=text).text
    assert "1 account found: 1 to decide" in asked
    page = send("/accounts/add", sealed=sealed(asked), **{"answer-0": answer}).text
    assert re.search(rf'value="{answer}" checked', page)
    assert (f">{verb}<" in page) if verb else 'name="sure"' not in page
    send("/accounts/add", sealed=sealed(page), sure="1", **{"answer-0": answer})
    assert count(s) == accounts


@pytest.mark.parametrize(
    "form",
    [
        {"text": ""},
        {"text": "", "sealed": "gAAAA-of-another-house"},
        {"text": pasted(FRIDA), "answer-7": "0"},
    ],
)
def test_what_cannot_be_read_is_said(send: Send, form: dict[str, str]) -> None:
    reply = send("/accounts/add", **form)
    assert reply.status_code == 400
    assert 'role="alert"' in reply.text


def test_text_that_is_nothing_known_is_told_in_the_reader_s_language(send: Send, browser: Browser) -> None:
    assert "Line 1 is nothing that is known here" in send("/accounts/add", text="<b>hello</b>").text
    browser.client.set_cookie("language", "zh_CN")
    page = send("/accounts/add", text="<b>hello</b>").text
    assert "is nothing that is known" not in page
    assert "第 1 行" in page


def test_every_sentence_of_the_reader_can_be_said_in_other_languages() -> None:
    words = {name: value for name, value in vars(found).items() if name.isupper() and isinstance(value, str)}
    assert set(words.values()) == {one._args[0] for one in SENTENCES}


def test_a_large_text_can_be_pasted_without_a_script(browser: Browser) -> None:
    fields = {"csrf_token": browser.csrf, "text": pasted(FRIDA) + "\n# " + "x" * 900_000}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{t}\r\n' for n, t in fields.items()]
    body = "".join([*parts, "--x--\r\n"]).encode()
    headers = {"x-csrf-token": "", "content-type": "multipart/form-data; boundary=x"}
    assert "1 new" in browser.send("POST", "/accounts/add", data=body, headers=headers).text


def test_the_page_of_pictures_has_a_script_to_install(browser: Browser) -> None:
    page = browser.send("GET", "/account_extractor.html").text
    address = re.search(r'href="(/static/[^"]+/extractor\.user\.js)"', page)
    assert address
    script = browser.send("GET", address[1])
    assert script.content_type.startswith("text/javascript")
    assert script.text.startswith("// ==UserScript==")
    for picture in re.findall(r'src="(/static/[^"]+\.svg)"', page):
        assert browser.send("GET", picture).content_type.startswith("image/svg+xml")
