"""Work that is ordered by one process and done by another, item by item."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from gemini_pool.store.db import Store
from gemini_pool.store.live import Live
from gemini_pool.store.orders import Errand, Orders, Task
from gemini_pool.store.secrets import Vault
from gemini_pool.store.works import ItemState, WorkItem, Works, WorkState

KINDS = ("refresh", "enrolment")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def works(store: Store, clock: Clock) -> Works:
    return Works(store, Live(store), clock)


@pytest.fixture
def orders(store: Store, vault: Vault, clock: Clock) -> Orders:
    return Orders(store, Live(store), vault, lambda: None, clock)


def errands(*refs: str) -> list[Errand]:
    return [Errand(WorkItem(ref, f"account {ref}")) for ref in refs]


def done(orders: Orders, task: Task | None, state: ItemState = ItemState.OK) -> None:
    assert task
    orders.close(replace(task, item=replace(task.item, state=state)))


def refs(orders: Orders) -> list[str]:
    """What is taken until nothing is left."""
    taken = []
    while task := orders.take(KINDS):
        taken.append(task.item.ref)
        done(orders, task)
    return taken


def test_items_are_done_in_their_order_and_the_work_ends_with_the_last(orders: Orders, works: Works) -> None:
    work_id = orders.place("refresh", "Refresh", errands("1", "2"))
    assert work_id
    assert works.recent()[0].state is WorkState.WAITING
    first = orders.take(KINDS)
    assert works.recent()[0].state is WorkState.RUNNING
    done(orders, first)
    assert works.recent()[0].state is WorkState.WAITING
    assert refs(orders) == ["2"]
    work = works.get(work_id)
    assert work
    assert work.state is WorkState.DONE
    assert work.counts == {"ok": 2}
    assert work.ended_at


def test_what_a_person_asks_for_comes_first(orders: Orders) -> None:
    orders.place("refresh", "All", errands("1", "2"))
    done(orders, orders.take(KINDS))
    orders.place("refresh", "Now", errands("7"), urgent=True)
    assert refs(orders) == ["7", "2"]


def test_the_same_is_never_ordered_twice_while_it_is_open(orders: Orders, works: Works) -> None:
    first = orders.place("refresh", "All", errands("1", "2"))
    second = orders.place("refresh", "Again", errands("2", "3"))
    assert second
    assert [one.ref for one in works.items(second)] == ["3"]
    assert orders.place("refresh", "Again", errands("1", "3")) is None
    assert orders.holding("refresh", "2") == first
    assert refs(orders) == ["1", "2", "3"]
    assert orders.holding("refresh", "2") is None
    assert orders.place("refresh", "Later", errands("1"))


def test_other_kinds_are_left_to_others(orders: Orders) -> None:
    orders.place("journey", "Elsewhere", errands("1"))
    assert orders.take(KINDS) is None


def test_paused_work_begins_nothing_and_goes_on_later(orders: Orders, works: Works) -> None:
    work_id = orders.place("enrolment", "Enrolment", errands("a@b", "c@d"))
    assert work_id
    running = orders.take(KINDS)
    assert running
    assert orders.pause(work_id, paused=True)
    assert orders.goes_on(running)  # what is under way is finished
    done(orders, running)
    assert works.recent()[0].state is WorkState.PAUSED
    assert refs(orders) == []
    assert orders.pause(work_id, paused=False)
    assert refs(orders) == ["c@d"]
    assert not orders.pause(work_id, paused=True)


def test_stopped_work_ends_after_what_is_under_way(orders: Orders, works: Works) -> None:
    work_id = orders.place("refresh", "All", errands("1", "2"))
    assert work_id
    running = orders.take(KINDS)
    assert running
    works.cancel(work_id)
    assert not orders.goes_on(running)
    assert refs(orders) == []
    done(orders, running, ItemState.SKIPPED)
    work = works.get(work_id)
    assert work
    assert work.state is WorkState.CANCELLED
    assert work.counts == {"skipped": 2}


def test_work_that_waits_can_be_stopped(orders: Orders, works: Works) -> None:
    work_id = orders.place("refresh", "All", errands("1"))
    assert work_id
    works.cancel(work_id)
    orders.tidy()
    work = works.get(work_id)
    assert work
    assert work.state is WorkState.CANCELLED


def test_what_was_cut_off_with_its_process_waits_again(orders: Orders) -> None:
    orders.place("refresh", "All", errands("1"))
    assert orders.take(KINDS)
    orders.tidy()
    assert orders.take(KINDS) is None  # somebody is at it
    orders.recover()
    assert refs(orders) == ["1"]


def test_what_waits_long_is_not_cut_off(orders: Orders, works: Works, clock: Clock) -> None:
    orders.place("refresh", "All", errands("1"))
    clock.now += 86400
    assert works.recent()[0].state is WorkState.WAITING


def test_secrets_are_sealed_and_go_with_success(orders: Orders, path: Path) -> None:
    secret = Errand(WorkItem("a@b", "a@b"), {"mail_password": "GEHEIM"})
    work_id = orders.place("enrolment", "Enrolment", [secret, replace(secret, item=WorkItem("c@d", "c@d"))])
    first, second = orders.take(KINDS), orders.take(KINDS)
    assert first
    assert second
    assert work_id
    assert first.data == {"mail_password": "GEHEIM"}
    assert "GEHEIM" not in repr(first)
    assert b"GEHEIM" not in path.read_bytes()
    done(orders, first)
    done(orders, second, ItemState.FAILED)
    kept = sqlite3.connect(path).execute("SELECT data = '' FROM work_items ORDER BY number").fetchall()
    assert kept == [(1,), (0,)]
    assert orders.failed(work_id) == [Errand(WorkItem("c@d", "c@d"), {"mail_password": "GEHEIM"})]
