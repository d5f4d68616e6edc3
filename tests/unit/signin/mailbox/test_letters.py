"""Letters as they travel, and what is read of them."""

import base64
import quopri
import time
from datetime import UTC, datetime

import pytest

from gemini_pool.signin.mailbox.letters import MOST_WORDS, open_mime, readable

ZH = "您好，\n\n您的一次性验证码为：\n\nABC123\n"


def raw(body: bytes, *, kind: str = "text/plain; charset=utf-8", encoding: str = "8bit") -> bytes:
    head = (
        "From: =?utf-8?B?6LC35q2M?= <noreply@google.com>\r\n"
        "Subject: =?utf-8?Q?Gemini_=E9=AA=8C=E8=AF=81=E7=A0=81?=\r\n"
        "Date: Fri, 02 Jan 2026 10:00:00 +0800\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.parametrize(
    "letter",
    [
        raw(ZH.encode()),
        raw(quopri.encodestring(ZH.encode()), encoding="quoted-printable"),
        raw(base64.encodebytes(ZH.encode()), encoding="base64"),
        raw(ZH.encode("gb18030"), kind="text/plain; charset=gb18030"),
        raw(ZH.encode(), kind="text/plain; charset=no-such-charset"),
        raw(ZH.encode(), kind="text/plain; charset=us-ascii"),
    ],
)
def test_the_words_are_read_in_every_encoding(letter: bytes) -> None:
    opened = open_mime(letter)
    assert opened.text == "您好，\n您的一次性验证码为：\nABC123"
    assert opened.sender == "谷歌 <noreply@google.com>"
    assert opened.subject == "Gemini 验证码"
    assert opened.at == datetime(2026, 1, 2, 2, 0, tzinfo=UTC).timestamp()


def test_a_soft_line_break_splits_no_word() -> None:
    split = b"your one-time verific=\r\nation code is: AB=\r\nC123"
    assert open_mime(raw(split, encoding="quoted-printable")).text.endswith("verification code is: ABC123")


def test_a_letter_in_text_is_read_as_one_in_bytes() -> None:
    assert open_mime(raw(ZH.encode()).decode()).text.endswith("ABC123")


def test_text_and_page_are_both_read_but_no_attachment() -> None:
    parts = [
        "--b\r\nContent-Type: text/plain\r\n\r\nin text",
        "--b\r\nContent-Type: text/html\r\n\r\n<p>on a <b>page</b></p>",
        "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nhidden",
        "--b--\r\n",
    ]
    opened = open_mime(
        raw("\r\n".join(parts).encode(), kind='multipart/mixed; boundary="b"', encoding="7bit")
    )
    assert opened.text == "in text\non a page"


def test_a_date_without_a_zone_is_none() -> None:
    assert open_mime(b"Date: Fri, 02 Jan 2026 10:00:00 -0000\r\n\r\nx").at is None
    assert open_mime(b"Date: yesterday\r\n\r\nx").at is None


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("a<br>b<p>c</p>d", "a\nb\nc\nd"),
        ("ver<b>ifi</b>cation", "verification"),
        ("<td>A&amp;B&nbsp;&nbsp;C</td>", "A&B C"),
        ("AB\u200bC1\u00ad23", "ABC123"),
        ("<style>x{}</style>a<script>if (a<b) y()</script>b<!-- c -->d", "abd"),
        ("<STYLE type='a'>x</STYLE>kept", "kept"),
        ("<style>never closed", ""),
        ("<!-- never closed", ""),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_a_page_is_read_as_it_is_seen(html: str, words: str) -> None:
    assert readable(html) == words


@pytest.mark.parametrize("piece", ["<style>", "<!--", "<", "<a ", "&", "<p>", "x "])
def test_malice_takes_no_time(piece: str) -> None:
    began = time.process_time()
    assert len(readable(piece * 300_000)) <= MOST_WORDS
    assert time.process_time() - began < 2


def test_parts_within_parts_without_end_are_no_letter() -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(3000))
    assert open_mime(nested).text == ""
