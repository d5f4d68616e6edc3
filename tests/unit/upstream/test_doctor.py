"""The doctor's walk: what it tells of a healthy service, of every fault, and what it never tells."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

import pytest
from canned import FULL, JSON, SHORT, Canned, element, key, refusal, reply, stream
from proxies import Heard, Peer, answer

from gemini_pool.dialogue import Silence
from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    EmptyAnswer,
    PolicyRefused,
    QuotaExhausted,
    SessionLost,
    Unreachable,
    UpstreamError,
)
from gemini_pool.roster import Account, Credentials
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.upstream.calls import DOWNLOADS, Calls, Locale
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.doctor.findings import Diagnosis, Fact, Finding
from gemini_pool.upstream.doctor.steps import FILE, NO_FILE
from gemini_pool.upstream.doctor.walk import examine
from gemini_pool.upstream.transport import Patience, Transport
from gemini_pool.upstream.xsrf import Xsrf

STEPS = [
    "token",
    "session",
    "question",
    "upload",
    "generated files",
    "all files",
    "missing file",
    "missing file, other address",
    "uploaded file",
]
Seat = Callable[[str], Account]
Walked = dict[str, Finding]
Examine = Callable[..., Walked]


@pytest.fixture
def amber(seat: Seat) -> Account:
    return seat("amber")


@pytest.fixture
def told() -> list[tuple[int, Credentials]]:
    """The rotations that were reported."""
    return []


@pytest.fixture
def silences() -> list[Silence]:
    return []


@pytest.fixture
def walked(
    simulator: Simulator,
    transport: Transport,
    amber: Account,
    told: list[tuple[int, Credentials]],
    silences: list[Silence],
) -> Examine:
    """Walks a service, the simulator by default, with amber by default: step -> finding."""

    def walk(
        url: str = simulator.url,
        *,
        account: Account = amber,
        via: Transport = transport,
        secrets: tuple[str, ...] = (),
        clock: Callable[[], float] = time.time,
    ) -> Walked:
        xsrf = Xsrf(via, auth_url=url, login_url=url, user_agent="test")
        calls = Calls(url, Locale("en-US", "Etc/GMT"))
        findings = {}
        for one in examine(
            via, xsrf, calls, account, rotated=lambda *new: told.append(new), secrets=secrets, clock=clock
        ):
            if isinstance(one, Silence):
                silences.append(one)
            else:
                findings[one.step] = one
        return findings

    return walk


@pytest.fixture
def canned(walked: Examine) -> Callable[..., Walked]:
    """Walks a service of canned replies: `canned(getoxsrf=key(keyId=None))`."""

    def walk(
        account: Account | None = None, clock: Callable[[], float] = time.time, **replies: bytes
    ) -> Walked:
        service = Canned()
        service.replies |= replies
        with service.serving() as peer:
            return walked(peer.url, clock=clock, **({"account": account} if account else {}))

    return walk


def fact(finding: Finding, name: str) -> Fact:
    """The step's fact of this name."""
    (found,) = [one for one in finding.facts if one.name == name]
    return found


def different(finding: Finding) -> dict[str, str]:
    """Name and sight of what is not as expected."""
    return {one.name: one.seen for one in finding.facts if one.diagnosis is Diagnosis.DIFFERENT}


def diagnoses(walk: Walked) -> list[str]:
    return [finding.diagnosis.value for finding in walk.values()]


def failures(walk: Walked) -> dict[str, type[UpstreamError] | None]:
    """The steps that failed, and what the program takes their failures for."""
    return {step: one.cause for step, one in walk.items() if one.diagnosis is Diagnosis.FAILED}


# A healthy service


def test_a_healthy_service_is_as_expected_in_every_step(walked: Examine, world: World) -> None:
    walk = walked()
    assert list(walk) == STEPS
    assert {step: different(one) for step, one in walk.items() if different(one)} == {}
    assert diagnoses(walk) == ["as expected"] * len(STEPS)
    asked = [call.method for call in world.calls("amber")]
    assert asked == ["xsrf", "session", "stream", "upload", *["metadata"] * 2, *["download"] * 3]


