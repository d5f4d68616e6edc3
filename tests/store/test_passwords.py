"""Passwords as slow hashes, and codes that people type."""

import pytest
from werkzeug.security import generate_password_hash

from gemini_pool.store.passwords import code_digest, fault, hashed, matches, new_code

GOOD = "correct horse"


def test_a_password_matches_its_hash_and_no_other_does() -> None:
    stored = hashed(GOOD)
    assert GOOD not in stored
    assert matches(stored, GOOD)
    assert not matches(stored, GOOD + " ")


@pytest.mark.parametrize("method", ["scrypt", "scrypt:16384:8:1", "pbkdf2:sha256:600000", "pbkdf2:sha256"])
def test_hashes_of_other_programs_are_understood(method: str) -> None:
    stored = generate_password_hash(GOOD, method)
    assert matches(stored, GOOD)
    assert not matches(stored, "correct house")


@pytest.mark.parametrize(
    "stored",
    ["", GOOD, "scrypt:1073741824:8:1$salt$" + "a" * 128, "plain$salt$" + "a" * 64, "pbkdf2:md5:1$s$a"],
)
def test_a_hash_of_another_form_is_nobodys(stored: str) -> None:
    assert not matches(stored, GOOD)


def test_a_password_is_neither_short_nor_endless_and_may_be_anything_else() -> None:
    assert "at least 10" in fault("a" * 9)
    assert "1,024" in fault("a" * 1025)
    assert (fault("a" * 10), fault("密码" * 5), fault("a" * 1024)) == ("", "", "")


def test_a_code_is_the_same_however_it_is_typed() -> None:
    code = new_code()
    assert code_digest(code) == code_digest(f" {code.lower().replace('-', ' ')}\n")
    assert code_digest(code) != code_digest(new_code())
