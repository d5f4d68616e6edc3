"""Which letters hold a code, and which only look as if."""

import pytest

from gemini_pool.signin.mailbox.base import Letter
from gemini_pool.signin.mailbox.codes import code_in
from gemini_pool.signin.mailbox.letters import readable, tidy

PAGE = """<html><head><title>Gemini</title><style>.a{color:#A1B2C3} .PR1NT2 {width:320px}
ABC999
</style></head><body id="QWE123"><!-- <p>FAKE01</p> --><script>
TRK777
</script><table><tr><td style="color:#123ABC">您的一次性验证码为：</td></tr>
<tr><td><span class="hLMukf">K7M2Q9</span></td></tr><tr><td>GOOGLE</td></tr></table></body></html>"""


def letter(text: str, subject: str = "Gemini Business") -> Letter:
    return Letter("1", "noreply@google.com", subject, tidy(text))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("您好\n\n您的一次性验证码为：\n\nABC123\n\n谢谢", "ABC123"),
        ("您的一次性验证码为: ZYXWVU", "ZYXWVU"),
        ("您的一次性验证码为：482913", "482913"),
        ("您的一次性验证\n码为：ABC123", "ABC123"),
        ("您的一次性验证为：ABC123", "ABC123"),  # a decoder lost the last character of the phrase
        ("验证码：ABC123", "ABC123"),
        ("Hello,\nyour one-time verification code is:\n\nQ2W3E4\n", "Q2W3E4"),
        ("Your one-time verification\ncode is: Q2W3E4.", "Q2W3E4"),
        ("Your one-time verification code is 918273", "918273"),
        ("Your verification code: *A1B2C3*", "A1B2C3"),
        ("REF001\nyour one-time verification code is: ABC123", "ABC123"),
        ("Use this to sign in\n\n  AB12CD  \n\nThe team", "AB12CD"),
        ("Use this to sign in\n\nQWERTY\n", "QWERTY"),
        ("NOTICE\n\nAB12CD\n", "AB12CD"),
    ],
)
def test_the_code_is_found(text: str, code: str) -> None:
    assert code_in(letter(text)) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Your bill is in the file AB12CD, we thank you.",
        "482913",
        "Order\n\n482913\n\nThanks",
        "GOOGLE\nGEMINI\nUPDATE",
        "abc123",
        "ABC1234\nAB12",
        "color: #A1B2C3;",
        "your one-time verification code is: ABC1234",
        "your one-time verification code is: abc123",
        "Your verification code is UPDATE",
        "https://example.org/ABC123",
    ],
)
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert code_in(letter(text)) is None


def test_of_a_page_only_what_is_shown_is_read() -> None:
    assert code_in(letter(readable(PAGE))) == "K7M2Q9"
    without = PAGE.replace("K7M2Q9", "").replace("您的一次性验证码为", "")
    assert code_in(letter(readable(without))) is None


def test_a_subject_can_announce_the_code() -> None:
    assert code_in(letter("See above.", "Your verification code is AB12CD")) == "AB12CD"
    assert code_in(letter("See above.", "AB12CD")) is None