def test_each_step_asks_for_what_it_names(walked: Examine) -> None:
    service = Canned()
    with service.serving() as peer:
        walk = walked(peer.url)
    generated, every = [json.loads(heard.body) for heard in peer.requests if b"FileMetadata" in heard.body]
    assert generated["listSessionFileMetadataRequest"] == {
        "name": SHORT,
        "filter": "file_origin_type = AI_GENERATED",
    }
    assert every["listSessionFileMetadataRequest"] == {"name": SHORT}
    downloads = [heard.target for heard in peer.requests if heard.method == "GET"][1:]
    upload = "fileId=2234567890123456789&alt=media"
    assert downloads == [
        f"/v1alpha/{FULL}:downloadFile?fileId={NO_FILE}&alt=media",
        f"/download/v1alpha/{FULL}:downloadFile?fileId={NO_FILE}&alt=media",
        f"/v1alpha/{FULL}:downloadFile?{upload}",
    ]
    assert diagnoses(walk) == ["as expected"] * len(STEPS)


def test_all_is_asked_in_one_session(walked: Examine, world: World) -> None:
    walked()
    (session,) = world.sessions("amber")
    assert (len(session.turns), len(session.files)) == (1, 1)
    assert [file.name for file in world.files("amber")] == ["doctor.txt"]


def test_an_answer_is_told_by_its_times_sizes_members_and_states(walked: Examine, world: World) -> None:
    world.behave("amber", text="Pong.", thoughts=1, empty_elements=1, delay=0.05, split=None)
    question = walked()["question"]
    assert fact(question, "states").seen == "IN_PROGRESS, then SUCCEEDED"
    assert fact(question, "session").seen == "full name, digits(19)"
    assert fact(question, "text").seen == "the word"
    assert fact(question, "read as").seen == "SessionNamed: 1, ThoughtDelta: 1, TextDelta: 1, Finished: 1"
    (heard,) = question.evidence["replies"]
    assert (heard["body"]["elements"], heard["body"]["characters"]) == (4, 5)
    assert 1 < heard["body"]["pieces"] <= 5
    assert 0 <= heard["milliseconds"]["head"] <= heard["milliseconds"]["first byte"]
    assert 150 <= heard["milliseconds"]["end"] <= question.milliseconds
    members = heard["body"]["members"]
    content = "streamAssistResponse.answer.replies[].groundedContent.content"
    assert members[f"{content}.text"] == ["text(0..28)"]
    assert members[f"{content}.thought"] == ["boolean"]
    assert members["streamAssistResponse.answer.state"] == ["IN_PROGRESS", "SUCCEEDED"]


def test_compression_is_told(walked: Examine, world: World) -> None:
    assert fact(walked()["question"], "content encoding").seen == "none"
    world.behave("amber", gzip=True)
    assert fact(walked()["question"], "content encoding").seen == "gzip"


def test_members_that_are_not_documented_are_named_and_no_others(walked: Examine, world: World) -> None:
    world.behave("amber", unknown_members=True, citations=True, files=1, inline_image_bytes=10)
    question = walked()["question"]
    assert different(question) == {"unknown members": "futureMember, streamAssistResponse.yetUnheardOf"}
    assert question.diagnosis is Diagnosis.DIFFERENT


# The token


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("302-login", CredentialsRejected),
        ("302-accounts", CredentialsRejected),
        ("html", CredentialsRejected),
        ("401", CredentialsRejected),
        ("no-key", CredentialsRejected),
        ("403", AccountForbidden),
        ("429", QuotaExhausted),
        ("500", Busy),
    ],
)
def test_without_a_token_nothing_else_is_reached(
    walked: Examine, world: World, fault: str, cause: type[UpstreamError]
) -> None:
    world.behave("amber", xsrf=fault)
    walk = walked()
    assert failures(walk) == {"token": cause}
    assert diagnoses(walk)[1:] == ["not reached"] * (len(STEPS) - 1)
    assert [call.method for call in world.calls()] == ["xsrf"]


