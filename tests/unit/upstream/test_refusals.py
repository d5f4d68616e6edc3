"""What the service says when it refuses becomes an error that tells what it costs and who may try again."""

import json
from typing import Any

import pytest

from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Blame,
    Busy,
    Cost,
    CredentialsRejected,
    FileRefused,
    PolicyRefused,
    PromptRefused,
    QuotaExhausted,
    SessionLost,
    UpstreamError,
)
from gemini_pool.upstream.refusals import refusal_in_stream, refusal_of_reply, skipped

EXHAUSTED = "Resource has been exhausted (e.g. check quota)."
HTML = b"<!doctype html><title>Error 502 (Server Error)!!1</title>"


def envelope(code: int, status: str = "", message: str = "", **more: Any) -> bytes:
    return json.dumps({"error": {"code": code, "status": status, "message": message, **more}}).encode()


def refused(status: int, body: bytes = b"", **headers: str) -> UpstreamError:
    return refusal_of_reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


CODES = [
    (400, "INVALID_ARGUMENT", PromptRefused),
    (400, "FAILED_PRECONDITION", Busy),
    (401, "UNAUTHENTICATED", CredentialsRejected),
    (403, "PERMISSION_DENIED", AccountForbidden),
    (404, "NOT_FOUND", SessionLost),
    (413, "", PromptRefused),
    (429, "RESOURCE_EXHAUSTED", QuotaExhausted),
    (500, "INTERNAL", Busy),
    (502, "", Busy),
    (503, "UNAVAILABLE", Busy),
    (504, "DEADLINE_EXCEEDED", Busy),
    (302, "", BadReply),
    (405, "UNIMPLEMENTED", BadReply),
    (418, "", BadReply),
]


@pytest.mark.parametrize(("code", "status", "expected"), CODES)
def test_a_code_is_the_same_error_as_a_status_line_and_inside_a_stream(
    code: int, status: str, expected: type[UpstreamError]
) -> None:
    assert type(refused(code, envelope(code, status, "why"))) is expected
    assert type(refusal_in_stream({"code": code, "status": status, "message": "why"})) is expected


def test_the_status_line_counts_where_the_body_says_another_code() -> None:
    assert type(refused(429, envelope(500, "INTERNAL"))) is QuotaExhausted
    assert type(refused(503, envelope(429, "UNAVAILABLE"))) is Busy


def test_a_body_may_be_an_array_of_one_error() -> None:
    error = refused(429, b"[" + envelope(429, "RESOURCE_EXHAUSTED", "try again in 12s") + b"]")
    assert isinstance(error, QuotaExhausted)
    assert error.retry_after == 12


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 504])
@pytest.mark.parametrize(
    "body", [HTML, b"", b"\xff\xfe", b"[]", b"[null]", b"null", b"7", b'{"error": "x"}', b"{}"]
)
def test_a_body_that_says_nothing_leaves_the_status_line_to_decide(status: int, body: bytes) -> None:
    assert type(refused(status, body)) is type(refused(status, envelope(status)))


def test_a_page_of_html_is_not_shown_to_the_caller() -> None:
    assert "<" not in str(refused(502, HTML))


@pytest.mark.parametrize("status", ["RESOURCE_EXHAUSTED", "UNAUTHENTICATED"])
def test_a_status_word_decides_where_no_code_is_given(status: str) -> None:
    expected = {"RESOURCE_EXHAUSTED": QuotaExhausted, "UNAUTHENTICATED": CredentialsRejected}[status]
    assert type(refusal_in_stream({"status": status})) is expected
    assert type(refusal_in_stream({"code": "429", "status": status})) is expected


@pytest.mark.parametrize(
    "error", [None, "boom", 7, [], {}, {"code": None}, {"code": {}, "message": 7, "details": 7}]
)
def test_an_error_of_an_unknown_shape_is_a_bad_reply(error: object) -> None:
    assert type(refusal_in_stream(error)) is BadReply


def test_the_caller_is_told_what_the_service_said_and_the_code() -> None:
    assert "model id: gemini-9 is invalid (400)" in str(
        refused(400, envelope(400, "INVALID_ARGUMENT", "model id: gemini-9 is invalid"))
    )
    assert "UNAVAILABLE (503)" in str(refused(503, envelope(503, "UNAVAILABLE")))


def test_a_very_long_message_is_cut() -> None:
    assert len(str(refused(500, envelope(500, "INTERNAL", "x" * 100_000)))) < 500


# Quota


def test_retry_after_of_the_header_is_taken() -> None:
    assert refused(429, envelope(429, "RESOURCE_EXHAUSTED", EXHAUSTED), retry_after="30").retry_after == 30


def test_retry_info_among_the_details_is_taken_where_there_is_no_header() -> None:
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"},
    ]
    error = envelope(429, "RESOURCE_EXHAUSTED", EXHAUSTED, details=details)
    assert refused(429, error).retry_after == 12.5
    assert refused(429, error, retry_after="30").retry_after == 30
    assert refusal_in_stream(json.loads(error)["error"]).retry_after == 12.5


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Please try again in 12s.", 12),
        ("Rate limit reached, try again in 250ms", 0.25),
        ("Try again in 1.5s", 1.5),
        ("Retry after 2 minutes", 120),
        ("RETRY AFTER 2 MINUTES", 120),
        ("retry in 3h", 10800),
        ("try again in 20 seconds", 20),
    ],
)
def test_a_time_in_the_message_is_taken(words: str, seconds: float) -> None:
    assert refusal_in_stream({"code": 429, "message": words}).retry_after == pytest.approx(seconds)


