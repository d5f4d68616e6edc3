"""New cookies on their way from one instance to another, over real sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from instances import OlderInstance, instance, served
from programs import Program, seat_of
from proxies import Heard, Peer, answer

from gemini_pool.roster import Credentials, Standing, Verdict
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.store.peers import GivenPeer, PeerKind
from gemini_pool.wiring import Services

SECRET = "the-raw-secret"


@dataclass(frozen=True)
class Sides:
    """One that brings cookies and one that takes them, which also has bruno."""

    sender: Services
    sender_app: Flask
    receiver: Services
    receiver_app: Flask
    url: str
    world: World

    def signed_in_again(self) -> Credentials:
        """Amber has new cookies at the sender, and the old ones are dead."""
        amber = self.world.accounts["amber"]
        fresh = replace(cookies(self.sender, "amber"), secure_c_ses=self.world.wallet.rotate(amber))
        self.world.wallet.retire_old("amber")
        assert self.sender.accounts.signed_in(1, fresh, expires_at=2e9)
        self.sender.peers.queue.enqueue(1)
        return fresh

    def peer(self, **changes: object) -> int:
        token = self.receiver.sync_tokens.create("the sender")[1]
        given = GivenPeer("other", self.url, token)
        return self.sender.peers.add(replace(given, **changes))  # type: ignore[arg-type]


@pytest.fixture
def sides(simulator: Simulator, tmp_path: Path) -> Iterator[Sides]:
    with (
        instance(simulator, tmp_path / "sender", "amber") as (sender_app, sender),
        instance(simulator, tmp_path / "receiver", "bruno", "amber") as (receiver_app, receiver),
        served(receiver_app) as url,
    ):
        yield Sides(sender, sender_app, receiver, receiver_app, url, simulator.world)


def cookies(side: Services, name: str) -> Credentials:
    return next(one.credentials for one in side.accounts.accounts() if one.name == name)


def test_new_cookies_arrive_and_the_account_answers_there_again(sides: Sides) -> None:
    peer_id = sides.peer()
    there = next(one for one in sides.receiver.accounts.accounts() if one.name == "amber")
    sides.receiver.accounts.record(there, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    fresh = sides.signed_in_again()
    assert "1 brought, 0 failed" in (sides.sender.office.sync.run() or "")
    there = next(one for one in sides.receiver.accounts.accounts() if one.name == "amber")
    assert (there.credentials.secure_c_ses, there.standing) == (fresh.secure_c_ses, Standing.GOOD)
    assert there.expires_at == 2e9
    assert Program(sides.receiver_app).get(f"/api/accounts/{there.id}/test")["success"] is True
    peer = sides.sender.peers.get(peer_id)
    assert peer
    assert peer.success_at
    assert sides.sender.office.sync.run() is None


def test_what_has_arrived_is_not_tried_again_by_the_service(sides: Sides) -> None:
    sides.peer()
    sides.signed_in_again()
    sides.sender.office.sync.run()
    asked = len(sides.world.calls("amber", "xsrf"))
    assert asked
    sides.sender.peers.queue.enqueue(1)
    sides.sender.office.sync.run()
    assert len(sides.world.calls("amber", "xsrf")) == asked


def test_an_instance_that_is_away_is_asked_once_a_run_and_again_later(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(lambda _: answer(503, b"{}", "Connection: close")) as away:
        peer_id = sides.peer(url=away.url)
        sides.sender.peers.queue.enqueue(1)
        sides.sender.peers.queue.enqueue(2)
        sides.sender.office.sync.run()
        assert sides.sender.office.sync.run() is None  # it pauses
        assert len(away.requests) == 1
    peer = sides.sender.peers.get(peer_id)
    assert peer
    assert "503" in peer.failure
    assert sides.sender.peers.queue.waiting() == {peer_id: 2}


def test_a_wrong_token_is_told_and_nothing_is_lost(sides: Sides) -> None:
    peer_id = sides.peer(token="gp-sync-nonsense")
    sides.signed_in_again()
    sides.sender.office.sync.run()
    peer = sides.sender.peers.get(peer_id)
    assert peer
    assert "does not accept the token" in peer.failure
    assert sides.sender.peers.queue.waiting() == {peer_id: 1}


def test_cookies_that_change_on_their_way_are_brought_again(sides: Sides) -> None:
    """The older ones must not count as the newer ones' arrival."""
    queue = sides.sender.peers.queue

    def changing(_: Heard) -> bytes:
        queue.enqueue(1)
        return answer(200, b'{"success": true}')

    with Peer(changing) as slow:
        peer_id = sides.peer(url=slow.url)
        queue.enqueue(1)
        sides.sender.office.sync.run()
    assert queue.waiting() == {peer_id: 1}


