"""Brings new cookies to other instances: what is due, and again later where that failed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from gemini_pool.jobs.sync.kinds import KINDS, Kind
from gemini_pool.jobs.sync.line import Line, PeerAway, PushFailed
from gemini_pool.store.peers import Peer, PeerKind
from gemini_pool.store.profiles import Profile
from gemini_pool.store.push_queue import Errand

SYNC_SECONDS = 10.0


class Queue(Protocol):
    """What is still to be brought."""

    def due(self) -> list[Errand]: ...
    def done(self, errand: Errand) -> None: ...
    def postpone(self, errands: Sequence[Errand]) -> None: ...


class Peers(Protocol):
    """Who is to have it."""

    @property
    def queue(self) -> Queue: ...
    def all(self) -> list[Peer]: ...
    def succeeded(self, peer_id: int) -> None: ...
    def failed(self, peer_id: int, words: str) -> None: ...


@dataclass(slots=True)
class Tour:
    """What came of one run."""

    brought: int = 0
    failed: int = 0


class Sync:
    """`profile_of` is asked for an account at the moment its cookies are sent."""

    def __init__(
        self,
        peers: Peers,
        profile_of: Callable[[int], Profile | None],
        kinds: Mapping[PeerKind, Kind] = MappingProxyType(KINDS),
    ) -> None:
        self._peers = peers
        self._profile_of = profile_of
        self._kinds = kinds

    def run(self) -> str | None:
        """Bring what is due; a sentence on it, or None when nothing was."""
        errands = self._peers.queue.due()
        if not errands:
            return None
        peers = {peer.id: peer for peer in self._peers.all()}
        mine: dict[int, list[Errand]] = defaultdict(list)
        for errand in errands:
            mine[errand.peer_id].append(errand)
        tour = Tour()
        for peer_id, theirs in mine.items():
            self._visit(peers.get(peer_id), theirs, tour)
        return f"New cookies for other instances: {tour.brought} brought, {tour.failed} failed."

    def test(self, peer: Peer) -> tuple[bool, str]:
        """Whether the line to a peer is in order, and a sentence on it. Nothing is brought."""
        try:
            with closing(Line(peer.given)) as line:
                return True, self._kinds[peer.given.kind].greet(line)
        except PushFailed as error:
            return False, str(error)

    def _visit(self, peer: Peer | None, errands: list[Errand], tour: Tour) -> None:
        """Bring one peer what it is to have. One that is away is not asked again for each account."""
        if peer is None or not peer.given.enabled:
            self._peers.queue.postpone(errands)
            return
        with closing(Line(peer.given)) as line:
            left = list(errands)
            while left:
                try:
                    self._bring(line, peer, left[0])
                    tour.brought += 1
                except PeerAway as error:
                    self._failed(peer, left, error, tour)
                    return
                except PushFailed as error:
                    self._failed(peer, left[:1], error, tour)
                left.pop(0)

    def _bring(self, line: Line, peer: Peer, errand: Errand) -> None:
        profile = self._profile_of(errand.account_id)
        if profile is not None:
            self._kinds[peer.given.kind].push(line, profile, create=peer.given.create_missing)
            self._peers.succeeded(peer.id)
        self._peers.queue.done(errand)

    def _failed(self, peer: Peer, errands: list[Errand], error: PushFailed, tour: Tour) -> None:
        self._peers.queue.postpone(errands)
        self._peers.failed(peer.id, str(error))
        tour.failed += len(errands)
