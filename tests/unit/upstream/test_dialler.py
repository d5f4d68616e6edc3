"""The door to urllib3: which connections are opened, whom they trust, and what carries them."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from certificates import Certificate, self_signed
from proxies import Heard, HttpProxy, Mute, Peer, Relay, Server, Socks5Proxy, answer
from running import until

from gemini_pool.dialogue import Prompt, TextDelta, patiently
from gemini_pool.errors import BadReply, Unreachable, UpstreamError
from gemini_pool.roster import Account
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.upstream.client import UpstreamClient
from gemini_pool.upstream.dialler import Dialler, Origin
from gemini_pool.upstream.transport import Patience, Transport

Seat = Callable[[str], Account]
Asked = Callable[..., Prompt]
Connect = Callable[..., UpstreamClient]


@pytest.fixture
def amber(seat: Seat) -> Account:
    return seat("amber")


def answered(client: UpstreamClient, account: Account, prompt: Prompt) -> str:
    return "".join(event.text for event in client.ask(account, prompt) if isinstance(event, TextDelta))


def failure(client: UpstreamClient, account: Account, prompt: Prompt) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        list(client.ask(account, prompt))
    return caught.value


@contextmanager
def calling(proxy: str = "", *, timeout: float = 5) -> Iterator[Transport]:
    """A transport with a dialler of its own."""
    transport = Transport(Dialler(proxy=proxy, timeout=timeout), patience=Patience(5, 5), most_idle=5)
    yield transport
    transport.close()


def no_answer(heard: Heard) -> bytes:
    """Makes sessions, and answers nothing in them."""
    if heard.target.endswith("widgetCreateSession"):
        return answer(200, b'{"session": {"name": "collections/c/engines/e/sessions/1"}}')
    return answer(200, b"[]")


# TLS


def test_the_service_is_spoken_to_through_tls(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator, trusted: Certificate
) -> None:
    simulator.world.behave("amber", text="in private", words=20_000)
    with Relay(simulator.url, trusted.server) as service:
        client = connect(api_url=service.url, auth_url=service.url)
        for _ in range(3):
            text = answered(client, amber, asked("hi"))
            assert text.startswith("in private the pool answers")
            assert len(text) > 100_000
        assert service.connections == 1


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = self_signed(tmp_path, "127.0.0.2")
    monkeypatch.setattr("certifi.where", lambda: str(other.authority))
    with Peer(no_answer, other.server) as peer, calling() as transport:
        with pytest.raises(Unreachable):
            patiently(transport.get(peer.url, {}))
        assert (peer.connections, peer.requests) == (1, [])


def test_a_certificate_nobody_vouches_for_is_refused_for_tokens(
    connect: Connect, amber: Account, asked: Asked, certificate: Certificate
) -> None:
    with Peer(lambda _: answer(200, b"{}"), certificate.server) as peer:
        assert type(failure(connect(auth_url=peer.url), amber, asked("hi"))) is Unreachable
        assert peer.connections == 1
        assert peer.requests == []  # the cookies were not shown


def test_a_certificate_nobody_vouches_for_is_refused_for_prompts(
    connect: Connect, amber: Account, asked: Asked, certificate: Certificate
) -> None:
    with Peer(no_answer, certificate.server) as peer:
        assert type(failure(connect(api_url=peer.url), amber, asked("hi"))) is Unreachable
        assert peer.connections == 1
        assert peer.requests == []


@pytest.mark.parametrize("proxy_kind", [HttpProxy, Socks5Proxy])
def test_a_certificate_nobody_vouches_for_is_refused_behind_a_proxy_too(
    connect: Connect, amber: Account, asked: Asked, certificate: Certificate, proxy_kind: type[Server]
) -> None:
    with Peer(no_answer, certificate.server) as peer, proxy_kind() as proxy:
        client = connect(proxy=proxy.url, auth_url=peer.url)
        assert type(failure(client, amber, asked("hi"))) is Unreachable
        assert peer.connections == 1
        assert peer.requests == []


# Proxies


def _with_login(url: str, login: str) -> str:
    return url.replace("://", f"://{login}@")


@pytest.mark.parametrize("login", ["", "user:password"])
def test_an_http_proxy_carries_every_call(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator, login: str
) -> None:
    simulator.world.behave("amber", text="through the proxy")
    with HttpProxy(login) as proxy:
        client = connect(proxy=_with_login(proxy.url, login) if login else proxy.url)
        assert answered(client, amber, asked("hi")) == "through the proxy"
        assert answered(client, amber, asked("hi")) == "through the proxy"
        assert len(proxy.requests) == 5  # one token, two sessions, two answers
        assert all(heard.target.startswith(simulator.url) for heard in proxy.requests)
        assert proxy.connections == 1


def test_an_http_proxy_is_told_the_login_for_https_as_well(
    connect: Connect, amber: Account, asked: Asked, certificate: Certificate
) -> None:
    with Peer(lambda _: b"", certificate.server) as peer, HttpProxy("user:password") as proxy:
        client = connect(proxy=_with_login(proxy.url, "user:password"), auth_url=peer.url)
        failure(client, amber, asked("hi"))
        assert [(heard.method, heard.target) for heard in proxy.requests] == [("CONNECT", peer.netloc)]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", ["", "user:password", "us%40er:p%3Ass"])
def test_a_socks_proxy_carries_every_call(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator, scheme: str, login: str
) -> None:
    simulator.world.behave("amber", text="through the proxy")
    with Socks5Proxy({"us%40er:p%3Ass": "us@er:p:ss"}.get(login, login)) as proxy:
        url = f"{scheme}://{login}@{proxy.netloc}" if login else f"{scheme}://{proxy.netloc}"
        assert answered(connect(proxy=url), amber, asked("hi")) == "through the proxy"
        assert set(proxy.targets) == {simulator.url.removeprefix("http://")}


def test_a_password_with_special_characters_is_decoded_for_an_http_proxy(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="through the proxy")
    with HttpProxy("us@er:p:ss") as proxy:
        client = connect(proxy=_with_login(proxy.url, "us%40er:p%3Ass"))
        assert answered(client, amber, asked("hi")) == "through the proxy"


@pytest.mark.parametrize("proxy_kind", [HttpProxy, Socks5Proxy])
def test_a_wrong_login_at_the_proxy_is_an_error_and_nothing_goes_round_it(
    connect: Connect, amber: Account, asked: Asked, world: World, proxy_kind: type[Server]
) -> None:
    with proxy_kind("user:password") as proxy:
        client = connect(proxy=_with_login(proxy.url, "user:wrong"))
        error = failure(client, amber, asked("hi"))
    assert type(error) in (BadReply, Unreachable)
    assert "wrong" not in str(error)
    assert world.calls() == []


@pytest.mark.parametrize("proxy_kind", [HttpProxy, Socks5Proxy])
def test_a_proxy_that_is_gone_is_unreachable_and_nothing_goes_round_it(
    connect: Connect, amber: Account, asked: Asked, world: World, proxy_kind: type[Server]
) -> None:
    with proxy_kind() as gone:
        url = gone.url
    assert type(failure(connect(proxy=url), amber, asked("hi"))) is Unreachable
    assert world.calls() == []


def test_closing_an_answer_early_closes_the_stream_behind_a_proxy_too(
    connect: Connect, seat: Seat, asked: Asked, world: World
) -> None:
    world.behave("dieter", words=3000, delay=0.05)
    with Socks5Proxy() as proxy:
        events = connect(proxy=proxy.url).ask(seat("dieter"), asked("hi"))
        next(event for event in events if isinstance(event, TextDelta))
        events.close()
        assert world.wait_until(lambda w: w.open_streams() == 0, 2)


# Proxies that are spoken to through TLS


@pytest.mark.parametrize("login", ["", "user:password"])
def test_an_https_proxy_is_handed_plain_http_request_by_request(
    connect: Connect, amber: Account, asked: Asked, simulator: Simulator, trusted: Certificate, login: str
) -> None:
    simulator.world.behave("amber", text="through the proxy")
    with HttpProxy(login) as proxy, Relay(proxy.url, trusted.server) as front:
        client = connect(proxy=_with_login(front.url, login) if login else front.url)
        assert answered(client, amber, asked("hi")) == "through the proxy"
        assert [heard.method for heard in proxy.requests] == ["GET", "POST", "POST"]
        assert all(heard.target.startswith(simulator.url) for heard in proxy.requests)
        assert front.connections == 1


@pytest.mark.parametrize("login", ["", "user:password"])
@pytest.mark.parametrize("gzip", [False, True])
def test_an_https_proxy_makes_a_tunnel_for_https(
    connect: Connect,
    amber: Account,
    asked: Asked,
    simulator: Simulator,
    trusted: Certificate,
    login: str,
    gzip: bool,
) -> None:
    simulator.world.behave("amber", text="through the tunnel", words=20_000, gzip=gzip)
    with (
        Relay(simulator.url, trusted.server) as service,
        HttpProxy(login) as proxy,
        Relay(proxy.url, trusted.server) as front,
    ):
        url = _with_login(front.url, login) if login else front.url
        client = connect(proxy=url, api_url=service.url, auth_url=service.url)
        for _ in range(2):
            text = answered(client, amber, asked("hi"))
            assert text.startswith("through the tunnel the pool answers")
            assert len(text) > 100_000
        assert [(heard.method, heard.target) for heard in proxy.requests] == [("CONNECT", service.netloc)]
        assert (front.connections, service.connections) == (1, 1)


@pytest.mark.parametrize("target", ["http", "https"])
def test_an_https_proxy_that_nobody_vouches_for_is_told_nothing(
    connect: Connect, amber: Account, asked: Asked, certificate: Certificate, target: str
) -> None:
    with HttpProxy() as proxy, Relay(proxy.url, certificate.server) as front:
        client = connect(proxy=front.url, auth_url=f"{target}://127.0.0.1:1")
        assert type(failure(client, amber, asked("hi"))) is Unreachable
        assert (front.connections, proxy.connections) == (1, 0)


def test_an_https_proxy_does_not_vouch_for_the_service(
    connect: Connect, amber: Account, asked: Asked, trusted: Certificate, tmp_path: Path
) -> None:
    with (
        Peer(no_answer, self_signed(tmp_path).server) as peer,
        HttpProxy() as proxy,
        Relay(proxy.url, trusted.server) as front,
    ):
        client = connect(proxy=front.url, auth_url=peer.url)
        assert type(failure(client, amber, asked("hi"))) is Unreachable
        assert (peer.connections, peer.requests) == (1, [])


def test_a_service_that_leaves_behind_an_https_proxy_is_noticed_at_once(trusted: Certificate) -> None:
    said = {
        "/half": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf",
        "/nothing": b"Connection: close",
    }
    with (
        Peer(lambda heard: said[heard.target], trusted.server) as service,
        HttpProxy() as proxy,
        Relay(proxy.url, trusted.server) as front,
        calling(front.url) as transport,
    ):
        for path in said:
            with pytest.raises(Unreachable, match="ended the connection"):
                patiently(transport.get(service.url + path, {}))


# Connections that never come to be


def test_nothing_was_asked_where_nobody_listens(seat: Seat) -> None:
    with Mute() as gone:
        url = gone.url
    with calling() as transport, pytest.raises(Unreachable) as caught:
        patiently(transport.post(url, {}, b"a prompt"))
    assert not caught.value.asked


@pytest.mark.parametrize("proxy_kind", [None, HttpProxy, Socks5Proxy])
def test_nothing_was_asked_where_tls_fails(certificate: Certificate, proxy_kind: type[Server] | None) -> None:
    with ExitStack() as opened:
        peer = opened.enter_context(Peer(no_answer, certificate.server))
        proxy = opened.enter_context(proxy_kind()).url if proxy_kind else ""
        transport = opened.enter_context(calling(proxy))
        with pytest.raises(Unreachable) as caught:
            patiently(transport.post(peer.url, {}, b"a prompt"))
        assert not caught.value.asked


def test_a_host_that_does_not_take_the_call_is_given_up_once_the_time_is_up() -> None:
    with ExitStack() as opened:
        full = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # nobody is let in any more
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        transport = opened.enter_context(calling(timeout=0.1))
        with pytest.raises(Unreachable, match="in time") as caught:
            patiently(transport.get(f"http://127.0.0.1:{full.getsockname()[1]}/", {}))
        assert not caught.value.asked


def test_a_host_that_takes_the_call_and_says_nothing_is_left_once_the_time_is_up() -> None:
    with Mute() as mute, calling(timeout=0.1) as transport:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time") as caught:
            patiently(transport.get(f"https://{mute.netloc}/", {}))
        assert time.monotonic() - began < 4
        assert not caught.value.asked
        until(lambda: mute.departures == 1, what="the connection to be closed")


def test_a_proxy_that_takes_the_call_and_says_nothing_is_left_once_the_time_is_up() -> None:
    with Mute() as mute, calling(mute.url, timeout=0.1) as transport:
        with pytest.raises(Unreachable, match="in time") as caught:
            patiently(transport.get("https://example.invalid/", {}))
        assert not caught.value.asked
        until(lambda: mute.departures == 1, what="the connection to be closed")


def test_a_proxy_that_speaks_no_http_is_unreachable() -> None:
    with Peer(lambda _: b"220 mail.example ESMTP\r\n\r\n") as proxy, calling(proxy.url) as transport:
        with pytest.raises(Unreachable) as caught:
            patiently(transport.get("https://example.invalid/", {}))
        assert not caught.value.asked
        until(lambda: proxy.departures == 1, what="the connection to be closed")


# Origins


@pytest.mark.parametrize(
    ("url", "origin", "name"),
    [
        ("http://host/path", Origin("http", "host", 80), "host"),
        ("https://host", Origin("https", "host", 443), "host"),
        ("https://host:80", Origin("https", "host", 80), "host:80"),
        ("http://HOST:8080/?a=b", Origin("http", "host", 8080), "host:8080"),
        ("http://[::1]:8080/", Origin("http", "::1", 8080), "[::1]:8080"),
        ("https://[::1]/", Origin("https", "::1", 443), "[::1]"),
    ],
)
def test_an_origin_is_named_as_a_host_header_has_it(url: str, origin: Origin, name: str) -> None:
    assert Origin.of(url) == origin
    assert origin.name == name
