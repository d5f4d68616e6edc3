"""A mailbox of the simulated world, and letters for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import self_signed

from gemini_pool.simulator.mail.boxes import SimBox
from gemini_pool.simulator.mail.imap import ImapServer
from gemini_pool.simulator.post import Mail
from gemini_pool.simulator.world import World

TEXT = "您好，\n\n您的一次性验证码为：\n\n{code}\n\n谢谢"
HTML = "<style>p{{color:#A1B2C3}}</style><p>您的一次性验证码为：</p><table><tr><td>{code}</td></tr></table>"


@pytest.fixture
def box(world: World) -> SimBox:
    return world.accounts["amber"].box


@pytest.fixture
def send(world: World, box: SimBox) -> Callable[..., Mail]:
    """Send a letter with a code: `send("ABC123", sender="x@y.org", to=…)`."""

    def send(code: str, *, to: str = box.address, **more: object) -> Mail:
        letter = {"subject": "Gemini Business 验证码", "text": TEXT.format(code=code)}
        return world.post.send(to, **{**letter, "html": HTML.format(code=code), **more})  # type: ignore[arg-type]

    return send


@pytest.fixture
def imap(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer]:
    """An IMAP server with a certificate that this machine's own store trusts."""
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    with ImapServer(world.mail, certificate.server) as server:
        yield server
