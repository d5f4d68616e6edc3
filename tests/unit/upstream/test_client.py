"""One answer from one account, asked of the simulator over real connections."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from proxies import Heard, Peer, Relay, answer

from gemini_pool.dialogue import (
    Citation,
    Event,
    Finished,
    MadeFile,
    Prompt,
    SessionNamed,
    Silence,
    TextDelta,
    ThoughtDelta,
)
from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    PolicyRefused,
    PromptRefused,
    QuotaExhausted,
    SessionLost,
    Unreachable,
    UpstreamError,
)
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.upstream.client import FirstByte, UpstreamClient
from gemini_pool.upstream.transport import Patience

Seat = Callable[[str], Account]
Asked = Callable[..., Prompt]
Connect = Callable[..., UpstreamClient]


@pytest.fixture
def client(connect: Connect) -> UpstreamClient:
    return connect()


@pytest.fixture
def amber(seat: Seat) -> Account:
    return seat("amber")


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def answered(client: UpstreamClient, account: Account, prompt: Prompt) -> str:
    return text_of(list(client.ask(account, prompt)))


def failing(
    client: UpstreamClient, account: Account, prompt: Prompt, session: str | None = None
) -> tuple[list[Event], UpstreamError]:
    """The events before the failure, and the failure. Silences, which a slow machine adds, are left out."""
    events: list[Event] = []
    with pytest.raises(UpstreamError) as caught:
        events.extend(client.ask(account, prompt, session))  # keeps those that came before the failure
    return [event for event in events if not isinstance(event, Silence)], caught.value


def methods(world: World, name: str = "amber") -> list[str]:
    return [call.method for call in world.calls(name)]


# An answer


def test_an_answer_comes_whole_and_finished(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    world.behave("amber", text="你好, wörld 🙂 {not json}", words=40, unknown_members=True)
    events = list(client.ask(amber, asked("hi")))
    assert text_of(events).startswith("你好, wörld 🙂 {not json} the pool answers")
    assert [type(event) for event in events].count(Finished) == 1
    assert isinstance(events[-1], Finished)
    assert methods(world) == ["xsrf", "session", "stream"]


def test_nothing_is_sent_before_the_first_event_is_drawn(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    events = client.ask(amber, asked("hi"))
    assert world.calls() == []
    events.close()
    assert world.calls() == []


def test_the_session_is_named_before_anything_else_and_once_more_as_the_service_names_it(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    events = list(client.ask(amber, asked("hi")))
    session = world.sessions("amber")[0]
    assert events[0] == SessionNamed(session.short_name)
    assert [event for event in events[1:] if isinstance(event, SessionNamed)] == [
        SessionNamed(session.full_name)
    ]


@pytest.mark.parametrize("at_reply", [False, True])
def test_thoughts_are_told_from_the_answer(
    client: UpstreamClient, amber: Account, asked: Asked, world: World, at_reply: bool
) -> None:
    world.behave("amber", text="42", thoughts=2, reply_thought=at_reply)
    events = list(client.ask(amber, asked("hi")))
    thoughts = [event.text for event in events if isinstance(event, ThoughtDelta)]
    assert thoughts == ["**Weighing It**\n\nThought 1. ", "**Weighing It**\n\nThought 2. "]
    assert text_of(events) == "42"


def test_files_pictures_and_sources_are_events(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    world.behave("amber", text="你好", files=2, inline_image_bytes=100_000, citations=True)
    events = list(client.ask(amber, asked("hi")))
    files = [event for event in events if isinstance(event, MadeFile)]
    assert [(file.folder, file.mime_type) for file in files] == [("image", "image/png")] * 3
    assert 100_000 in [file.path.stat().st_size for file in files]
    assert events[-1] == Finished()
    assert [event for event in events if isinstance(event, Citation)] == [
        Citation("https://example.com/one", "First source", 0, 6),
        Citation("https://example.com/two?a=1&b=2", "Second source", 0, 6),
    ]


@pytest.mark.parametrize("split", [1, 7, 1000])
@pytest.mark.parametrize("gzip", [False, True])
def test_the_cuts_of_the_transport_change_nothing(
    client: UpstreamClient, amber: Account, asked: Asked, world: World, split: int, gzip: bool
) -> None:
    world.behave("amber", text="你好 🙂", words=20, split=split, gzip=gzip, session_info="last")
    assert answered(client, amber, asked("hi")).startswith("你好 🙂 the pool answers")


def test_gzip_is_offered_and_read(
    client: UpstreamClient, amber: Account, asked: Asked, simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="squeezed", words=500, gzip=True)
    text = answered(client, amber, asked("hi"))
    assert len(text) > 2000
    assert text.startswith("squeezed the pool")


# What the model is asked


def test_a_single_question_reaches_the_model_as_it_is(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    list(client.ask(amber, asked("  你好 🙂\n")))
    assert world.prompts["amber"] == ["  你好 🙂\n"]


def test_history_and_system_text_reach_the_model(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    prompt = asked(("system", "Speak plainly."), "one", ("assistant", "two"), "three")
    list(client.ask(amber, prompt))
    assert world.prompts["amber"] == [
        "System:\nSpeak plainly.\n\nUser:\none\n\nAssistant:\ntwo\n\nUser:\nthree\n\nAssistant:"
    ]


def test_the_model_asked_for_answers_and_none_leaves_the_choice_to_the_service(
    client: UpstreamClient, amber: Account, asked: Asked
) -> None:
    assert "/gemini-2.5-pro]" in answered(client, amber, asked("hi", model="gemini-2.5-pro"))
    assert "/auto]" in answered(client, amber, asked("hi", model=None))


@pytest.mark.parametrize(
    ("kind", "tools"),
    [
        (QuotaKind.TEXT, {"webGroundingSpec": {}, "toolRegistry": "default_tool_registry"}),
        (QuotaKind.IMAGES, {"imageGenerationSpec": {}}),
        (QuotaKind.VIDEOS, {"videoGenerationSpec": {}}),
    ],
)
def test_each_kind_of_answer_brings_its_tools_and_the_asker_s_language(
    connect: Connect,
    simulator: Simulator,
    amber: Account,
    asked: Asked,
    kind: QuotaKind,
    tools: dict[str, Any],
) -> None:
    with Peer(_serving([{"streamAssistResponse": {"answer": {"state": "SUCCEEDED"}}}])) as peer:
        list(connect(api_url=peer.url, language="zh-CN").ask(amber, asked("hi", kind=kind)))
    (envelope,) = [json.loads(heard.body) for heard in peer.requests if b"streamAssistRequest" in heard.body]
    request = envelope["streamAssistRequest"]
    assert (envelope["configId"], envelope["additionalParams"]) == (
        amber.credentials.config_id,
        {"token": "-"},
    )
    assert request["toolsSpec"] == tools
    assert request["languageCode"] == "zh-CN"
    assert request["userMetadata"] == {"timeZone": "Etc/GMT"}
    assert request["session"] == "collections/c/engines/e/sessions/1"


def test_the_service_is_told_what_a_browser_would_tell_it(
    connect: Connect, amber: Account, asked: Asked
) -> None:
    with Peer(_serving([{"streamAssistResponse": {"answer": {"state": "SUCCEEDED"}}}])) as peer:
        list(connect(api_url=peer.url, language="de-DE").ask(amber, asked("hi")))
        host = peer.netloc
    for heard in peer.requests:
        told = {name: heard.headers.pop(name) for name in ("authorization", "content-length", "user-agent")}
        assert told["authorization"].startswith("Bearer ey")
        assert told["user-agent"].startswith("Mozilla/5.0 ")
        assert heard.headers == {
            "host": host,
            "content-type": "application/json",
            "accept": "*/*",
            "accept-encoding": "gzip",
            "accept-language": "de-DE",
            "origin": "https://business.gemini.google",
            "referer": "https://business.gemini.google/",
            "x-server-timeout": "1800",
        }


def _serving(elements: list[Any], *, tail: str = "]", status: int = 200) -> Callable[[Heard], bytes]:
    """A peer that makes sessions and answers with these elements."""

    def say(heard: Heard) -> bytes:
        if heard.target.endswith("widgetCreateSession"):
            return answer(200, b'{"session": {"name": "collections/c/engines/e/sessions/1"}}')
        body = "[" + ",".join(map(json.dumps, elements)) + tail
        return answer(status, body.encode())

    return say


# Tokens and sessions


def test_a_refused_token_is_replaced_once_without_a_word(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    world.behave("amber", text="42", api="401-once")
    assert answered(client, amber, asked("hi")) == "42"
    assert methods(world) == ["xsrf", "session", "stream", "xsrf", "session", "stream"]


@pytest.mark.parametrize("on", ["session", "stream"])
def test_a_token_refused_twice_means_that_the_cookies_are_dead(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, on: str
) -> None:
    world.behave("clara", api="401", api_on=[on])
    events, error = failing(client, seat("clara"), asked("hi"))
    assert (events, type(error)) == ([], CredentialsRejected)
    assert world.counts()["clara"]["xsrf"] == 2
    assert methods(world, "clara").count(on) == 2


def test_a_401_inside_the_stream_is_treated_like_one_outside(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("clara", stream="error-first-401")
    events, error = failing(client, seat("clara"), asked("hi"))
    assert (events, type(error)) == ([], CredentialsRejected)
    assert world.counts()["clara"]["xsrf"] == 2


def test_dead_cookies_never_reach_the_api(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("clara", xsrf="302-login")
    assert type(failing(client, seat("clara"), asked("hi"))[1]) is CredentialsRejected
    assert methods(world, "clara") == ["xsrf"]


def test_a_token_is_used_for_many_answers(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    for _ in range(5):
        list(client.ask(amber, asked("hi")))
    counts = world.counts()["amber"]
    assert (counts["xsrf"], counts["session"], counts["stream"]) == (1, 5, 5)


@pytest.mark.parametrize("fault", ["403-session", "404-session"])
def test_a_lost_session_is_replaced_by_a_new_one(
    client: UpstreamClient, amber: Account, asked: Asked, world: World, fault: str
) -> None:
    # The refusal is half a second away when it is known to come; by then the next one will not.
    world.behave("amber", text="42", api=fault, first_delay=0.5)
    with ThreadPoolExecutor(1) as threads:
        text = threads.submit(answered, client, amber, asked("hi"))
        assert world.wait_until(lambda w: w.counts()["amber"]["stream"] == 1)
        world.behave("amber", api=None, first_delay=0)
        assert text.result() == "42"
    assert methods(world) == ["xsrf", "session", "stream", "session", "stream"]
    assert len(world.sessions("amber")) == 2


def test_a_session_lost_again_is_told_and_costs_nothing(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    world.behave("amber", api="403-session")
    events, error = failing(client, amber, asked("hi"))
    assert (events, type(error)) == ([], SessionLost)
    assert methods(world) == ["xsrf", "session", "stream", "session", "stream"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b'{"session": {}}', b'{"session": null}', b""])
def test_a_session_without_a_name_is_a_bad_reply(
    connect: Connect, amber: Account, asked: Asked, body: bytes
) -> None:
    with Peer(lambda _: answer(200, body)) as peer:
        assert type(failing(connect(api_url=peer.url), amber, asked("hi"))[1]) is BadReply


# A session that knows the conversation


def test_a_session_given_hears_the_new_turn_alone(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    named = [e.name for e in client.ask(amber, asked("one")) if isinstance(e, SessionNamed)]
    for name, turn in zip(named, ("three", "five"), strict=True):  # both names will do
        prompt = asked(("system", "Speak plainly."), "one", ("assistant", "two"), turn)
        assert next(client.ask(amber, prompt, name)) == SessionNamed(name)
        assert "turn" in "".join(e.text for e in client.ask(amber, prompt, name) if isinstance(e, TextDelta))
    assert methods(world)[:3] == ["xsrf", "session", "stream"]
    assert set(methods(world)[3:]) == {"stream"}
    assert world.prompts["amber"] == ["one", "three", "three", "five", "five"]


def test_what_a_tool_answered_is_a_new_turn(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    first = next(client.ask(amber, asked("one")))
    assert isinstance(first, SessionNamed)
    list(client.ask(amber, asked("one", ("assistant", "two"), ("tool", "42"), "and?"), first.name))
    assert world.prompts["amber"] == ["one", "Tool:\n42\n\nUser:\nand?\n\nAssistant:"]


WHOLE = "User:\none\n\nAssistant:\ntwo\n\nUser:\nthree\n\nAssistant:"


@pytest.mark.parametrize("owner", ["nobody", "bruno"])
def test_a_session_that_is_lost_is_replaced_by_a_new_one_that_hears_all(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, owner: str
) -> None:
    lost = "collections/default_collection/engines/agentspace-engine/sessions/1234567890123456789"
    if owner == "bruno":
        first = next(client.ask(seat("bruno"), asked("hi")))
        assert isinstance(first, SessionNamed)
        lost = first.name
    events = list(client.ask(seat("amber"), asked("one", ("assistant", "two"), "three"), lost))
    (session,) = world.sessions("amber")
    assert events[0] == SessionNamed(session.short_name)
    assert SessionNamed(lost) not in events
    assert methods(world) == ["xsrf", "stream", "session", "stream"]
    assert world.prompts["amber"] == [WHOLE]


def test_a_session_lost_inside_the_stream_is_replaced_too(
    connect: Connect, amber: Account, asked: Asked
) -> None:
    no = {"error": {"code": 404, "status": "NOT_FOUND", "message": "Session not found."}}
    yes = {"streamAssistResponse": {"answer": {"state": "SUCCEEDED"}}}

    def say(heard: Heard) -> bytes:
        return _serving([no if b"lost" in heard.body else yes])(heard)

    with Peer(say) as peer:
        events = list(connect(api_url=peer.url).ask(amber, asked("hi"), "collections/c/lost"))
        assert [heard.target.rpartition("/")[2] for heard in peer.requests] == [
            *("widgetStreamAssist", "widgetCreateSession", "widgetStreamAssist")
        ]
    assert events == [SessionNamed("collections/c/engines/e/sessions/1"), Finished()]


def test_a_session_is_replaced_once(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    world.behave("amber", api="404-session")
    error = failing(client, amber, asked("hi"), "collections/c/lost")[1]
    assert type(error) is SessionLost
    assert methods(world) == ["xsrf", "stream", "session", "stream"]


def test_a_session_outlives_the_token_it_was_made_with(
    client: UpstreamClient, amber: Account, asked: Asked, world: World
) -> None:
    first = next(client.ask(amber, asked("one")))
    assert isinstance(first, SessionNamed)
    world.behave("amber", api="401-once")
    list(client.ask(amber, asked("one", ("assistant", "two"), "three"), first.name))
    assert methods(world)[3:] == ["stream", "xsrf", "stream"]
    assert world.prompts["amber"] == ["one", "three"]


# Refusals


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("403", AccountForbidden),
        ("429", QuotaExhausted),
        ("500", Busy),
        ("502-html", Busy),
        ("503", Busy),
        ("400-model", PromptRefused),
        ("reset", Unreachable),
    ],
)
@pytest.mark.parametrize("on", ["session", "stream"])
def test_a_refusal_is_the_error_it_stands_for(
    client: UpstreamClient,
    seat: Seat,
    asked: Asked,
    world: World,
    fault: str,
    on: str,
    expected: type[Exception],
) -> None:
    world.behave("bruno", api=fault, api_on=[on])
    events, error = failing(client, seat("bruno"), asked("hi"))
    assert (events, type(error)) == ([], expected)
    assert methods(world, "bruno").count(on) == 1  # no retry of its own
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_an_account_out_of_quota_says_for_how_long(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("bruno", api="429-retry-after", retry_after=77)
    assert failing(client, seat("bruno"), asked("hi"))[1].retry_after == 77
    world.behave("bruno", api="429", error_details=True, retry_after=66)
    error = failing(client, seat("bruno"), asked("hi"))[1]
    assert isinstance(error, QuotaExhausted)
    assert (error.retry_after, error.daily) == (66, True)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("error-first-429", QuotaExhausted),
        ("error-first-500", Busy),
        ("error-model", PromptRefused),
        ("failed", BadReply),
        ("garbage", BadReply),
        ("skipped-policy", PolicyRefused),
        ("skipped-non-assist", PolicyRefused),
        ("skipped-unknown", PolicyRefused),
    ],
)
def test_a_stream_that_is_no_answer_fails_before_any_text(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, fault: str, expected: type[Exception]
) -> None:
    world.behave("emil", stream=fault)
    events, error = failing(client, seat("emil"), asked("hi"))
    assert type(error) is expected
    assert text_of(events) == ""
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_a_model_the_service_does_not_know_is_the_caller_s_matter(
    client: UpstreamClient, amber: Account, asked: Asked
) -> None:
    error = failing(client, amber, asked("hi", model="gemini-9"))[1]
    assert type(error) is PromptRefused
    assert "gemini-9" in str(error)


def test_an_error_after_text_comes_after_the_text(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("emil", text="one two three four five six", stream="error-after-429")
    events, error = failing(client, seat("emil"), asked("hi"))
    assert type(error) is QuotaExhausted
    assert text_of(events)
    assert "one two three four five six".startswith(text_of(events))


# Answers that break off


@pytest.mark.parametrize("fault", ["cut", "reset-after"])
@pytest.mark.parametrize("gzip", [False, True])
def test_a_connection_that_breaks_is_an_error_after_the_text_that_came(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, fault: str, gzip: bool
) -> None:
    world.behave("emil", text="one two three four five six", deltas=4, stream=fault, gzip=gzip)
    events, error = failing(client, seat("emil"), asked("hi"))
    assert type(error) in (BadReply, Unreachable)
    assert "one two three four five six".startswith(text_of(events))
    assert text_of(events) or gzip or fault == "reset-after"  # a reset may overtake what was sent
    assert not any(isinstance(event, Finished) for event in events)


def test_an_answer_cut_in_the_middle_of_an_object_is_a_bad_reply(
    connect: Connect, amber: Account, asked: Asked
) -> None:
    said = {
        "streamAssistResponse": {"answer": {"replies": [{"groundedContent": {"content": {"text": "half"}}}]}}
    }
    with Peer(_serving([said], tail=', {"streamAssistResponse": {"ans')) as peer:
        events, error = failing(connect(api_url=peer.url), amber, asked("hi"))
    assert events == [SessionNamed("collections/c/engines/e/sessions/1"), TextDelta("half")]
    assert type(error) is BadReply
    assert "cut off" in str(error)


def test_an_array_never_closed_is_no_error_once_the_answer_has_succeeded(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("emil", text="all of it", stream="unclosed")
    assert answered(client, seat("emil"), asked("hi")) == "all of it"


def test_an_array_closed_without_a_final_state_is_an_answer(
    connect: Connect, amber: Account, asked: Asked
) -> None:
    said = {
        "streamAssistResponse": {"answer": {"replies": [{"groundedContent": {"content": {"text": "all"}}}]}}
    }
    with Peer(_serving([said])) as peer:
        assert answered(connect(api_url=peer.url), amber, asked("hi")) == "all"


def test_a_connection_that_breaks_after_the_answer_has_succeeded_is_no_error(
    connect: Connect, amber: Account, asked: Asked
) -> None:
    whole = json.dumps(
        [
            {
                "streamAssistResponse": {
                    "answer": {"replies": [{"groundedContent": {"content": {"text": "all"}}}]}
                }
            },
            {"streamAssistResponse": {"answer": {"state": "SUCCEEDED"}}},
        ]
    ).encode()

    def say(heard: Heard) -> bytes:
        if heard.target.endswith("widgetCreateSession"):
            return _serving([])(heard)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        return head + b"%x\r\n%b\r\n" % (len(whole), whole)  # and never the end mark

    with Peer(say) as peer:
        assert answered(connect(api_url=peer.url), amber, asked("hi")) == "all"


@pytest.mark.parametrize("fault", ["empty-array", "succeeded-empty"])
def test_an_answer_without_a_word_holds_no_text_and_is_the_pool_s_to_judge(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, fault: str
) -> None:
    world.behave("emil", stream=fault)
    assert answered(client, seat("emil"), asked("hi")) == ""


def test_silence_is_unreachable_once_the_time_is_up(
    connect: Connect, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("emil", text="one two three four", deltas=4, stream="silence")
    events, error = failing(connect(patience=Patience(5, 0.2)), seat("emil"), asked("hi"))
    assert text_of(events) == "one "[: len(text_of(events))]
    assert text_of(events)
    assert type(error) is Unreachable
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_a_service_that_does_not_answer_at_all_is_unreachable(
    connect: Connect, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", api="hang")
    events, error = failing(connect(first_byte=FirstByte(0.2, 5)), seat("dieter"), asked("hi"))
    assert (events, type(error)) == ([], Unreachable)
    assert "silent for 0.2 s" in str(error)
    assert world.wait_until(lambda w: w.open_streams() == 0)


# Whether anybody has been asked


@pytest.mark.parametrize("fault", ["302-login", "302-accounts", "html", "401", "403", "429", "500", "no-key"])
def test_nobody_was_asked_where_there_was_no_token(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, fault: str
) -> None:
    world.behave("clara", xsrf=fault)
    assert not failing(client, seat("clara"), asked("hi"))[1].asked


@pytest.mark.parametrize(
    "fault", ["401", "403", "403-session", "404-session", "429", "500", "502-html", "503", "reset"]
)
def test_nobody_was_asked_where_there_was_no_session(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, fault: str
) -> None:
    world.behave("clara", api=fault, api_on=["session"])
    assert not failing(client, seat("clara"), asked("hi"))[1].asked
    assert world.counts()["clara"]["stream"] == 0


def test_nobody_was_asked_where_the_session_had_no_name(
    connect: Connect, amber: Account, asked: Asked
) -> None:
    with Peer(lambda _: answer(200, b"{}")) as peer:
        assert not failing(connect(api_url=peer.url), amber, asked("hi"))[1].asked


@pytest.mark.parametrize("address", ["api_url", "auth_url"])
@pytest.mark.parametrize("session", [None, "collections/c/engines/e/sessions/1"])
def test_nobody_was_asked_where_nobody_listens(
    connect: Connect, amber: Account, asked: Asked, address: str, session: str | None
) -> None:
    with Peer(lambda _: b"") as gone:
        url = gone.url
    error = failing(connect(**{address: url}), amber, asked("hi"), session)[1]
    assert (type(error), error.asked) == (Unreachable, False)


@pytest.mark.parametrize(
    ("status", "then"), [(401, "getoxsrf"), (401, "widgetCreateSession"), (404, "widgetCreateSession")]
)
def test_nobody_has_begun_to_answer_where_the_second_try_never_came_to_the_prompt(
    connect: Connect, amber: Account, asked: Asked, status: int, then: str
) -> None:
    refused = threading.Event()

    def say(heard: Heard) -> bytes:
        if refused.is_set() and then in heard.target:
            return answer(503)
        if "getoxsrf" in heard.target:
            return answer(200, b'{"keyId": "k", "xsrfToken": "%b"}' % (b"A" * 44))
        if heard.target.endswith("widgetStreamAssist"):
            refused.set()
            return answer(status)
        return _serving([])(heard)

    with Peer(say) as peer:
        client = connect(api_url=peer.url, auth_url=peer.url)
        error = failing(client, amber, asked("hi"))[1]
    assert (type(error), error.asked) == (Busy, False)


@pytest.mark.parametrize(
    "fault", ["401", "403", "403-session", "404-session", "429", "500", "503", "400-model", "reset"]
)
def test_somebody_was_asked_where_the_prompt_was_refused(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World, fault: str
) -> None:
    world.behave("clara", api=fault)
    assert failing(client, seat("clara"), asked("hi"))[1].asked


@pytest.mark.parametrize(
    "fault",
    ["error-first-429", "error-after-429", "error-first-401", "cut", "reset-after", "failed", "silence"],
)
def test_somebody_was_asked_where_the_answer_failed(
    connect: Connect, seat: Seat, asked: Asked, world: World, fault: str
) -> None:
    world.behave("clara", text="one two three four", deltas=4, stream=fault)
    assert failing(connect(patience=Patience(5, 0.2)), seat("clara"), asked("hi"))[1].asked


def test_somebody_was_asked_where_no_answer_came(
    connect: Connect, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("clara", api="hang")
    assert failing(connect(first_byte=FirstByte(0.2, 5)), seat("clara"), asked("hi"))[1].asked


# Silence


@pytest.mark.parametrize(
    "behaviour",
    [
        {"xsrf": "slow", "xsrf_delay": 0.7},
        {"first_delay": 0.7},
        {"deltas": 1, "empty_elements": 0, "delay": 0.7},
    ],
    ids=["for a token", "for the first word", "between two"],
)
@pytest.mark.parametrize("bounds", [{}, {"stop": ("never",), "max_tokens": 1000}])
def test_silence_is_passed_on_wherever_it_is(
    client: UpstreamClient,
    seat: Seat,
    asked: Asked,
    world: World,
    behaviour: dict[str, Any],
    bounds: dict[str, Any],
) -> None:
    world.behave("dieter", **behaviour)
    events = list(client.ask(seat("dieter"), replace(asked("hi"), **bounds)))
    assert Silence() in events
    assert isinstance(events[-1], Finished)


def test_silence_before_the_answer_comes_before_its_session(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", first_delay=1.2)
    kinds = [type(event) for event in client.ask(seat("dieter"), asked("hi"))]
    assert kinds[:3] == [Silence, Silence, SessionNamed]


@pytest.mark.parametrize(
    ("kind", "first_byte", "in_time"),
    [
        (QuotaKind.TEXT, FirstByte(text=0.1, media=5), False),
        (QuotaKind.TEXT, FirstByte(text=5, media=0.1), True),
        (QuotaKind.IMAGES, FirstByte(text=0.1, media=5), True),
        (QuotaKind.IMAGES, FirstByte(text=5, media=0.1), False),
        (QuotaKind.VIDEOS, FirstByte(text=0.1, media=5), True),
        (QuotaKind.VIDEOS, FirstByte(text=5, media=0.1), False),
    ],
)
def test_a_picture_may_take_longer_to_begin_than_words(
    connect: Connect,
    seat: Seat,
    asked: Asked,
    world: World,
    kind: QuotaKind,
    first_byte: FirstByte,
    in_time: bool,
) -> None:
    world.behave("dieter", text="42", first_delay=0.3)
    client, prompt = connect(first_byte=first_byte), asked("hi", kind=kind)
    if in_time:
        assert answered(client, seat("dieter"), prompt) == "42"
    else:
        assert "silent for 0.1 s" in str(failing(client, seat("dieter"), prompt)[1])


def test_the_time_for_the_first_byte_of_an_answer_is_not_that_of_other_calls(
    connect: Connect, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", xsrf="slow", xsrf_delay=0.3)
    assert answered(connect(first_byte=FirstByte(0.2, 0.2)), seat("dieter"), asked("hi"))
    error = failing(connect(patience=Patience(0.1, 5)), seat("dieter"), asked("hi"))[1]
    assert "silent for 0.1 s" in str(error)


# Callers who leave


def test_a_caller_who_leaves_before_the_answer_begins_closes_the_stream_upstream(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", api="hang")
    events = client.ask(seat("dieter"), asked("hi"))
    assert next(events) == Silence()
    assert world.wait_until(lambda w: w.open_streams() == 1)
    events.close()
    assert world.wait_until(lambda w: w.open_streams() == 0, 2)


def test_a_caller_who_leaves_while_his_token_is_renewed_harms_nobody_who_waits_for_it(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", text="42", xsrf="slow", xsrf_delay=30)
    leaving = client.ask(seat("dieter"), asked("hi"))
    assert next(leaving) == Silence()  # his call is under way
    waiting = [client.ask(seat("dieter"), asked("hi")) for _ in range(3)]
    assert [next(events) for events in waiting] == [Silence()] * 3
    assert world.counts()["dieter"]["xsrf"] == 1
    world.behave("dieter", xsrf=None)
    leaving.close()
    with ThreadPoolExecutor(3) as threads:
        assert [text_of(events) for events in threads.map(list, waiting)] == ["42"] * 3
    assert world.counts()["dieter"]["xsrf"] == 2


# Connections


def test_closing_an_answer_early_closes_the_stream_upstream(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", words=3000, delay=0.05)
    events = client.ask(seat("dieter"), asked("hi"))
    next(event for event in events if isinstance(event, TextDelta))
    assert world.open_streams() == 1
    events.close()
    assert world.wait_until(lambda w: w.open_streams() == 0, 2)


def test_an_answer_that_meets_its_bound_closes_the_stream_upstream(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", text="one two three four", words=3000, delay=0.05)
    events = client.ask(seat("dieter"), replace(asked("hi"), stop=("two",)))
    assert text_of(list(events)) == "one "
    assert world.wait_until(lambda w: w.open_streams() == 0, 2)


def test_events_come_while_the_answer_is_still_being_written(
    client: UpstreamClient, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave(
        "dieter", text="now then later", deltas=3, stream="silence"
    )  # nothing follows the first delta
    events = client.ask(seat("dieter"), asked("hi"))
    assert next(event for event in events if isinstance(event, TextDelta)).text
    events.close()


@pytest.mark.parametrize("gzip", [False, True])
def test_connections_are_kept_and_used_again(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator, gzip: bool
) -> None:
    simulator.world.behave("amber", gzip=gzip)
    with Relay(simulator.url) as relay:
        client = connect(api_url=relay.url, auth_url=relay.url)
        for _ in range(10):
            list(client.ask(amber, asked("hi")))
        assert relay.connections == 1
    assert simulator.world.counts()["amber"]["stream"] == 10


@pytest.mark.parametrize("fault", ["429", "500", "502-html", "401"])
def test_a_refusal_keeps_its_connection(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator, fault: str
) -> None:
    simulator.world.behave("amber", api=fault)
    with Relay(simulator.url) as relay:
        client = connect(api_url=relay.url, auth_url=relay.url)
        for _ in range(3):
            failing(client, amber, asked("hi"))
        assert relay.connections == 1


def test_a_connection_the_service_has_closed_meanwhile_is_not_fatal(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator
) -> None:
    client = connect()
    simulator.world.behave("amber", text="42")
    assert answered(client, amber, asked("hi")) == "42"
    simulator.stop()
    simulator.start()
    assert answered(client, amber, asked("hi")) == "42"