def test_details_count_more_than_words() -> None:
    error = {"code": 429, "message": "try again in 12s", "details": [{"retryDelay": "40s"}]}
    assert refusal_in_stream(error).retry_after == 40


@pytest.mark.parametrize("words", [EXHAUSTED, "try again later", "try again in a while", ""])
def test_no_time_is_invented_where_none_is_given(words: str) -> None:
    assert refusal_in_stream({"code": 429, "message": words}).retry_after is None


@pytest.mark.parametrize("words", ["Please try again in ... minutes.", "Retry after 1.2.3s"])
def test_a_time_that_is_no_number_is_no_time(words: str) -> None:
    error = refusal_in_stream({"code": 429, "message": words})
    assert isinstance(error, QuotaExhausted)
    assert error.retry_after is None


@pytest.mark.parametrize("header", ["soon", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
def test_a_header_that_is_no_number_of_seconds_names_no_time(header: str) -> None:
    assert refused(429, envelope(429), retry_after=header).retry_after is None


@pytest.mark.parametrize("header", ["inf", "Infinity", "1e999"])
def test_a_header_of_infinity_names_no_time(header: str) -> None:
    assert refused(429, envelope(429), retry_after=header).retry_after is None


def test_a_time_in_the_past_is_now() -> None:
    assert refused(429, envelope(429), retry_after="-5").retry_after == 0


@pytest.mark.parametrize(
    "details", [7, "x", [None, 7, {}], [{"retryDelay": 7}], [{"retryDelay": "soon"}], {}]
)
def test_details_of_an_unknown_shape_name_no_time(details: object) -> None:
    assert refused(429, envelope(429, "RESOURCE_EXHAUSTED", EXHAUSTED, details=details)).retry_after is None


@pytest.mark.parametrize(
    "error",
    [
        {"code": 429, "message": "Quota exceeded for quota metric 'Assist requests' per day"},
        {"code": 429, "message": "You have reached your daily limit."},
        {
            "code": 429,
            "message": EXHAUSTED,
            "details": [
                {"violations": [{"description": "Daily limit of assist requests per user reached."}]}
            ],
        },
        {"code": 429, "message": EXHAUSTED, "details": [{"quotaId": "AssistRequestsPerDayPerUser"}]},
    ],
)
def test_a_quota_of_the_day_is_known_as_one(error: dict[str, Any]) -> None:
    got = refusal_in_stream(error)
    assert isinstance(got, QuotaExhausted)
    assert got.daily


def test_a_limit_that_speaks_of_no_day_is_not_a_quota_of_the_day() -> None:
    got = refusal_in_stream({"code": 429, "message": EXHAUSTED, "details": [{"retryDelay": "30s"}]})
    assert isinstance(got, QuotaExhausted)
    assert not got.daily


# 403 and 400


@pytest.mark.parametrize("words", ["The session has no licence.", "The file is not owned by the user."])
def test_a_403_that_speaks_of_something_else_is_the_account_s(words: str) -> None:
    assert type(refused(403, envelope(403, "PERMISSION_DENIED", words))) is AccountForbidden


@pytest.mark.parametrize(
    "words", ["The session is not owned by the provided user.", "SESSION IS NOT OWNED BY THE PROVIDED USER"]
)
def test_a_session_of_another_user_is_lost_and_nobody_s_fault(words: str) -> None:
    error = refused(403, envelope(403, "PERMISSION_DENIED", words))
    assert type(error) is SessionLost
    assert (error.blame, error.cost) == (Blame.US, Cost.NOTHING)


def test_any_other_403_is_held_against_the_account_but_is_not_certain() -> None:
    error = refused(403, envelope(403, "PERMISSION_DENIED", "access to this workspace is restricted"))
    assert isinstance(error, AccountForbidden)
    assert not error.certain
    assert error.blame is Blame.ACCOUNT


def test_a_file_the_service_does_not_take_is_named_with_a_way_out() -> None:
    error = refused(400, envelope(400, "INVALID_ARGUMENT", "Unsupported file type: application/zip"))
    assert type(error) is FileRefused
    assert "application/zip" in str(error)
    assert "PDF" in str(error)
    assert (error.blame, error.another_account) == (Blame.CALLER, False)


def test_a_request_called_invalid_is_the_caller_s_and_no_other_account_tries() -> None:
    error = refused(400, envelope(400, "INVALID_ARGUMENT", "model id: x is invalid"))
    assert type(error) is PromptRefused
    assert (error.blame, error.cost, error.another_account) == (Blame.CALLER, Cost.NOTHING, False)


def test_a_failed_precondition_is_the_service_s_and_another_account_may_try() -> None:
    error = refused(400, envelope(400, "FAILED_PRECONDITION", "bad state"))
    assert type(error) is Busy
    assert error.another_account


# Skipped


def test_a_skipped_answer_costs_no_account_anything() -> None:
    error = skipped(["CUSTOMER_POLICY_VIOLATION"], None)
    assert type(error) is PolicyRefused
    assert (error.blame, error.cost, error.another_account) == (Blame.CALLER, Cost.NOTHING, False)


def test_a_very_long_violation_is_cut() -> None:
    armor = {"modelArmorEnforcementResult": {"modelArmorViolation": "x" * 100_000}}
    assert len(str(skipped(["CUSTOMER_POLICY_VIOLATION"], {"policyResults": [armor]}))) < 600


def test_what_the_service_says_is_told_on_one_line() -> None:
    error = refused(500, envelope(500, message="internal\n  error\tof\r\nits own"))
    assert "internal error of its own" in str(error)
