import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World, make_account

from .caller import TIMEOUT_S, Caller, read_until

ROOT = Path(__file__).parents[2]
SERVE = "from gemini_pool.simulator.server import serve; serve('127.0.0.1', int(__import__('sys').argv[1]))"
CONTROL = b"GET /_sim/open HTTP/1.1\r\nHost: x\r\n\r\n"


def test_the_url_is_an_origin() -> None:
    with Simulator([make_account("zoe")]) as simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
        assert Caller(simulator.url, make_account("zoe")).ask().status == 200


def test_a_stopped_simulator_comes_back_on_its_port() -> None:
    simulator = Simulator()
    url = simulator.start().url
    caller = Caller(url, simulator.world.accounts["amber"])
    simulator.stop()
    simulator.stop()
    with pytest.raises(ConnectionRefusedError):
        caller.xsrf()
    with simulator:
        assert simulator.url == url
        assert caller.ask().status == 200


def test_a_taken_port_is_an_error_at_the_start(simulator: Simulator) -> None:
    with pytest.raises(OSError, match="in use"):
        Simulator(port=int(simulator.url.rpartition(":")[2])).start()


def test_stopping_drops_those_who_wait() -> None:
    simulator = Simulator().start()
    simulator.world.behave(None, api="hang")
    with Caller(simulator.url, simulator.world.accounts["amber"]).open_stream() as plug:
        assert simulator.world.wait_until(lambda w: w.open_streams() == 1)
        simulator.stop()
        assert plug.recv(1) == b""
    assert simulator.world.open_streams() == 0


def test_a_connection_serves_one_request_after_another(amber: Caller) -> None:
    with amber.plug() as plug:
        for _ in range(3):
            plug.sendall(CONTROL)
            assert read_until(plug, b"}").startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_sent_in_a_row_are_answered_in_order(amber: Caller, world: World) -> None:
    world.behave("amber", first_delay=0.02)
    with amber.open_stream() as plug:
        plug.sendall(CONTROL * 2)
        heard = read_until(plug, b"0\r\n\r\nHTTP/1.1 200 OK")
        while heard.count(b"open_streams") < 2:
            heard += plug.recv(65536)


def test_a_request_may_arrive_byte_by_byte(amber: Caller) -> None:
    with amber.plug() as plug:
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in CONTROL:
            plug.sendall(bytes([byte]))
        assert b"open_streams" in read_until(plug, b"}")


def test_a_connection_closes_when_asked_to(amber: Caller) -> None:
    with amber.plug() as plug:
        plug.sendall(CONTROL.replace(b"Host: x", b"Connection: close"))
        read_until(plug, b"}")
        assert plug.recv(1) == b""


def test_a_cautious_client_is_told_to_continue(amber: Caller) -> None:
    with amber.plug() as plug:
        plug.sendall(b"POST /_sim/reset HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert read_until(plug, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        plug.sendall(b"{}")
        assert read_until(plug, b"{}").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/2\r\n\r\n", b"400"),
        (b"GET /\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 157286401\r\n\r\n", b"413"),
        (b"GET /" + b"a" * 70_000, b"431"),
    ],
)
def test_a_bad_head_is_refused_and_ends_the_connection(amber: Caller, head: bytes, status: bytes) -> None:
    with amber.plug() as plug:
        plug.sendall(head)
        assert read_until(plug, b"</html>").startswith(b"HTTP/1.1 " + status)
        assert plug.recv(1) == b""


@pytest.mark.parametrize("delay", [0.0, 30.0])
def test_a_departure_ends_the_stream_at_once(amber: Caller, world: World, delay: float) -> None:
    world.behave("amber", words=100, delay=delay, stream=None if delay else "silence")
    plug = amber.open_stream()
    read_until(plug, b"uToken")
    assert world.open_streams() == 1
    plug.close()
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_a_departure_before_the_first_byte_is_noticed(amber: Caller, world: World) -> None:
    world.behave("amber", first_delay=30.0)
    plug = amber.open_stream()
    assert world.wait_until(lambda w: w.open_streams() == 1)
    plug.close()
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_a_departure_under_back_pressure_is_noticed(amber: Caller, world: World) -> None:
    world.behave("amber", inline_image_bytes=20_000_000, split=1_000_000)
    plug = amber.open_stream()
    assert world.wait_until(lambda w: w.open_streams() == 1)
    amber.create()  # answered after the stream's first writes, so its socket is full now
    read_until(plug, b"uToken")
    plug.close()
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_many_streams_are_held_at_once(amber: Caller, world: World) -> None:
    world.behave("amber", stream="silence")
    plugs = [amber.open_stream() for _ in range(50)]
    assert world.wait_until(lambda w: w.open_streams() == 50)
    for plug in plugs:
        plug.close()
    assert world.wait_until(lambda w: w.open_streams() == 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_foreground_simulator_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with Simulator() as borrowed:
        port = int(borrowed.url.rpartition(":")[2])
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], cwd=ROOT, env=dict(os.environ))
    caller = Caller(f"http://127.0.0.1:{port}", make_account("amber"))
    try:
        wait_for(caller, process)
        assert caller.ask().status == 200
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == 0
    finally:
        process.kill()
        process.wait()


def wait_for(caller: Caller, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            caller.xsrf()
        except ConnectionRefusedError:
            continue
        return
    raise AssertionError("the simulator did not come up")
