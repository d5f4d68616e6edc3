"""The administrator's password, first visit and second factor."""

import stat
from pathlib import Path

import pytest
from signing_in import totp_code
from werkzeug.security import generate_password_hash

from gemini_pool.errors import Invalid
from gemini_pool.store.admins import Admins
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault
from gemini_pool.store.sessions import Sessions
from gemini_pool.store.setup_code import SETUP_FILE, SetupCode

PASSWORD = "correct horse"
OTHER = "battery staple"
NOON = 1_800_000_000.0  # the begin of a half minute
HALF_MINUTE = 30


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(store: Store, behind: WriteBehind) -> Sessions:
    return Sessions(store, behind)


@pytest.fixture
def admins(store: Store, vault: Vault, sessions: Sessions, clock: Clock, tmp_path: Path) -> Admins:
    return Admins(store, vault, SetupCode(tmp_path), sessions, clock=clock)


@pytest.fixture
def secret(admins: Admins, clock: Clock) -> str:
    """The secret of a second factor that was switched on a minute ago."""
    admins.set_password(PASSWORD)
    secret, _ = admins.begin_totp()
    assert admins.confirm_totp(totp_code(secret, clock.now))
    clock.now += 2 * HALF_MINUTE
    return secret


# The first visit


def test_nobody_is_let_in_before_there_is_a_password(admins: Admins) -> None:
    assert not admins.has_password()
    assert not admins.verify("")
    assert not admins.verify(PASSWORD)


def test_the_first_password_needs_the_code(admins: Admins) -> None:
    assert not admins.establish("ABCD-EFGH-IJKL-MNOP", PASSWORD)
    assert not admins.has_password()
    assert admins.establish(admins.setup_code().lower(), PASSWORD)
    assert admins.verify(PASSWORD)
    assert not admins.verify(OTHER)


def test_the_code_serves_once(admins: Admins, tmp_path: Path) -> None:
    code = admins.setup_code()
    assert admins.establish(code, PASSWORD)
    assert (admins.setup_code(), (tmp_path / SETUP_FILE).exists()) == ("", False)
    with pytest.raises(Invalid, match="already"):
        admins.establish(code, OTHER)
    assert admins.verify(PASSWORD)


