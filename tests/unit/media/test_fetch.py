"""Fetching what callers name: what is fetched, what is refused, and what is never even called."""

import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import Certificate, self_signed
from lookups import Directory
from proxies import Deaf, Heard, Mute, Peer, Server, answer

from gemini_pool.errors import BadRequest, CallerError, StoreError, TooLarge
from gemini_pool.media.addresses import is_public
from gemini_pool.media.fetch import Fetched, Fetcher

PARAM = "messages[0].content[1].image_url"
PICTURE = bytes(range(256)) * 1000
MakeFetcher = Callable[..., Fetcher]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


def address(server: Server, path: str = "/cat.png", host: str = "files.example") -> str:
    return f"{server.scheme}://{host}:{server.port}{path}"


def failure(fetcher: Fetcher, url: str, into: Path) -> CallerError:
    """What a fetch was refused with, after which nothing lies on the disk."""
    with pytest.raises(CallerError) as caught:
        fetcher.fetch(url, into, PARAM)
    assert not into.exists()
    assert caught.value.param == PARAM
    assert str(caught.value).startswith(f"The address in `{PARAM}` ")
    return caught.value


def never(_: Heard) -> bytes:
    raise AssertionError("this server must not be asked")


# What is fetched


def test_a_file_lands_on_the_disk(make_fetcher: MakeFetcher, into: Path) -> None:
    with Peer(lambda _: answer(200, PICTURE, "Content-Type: Image/PNG; q=1")) as peer:
        fetched = make_fetcher().fetch(address(peer, "/a/cat.png?sig=a+b/c=="), into, PARAM)
    assert fetched == Fetched("cat.png", "image/png", len(PICTURE), hashlib.sha256(PICTURE).hexdigest())
    assert into.read_bytes() == PICTURE
    (heard,) = peer.requests
    assert (heard.method, heard.target) == ("GET", "/a/cat.png?sig=a+b/c==")
    assert heard.headers["host"] == f"files.example:{peer.port}"
    assert heard.headers["accept-encoding"] == "identity"
    assert not {"cookie", "authorization", "referer"} & set(heard.headers)


def test_a_file_comes_through_tls_from_the_name_that_was_asked_for(
    make_fetcher: MakeFetcher, into: Path, certificate: Certificate
) -> None:
    shown: list[str] = []
    certificate.server.sni_callback = lambda _, name, __: shown.append(name)
    with Peer(lambda _: answer(200, PICTURE), certificate.server) as peer:
        fetched = make_fetcher().fetch(address(peer), into, PARAM)
    assert (fetched.size, fetched.mime_type) == (len(PICTURE), "")
    assert into.read_bytes() == PICTURE
    assert shown == ["files.example"]


def test_the_site_names_the_file(make_fetcher: MakeFetcher, into: Path) -> None:
    said = answer(200, b"x", "Content-Disposition: attachment; filename*=UTF-8''%E7%8C%AB.png")
    with Peer(lambda _: said) as peer:
        assert make_fetcher().fetch(address(peer), into, PARAM).name == "猫.png"


def test_a_chunked_body_is_put_together(make_fetcher: MakeFetcher, into: Path) -> None:
    def chunked(_: Heard) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for piece in (b"one,", b"two,", PICTURE, b"three"):
            yield b"%x;extension=1\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\nTrailer: x\r\n\r\n"

    with Peer(chunked) as peer:
        assert make_fetcher().fetch(address(peer), into, PARAM).size == len(PICTURE) + 13
    assert into.read_bytes() == b"one,two," + PICTURE + b"three"


def test_a_body_that_ends_with_its_connection_is_whole(make_fetcher: MakeFetcher, into: Path) -> None:
    with Peer(lambda _: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PICTURE) as peer:
        make_fetcher().fetch(address(peer), into, PARAM)
    assert into.read_bytes() == PICTURE


def test_a_file_of_exactly_the_most_is_taken(make_fetcher: MakeFetcher, into: Path) -> None:
    with Peer(lambda _: answer(200, PICTURE)) as peer:
        assert make_fetcher(most_bytes=len(PICTURE)).fetch(address(peer), into, PARAM).size == len(PICTURE)
        failure(make_fetcher(most_bytes=len(PICTURE) - 1), address(peer), into)


