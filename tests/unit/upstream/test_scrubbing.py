"""Forms instead of contents: what is let through, what is not, and what JSON looks like."""

import json

import pytest

from gemini_pool.upstream.doctor.documented import ELEMENT
from gemini_pool.upstream.doctor.scrubbing import Veil, address, form, plain_name, sentence, session_form
from gemini_pool.upstream.doctor.shapes import Shapes

UUID = "0A1b2c3d-1111-2222-3333-444455556666"
SESSION = "collections/default_collection/engines/agentspace-engine/sessions/"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2J1c2luZXNzIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "text(0)"),
        ("1234567890123456789", "digits(19)"),
        (UUID, "uuid"),
        ("2026-01-01T00:05:00Z", "timestamp"),
        ("2026-01-01T00:05:00.123+01:00", "timestamp"),
        ("12.5s", "duration"),
        ("https://Files.Example.com/a?b=c", "url(files.example.com)"),
        ("https://me:pass@example.com/", "url(example.com)"),
        ("jane.doe+x@mail.example.com", "email"),
        ("image/png", "image/png"),
        ("type.googleapis.com/google.rpc.RetryInfo", "type.googleapis.com/google.rpc.RetryInfo"),
        (f"{SESSION}1234567890123456789", f"{SESSION}digits(19)"),
        (
            f"projects/123456789012/locations/global/{SESSION}-",
            f"projects/digits(12)/locations/global/{SESSION}-",
        ),
        (
            "projects/acme/locations/eu/engines/acme-corp_17/sessions/x",
            "projects/text(4)/locations/text(2)/engines/text(12)/sessions/text(1)",
        ),
        ("CSE.0123456789abcdef", "opaque(20)"),
        (JWT, f"opaque({len(JWT)})"),
        ("Hello, my name is Jane.", "text(23)"),
        ("ab1-cd2-ef3-gh4-ij5-kl6-mn7", "opaque(27)"),
        ("abcdefghij" * 4, "opaque(40)"),
        ("SUCCEEDED", "text(9)"),
        ("日本語", "text(3)"),
        ("a" * 5000, "text(5000)"),
    ],
)
def test_a_string_is_told_by_its_form(text: str, told: str) -> None:
    assert form(text) == told


@pytest.mark.parametrize("word", ["IN_PROGRESS", "OK", "CUSTOMER_POLICY_VIOLATION", "OUTCOME_OK", "TYPE_2"])
def test_the_words_of_an_enumeration_are_told_where_they_may_be(word: str) -> None:
    assert form(word, enum=True) == word
    assert form(word) == f"text({len(word)})"


@pytest.mark.parametrize(
    "word", ["A", "succeeded", "JBSWY3DPEHPK3PXP", "A" * 21, "TWO WORDS", "X-Y", "AB_1234567"]
)
def test_other_words_are_never_an_enumeration_s(word: str) -> None:
    assert form(word, enum=True) != word


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Resource has been exhausted (e.g. check quota).",
            "Resource has been exhausted (e.g. check quota).",
        ),
        ("model id: gemini-3.1-pro-preview is invalid", "model id: gemini-3.1-pro-preview is invalid"),
        (
            "Unknown name \"imageGenerationSpec\" at 'stream_assist_request.tools_spec': Cannot find field.",
            "Unknown name \"imageGenerationSpec\" at 'stream_assist_request.tools_spec': Cannot find field.",
        ),
        ('File with ID "1234567890123456789" not found', 'File with ID "digits(19)" not found'),
        ("csesidx/123456789.", "csesidx/digits(9)."),
        (f"config {UUID}, wrong", "config uuid, wrong"),
        ("user <jane@mail.example.com> is out", "user <email> is out"),
        ("user jane%40mail.example.com is out", "user email is out"),
        ("see https://example.com/a/123456?key=v&q=x%20y now", "see example.com/a/digits(6)?… now"),
        (f'Session "{SESSION}12345678901" not found.', f'Session "{SESSION}digits(11)" not found.'),
        ("engines/acme-corp/sessions/9 is away", "engines/text(9)/sessions/digits(1) is away"),
        (f"bad token {JWT}", f"bad token opaque({len(JWT)})"),
        ("token=abcd1234efgh", "token=opaque(12)"),
        ("two\nlines\x1b[31m and a bell\a", "two lines [31m and a bell"),
        ("配额已用完 1234567", "配额已用完 digits(7)"),
    ],
)
def test_of_a_sentence_the_words_are_told(said: str, told: str) -> None:
    assert sentence(said, Veil()) == told


def test_of_a_sentence_without_end_only_the_length_is_told() -> None:
    assert sentence("word " * 1000, Veil()) == "text(5000)"