def test_a_redirect_is_told_by_host_and_path_alone(walked: Examine, world: World) -> None:
    world.behave("amber", xsrf="302-login")
    assert fact(walked()["token"], "status").seen == "302 to auth.business.gemini.google/login?…"


def test_a_page_in_the_place_of_a_key_is_told_as_one(walked: Examine, world: World) -> None:
    world.behave("amber", xsrf="html")
    token = walked()["token"]
    assert different(token)["prefix"] == "not there"
    assert fact(token, "content type").seen == "text/html; charset=UTF-8"
    assert token.evidence["replies"][0]["body"]["kind"] == "HTML"


def test_a_missing_prefix_is_no_more_than_different(walked: Examine, world: World) -> None:
    world.behave("amber", xsrf="no-prefix")
    walk = walked()
    assert different(walk["token"]) == {"prefix": "not there"}
    assert diagnoses(walk) == ["different"] + ["as expected"] * (len(STEPS) - 1)


@pytest.mark.parametrize("fault", ["rotate", "302-refreshcookies"])
def test_cookies_that_are_renewed_on_the_way_are_handed_on(
    walked: Examine, world: World, told: list[tuple[int, Credentials]], amber: Account, fault: str
) -> None:
    world.behave("amber", xsrf=fault)
    walk = walked()
    assert failures(walk) == {}
    ((account_id, fresh),) = told
    assert account_id == amber.id
    assert fresh == replace(amber.credentials, secure_c_ses=world.wallet.values("amber")[-1])
    assert fresh != amber.credentials
    cookies = fact(walk["token"], "sets cookies" if fault == "rotate" else "redirect's cookies")
    assert cookies.seen == "__Secure-C_SES"


def test_other_cookies_are_named(canned: Callable[..., Walked]) -> None:
    walk = canned(getoxsrf=key("Set-Cookie: NID=x", "Set-Cookie: __Host-C_OSES=y; Secure"))
    assert different(walk["token"]) == {"sets cookies": "NID, __Host-C_OSES"}


def test_a_hop_is_told_and_followed(walked: Examine, world: World) -> None:
    world.behave("amber", xsrf="302-refreshcookies")
    token = walked()["token"]
    assert different(token) == {"redirect": "to 127.0.0.1/auth/refreshcookies?…, and followed"}
    assert [one["call"] for one in token.evidence["replies"]] == ["getoxsrf", "refreshcookies", "getoxsrf"]


def test_cookies_that_stay_are_not_reported(walked: Examine, told: list[tuple[int, Credentials]]) -> None:
    walked()
    assert told == []


@pytest.mark.parametrize(
    ("ahead", "seen", "good"),
    [
        (0, "0 s behind ours", True),
        (50, "50 s ahead of ours", True),
        (70, "70 s ahead of ours", False),
        (-300, "300 s behind ours", False),
    ],
)
def test_the_clocks_are_compared(canned: Callable[..., Walked], ahead: int, seen: str, good: bool) -> None:
    now = 1_800_000_000
    date = f"Date: {formatdate(now + ahead, usegmt=True)}"
    clock = fact(canned(clock=lambda: now, getoxsrf=key(date))["token"], "service's clock")
    assert (clock.seen, clock.diagnosis is Diagnosis.AS_EXPECTED) == (seen, good)


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ({"expirationTime": "2027-01-15T08:00:30Z"}, {"expirationTime": "30 s ahead"}),
        ({"expirationTime": "2027-01-15T07:59:00Z"}, {"expirationTime": "-60 s ahead"}),
        ({"expirationTime": "soon"}, {"expirationTime": "no time"}),
        ({"expirationTime": None}, {"expirationTime": "no time", "missing members": "expirationTime"}),
        ({"keyId": 7}, {"keyId": "no text"}),
        ({"more": 1}, {"unknown members": "more"}),
    ],
)
def test_a_key_that_is_not_as_told_is_told(
    canned: Callable[..., Walked], members: dict[str, object], seen: dict[str, str]
) -> None:
    walk = canned(clock=lambda: 1_800_000_000, getoxsrf=key(**members))
    assert different(walk["token"]) == seen
    assert failures(walk) == {}


