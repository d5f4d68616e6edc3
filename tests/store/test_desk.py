"""Sign-ins that are ordered are done, kept when they are good, and told of when they are not."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from running import until

from gemini_pool.dialogue import SILENCE, Silence, Waiting
from gemini_pool.errors import CredentialsRejected, PoolError
from gemini_pool.jobs.planner import Planner
from gemini_pool.jobs.refresh import Keep, Refresher, Seeker
from gemini_pool.jobs.sign_ins import Desk, Pace
from gemini_pool.roster import AccountState, Credentials, QuotaKind, Standing, Verdict
from gemini_pool.sign_in_errors import BrowserFailed, HumanNeeded
from gemini_pool.signin.order import Evidence, SignedIn
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.db import Store
from gemini_pool.store.live import Live
from gemini_pool.store.orders import ENROLMENT, REFRESH, Errand, Orders, refreshes
from gemini_pool.store.profiles import Changes, NewAccount
from gemini_pool.store.secrets import Vault
from gemini_pool.store.sign_ins import SignInOutcome, SignIns
from gemini_pool.store.works import ItemState, WorkItem, Works, WorkState

HOUR = 3600.0
PACE = Pace(batch=5, pause=0.0, at_once=1, backoff=900.0)
MAILBOX = {"mail_provider": "cfmail", "mail_address": "amber@mail.example", "mail_password": "GEHEIM"}
OLD = Credentials("CSE.old", "100", "workspace-1")
NEW = Credentials("CSE.new", "200", "workspace-1", "COS.new")


@dataclass
class Service:
    """Plays the sign-in and the proof: what comes of each, and who came."""

    signed: SignedIn = field(default_factory=lambda: SignedIn(NEW, 5_000_000_000.0, "2026-12-31"))
    trouble: PoolError | None = None
    refusal: PoolError | None = None
    seekers: list[Seeker] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    closed: int = 0
    pauses: list[float] = field(default_factory=list)
    last: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.held.set()

    def sign_in(self, seeker: Seeker, keep: Keep) -> Generator[Silence | str, None, SignedIn]:
        self.seekers.append(seeker)
        self.pauses.append(time.monotonic() - self.last)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield "address"
            while not self.held.wait(0.01):
                yield SILENCE
            if self.trouble:
                keep(Evidence(b"PNG", "<h1>Oh</h1>"))
                raise self.trouble
            yield "code"
            return self.signed
        finally:
            self.at_once -= 1
            self.closed += 1
            self.last = time.monotonic()

    def prove(self, credentials: Credentials) -> Waiting[Credentials]:
        yield SILENCE
        if self.refusal:
            raise self.refusal
        return credentials


class Room:
    """The desk with all that stands on it."""

    def __init__(self, store: Store, vault: Vault, folder: Path, pace: Pace = PACE) -> None:
        self.now = 1_000_000.0
        live = Live(store)
        self.service = Service()
        self.accounts = Accounts(store, vault, self.clock)
        self.called = threading.Event()
        self.orders = Orders(store, live, vault, self.called.set, self.clock)
        self.works = Works(store, live, self.clock)
        self.sign_ins = SignIns(store, folder, self.clock)
        self.refresher = Refresher(
            self.accounts, self.service.sign_in, self.service.prove, self.service.told.append
        )
        self.swept = 0
        self.desk = self.new_desk(pace)
        self.planner = Planner(self.orders, self.sign_ins.troubles, self.accounts.profiles, HOUR, self.clock)

    def clock(self) -> float:
        return self.now

    def new_desk(self, pace: Pace = PACE) -> Desk:
        self.stopping = threading.Event()
        return Desk(
            self.orders, self.sign_ins, self.refresher, pace, self.sweep, self.stopping, look_every=0.02
        )

    def sweep(self) -> None:
        self.swept += 1

    def add(self, name: str = "amber", credentials: Credentials = OLD, **more: object) -> int:
        mailbox = MAILBOX | {"mail_address": f"{name}@mail.example"}
        return self.accounts.add(NewAccount(credentials, name=name, mailbox=mailbox, **more))  # type: ignore[arg-type]

    def order(self, *account_ids: int, urgent: bool = False) -> int:
        profiles = [one for one in self.accounts.profiles() if one.account.id in account_ids]
        work_id = self.orders.place(REFRESH, "Refresh", refreshes(profiles), urgent=urgent)
        assert work_id
        return work_id

    def begin(self) -> threading.Thread:
        thread = threading.Thread(target=self.desk.work, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def room(store: Store, vault: Vault, tmp_path: Path) -> Room:
    return Room(store, vault, tmp_path)


@pytest.fixture
def ending() -> Iterator[Callable[[Room], None]]:
    rooms: list[Room] = []
    yield rooms.append
    for room in rooms:
        room.service.held.set()
        room.stopping.set()


def test_a_good_sign_in_is_kept_and_told(room: Room) -> None:
    account_id = room.add()
    limit = Verdict("", kind=QuotaKind.IMAGES, until=room.now + 500)
    room.accounts.record(room.accounts.accounts()[0], limit)
    dead = Verdict("", standing=Standing.NEEDS_SIGN_IN)
    room.accounts.record(room.accounts.accounts()[0], dead)
    work_id = room.order(account_id)
    assert room.desk.work() == "1 signed in, 0 failed"
    profile = room.accounts.profile(account_id)
    assert profile
    assert profile.account.credentials == NEW
    assert profile.account.state(room.now) is AccountState.RATE_LIMITED  # the service counts on
    assert profile.account.expires_at == 5_000_000_000.0
    assert profile.given.trial_end == "2026-12-31"
    assert profile.given.mailbox["mail_password"] == "GEHEIM"
    assert room.service.told == [account_id]
    (item,) = room.works.items(work_id)
    assert (item.state, item.message) == (ItemState.OK, "Signed in, with new cookies.")
    assert [step.name for step in item.steps] == ["address", "code", "proof", "kept"]
    (sign_in,) = room.sign_ins.of_account(account_id)
    assert sign_in.outcome is SignInOutcome.OK
    assert [step.name for step in sign_in.steps] == ["address", "code", "proof", "kept"]


def test_cookies_that_the_service_refuses_are_never_kept(room: Room) -> None:
    account_id = room.add()
    room.service.refusal = CredentialsRejected("The cookies are not accepted.")
    work_id = room.order(account_id)
    assert room.desk.work() == "0 signed in, 1 failed"
    assert room.accounts.accounts()[0].credentials == OLD
    assert room.service.told == []
    (item,) = room.works.items(work_id)
    assert "tried and not kept: The cookies are not accepted." in item.message


def test_another_accounts_cookies_are_never_kept(room: Room) -> None:
    account_id = room.add()
    foreign = replace(NEW, config_id="workspace-2")
    room.service.signed = replace(room.service.signed, credentials=foreign)
    work_id = room.order(account_id)
    room.desk.work()
    assert room.accounts.accounts()[0].credentials == OLD
    assert "another workspace" in room.works.items(work_id)[0].message
    assert room.sign_ins.troubles()[account_id].person


def test_a_failure_shows_what_was_seen_and_waits_longer_each_time(room: Room) -> None:
    account_id = room.add(expires_at=room.now)
    room.service.trouble = BrowserFailed("The tab crashed.")
    for failures, wait in ((1, 900.0), (2, 1800.0), (3, 3600.0)):
        assert room.planner.plan() == "1 due"
        room.desk.work()
        trouble = room.sign_ins.troubles()[account_id]
        assert (trouble.failures, trouble.next_at - room.now) == (failures, wait)
        room.now += wait - 1
        assert room.planner.plan() is None
        room.now += 1
    sign_in = room.sign_ins.of_account(account_id)[0]
    assert (sign_in.outcome, sign_in.message) == (SignInOutcome.FAILED, "The tab crashed.")
    assert sign_in.evidence
    picture, page = room.sign_ins.seen(sign_in.id, "png"), room.sign_ins.seen(sign_in.id, "html")
    assert picture
    assert page
    assert (picture.read_bytes(), page.read_text()) == (b"PNG", "<h1>Oh</h1>")
    room.service.trouble = None
    room.planner.plan()
    room.desk.work()
    assert room.sign_ins.troubles() == {}
    assert room.sign_ins.prune(room.now + 1) == 4
    assert room.sign_ins.seen(sign_in.id, "png") is None


def test_where_a_person_is_needed_nothing_is_tried_until_somebody_did_something(room: Room) -> None:
    account_id = room.add(expires_at=room.now)
    room.service.trouble = HumanNeeded("The page shows a challenge.")
    room.planner.plan()
    room.desk.work()
    assert room.sign_ins.of_account(account_id)[0].outcome is SignInOutcome.PERSON
    room.now += 30 * 24 * HOUR
    assert room.planner.plan() is None
    room.now += 1
    cookies = Credentials("CSE.by-hand", "100", "workspace-1")
    room.accounts.signed_in(account_id, cookies, expires_at=room.now + HOUR)
    assert room.planner.plan() == "1 due"  # they end within the window


def test_what_is_due_is_ordered_the_dead_first(room: Room) -> None:
    def account(name: str, expires_in: float | None) -> int:
        ends = None if expires_in is None else room.now + expires_in
        return room.add(name, replace(OLD, csesidx=name, config_id=f"workspace-{name}"), expires_at=ends)

    soon, later = account("soon", HOUR), account("later", HOUR + 1)
    sooner, expired = account("sooner", HOUR / 2), account("expired", -1)
    refused, off, homeless = account("refused", None), account("off", -1), account("homeless", -1)
    by_id = {one.id: one for one in room.accounts.accounts()}
    room.accounts.record(by_id[refused], Verdict("", standing=Standing.NEEDS_SIGN_IN))
    room.accounts.switch(off, enabled=False)
    mailbox = dict.fromkeys(MAILBOX, "")
    from_nowhere = room.accounts.profile(homeless)
    assert from_nowhere
    room.accounts.edit(homeless, Changes(mailbox=mailbox))
    assert room.planner.plan() == "4 due"
    (work,) = room.works.recent()
    assert [int(item.ref) for item in room.works.items(work.id)] == [refused, expired, sooner, soon]
    assert later not in (refused, expired, sooner, soon)
    assert room.planner.plan() is None  # all of it is ordered


def test_a_mailbox_becomes_an_account(room: Room) -> None:
    errand = Errand(WorkItem("new@mail.example", "new@mail.example"), MAILBOX)
    work_id = room.orders.place(ENROLMENT, "Enrolment", [errand])
    assert work_id
    room.desk.work()
    (profile,) = room.accounts.profiles()
    assert profile.account.credentials == NEW
    assert (profile.given.name, profile.given.email) == ("new@mail.example", "new@mail.example")
    assert profile.given.mailbox == MAILBOX
    assert room.service.told == [profile.account.id]
    assert room.works.items(work_id)[0].message == "Signed in; the account is in the pool."
    assert room.sign_ins.of_account(profile.account.id)[0].outcome is SignInOutcome.OK


def test_a_mailbox_of_an_account_that_is_there_gives_it_new_cookies(room: Room) -> None:
    account_id = room.add()
    room.orders.place(ENROLMENT, "Enrolment", [Errand(WorkItem("Amber@mail.example", "x"), MAILBOX)])
    room.desk.work()
    (profile,) = room.accounts.profiles()
    assert (profile.account.id, profile.account.credentials) == (account_id, NEW)


def test_a_stopped_work_ends_the_browser_within_a_moment(room: Room, ending: Callable[[Room], None]) -> None:
    ending(room)
    room.service.held.clear()
    work_id = room.order(room.add(), room.add("bruno", replace(OLD, csesidx="3", config_id="w-3")))
    thread = room.begin()
    until(lambda: room.service.at_once == 1, what="a browser")
    room.works.cancel(work_id)
    thread.join(5)
    work = room.works.get(work_id)
    assert work
    assert work.state is WorkState.CANCELLED
    assert work.counts == {"skipped": 2}
    assert (room.service.closed, len(room.service.seekers)) == (1, 1)


def test_who_is_told_to_end_gives_up_and_the_next_one_begins_again(
    room: Room, ending: Callable[[Room], None]
) -> None:
    ending(room)
    room.service.held.clear()
    account_id = room.add()
    work_id = room.order(account_id)
    thread = room.begin()
    until(lambda: room.service.at_once == 1, what="a browser")
    room.called.clear()
    room.stopping.set()
    thread.join(5)
    assert room.service.closed == 1
    assert room.called.is_set()  # whoever does orders next must hear of what is left
    assert room.works.items(work_id)[0].state is ItemState.WAITING
    room.service.held.set()
    assert room.new_desk().work() == "1 signed in, 0 failed"
    outcomes = [one.outcome for one in room.sign_ins.of_account(account_id)]
    assert outcomes == [SignInOutcome.OK, SignInOutcome.CUT_OFF]
    assert room.swept == 2  # each began by ending what was left behind


def test_no_more_browsers_than_wanted_run_at_once(store: Store, vault: Vault, tmp_path: Path) -> None:
    for at_once in (1, 2):
        room = Room(store, vault, tmp_path, replace(PACE, at_once=at_once))
        room.service.held.clear()
        ids = [
            room.add(f"{at_once}-{n}", replace(OLD, csesidx=f"{at_once}{n}", config_id=f"w-{at_once}-{n}"))
            for n in range(4)
        ]
        room.order(*ids)
        thread = room.begin()
        until(lambda room=room, n=at_once: room.service.at_once == n, what="browsers")  # type: ignore[misc]
        room.service.held.set()
        thread.join(5)
        assert room.service.most_at_once == at_once
        assert len(room.service.seekers) == 4


def test_batches_pause_but_nobody_who_asked_himself_waits(store: Store, vault: Vault, tmp_path: Path) -> None:
    room = Room(store, vault, tmp_path, replace(PACE, batch=2, pause=0.5))
    ids = [room.add(f"n{n}", replace(OLD, csesidx=f"{n}", config_id=f"w-{n}")) for n in range(4)]
    room.order(*ids[:3])
    thread = room.begin()
    until(lambda: len(room.service.seekers) == 2, what="the first batch")
    room.order(ids[3], urgent=True)
    thread.join(5)
    assert [one.account_id for one in room.service.seekers] == [ids[0], ids[1], ids[3], ids[2]]
    assert sum(room.service.pauses[2:]) > 0.4


def test_one_that_goes_wrong_unforeseen_does_not_end_the_others(room: Room) -> None:
    class Odd(SignIns):
        def keep(self, sign_in_id: int, picture: bytes, page: str) -> None:
            raise RuntimeError("GEHEIM")

    room.service.trouble = BrowserFailed("The tab crashed.")
    desk = Desk(
        room.orders,
        Odd(room.sign_ins._store, Path("/nowhere")),
        room.refresher,
        PACE,
        room.sweep,
        threading.Event(),
        look_every=0.02,
    )
    work_id = room.order(room.add(), room.add("bruno", replace(OLD, csesidx="3", config_id="w-3")))
    assert desk.work() == "0 signed in, 2 failed"
    assert {item.message for item in room.works.items(work_id)} == {
        "Something went wrong here; the log says what."
    }


def test_a_sign_in_of_another_workspace_never_takes_an_accounts_place(room: Room) -> None:
    account_id = room.add()
    foreign = replace(NEW, config_id="workspace-2")
    assert not room.accounts.signed_in(account_id, foreign, expires_at=None)
    assert not room.accounts.signed_in(99, NEW, expires_at=None)
    assert room.accounts.accounts()[0].credentials == OLD


def test_whoever_does_orders_is_called_when_there_is_one(store: Store, vault: Vault) -> None:
    calls: list[int] = []
    orders = Orders(store, Live(store), vault, lambda: calls.append(1))
    work_id = orders.place(REFRESH, "Refresh", [Errand(WorkItem("1", "amber"))])
    assert len(calls) == 1
    assert orders.place(REFRESH, "Refresh", [Errand(WorkItem("1", "amber"))]) is None
    assert len(calls) == 1
    assert work_id
    orders.pause(work_id, paused=False)
    assert len(calls) == 2


def test_a_sign_in_that_never_ended_was_cut_off(room: Room) -> None:
    account_id = room.add()
    room.sign_ins.begin(account_id, "amber", 1)
    room.sign_ins.begin(account_id, "amber", 2)
    outcomes = [one.outcome for one in room.sign_ins.of_account(account_id)]
    assert outcomes == [SignInOutcome.RUNNING, SignInOutcome.CUT_OFF]


def test_another_seat_of_a_workspace_is_another_account(room: Room) -> None:
    first = room.add()  # its codes go to another address
    room.orders.place(ENROLMENT, "Enrolment", [Errand(WorkItem("new@mail.example", "new"), MAILBOX)])
    room.desk.work()
    there = {one.account.id: one.account.credentials for one in room.accounts.profiles()}
    assert there == {first: OLD, first + 1: NEW}
