"""The simulator, and the product's upstream room connected to it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import until

from gemini_pool.dialogue import Model, Prompt, Role, Turn
from gemini_pool.media.shelf import Shelf
from gemini_pool.roster import Account, Credentials, QuotaKind
from gemini_pool.simulator.cast import CAST, make_account
from gemini_pool.simulator.server import Simulator
from gemini_pool.upstream.calls import Locale
from gemini_pool.upstream.client import FirstByte, UpstreamClient
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.tokens import Tokens
from gemini_pool.upstream.transport import Patience, Transport

PATIENCE = Patience(5, 5)
FIRST_BYTE = FirstByte(5, 5)


@pytest.fixture
def seat() -> Callable[[str], Account]:
    """An account of the cast as the pool knows it."""

    def make(name: str) -> Account:
        sim = make_account(name)
        credentials = Credentials(sim.secure_c_ses, sim.csesidx, sim.config_id, sim.host_c_oses)
        return Account(CAST.index(name) + 1, name, credentials)

    return make


@pytest.fixture
def asked() -> Callable[..., Prompt]:
    """A prompt of user turns, or of `(role, text)` pairs, for a model whose upstream name is `model`."""

    def make(
        *turns: str | tuple[str, str],
        model: str | None = "gemini-2.5-flash",
        kind: QuotaKind = QuotaKind.TEXT,
    ) -> Prompt:
        said = [turn if isinstance(turn, tuple) else ("user", turn) for turn in turns]
        row = Model("gemini-2.5-flash", model, kind, 1_700_000_000)
        return Prompt(row, tuple(Turn(Role(role), text) for role, text in said))

    return make


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(Dialler(proxy="", timeout=5), patience=PATIENCE, most_idle=50)
    yield transport
    transport.close()


@pytest.fixture
def connect(simulator: Simulator, tmp_path: Path) -> Iterator[Callable[..., UpstreamClient]]:
    """Makes clients of the simulator that keep nothing ready, unless told otherwise."""
    opened: list[Transport] = []
    clients: list[UpstreamClient] = []

    def make(
        *,
        proxy: str = "",
        patience: Patience = PATIENCE,
        first_byte: FirstByte = FIRST_BYTE,
        api_url: str = simulator.url,
        auth_url: str = simulator.url,
        language: str = "en-US",
        ready_seconds: float = 0,
        clock: Callable[[], float] = time.time,
    ) -> UpstreamClient:
        transport = Transport(Dialler(proxy=proxy, timeout=5), patience=patience, most_idle=50)
        opened.append(transport)
        tokens = Tokens(
            transport,
            auth_url=auth_url,
            login_url="https://login.invalid",
            user_agent="test",
            rotated=lambda *_: None,
            clock=clock,
        )
        client = UpstreamClient(
            transport,
            tokens,
            api_url=api_url,
            locale=Locale(language, "Etc/GMT"),
            first_byte=first_byte,
            ready_seconds=ready_seconds,
            shelf=Shelf(tmp_path),
        )
        clients.append(client)
        return client

    yield make
    for client in clients:  # upkeep lives as long as the process, but must not call when all is closed
        client._upkeep._used.clear()
        until(lambda client=client: not client._upkeep._queued, what="upkeep to rest")
    for transport in opened:
        transport.close()