def test_the_life_of_a_key_is_told_by_the_service_s_own_clock(canned: Callable[..., Walked]) -> None:
    date = f"Date: {formatdate(1_800_000_000, usegmt=True)}"
    reply = key(date, expirationTime="2027-01-15T08:05:00Z")
    assert (
        fact(canned(clock=lambda: 1_800_000_500, getoxsrf=reply)["token"], "expirationTime").seen
        == "300 s ahead"
    )


@pytest.mark.parametrize("text", ["A" * 45, "", "not base64!"])
def test_a_key_that_cannot_be_used_fails_with_its_length(canned: Callable[..., Walked], text: str) -> None:
    walk = canned(getoxsrf=key(xsrfToken=text))
    assert failures(walk) == {"token": CredentialsRejected}
    assert f"length mod 4 = {len(text) % 4}" in different(walk["token"])["xsrfToken"]


# Steps that fail alone


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("401", CredentialsRejected),
        ("403", AccountForbidden),
        ("404-session", SessionLost),
        ("429", QuotaExhausted),
        ("500", Busy),
        ("502-html", Busy),
        ("reset", Unreachable),
    ],
)
@pytest.mark.parametrize("step", ["session", "stream", "upload", "metadata", "download"])
def test_a_step_that_fails_fails_alone(
    walked: Examine, world: World, step: str, fault: str, cause: type[UpstreamError]
) -> None:
    world.behave("amber", api=fault, api_on=(step,))
    steps = {
        "session": ["session"],
        "stream": ["question"],
        "upload": ["upload"],
        "metadata": ["generated files", "all files"],
        "download": STEPS[-3:],
    }[step]
    if (step, fault) == ("download", "404-session"):
        steps = []  # that is what was asked for
    walk = walked()
    assert failures(walk) == dict.fromkeys(steps, cause)
    not_reached = [one for one, finding in walk.items() if finding.diagnosis is Diagnosis.NOT_REACHED]
    assert not_reached == (["uploaded file"] if step == "upload" else [])


def test_what_a_refusal_says_is_told(walked: Examine, world: World) -> None:
    world.behave("amber", api="429-retry-after", retry_after=77, error_details=True)
    question = walked()["question"]
    assert different(question) == {"status": "429"}
    said = "429 RESOURCE_EXHAUSTED · Resource has been exhausted (e.g. check quota)."
    assert fact(question, "says").seen == said
    assert fact(question, "understood as").seen == "QuotaExhausted"
    assert fact(question, "ask again").seen == "in 77 s"
    members = question.evidence["replies"][0]["body"]["members"]
    assert members["error.details[].@type"] == [
        "type.googleapis.com/google.rpc.QuotaFailure",
        "type.googleapis.com/google.rpc.RetryInfo",
    ]


def test_without_a_session_of_its_own_a_question_makes_one(walked: Examine, world: World) -> None:
    world.behave("amber", api="500", api_on=("session",))
    assert diagnoses(walked()) == ["as expected", "failed"] + ["as expected"] * 7
    (session,) = world.sessions("amber")
    assert (len(session.turns), len(session.files)) == (1, 1)


def test_without_a_full_session_name_no_file_can_be_asked_for(canned: Callable[..., Walked]) -> None:
    walk = canned(widgetStreamAssist=stream(), widgetListSessionFileMetadata=reply({}))
    assert [walk[step].diagnosis.value for step in STEPS[-3:]] == ["not reached"] * 3
    assert fact(walk["missing file"], "understood as").seen == "there is no full session name"


def test_without_any_session_there_are_no_files_to_list(canned: Callable[..., Walked]) -> None:
    out = refusal(503, "UNAVAILABLE", "Try later.")
    walk = canned(widgetCreateSession=out, widgetStreamAssist=stream(), widgetAddContextFile=out)
    assert list(failures(walk)) == ["session", "question", "upload"]
    assert fact(walk["generated files"], "understood as").seen == "there is no session"
    assert diagnoses(walk)[4:] == ["not reached"] * 5