def test_a_proxy_of_the_surroundings_is_not_used(
    make_fetcher: MakeFetcher, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(never) as proxy, Peer(lambda _: answer(200, b"x")) as peer:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert make_fetcher().fetch(address(peer), into, PARAM).size == 1
        assert proxy.connections == 0


def test_another_address_of_the_host_answers_where_the_first_does_not(
    make_fetcher: MakeFetcher, into: Path, directory: Directory
) -> None:
    directory.answers["files.example"] = [["127.0.0.2", "127.0.0.1"]]
    with Peer(lambda _: answer(200, b"x")) as peer:  # it listens on 127.0.0.1 alone
        fetcher = make_fetcher(permits=lambda *_: True)
        assert fetcher.fetch(address(peer), into, PARAM).size == 1


# Where nobody is sent


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "localhost",
        "LOCALHOST",
        "app.localhost",
        "localhost.",
        "①②⑦.0.0.1",
    ],
)
def test_no_way_of_writing_this_machine_leads_to_it(host: str, into: Path) -> None:
    with Peer(never) as peer:
        fetcher = Fetcher(most_bytes=10, seconds=5, permits=lambda where, _: is_public(where, 80))
        error = failure(fetcher, address(peer, host=host), into)
        assert isinstance(error, BadRequest)
        assert peer.connections == 0


@pytest.mark.parametrize("host", ["10.1.2.3", "169.254.169.254", "[fd00:ec2::254]", "[::ffff:10.0.0.1]"])
def test_a_private_network_is_not_called(host: str, into: Path) -> None:
    error = failure(Fetcher(most_bytes=10, seconds=5), f"http://{host}/latest/meta-data/", into)
    assert error.code == "url_not_allowed"
    assert str(error).endswith(
        "leads into a private network and is not fetched. Send the file itself as a data URL."
    )


def test_a_port_that_is_not_of_the_web_is_not_called(into: Path) -> None:
    error = failure(Fetcher(most_bytes=10, seconds=5), "http://1.1.1.1:22/", into)
    assert "a port other than 80 and 443" in str(error)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://files.example/_x", "ftp://files.example/x"])
def test_only_the_web_is_asked(make_fetcher: MakeFetcher, directory: Directory, into: Path, url: str) -> None:
    assert failure(make_fetcher(), url, into).code == "url_not_allowed"
    assert directory.asked == []


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "app.localhost"])
def test_names_of_this_machine_are_not_even_looked_up(
    make_fetcher: MakeFetcher, directory: Directory, into: Path, host: str
) -> None:
    directory.answers[host.lower()] = [["127.0.0.1"]]
    with Peer(never) as peer:
        assert failure(make_fetcher(), address(peer, host=host), into).code == "url_not_allowed"
        assert (peer.connections, directory.asked) == (0, [])


def test_a_password_in_an_address_is_told(make_fetcher: MakeFetcher, into: Path) -> None:
    error = failure(make_fetcher(), "http://user:secret@files.example/", into)
    assert "holds a user name or a password" in str(error)
    assert "secret" not in str(error)


def test_a_name_with_one_private_address_is_refused(
    make_fetcher: MakeFetcher, directory: Directory, into: Path
) -> None:
    directory.answers["files.example"] = [["127.0.0.1", "10.0.0.1"]]
    with Peer(never) as peer:
        assert failure(make_fetcher(), address(peer), into).code == "url_not_allowed"
        assert peer.connections == 0


def test_a_public_name_of_a_private_address_is_refused(into: Path, directory: Directory) -> None:
    directory.answers["files.example"] = [["192.168.1.1"]]
    fetcher = Fetcher(most_bytes=10, seconds=5, resolve=directory)
    assert "private network" in str(failure(fetcher, "https://files.example/x", into))


