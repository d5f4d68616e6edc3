"""The QR code of the second factor."""

import hashlib

import pytest

from gemini_pool.web.console import qr

TEXT = (
    "otpauth://totp/gemini_pool:admin?digits=6&secret=HZ2HKPM67QOLBHL5W6F6HAAUQC7HPKF6"
    "&algorithm=SHA1&issuer=gemini_pool&period=30"
)


def test_a_known_address_is_drawn_as_a_reader_read_it_once() -> None:
    drawn = hashlib.sha256(qr.path_of(TEXT).encode()).hexdigest()
    assert drawn == "18e71449e52f37525a1ff51f8e6f4934d012b7ab7c822fd0a1d366024e9a9b31"


def test_every_module_is_dark_or_light() -> None:
    assert set(qr.modules("x")) == {(row, column) for row in range(qr.SIZE) for column in range(qr.SIZE)}


def test_the_checks_divide_each_block() -> None:
    block = list(range(1, 69))
    words = block + qr._checks(block)
    root = 1
    for _ in range(qr.CHECKS):
        value = 0
        for word in words:
            value = qr._times(value, root) ^ word
        assert value == 0
        root = qr._times(root, 2)


def test_what_is_too_long_is_refused() -> None:
    qr.modules("x" * qr.MOST_BYTES)
    with pytest.raises(ValueError, match="135 bytes"):
        qr.modules("x" * (qr.MOST_BYTES + 1))