def test_a_session_name_that_is_no_part_of_an_address_is_made_one(walked: Examine) -> None:
    service = Canned()
    odd = f"{FULL} HTTP/1.1\r\nX: ?"
    listed = {"fileMetadata": [{"session": odd}]}
    service.replies["widgetStreamAssist"] = stream()
    service.replies["widgetListSessionFileMetadata"] = reply({"listSessionFileMetadataResponse": listed})
    with service.serving() as peer:
        walk = walked(peer.url)
    assert walk["missing file"].diagnosis is Diagnosis.AS_EXPECTED
    assert peer.requests[-1].target.startswith(f"/v1alpha/{FULL}%20HTTP/1.1%0D%0AX%3A%20%3F:downloadFile?")


@pytest.mark.parametrize(
    "name", ["widgetCreateSession", "widgetAddContextFile", "widgetListSessionFileMetadata"]
)
def test_a_page_in_the_place_of_json_is_a_failure(canned: Callable[..., Walked], name: str) -> None:
    page = answer(200, b"<!doctype html>", "Content-Type: text/html")
    failed = {finding.cause for finding in canned(**{name: page}).values() if finding.cause}
    assert failed == {BadReply}


def test_json_of_another_type_is_different(canned: Callable[..., Walked]) -> None:
    plain = answer(200, b"{}", "Content-Type: text/plain")
    walk = canned(widgetListSessionFileMetadata=plain)
    assert different(walk["all files"])["content type"] == "text/plain"


def test_a_service_that_says_nothing_is_waited_for_and_left(
    walked: Examine, world: World, silences: list[Silence]
) -> None:
    world.behave("amber", api="hang", api_on=("stream", "upload"))
    impatient = Transport(Dialler(proxy="", timeout=1), patience=Patience(0.6, 0.6), most_idle=1)
    try:
        walk = walked(via=impatient)
    finally:
        impatient.close()
    assert failures(walk) == {"question": Unreachable, "upload": Unreachable}
    assert "silent for 0.6 s" in fact(walk["question"], "understood as").seen
    assert walk["question"].milliseconds >= 600
    assert len(silences) >= 2


def test_nobody_at_the_address_is_told(walked: Examine) -> None:
    walk = walked("http://127.0.0.1:1")
    assert failures(walk) == {"token": Unreachable}


# Answers that are none


@pytest.mark.parametrize(
    ("fault", "cause", "states"),
    [
        ("cut", Unreachable, "IN_PROGRESS"),
        ("reset-after", Unreachable, "IN_PROGRESS"),
        ("garbage", BadReply, "none"),
        ("empty-array", EmptyAnswer, "none"),
        ("succeeded-empty", EmptyAnswer, "IN_PROGRESS, then SUCCEEDED"),
        ("failed", BadReply, "IN_PROGRESS, then FAILED"),
        ("skipped-policy", PolicyRefused, "IN_PROGRESS, then SKIPPED"),
        ("error-first-429", QuotaExhausted, "none"),
        ("error-after-429", QuotaExhausted, "IN_PROGRESS"),
        ("error-first-401", CredentialsRejected, "none"),
    ],
)
def test_an_answer_that_is_none_is_told_as_far_as_it_came(
    walked: Examine, world: World, fault: str, cause: type[UpstreamError], states: str
) -> None:
    world.behave("amber", stream=fault)
    walk = walked()
    assert failures(walk) == {"question": cause}
    assert fact(walk["question"], "states").seen == states
    assert fact(walk["question"], "array").seen == (
        "not closed" if fault in ("cut", "reset-after", "garbage") else "closed"
    )


def test_an_error_inside_an_answer_is_told(walked: Examine, world: World) -> None:
    world.behave("amber", stream="error-after-429")
    question = walked()["question"]
    assert different(question) == {"errors": "one", "states": "IN_PROGRESS"}
    said = "429 RESOURCE_EXHAUSTED · Resource has been exhausted (e.g. check quota)."
    assert fact(question, "says").seen == said
    assert "TextDelta: 1" in fact(question, "read as").seen


def test_why_an_answer_was_skipped_is_told(walked: Examine, world: World) -> None:
    world.behave("amber", stream="skipped-policy")
    question = walked()["question"]
    assert different(question)["skipped for"] == "CUSTOMER_POLICY_VIOLATION"
    assert fact(question, "understood as").seen == "PolicyRefused"