def test_a_secret_is_known_before_a_part_of_it_is_replaced() -> None:
    veil = Veil("Jane 12345678 Doe")
    assert sentence("No Jane 12345678 Doe here", veil) == "No ••• here"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("streamAssistResponse", "streamAssistResponse"),
        ("@type", "@type"),
        ("thumbnail_256x256", "thumbnail_256x256"),
        ("__Secure-1PSIDTS", "__Secure-1PSIDTS"),
        ("x-goog-encode-response-if-executable", "x-goog-encode-response-if-executable"),
        ("1234567890123456789", "<digits(19)>"),
        ("file_1234567", "<text(12)>"),
        ("jane@mail.example.com", "<email>"),
        ("0a1b2c3d4e5f", "<opaque(12)>"),
        ("two words", "<text(9)>"),
        ("a.b", "<text(3)>"),
        ("", "<text(0)>"),
    ],
)
def test_a_name_that_is_a_value_is_told_by_its_form(text: str, told: str) -> None:
    assert plain_name(text) == told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "https://accounts.google.com/v3/signin/identifier?continue=x",
            "accounts.google.com/v3/signin/identifier?…",
        ),
        (
            f"https://business.gemini.google/home/cid/{UUID}?csesidx=1",
            "business.gemini.google/home/cid/uuid?…",
        ),
        ("/auth/refreshcookies", "/auth/refreshcookies"),
        ("https://user:pass@example.com:8443/", "example.com/"),
        ("http://[x", "no address"),
        ("https://example.com/a.b@c.example/0a1b2c3d4e", "example.com/email/opaque(10)"),
    ],
)
def test_an_address_is_told_by_host_and_path(url: str, told: str) -> None:
    assert address(url) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"{SESSION}1234567890123456789", "short name, digits(19)"),
        (f"projects/1/locations/global/{SESSION}1", "full name, digits(1)"),
        (f"{SESSION}my-session", "short name, text(10)"),
        ("my-session", "text(10)"),
    ],
)
def test_a_session_s_two_names_are_told_apart(name: str, told: str) -> None:
    assert session_form(name) == told


# Shapes


def shapes_of(*values: object) -> Shapes:
    shapes = Shapes()
    for value in values:
        shapes.add(value)
    return shapes


def test_paths_have_the_forms_of_all_values() -> None:
    first = {"a": [{"text": "x", "state": "IN_PROGRESS"}, {"text": "four", "n": 1, "e": {}, "f": [[]]}]}
    assert shapes_of(first, {"a": [], "b": None, "c": True, "d": 1.5}).paths == {
        "a": ["[]"],
        "a[].e": ["{}"],
        "a[].f[]": ["[]"],
        "a[].n": ["number"],
        "a[].state": ["IN_PROGRESS"],
        "a[].text": ["text(1..4)"],
        "b": ["null"],
        "c": ["boolean"],
        "d": ["number"],
    }


@pytest.mark.parametrize(
    "member", ["text", "displayName", "fileId", "assistToken", "xsrfToken", "title", "query"]
)
def test_a_word_in_capitals_is_not_told_where_it_may_be_somebody_s(member: str) -> None:
    assert shapes_of({member: "PONG"}).paths == {member: ["text(4)"]}
    assert shapes_of({member: ["PONG"]}).paths == {f"{member}[]": ["text(4)"]}


def test_a_value_that_is_a_key_is_not_told() -> None:
    assert list(shapes_of({"jane@example.com": {"1234567": 1}}).paths) == ["<email>.<digits(7)>"]


def test_unknown_members_are_named_without_what_is_below_them() -> None:
    response = {
        "answer": {"replies": [{"new": {"deep": [1]}, "replyId": ""}], "diagnosticInfo": {"x": {"y": 1}}}
    }
    shapes = shapes_of({"streamAssistResponse": response, "novel": [], "uToken": ""})
    assert shapes.unknown(ELEMENT) == ["novel", "streamAssistResponse.answer.replies.new"]


def test_missing_members_are_named() -> None:
    shapes = shapes_of({"session": {"name": ""}, "list": [{"id": 1}]})
    assert shapes.missing(["session.name", "session.other", "session", "list.id"]) == ["session.other"]


def test_depth_is_no_limit() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    assert list(shapes_of(deep).paths.values()) == [["number"]]


# The veil


def test_the_veil_hides_what_is_known_wherever_it_stands() -> None:
    veil = Veil("secretcookie", "amber", "abc", "")
    shown = veil.over({"amber": ["xSECRETCOOKIEx", "Amber said", 7, None], "ambers": ("abc", "amber.")})
    assert json.dumps(shown, ensure_ascii=False) == json.dumps(
        {"•••": ["x•••x", "••• said", 7, None], "ambers": ["abc", "•••."]}, ensure_ascii=False
    )


def test_a_veil_learns() -> None:
    veil = Veil("secretcookie")
    veil.learn("secretcookie2", "")
    assert veil.over("secretcookie2 secretcookie") == "••• •••"


def test_a_veil_over_nothing_hides_nothing() -> None:
    assert Veil().over("text") == "text"
