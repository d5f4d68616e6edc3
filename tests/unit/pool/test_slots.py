"""So many requests at an account and no more, over all processes, however they end."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeCounter, FakeLedger, make_account
from pools import AMBER, BRUNO, END, GOOD, KEEP_ALIVE, POLICY, Answering, Pool

from gemini_pool.dialogue import SILENCE
from gemini_pool.errors import Busy, CredentialsRejected, NoAccountAvailable, Stopping, StoreError
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.runner import LONGEST_WAIT_SECONDS
from gemini_pool.pool.slots import GRACE_SECONDS, KeySlots, Slots
from gemini_pool.roster import QuotaKind

# Another process: takes and frees slots as it is told, line by line.
OTHER = """
import sys
from pathlib import Path
from gemini_pool.pool.slots import Slots
slots = Slots(Path(sys.argv[1]))
for line in sys.stdin:
    word, *numbers = line.split()
    print(getattr(slots, word)(*map(int, numbers)), flush=True)
"""


class Other:
    """Slots in a process of their own; a context manager."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[3],
        )

    def __enter__(self) -> "Other":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()

    def take(self, account_id: int, limit: int = 5) -> int | None:
        told = self._say(f"take {account_id} {limit}")
        return None if told == "None" else int(told)

    def free(self, account_id: int, slot: int) -> None:
        assert self._say(f"free {account_id} {slot}") == "None"

    def kill(self) -> None:
        """As the system does it: without a chance to tidy up."""
        self.process.kill()
        self.process.wait(10)

    def _say(self, line: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slots.lock"


@pytest.fixture
def others(path: Path) -> Iterator[tuple[Other, Other]]:
    """Two processes."""
    with ExitStack() as stack:
        yield stack.enter_context(Other(path)), stack.enter_context(Other(path))


# One process


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_an_account_has_so_many_slots_and_no_more(path: Path, limit: int) -> None:
    slots = Slots(path)
    taken = [slots.take(AMBER, limit) for _ in range(limit)]
    assert sorted(taken, key=str) == sorted(range(limit), key=str)
    assert slots.take(AMBER, limit) is None
    slots.free(AMBER, limit // 2)
    assert slots.take(AMBER, limit) == limit // 2
    assert slots.take(AMBER, limit) is None


def test_each_account_has_its_own(path: Path) -> None:
    slots = Slots(path)
    for account_id in (0, 1, 2, 10**6):
        assert [slots.take(account_id, 1000) for _ in range(1000)] == list(range(1000))
        assert slots.take(account_id, 1000) is None


def test_without_a_limit_there_is_no_bound_and_no_file(path: Path) -> None:
    slots = Slots(path)
    taken = [slots.take(AMBER, 0) for _ in range(3000)]
    assert None not in taken
    for slot in taken:
        assert slot is not None
        slots.free(AMBER, slot)
    assert not path.exists()


def test_a_file_that_cannot_be_used_is_told_of_and_not_taken_for_a_full_account(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="DATA_DIR"):
        Slots(tmp_path / "no such folder" / "slots.lock").take(AMBER, 1)


def test_one_open_file_is_enough_for_all_slots(path: Path) -> None:
    slots = Slots(path)
    open_files = Path("/proc/self/fd")
    before = len(list(open_files.iterdir()))
    for slot in [slots.take(AMBER, 50) for _ in range(50)]:
        slots.free(AMBER, slot or 0)
    assert len(list(open_files.iterdir())) == before + 1


def test_only_the_owner_may_read_the_file(path: Path) -> None:
    Slots(path).take(AMBER, 1)
    assert path.stat().st_mode & 0o777 == 0o600


# Several processes


def test_the_bound_is_over_all_processes(path: Path, others: tuple[Other, Other]) -> None:
    slots, (first, second) = Slots(path), others
    taken = [
        first.take(AMBER),
        first.take(AMBER),
        second.take(AMBER),
        second.take(AMBER),
        slots.take(AMBER, 5),
    ]
    assert sorted(map(str, taken)) == ["0", "1", "2", "3", "4"]
    assert [one.take(AMBER, 5) for one in (first, second, slots)] == [None] * 3
    assert first.take(BRUNO) == 0
    first.free(AMBER, taken[0] or 0)
    assert second.take(AMBER) == taken[0]


def test_a_process_that_is_killed_gives_its_slots_back_and_no_others(
    path: Path, others: tuple[Other, Other]
) -> None:
    slots, (first, second) = Slots(path), others
    for _ in range(3):
        first.take(AMBER)
    kept = [second.take(AMBER), slots.take(AMBER, 5)]
    assert slots.take(AMBER, 5) is None
    first.kill()
    again = [slots.take(AMBER, 5) for _ in range(4)]
    assert None not in again[:3]
    assert again[3] is None
    assert not set(again[:3]) & set(kept)


def test_a_slot_is_not_given_away_by_freeing_another(path: Path, others: tuple[Other, Other]) -> None:
    slots, (first, second) = Slots(path), others
    mine = [slots.take(AMBER, 5) for _ in range(5)]
    slots.free(AMBER, 3)
    assert first.take(AMBER) == 3
    assert [second.take(AMBER), slots.take(AMBER, 5)] == [None, None]
    assert mine == [0, 1, 2, 3, 4]


# Of keys


def test_a_key_waits_a_moment_for_a_slot_that_is_about_to_be_free(path: Path) -> None:
    slept: list[float] = []

    def pause(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            slots.free(AMBER, 0)

    slots = KeySlots(path, pause)
    assert slots.take(AMBER, 1) == 0
    assert slots.take(AMBER, 1) == 0
    assert len(slept) == 3
    assert slots.take(AMBER, 1) is None
    assert sum(slept) - 3 * slept[0] <= GRACE_SECONDS + 1e-9


# In the pool


def manager_with(path: Path, limit: int, *names: str) -> AccountManager:
    ledger = FakeLedger([make_account(name) for name in names])
    return AccountManager(ledger, replace(POLICY, most_open=limit), slots=Slots(path), counter=FakeCounter())


def test_requests_go_to_the_account_that_has_room(path: Path, others: tuple[Other, Other]) -> None:
    manager, (first, _) = manager_with(path, 5, "amber", "bruno"), others
    for _ in range(5):
        first.take(AMBER)
    leases = [manager.lease(QuotaKind.TEXT) for _ in range(5)]
    assert {lease.account.id for lease in leases} == {BRUNO}
    with pytest.raises(NoAccountAvailable) as caught:
        manager.lease(QuotaKind.TEXT)
    assert (caught.value.busy, caught.value.limited, caught.value.retry_after) == (True, False, 1)
    first.kill()
    assert manager.lease(QuotaKind.TEXT).account.id == AMBER


def test_each_end_gives_the_slot_back(path: Path) -> None:
    manager = manager_with(path, 1, "amber")
    for error in (None, Busy("503"), None, CredentialsRejected("signed out")):
        manager.settle(manager.lease(QuotaKind.TEXT), error)


def test_the_slot_of_an_account_that_was_deleted_is_given_back(path: Path) -> None:
    ledger = FakeLedger([make_account("amber")])
    policy = replace(POLICY, most_open=1)
    manager = AccountManager(ledger, policy, slots=Slots(path), counter=FakeCounter())
    lease = manager.lease(QuotaKind.TEXT)
    ledger.delete(AMBER)
    manager.reload()
    manager.settle(lease)
    ledger.put(make_account("amber"))
    assert manager.lease(QuotaKind.TEXT)


def test_the_preferred_account_is_done_without_when_it_is_full() -> None:
    pool = Pool("amber", "bruno", limit=1)
    assert pool.lease(prefer=BRUNO).account.id == BRUNO
    assert pool.lease(prefer=BRUNO).account.id == AMBER


def test_a_full_account_does_not_keep_a_tried_one_in_play() -> None:
    pool = Pool("amber", "bruno", limit=1)
    pool.lease_of(AMBER)
    with pytest.raises(NoAccountAvailable) as caught:
        pool.lease(QuotaKind.TEXT, BRUNO)
    assert caught.value.busy


# A full pool waits


def test_a_request_waits_for_room_and_goes_on_when_another_ends() -> None:
    pool = Answering(limit=1, amber=GOOD)
    first = pool.run()
    begun = pool.clock.now

    def end_after_two_seconds() -> None:
        if pool.clock.now - begun >= 2:
            first.close()

    pool.meanwhile = end_after_two_seconds
    assert pool.text() == "Hello."
    assert 2 <= pool.clock.now - begun < 2.2
    assert pool.all_is_given_back()


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_it_gives_up_after_its_time_and_says_that_the_pool_is_full(whole: bool) -> None:
    pool = Answering(limit=1, amber=GOOD)
    first = pool.run()
    begun = pool.clock.now
    with pytest.raises(NoAccountAvailable) as caught:
        list(pool.run(whole=whole))
    assert (caught.value.busy, caught.value.retry_after) == (True, 1)
    assert LONGEST_WAIT_SECONDS <= pool.clock.now - begun < LONGEST_WAIT_SECONDS + 0.1
    first.close()
    assert pool.all_is_given_back()


def test_it_does_not_wait_beyond_the_deadline() -> None:
    pool = Answering(limit=1, amber=GOOD, bruno=(110.0, Busy("503")))
    first = pool.run()
    begun = pool.clock.now
    with pytest.raises(Busy):
        list(pool.run())
    assert 120 <= pool.clock.now - begun < 120.1
    first.close()


def test_the_history_is_told_when_it_has_waited_in_vain_for_another() -> None:
    refused = CredentialsRejected("signed out")
    pool = Answering(limit=1, amber=GOOD, bruno=[refused])
    first = pool.run()
    with pytest.raises(NoAccountAvailable) as caught:
        pool.run(whole=True)
    assert caught.value.history == (refused,)
    assert caught.value.busy
    first.close()


def test_who_waits_is_told_that_we_are_still_there() -> None:
    pool = Answering(limit=1, amber=GOOD)
    first = pool.run()
    begun = pool.clock.now
    waiting = iter(pool.run())
    told = []
    for _ in range(2):
        assert next(waiting) == SILENCE
        told.append(round(pool.clock.now - begun))
    assert told == [KEEP_ALIVE, 2 * KEEP_ALIVE]
    first.close()
    assert list(waiting)[-1] == END


def test_nobody_waits_where_no_account_will_be_free() -> None:
    pool = Answering(limit=1, amber=[CredentialsRejected("signed out")])
    pool.fails()
    begun = pool.clock.now
    assert isinstance(pool.fails(), NoAccountAvailable)
    assert pool.clock.now == begun


def test_waiting_ends_when_the_process_does() -> None:
    ended: list[bool] = []

    def check() -> None:
        if ended:
            raise Stopping("restart", retry_after=1)

    pool = Answering(limit=1, check=check, amber=GOOD)
    first = pool.run()
    pool.meanwhile = lambda: ended.append(True)
    assert isinstance(pool.fails(), Stopping)
    ended.clear()
    first.close()
    assert pool.all_is_given_back()


def test_a_broken_pool_waits_for_its_probe() -> None:
    pool = Answering(amber=GOOD)
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(36)
    probe = pool.run()
    pool.meanwhile = lambda: list(probe)
    assert pool.text() == "Hello."
    assert pool.all_is_given_back()