def test_an_array_that_is_not_closed_is_no_failure_once_all_is_said(walked: Examine, world: World) -> None:
    world.behave("amber", stream="unclosed")
    assert different(walked()["question"]) == {"array": "not closed"}


def torn(*elements: object) -> bytes:
    """An answer whose connection ends before its body does."""
    return stream(*elements).removesuffix(b"0\r\n\r\n").replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


def test_a_body_that_breaks_once_all_is_said_is_no_failure(canned: Callable[..., Walked]) -> None:
    walk = canned(widgetStreamAssist=torn(element()))
    assert walk["question"].diagnosis is Diagnosis.AS_EXPECTED


def test_a_body_that_breaks_after_an_error_is_taken_for_the_error(canned: Callable[..., Walked]) -> None:
    error = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "No more."}}
    walk = canned(widgetStreamAssist=torn(element(state="IN_PROGRESS"), error))
    assert failures(walk) == {"question": QuotaExhausted}


def test_an_answer_that_just_stops_was_cut_off(canned: Callable[..., Walked]) -> None:
    body = json.dumps([element(state="IN_PROGRESS")]).encode()[:-1]
    walk = canned(widgetStreamAssist=answer(200, body, JSON))
    assert fact(walk["question"], "understood as").seen == "BadReply: The service's answer was cut off."


def test_an_answer_without_a_session_is_different(walked: Examine, world: World) -> None:
    world.behave("amber", session_info="never")
    walk = walked()
    assert different(walk["question"]) == {"session": "none"}
    assert failures(walk) == {}
    assert walk["missing file"].diagnosis is Diagnosis.AS_EXPECTED  # the list of files has the name too


def test_states_that_are_new_are_told(canned: Callable[..., Walked]) -> None:
    walk = canned(widgetStreamAssist=stream(element(state="REPHRASING"), element(state="SUCCEEDED")))
    assert different(walk["question"]) == {"states": "REPHRASING, then SUCCEEDED"}


def test_an_answer_of_known_length_is_different(canned: Callable[..., Walked]) -> None:
    walk = canned(widgetStreamAssist=reply([element()]))
    assert different(walk["question"]) == {"transfer encoding": "none"}


# Files


@pytest.mark.parametrize("only", ["plain", "download"])
def test_the_address_that_files_may_be_had_from_is_found(canned: Callable[..., Walked], only: str) -> None:
    page = answer(404, b"<!doctype html><title>Not Found</title>", "Content-Type: text/html")
    other = "/v1alpha/" if only == "download" else "/download/v1alpha/"
    walk = canned(**{other: page})
    wrong = STEPS[6] if only == "download" else STEPS[7]
    assert {step: different(one) for step, one in walk.items() if different(one)} == {
        wrong: {"refused as": "text(0)"}
    }
    assert (
        walk["uploaded file"]
        .evidence["replies"][0]["call"]
        .startswith("/download/" if only == "download" else "/v1alpha/")
    )


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (FILE, "as they were sent"),
        (base64.b64encode(FILE), "in base64"),
        (b"", "empty"),
        (b"?" * 9, "something else, 9 bytes"),
    ],
)
def test_what_comes_of_our_own_upload_is_told(canned: Callable[..., Walked], body: bytes, seen: str) -> None:
    sent = answer(200, body, "Content-Type: text/plain")
    walk = canned(**dict.fromkeys(DOWNLOADS, sent))
    assert fact(walk["uploaded file"], "contents").seen == seen
    assert different(walk["missing file"]) == {"status": "200", "refused as": "text(0)"}


def test_a_download_that_is_sent_elsewhere_is_told_and_not_followed(canned: Callable[..., Walked]) -> None:
    away = answer(302, b"", "Location: https://storage.googleapis.com/bucket/a1b2c3d4e5?sig=s3cr3t")
    walk = canned(**dict.fromkeys(DOWNLOADS, away))
    assert fact(walk["uploaded file"], "status").seen == "302 to storage.googleapis.com/bucket/opaque(10)?…"


