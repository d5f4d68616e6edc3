"""Instances that are given new cookies, and the errands to them, which survive a restart."""

from pathlib import Path

import pytest
from vaults import VAULT

from gemini_pool.errors import Invalid
from gemini_pool.roster import Credentials, masked
from gemini_pool.simulator.cast import make_account
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.db import Store
from gemini_pool.store.peers import GivenPeer, PeerKind, Peers, check
from gemini_pool.store.profiles import NewAccount
from gemini_pool.store.push_queue import LONGEST_PAUSE_SECONDS, pause

GIVEN = GivenPeer("other", "https://pool.example", "gp-sync-planted-secret")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def peers(store: Store, clock: Clock) -> Peers:
    return Peers(store, VAULT, clock)


def accounts_due(peers: Peers) -> list[int]:
    return [errand.account_id for errand in peers.queue.due()]


def test_an_errand_goes_to_every_peer_that_is_on_and_is_there_once(peers: Peers) -> None:
    on, off = peers.add(GIVEN), peers.add(GivenPeer("off", "https://off.example", "x", enabled=False))
    peers.queue.enqueue(7)
    peers.queue.enqueue(7)
    assert peers.queue.waiting() == {on: 1}
    assert peers.queue.enqueue_for(off, [7, 8]) == 2
    assert peers.queue.waiting() == {on: 1, off: 2}


def test_an_errand_survives_a_restart_and_holds_no_secret(peers: Peers, path: Path) -> None:
    peers.add(GIVEN)
    peers.queue.enqueue(7)
    assert accounts_due(Peers(Store(path), VAULT)) == [7]
    assert b"planted" not in b"".join(one.read_bytes() for one in path.parent.glob("pool.db*"))


def test_what_failed_is_tried_again_after_pauses_that_grow(peers: Peers, clock: Clock) -> None:
    peers.add(GIVEN)
    peers.queue.enqueue(7)
    waited = []
    for _ in range(12):
        peers.queue.postpone(peers.queue.due())
        assert accounts_due(peers) == []
        failed_at = clock.now
        while not accounts_due(peers):
            clock.now += 15.0
        waited.append(clock.now - failed_at)
    assert waited[:4] == [15.0, 30.0, 60.0, 120.0]
    assert waited[-1] == LONGEST_PAUSE_SECONDS == pause(10_000)


def test_newer_cookies_are_brought_at_once_whatever_failed_before(peers: Peers) -> None:
    peers.add(GIVEN)
    peers.queue.enqueue(7)
    peers.queue.postpone(peers.queue.due())
    peers.queue.enqueue(7)
    assert [errand.tries for errand in peers.queue.due()] == [0]


def test_what_waits_is_tried_at_once_when_the_peer_was_mended(peers: Peers) -> None:
    peer_id = peers.add(GIVEN)
    peers.queue.enqueue(7)
    peers.queue.postpone(peers.queue.due())
    peers.change(peer_id, GivenPeer("other", "https://pool.example", "gp-sync-another"))
    assert accounts_due(peers) == [7]


def test_what_was_asked_for_again_meanwhile_is_not_done(peers: Peers) -> None:
    peers.add(GIVEN)
    peers.queue.enqueue(7)
    (errand,) = peers.queue.due()
    peers.queue.enqueue(7)
    peers.queue.done(errand)
    peers.queue.postpone([errand])
    assert accounts_due(peers) == [7]


def test_nothing_is_brought_to_a_peer_or_of_an_account_that_is_gone(peers: Peers, store: Store) -> None:
    accounts = Accounts(store, VAULT)
    sim = make_account("amber")
    account_id = accounts.add(NewAccount(Credentials(sim.secure_c_ses, sim.csesidx, sim.config_id)))
    gone, stays = peers.add(GIVEN), peers.add(GIVEN)
    peers.queue.enqueue(account_id)
    peers.queue.enqueue(99)
    peers.delete(gone)
    assert peers.queue.waiting() == {stays: 2}
    accounts.delete([account_id])
    assert peers.queue.waiting() == {stays: 1}


def test_a_peer_is_changed_and_its_token_stays_when_it_comes_back_masked(peers: Peers) -> None:
    peer_id = peers.add(GIVEN)
    assert peers.change(peer_id, GivenPeer("new", "https://b.example", masked(GIVEN.token)))
    peer = peers.get(peer_id)
    assert peer
    assert (peer.given.name, peer.given.token) == ("new", GIVEN.token)
    assert "planted" not in repr(peer)
    assert not peers.change(99, GIVEN)


def test_how_it_went_is_kept(peers: Peers, clock: Clock) -> None:
    peer_id = peers.add(GIVEN)
    peers.failed(peer_id, "It is away.")
    peer = peers.get(peer_id)
    assert peer
    assert (peer.failure_at, peer.failure, peer.success_at) == (clock.now, "It is away.", None)
    peers.succeeded(peer_id)
    peer = peers.get(peer_id)
    assert peer
    assert (peer.failure, peer.success_at) == ("", clock.now)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://10.0.0.7", "http://localhost/pool", "https://a.b"]
)
def test_cookies_go_over_https_or_stay_near(url: str) -> None:
    check(GivenPeer("x", url, "y"))


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8", "http://pool.example", "https://", "pool.example", "https://[::1"]
)
def test_other_addresses_are_none(url: str) -> None:
    with pytest.raises(Invalid):
        check(GivenPeer("x", url, "y"))


def test_of_a_file_what_can_be_used_is_taken(peers: Peers) -> None:
    peers.add(GIVEN)
    other = {
        "name": "b",
        "url": "https://b.example",
        "token": "t",
        "kind": "business_gemini",
        "enabled": True,
    }
    broken = [{}, {**other, "url": 7}, {**other, "kind": "x"}, {**other, "url": "http://pool.example"}]
    assert peers.take_over([*peers.exported(), *broken, other, other]) == 1
    added = peers.named("b")
    assert added
    assert (added.given.kind, added.given.enabled) == (PeerKind.BUSINESS_GEMINI, True)