def test_a_name_is_looked_up_once_and_what_was_checked_is_called(
    make_fetcher: MakeFetcher, directory: Directory, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.answers["files.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    numeric = socket.getaddrinfo

    def look_up(host: str, *args: object, **options: object) -> object:
        assert host == "127.0.0.1", "a second look-up"
        return numeric(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with Peer(lambda _: answer(200, b"x")) as peer:
        assert make_fetcher().fetch(address(peer), into, PARAM).size == 1
    assert directory.asked == ["files.example"]


def test_a_connection_that_ends_elsewhere_is_not_used(
    make_fetcher: MakeFetcher, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(never) as peer:
        monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("10.0.0.1", 80))
        assert failure(make_fetcher(), address(peer), into).code == "url_not_allowed"
        assert peer.requests == []


# Redirects


def redirecting(location: str, status: int = 302) -> Callable[[Heard], bytes]:
    """A site whose root leads elsewhere and whose other pages are files."""
    return lambda heard: (
        answer(status, b"", f"Location: {location}") if heard.target == "/" else answer(200, b"x")
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(
    make_fetcher: MakeFetcher, into: Path, status: int, directory: Directory
) -> None:
    with Peer(redirecting("there/dog.png?a=1", status)) as peer:
        assert make_fetcher().fetch(address(peer, "/"), into, PARAM).name == "dog.png"
        assert [heard.target for heard in peer.requests] == ["/", "/there/dog.png?a=1"]
        assert directory.asked == ["files.example"] * 2  # checked anew


def test_a_redirect_into_a_private_network_is_refused(
    make_fetcher: MakeFetcher, into: Path, directory: Directory
) -> None:
    directory.answers["inside.example"] = [["127.0.0.2"]]
    with Peer(redirecting("http://inside.example/secret")) as peer:
        error = failure(make_fetcher(), address(peer, "/"), into)
    assert error.code == "url_not_allowed"
    assert "inside" not in str(error)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://files.example/", "http://[", ""])
def test_a_redirect_out_of_the_web_is_refused(make_fetcher: MakeFetcher, into: Path, location: str) -> None:
    with Peer(redirecting(location)) as peer:
        failure(make_fetcher(), address(peer, "/"), into)
        assert len(peer.requests) == 1


def test_three_redirects_are_followed_and_a_fourth_is_not(make_fetcher: MakeFetcher, into: Path) -> None:
    def counting(heard: Heard) -> bytes:
        left = int(heard.target.strip("/"))
        return answer(302, b"", f"Location: /{left - 1}") if left else answer(200, b"x")

    with Peer(counting) as peer:
        assert make_fetcher().fetch(address(peer, "/3"), into, PARAM).size == 1
        error = failure(make_fetcher(), address(peer, "/99"), into)
        assert "redirects more than 3 times" in str(error)
        assert len(peer.requests) == 4 + 4


# Bodies that want too much


def test_a_length_over_the_most_is_refused_before_the_body(make_fetcher: MakeFetcher, into: Path) -> None:
    def huge(_: Heard) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"

    with Peer(huge) as peer:  # no body comes: to wait for one would take all the time there is
        error = failure(make_fetcher(seconds=60), address(peer), into)
    assert isinstance(error, TooLarge)
    assert error.code == "file_too_large"
    assert "more than 1 MB" in str(error)


HEADS = [
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_a_body_that_never_ends_is_cut(make_fetcher: MakeFetcher, into: Path, head: bytes) -> None:
    def endless(_: Heard) -> Iterator[bytes]:
        yield head
        while True:
            yield bytes(65536)

    with Peer(endless) as peer:
        assert isinstance(failure(make_fetcher(seconds=60), address(peer), into), TooLarge)


@pytest.mark.parametrize("coding", ["Content-Encoding: gzip", "Transfer-Encoding: gzip"])
def test_a_compressed_body_is_not_unfolded(make_fetcher: MakeFetcher, into: Path, coding: str) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with Peer(lambda _: answer(200, bomb, coding)) as peer:
        assert "compressed" in str(failure(make_fetcher(), address(peer), into))


def test_a_body_that_falls_short_is_refused(make_fetcher: MakeFetcher, into: Path) -> None:
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nhalf"
    with Peer(lambda _: short) as peer:
        assert failure(make_fetcher(), address(peer), into).code == "unfetchable_url"


# Sites that take too long


def dripping(head: bytes, drop: bytes) -> Callable[[Heard], Iterator[bytes]]:
    def drip(_: Heard) -> Iterator[bytes]:
        yield head
        while True:
            time.sleep(0.05)
            yield drop

    return drip


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("secure", [False, True])
def test_a_site_that_drips_for_ever_is_left_in_time(
    make_fetcher: MakeFetcher, into: Path, certificate: Certificate, head: bytes, drop: bytes, secure: bool
) -> None:
    with Peer(dripping(head, drop), certificate.server if secure else None) as peer:
        late_after(make_fetcher(seconds=0.4), address(peer), into)


@pytest.mark.parametrize("server", [Mute, Deaf])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_site_that_says_nothing_is_left_in_time(
    make_fetcher: MakeFetcher, into: Path, server: type[Server], scheme: str
) -> None:
    with server() as silent:
        late_after(make_fetcher(seconds=0.4), f"{scheme}://files.example:{silent.port}/", into)


def test_a_look_up_that_hangs_is_left_in_time(make_fetcher: MakeFetcher, into: Path) -> None:
    over = threading.Event()

    def hang(*_: object, **__: object) -> list[tuple[object, ...]]:
        over.wait(30)
        return []

    late_after(make_fetcher(seconds=0.4, resolve=hang), "http://files.example/", into)
    over.set()


def test_redirects_share_one_span_of_time(make_fetcher: MakeFetcher, into: Path) -> None:
    def slow(_: Heard) -> Iterator[bytes]:
        time.sleep(0.3)
        yield answer(302, b"", "Location: /")

    with Peer(slow) as peer:
        late_after(make_fetcher(seconds=0.7), address(peer, "/"), into)


def late_after(fetcher: Fetcher, url: str, into: Path) -> None:
    begun = time.monotonic()
    error = failure(fetcher, url, into)
    assert time.monotonic() - begun < 3
    assert "did not deliver the file within 0." in str(error)


# Sites that fail


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 500, 503])
def test_a_status_other_than_200_is_told(make_fetcher: MakeFetcher, into: Path, status: int) -> None:
    with Peer(lambda _: answer(status, b"the site's own words")) as peer:
        error = failure(make_fetcher(), address(peer), into)
    assert error.code == "unfetchable_url"
    assert f"status {status}" in str(error)
    assert "own words" not in str(error)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH\r\n", b"\r\n\r\n", b"HTTP/1.1 two hundred\r\n"])
def test_what_is_no_answer_is_refused(make_fetcher: MakeFetcher, into: Path, said: bytes) -> None:
    with Peer(lambda _: said + b"Connection: close\r\n\r\n") as peer:
        error = failure(make_fetcher(), address(peer), into)
    assert error.code == "unfetchable_url"
    assert "SSH" not in str(error)


def test_a_site_that_is_not_there_is_told(make_fetcher: MakeFetcher, into: Path) -> None:
    with Peer(never) as peer:
        gone = address(peer)
    assert "no connection holds" in str(failure(make_fetcher(), gone, into))


def test_a_host_that_takes_no_connection_is_not_said_to_be_slow(
    make_fetcher: MakeFetcher, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ignored(*_: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", ignored)
    assert "no connection holds" in str(failure(make_fetcher(), "http://files.example/", into))


def test_a_name_that_nobody_has_is_told(make_fetcher: MakeFetcher, into: Path) -> None:
    assert "cannot be found" in str(failure(make_fetcher(), "http://nobody.example/", into))


def test_a_certificate_of_another_name_is_refused(
    make_fetcher: MakeFetcher, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = self_signed(tmp_path, "other.example")
    monkeypatch.setattr("certifi.where", lambda: str(other.authority))
    with Peer(never, other.server) as peer:
        assert "certificate" in str(failure(make_fetcher(), address(peer), into))
        assert (peer.connections, peer.requests) == (1, [])


def test_a_certificate_nobody_vouches_for_is_refused(
    make_fetcher: MakeFetcher, into: Path, tmp_path: Path
) -> None:
    with Peer(never, self_signed(tmp_path, "files.example").server) as peer:
        assert "certificate" in str(failure(make_fetcher(), address(peer), into))
        assert peer.requests == []


def test_a_disk_that_takes_nothing_is_not_the_callers_fault(
    make_fetcher: MakeFetcher, tmp_path: Path
) -> None:
    with Peer(lambda _: answer(200, b"x")) as peer, pytest.raises(StoreError):
        make_fetcher().fetch(address(peer), tmp_path / "no such folder" / "x", PARAM)