def test_a_list_that_lacks_our_upload_is_different(canned: Callable[..., Walked]) -> None:
    listed = {"fileMetadata": [{"fileId": "1", "session": FULL, "kept": True}]}
    walk = canned(widgetListSessionFileMetadata=reply({"listSessionFileMetadataResponse": listed}))
    assert different(walk["all files"]) == {
        "our upload": "not listed",
        "unknown members": "listSessionFileMetadataResponse.fileMetadata.kept",
    }


# Replies of any shape


BODIES = [b"", b"[]", b"{}", b"null", b"7", b'"text"', b"no JSON", b"[[[[", b'{"session": 7}', b"\xff\xfe"]
BODIES += [b'[{"error": "text"}]', b'{"error": {"code": "x", "message": 1}}', b'{"session": {"name": [1]}}']


@pytest.mark.parametrize("status", [200, 204, 302, 404, 599])
@pytest.mark.parametrize("body", BODIES)
def test_no_reply_ends_the_walk(canned: Callable[..., Walked], body: bytes, status: int) -> None:
    for name in Canned().replies:
        sent = answer(
            status, b"" if status == 204 else body, "Date: never", "Set-Cookie: ;;=", "Location: http://[x"
        )
        walk = canned(**{name: sent})
        assert list(walk) == STEPS
        assert json.dumps([one.as_json() for one in walk.values()])


ELEMENTS = [
    7,
    None,
    [],
    {},
    {"error": 7},
    {"streamAssistResponse": 7},
    {"streamAssistResponse": {"answer": []}},
]
ELEMENTS += [
    {
        "streamAssistResponse": {
            "answer": {"state": {}, "replies": [7, {"groundedContent": 1}]},
            "sessionInfo": 1,
        }
    }
]


@pytest.mark.parametrize("odd", ELEMENTS)
def test_no_element_ends_the_walk(canned: Callable[..., Walked], odd: object) -> None:
    walk = canned(widgetStreamAssist=stream(odd, element()))
    assert list(walk) == STEPS


def test_a_session_in_its_full_form_is_different_and_used(canned: Callable[..., Walked]) -> None:
    walk = canned(widgetCreateSession=reply({"session": {"name": FULL}}), widgetStreamAssist=stream())
    assert different(walk["session"]) == {"name": "full name, digits(19)"}
    assert walk["missing file"].diagnosis is Diagnosis.AS_EXPECTED


# Secrets

MARKED = Account(
    1,
    "Marked Name",
    Credentials(
        "CSE.markedcookie",
        "987654321",
        "0a1b2c3d-1111-2222-3333-444455556666",
        "COS.markedother",
        "MarkedBrowser/1.0",
    ),
)


def gossip(*more: str) -> str:
    """Everything of the account's own, as a careless service might say it."""
    told = MARKED.credentials
    own = (MARKED.name, told.secure_c_ses, told.csesidx, told.config_id, told.host_c_oses, told.user_agent)
    return " ".join((*own, "marked.owner@example.com", *more))


def leaks(walk: Walked) -> list[str]:
    """What of the account's own is in the findings."""
    text = json.dumps([one.as_json() for one in walk.values()], ensure_ascii=False).lower()
    told = MARKED.credentials
    return [one for one in ("marked", told.csesidx, told.config_id, told.config_id[:8]) if one in text]


def test_what_a_careless_service_repeats_is_not_told(walked: Examine) -> None:
    service = Canned()
    said = refusal(403, gossip(), gossip("https://example.com/?marked=1", "marked-key"))
    for name in service.replies:
        if name != "getoxsrf":
            service.replies[name] = said
    with service.serving() as peer:
        assert leaks(walked(peer.url, account=MARKED, secrets=("marked-key",))) == []


def test_nothing_of_what_getoxsrf_says_is_told(walked: Examine) -> None:
    service = Canned()
    page = gossip().encode()
    cookies = (
        "Set-Cookie: __Secure-C_SES=CSE.marked2; Path=/",
        f"Set-Cookie: {gossip()}=1",
        f"X-{MARKED.name}: 1",
    )
    service.replies["getoxsrf"] = answer(
        302, page, f"Location: https://a.example/{gossip()}?{gossip()}", *cookies
    )
    with service.serving() as peer:
        assert leaks(walked(peer.url, account=MARKED)) == []


