"""Which page is which, from one look at it."""

from typing import Any

import pytest

from gemini_pool.signin import pages
from gemini_pool.signin.hands import complaint_of
from gemini_pool.signin.pages import Place, View, recognise

CONFIG = "0f0e0d0c-1111-4222-8333-444455556666"
SOMETHING: Any = object()


def view(path: str = "/", *found: str, host: str = "b.example", **more: Any) -> View:
    return View(f"https://{host}{path}", found=dict.fromkeys(found, SOMETHING), ready=found, **more)


@pytest.mark.parametrize(
    ("seen", "place"),
    [
        (view("/login", "email", "continue"), Place.ADDRESS),
        (view("/anything/at/all", "email"), Place.ADDRESS),
        (view("/login/email", "send_code"), Place.METHODS),
        (view("/account-chooser", choices=[SOMETHING]), Place.CHOOSER),
        (view("/account-chooser"), Place.UNKNOWN),
        (view("/v1/verify-oob-code", "code", "boxes", "resend"), Place.CODE),
        (view("/v1/verify-oob-code", "boxes"), Place.CODE),
        (view("/admin/create", "name", "agree"), Place.NAME),
        (view("/admin/setup"), Place.SETUP),
        (view("/pick", workspaces=[SOMETHING]), Place.WORKSPACES),
        (view(f"/home/cid/{CONFIG}"), Place.HOME),
        (view(f"/home/cid/{CONFIG}", workspaces=[SOMETHING]), Place.HOME),
        (view(f"/login?continueUrl=/home/cid/{CONFIG}", "email"), Place.ADDRESS),
        (view("/login", "email", challenge=True), Place.CHALLENGE),
        (view("/login", headings=["Access Restricted"]), Place.RESTRICTED),
        (view(f"/home/cid/{CONFIG}", headings=["Access Restricted"]), Place.RESTRICTED),
        (view("/signin-error?x=1"), Place.SIGN_IN_ERROR),
        (view("/v3/signin/identifier", "email", host="accounts.google.com"), Place.ELSEWHERE),
        (view("/x", "another", text="请试试其他方法"), Place.DEAD_END),
        (view("/x", text="Sorry, the server cannot process this request."), Place.DEAD_END),
        (view("/news", headings=["What is new"]), Place.UNKNOWN),
    ],
)
def test_a_page_is_recognised(seen: View, place: Place) -> None:
    assert recognise(seen) is place


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("出了点问题，请稍后再试。", pages.SENDING_REFUSED),
        ("Something went wrong. Please try again later.", pages.SENDING_REFUSED),
        ("验证码有误，请重试。", pages.CODE_REFUSED),
        ("验证码已过期", pages.CODE_REFUSED),
        ("Incorrect code. Try again.", pages.CODE_REFUSED),
        ("That code is invalid", pages.CODE_REFUSED),
        ("This code has expired.", pages.CODE_REFUSED),
        ("验证码输入次数已超出上限", pages.TOO_MANY),
        ("Too many attempts", pages.TOO_MANY),
    ],
)
@pytest.mark.parametrize("where", ["toast", "text"])
def test_what_a_page_complains_of_is_heard_in_both_languages(text: str, pattern: Any, where: str) -> None:
    seen = view("/v1/verify-oob-code", "code", **{where: text})
    assert pattern.search(complaint_of(seen))


@pytest.mark.parametrize(
    "text", ["验证码已发送，请查收您的邮件。", "Code sent. Check your email.", "Enter the code"]
)
def test_what_a_page_merely_tells_is_no_complaint(text: str) -> None:
    assert complaint_of(view("/v1/verify-oob-code", "code", toast=text, text=text)) == ""