def test_an_account_that_is_not_there_is_added_only_where_that_is_wanted(sides: Sides) -> None:
    amber = next(one.id for one in sides.receiver.accounts.accounts() if one.name == "amber")
    sides.receiver.accounts.delete([amber])
    peer_id = sides.peer()
    sides.sender.peers.queue.enqueue(1)
    sides.sender.office.sync.run()
    peer = sides.sender.peers.get(peer_id)
    assert peer
    assert "no account of this workspace" in peer.failure
    sides.sender.peers.change(peer_id, replace(peer.given, create_missing=True))
    sides.sender.peers.queue.enqueue(1)
    sides.sender.office.sync.run()
    assert cookies(sides.receiver, "amber") == cookies(sides.sender, "amber")


def test_no_redirect_is_followed_with_a_token(sides: Sides) -> None:
    with Peer(lambda _: answer(200, b"{}")) as elsewhere:
        away = answer(307, b"", f"Location: {elsewhere.url}/")
        with Peer(lambda _: away) as peer:
            sides.peer(url=peer.url)
            sides.sender.peers.queue.enqueue(1)
            sides.sender.office.sync.run()
        assert elsewhere.requests == []


def test_the_older_program_is_given_them_at_the_place_where_the_workspace_is(sides: Sides) -> None:
    theirs = [seat_of("bruno"), seat_of("amber") | {"csesidx": "1"}]
    with OlderInstance(SECRET, theirs) as older:
        sides.peer(url=older.url, token=SECRET, kind=PeerKind.BUSINESS_GEMINI)
        fresh = sides.signed_in_again()
        sides.sender.office.sync.run()
    assert older.accounts[0] == seat_of("bruno")
    assert (older.accounts[1]["secure_c_ses"], older.accounts[1]["csesidx"]) == (
        fresh.secure_c_ses,
        fresh.csesidx,
    )


def test_the_older_program_is_given_a_new_account_only_where_that_is_wanted(sides: Sides) -> None:
    with OlderInstance(SECRET, [seat_of("bruno")]) as older:
        peer_id = sides.peer(url=older.url, token=SECRET, kind=PeerKind.BUSINESS_GEMINI)
        sides.sender.peers.queue.enqueue(1)
        sides.sender.office.sync.run()
        assert [one["team_id"] for one in older.accounts] == [seat_of("bruno")["team_id"]]
        peer = sides.sender.peers.get(peer_id)
        assert peer
        sides.sender.peers.change(peer_id, replace(peer.given, create_missing=True))
        sides.sender.peers.queue.enqueue(1)
        sides.sender.office.sync.run()
        assert [one["team_id"] for one in older.accounts][1:] == [seat_of("amber")["team_id"]]


def test_the_line_is_tried_before_anything_is_brought(sides: Sides) -> None:
    program = Program(sides.sender_app)
    good = sides.peer()
    with OlderInstance(SECRET, [seat_of("bruno")]) as older:
        other = sides.peer(url=older.url, token=SECRET, kind=PeerKind.BUSINESS_GEMINI)
        wrong = sides.peer(url=older.url, token="wrong", kind=PeerKind.BUSINESS_GEMINI)
        tested = [program.post(f"/api/sync/peers/{one}/test") for one in (good, other, wrong)]
    assert [one["success"] for one in tested] == [True, True, False]
    assert "gemini_pool 0.1.0, full" in tested[0]["message"]
    assert "accounts there: 1" in tested[1]["message"]
    assert "401" in tested[2]["message"]


def test_all_accounts_are_brought_at_a_word(sides: Sides) -> None:
    program, peer_id = Program(sides.sender_app), sides.peer()
    sides.signed_in_again()
    assert program.post(f"/api/sync/peers/{peer_id}/push") == {"success": True, "count": 1}
    (shown,) = program.get("/api/sync/peers")["peers"]
    assert shown["waiting"] == 1
    sides.sender.office.sync.run()
    assert cookies(sides.receiver, "amber") == cookies(sides.sender, "amber")