def test_nothing_of_an_answer_is_told(walked: Examine) -> None:
    service = Canned()
    said = element(gossip(), thought=gossip(), **{gossip(): gossip(), "futureId": "MARKED"})
    service.replies["widgetStreamAssist"] = stream(said, {"error": {"status": gossip(), "message": gossip()}})
    service.replies["widgetCreateSession"] = reply({"session": {"name": gossip(), "displayName": gossip()}})
    with service.serving() as peer:
        assert leaks(walked(peer.url, account=MARKED)) == []


def test_what_follows_a_hop_tells_nothing_of_its_cookies(walked: Examine) -> None:
    hopped = answer(302, b"", "Location: /", "Set-Cookie: __Secure-C_SES=markedhopped; Path=/")

    def say(heard: Heard) -> bytes:
        if "refreshcookies" in heard.target:
            return hopped
        if "markedhopped" in heard.headers["cookie"]:
            return refusal(403, "DENIED", "not good: markedhopped")
        return answer(302, b"", "Location: /refreshcookies")

    with Peer(say) as peer:
        walk = walked(peer.url, account=MARKED)
    assert fact(walk["token"], "says").seen == "403 DENIED · not good: •••"
    assert leaks(walk) == []


def test_neither_side_of_an_address_that_is_the_name_is_told(walked: Examine) -> None:
    service = Canned()
    account = replace(MARKED, name="Marked.Owner@marked-corp.example")
    service.replies["widgetCreateSession"] = refusal(
        400, "NO", "marked.owner of MARKED-CORP.example may not."
    )
    with service.serving() as peer:
        walk = walked(peer.url, account=account)
    assert fact(walk["session"], "says").seen == "400 NO · ••• of ••• may not."


def test_neither_headers_nor_members_tell_what_is_known(walked: Examine) -> None:
    service = Canned()
    cookie = MARKED.credentials.secure_c_ses
    headers = f"Server: {cookie} {'0a' * 20}", f"X-{'0a' * 20}: 1", f"Via: {gossip()}"
    service.replies["widgetCreateSession"] = reply(
        {cookie: 1, "markedkey": 1, "session": {"name": SHORT}}, 200, *headers
    )
    with service.serving() as peer:
        walk = walked(peer.url, account=MARKED, secrets=("markedkey",))
    (seen,) = walk["session"].evidence["replies"]
    assert seen["headers"]["server"] == "••• opaque(40)"
    assert seen["other_headers"] == ["<opaque(42)>"]
    assert leaks(walk) == []


@pytest.mark.parametrize("padding", range(270, 300, 5))
def test_no_part_of_a_secret_is_left_where_a_message_is_cut(walked: Examine, padding: int) -> None:
    service = Canned()
    message = "x " * (padding // 2) + " ".join(["markedcookie"] * 3)
    service.replies["widgetCreateSession"] = refusal(400, "INVALID", message)
    account = replace(MARKED, credentials=replace(MARKED.credentials, secure_c_ses="markedcookie"))
    with service.serving() as peer:
        walk = walked(peer.url, account=account)
    assert fact(walk["session"], "says").seen.startswith("400 INVALID · x x ")
    assert leaks(walk) == []
    assert "mar" not in json.dumps(walk["session"].as_json())


def test_a_renewed_cookie_and_the_token_are_not_told_either(walked: Examine) -> None:
    service = Canned()
    cookie = "Set-Cookie: __Secure-C_SES=markedrenewed; Path=/"
    service.replies["getoxsrf"] = key(cookie, keyId="markedkey")
    service.replies["widgetCreateSession"] = refusal(400, "INVALID", "not good: markedrenewed markedkey")
    with service.serving() as peer:
        walk = walked(peer.url, account=MARKED)
    assert leaks(walk) == []
    assert fact(walk["session"], "says").seen == "400 INVALID · not good: ••• •••"