def test_all_processes_have_the_same_code_and_nobody_else_can_read_it(admins: Admins, tmp_path: Path) -> None:
    assert admins.setup_code() == SetupCode(tmp_path).text() == admins.setup_code()
    assert stat.S_IMODE((tmp_path / SETUP_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob(f"{SETUP_FILE}*")] == [SETUP_FILE]


def test_a_short_password_is_refused_with_its_field(admins: Admins) -> None:
    with pytest.raises(Invalid) as caught:
        admins.establish(admins.setup_code(), "short")
    assert "at least 10" in caught.value.fields["password"]


# Another password


def test_another_password_ends_all_sessions(admins: Admins, sessions: Sessions) -> None:
    admins.set_password(PASSWORD)
    tokens = [sessions.open("browser", "192.0.2.1", "") for _ in range(2)]
    assert all(map(sessions.find, tokens))
    admins.set_password(OTHER)
    assert not any(map(sessions.find, tokens))
    assert admins.verify(OTHER)
    assert not admins.verify(PASSWORD)


def test_the_hash_of_another_program_is_adopted(admins: Admins) -> None:
    admins.adopt(generate_password_hash(PASSWORD, "pbkdf2:sha256:600000"))
    assert admins.verify(PASSWORD)
    with pytest.raises(Invalid, match="form"):
        admins.adopt(PASSWORD)
    assert admins.verify(PASSWORD)


def test_the_environment_fixes_the_password(
    store: Store, vault: Vault, sessions: Sessions, admins: Admins, tmp_path: Path
) -> None:
    admins.set_password(OTHER)
    fixed = Admins(store, vault, SetupCode(tmp_path), sessions, (PASSWORD, "", "the key's text"))
    assert [fixed.verify(text) for text in (PASSWORD, "the key's text", OTHER, "")] == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(Invalid, match="ADMIN_PASSWORD"):
        fixed.set_password("another one")
    assert fixed.setup_code() == ""


def test_another_password_in_the_environment_ends_all_sessions_once(
    store: Store, vault: Vault, sessions: Sessions, tmp_path: Path
) -> None:
    def start(*fixed: str) -> None:
        Admins(store, vault, SetupCode(tmp_path), sessions, fixed).honour_environment()

    start(PASSWORD)
    token = sessions.open("browser", "192.0.2.1", "")
    start(PASSWORD)
    assert sessions.find(token)
    start(OTHER)
    assert not sessions.find(token)
    token = sessions.open("browser", "192.0.2.1", "")
    start()
    assert not sessions.find(token)


def test_nothing_on_disk_tells_a_password_a_token_or_a_code(
    path: Path, admins: Admins, sessions: Sessions, secret: str, store: Store
) -> None:
    token = sessions.open("browser", "192.0.2.1", "")
    store.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.db.close()
    disk = path.read_bytes()
    for hidden in (PASSWORD, token, secret):
        assert hidden.encode() not in disk


# The second factor


def test_it_counts_only_once_it_is_confirmed(admins: Admins) -> None:
    secret, uri = admins.begin_totp()
    assert uri.startswith("otpauth://totp/")
    assert secret in uri
    assert not admins.has_totp()
    assert admins.confirm_totp("000000") == []
    assert not admins.has_totp()


def test_a_code_is_good_once_and_so_is_the_one_it_was_confirmed_with(admins: Admins, clock: Clock) -> None:
    secret, _ = admins.begin_totp()
    first = totp_code(secret, clock.now)
    assert admins.confirm_totp(first)
    assert not admins.verify_code(first)
    clock.now += HALF_MINUTE
    code = totp_code(secret, clock.now)
    assert admins.verify_code(f"{code[:3]} {code[3:]}")
    assert not admins.verify_code(code)


@pytest.mark.parametrize(("late", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(
    admins: Admins, secret: str, clock: Clock, late: int, good: bool
) -> None:
    clock.now += 2 * HALF_MINUTE
    assert admins.verify_code(totp_code(secret, clock.now - late * HALF_MINUTE)) is good


def test_a_code_from_before_one_that_was_used_is_spent_as_well(
    admins: Admins, secret: str, clock: Clock
) -> None:
    before = totp_code(secret, clock.now - HALF_MINUTE)
    assert admins.verify_code(totp_code(secret, clock.now))
    assert not admins.verify_code(before)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 5000])
def test_what_is_no_code_is_refused(admins: Admins, secret: str, code: str) -> None:
    assert not admins.verify_code(code)


def test_a_recovery_code_is_good_once(admins: Admins, clock: Clock) -> None:
    secret, _ = admins.begin_totp()
    first, second, *others = admins.confirm_totp(totp_code(secret, clock.now))
    assert len({first, second, *others}) == 10
    assert admins.verify_code(first.lower())
    assert not admins.verify_code(first)
    assert admins.verify_code(second)


def test_it_is_not_replaced_by_who_only_holds_a_session(admins: Admins, secret: str) -> None:
    with pytest.raises(Invalid, match="switch it off first"):
        admins.begin_totp()


def test_it_can_be_switched_off_with_all_its_codes(admins: Admins, clock: Clock) -> None:
    secret, _ = admins.begin_totp()
    recovery = admins.confirm_totp(totp_code(secret, clock.now))
    clock.now += HALF_MINUTE
    admins.drop_totp()
    assert not admins.has_totp()
    assert not admins.verify_code(totp_code(secret, clock.now))
    assert not admins.verify_code(recovery[0])


def test_another_password_keeps_it_unless_it_is_told_otherwise(admins: Admins, secret: str) -> None:
    admins.set_password(OTHER)
    assert admins.has_totp()
    admins.set_password(PASSWORD, drop_totp=True)
    assert not admins.has_totp()
