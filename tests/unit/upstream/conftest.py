"""Servers that speak TLS, believed or not."""

import pytest
from certificates import Certificate, self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Nobody vouches for it, unless a test asks for `trusted`."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """The same, among the authorities that diallers read when they are made."""
    monkeypatch.setattr("certifi.where", lambda: str(certificate.authority))
    return certificate
