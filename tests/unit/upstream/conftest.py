"""Servers that speak TLS, believed or not."""

from pathlib import Path

import pytest
from certificates import Certificate, self_signed


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that vouches for nobody here."""
    return self_signed(tmp_path_factory.mktemp("stranger")).authority


@pytest.fixture(autouse=True)
def few_authorities(stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Diallers trust one authority, since reading all there are takes longer than most of these tests."""
    monkeypatch.setattr("certifi.where", lambda: str(stranger))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Nobody vouches for it, unless a test asks for `trusted`."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """The same, among the authorities that diallers read when they are made."""
    monkeypatch.setattr("certifi.where", lambda: str(certificate.authority))
    return certificate
