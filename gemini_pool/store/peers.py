"""Other instances that are given new cookies when an account was signed in here; their tokens are sealed."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from peewee import AutoField, BooleanField, FloatField, Model, TextField

from gemini_pool.errors import Invalid
from gemini_pool.readers import fits_a_header
from gemini_pool.roster import masked
from gemini_pool.store.db import Store
from gemini_pool.store.push_queue import PushQueue, QueueRow
from gemini_pool.store.secrets import Vault
from gemini_pool.store.sync_tokens import PREFIX

# The peer that older clients set by `remote_sync_url` and `remote_sync_api_key`.
REMOTE = "remote"
LONGEST_NAME = 100
LONGEST_URL = 500


class PeerKind(StrEnum):
    """What a peer runs: this program, or an older one that knows list positions and one secret for all."""

    GEMINI_POOL = "gemini_pool"
    BUSINESS_GEMINI = "business_gemini"


class PeerRow(Model):
    id = AutoField()
    name = TextField()
    url = TextField()
    kind = TextField()
    token = TextField()
    enabled = BooleanField()
    create_missing = BooleanField()
    created_at = FloatField()
    success_at = FloatField(null=True)
    failure_at = FloatField(null=True)
    failure = TextField()

    class Meta:
        table_name = "peers"


@dataclass(frozen=True, slots=True)
class GivenPeer:
    """A peer as the operator wants it. `create_missing` has it add accounts that it lacks."""

    name: str
    url: str
    token: str = field(repr=False)
    kind: PeerKind = PeerKind.GEMINI_POOL
    enabled: bool = True
    create_missing: bool = False


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer, when it last took what was brought, and when and why it last did not; epoch seconds."""

    id: int
    given: GivenPeer
    created_at: float
    success_at: float | None
    failure_at: float | None
    failure: str


class Peers:
    """All peers, and in `queue` what is still to be brought to them."""

    def __init__(self, store: Store, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self.queue = PushQueue(store, clock)
        self._store = store
        self._vault = vault
        self._clock = clock

    def all(self) -> list[Peer]:
        """All peers, by id."""
        with self._store.reading():
            rows = list(PeerRow.select().order_by(PeerRow.id).execute(self._store.db))
        return [self._peer(row) for row in rows]

    def get(self, peer_id: int) -> Peer | None:
        return next((peer for peer in self.all() if peer.id == peer_id), None)

    def named(self, name: str) -> Peer | None:
        """The first peer of this name."""
        return next((peer for peer in self.all() if peer.given.name == name), None)

    def add(self, given: GivenPeer) -> int:
        """The new peer's id. Invalid names what cannot be used of it."""
        check(given)
        columns = self._columns(given) | {"created_at": self._clock(), "failure": ""}
        with self._store.writing(shared=False):
            return int(PeerRow.insert(columns).execute(self._store.db))

    def change(self, peer_id: int, given: GivenPeer) -> bool:
        """Make it what is wanted, and try at once what waits for it; a token that comes back masked stays.
        False when there is no such peer."""
        held = self.get(peer_id)
        if held is None:
            return False
        if given.token in ("", masked(held.given.token)):
            given = replace(given, token=held.given.token)
        check(given)
        self.queue.hurry(peer_id)
        return self._update(peer_id, **self._columns(given))

    def delete(self, peer_id: int) -> bool:
        """Forget a peer, and what was to be brought to it. False when there is none."""
        with self._store.writing(shared=False):
            QueueRow.delete().where(QueueRow.peer_id == peer_id).execute(self._store.db)
            return bool(PeerRow.delete().where(PeerRow.id == peer_id).execute(self._store.db))

    def succeeded(self, peer_id: int) -> None:
        self._update(peer_id, success_at=self._clock(), failure_at=None, failure="")

    def failed(self, peer_id: int, words: str) -> None:
        self._update(peer_id, failure_at=self._clock(), failure=words)

    def exported(self) -> list[dict[str, Any]]:
        """The peers for a file, with their tokens in the clear."""
        return [_flat(peer.given) for peer in self.all()]

    def take_over(self, peers: Iterable[Mapping[str, Any]]) -> int:
        """Add the peers of a file whose address is not there; how many. What cannot be used is left out."""
        known, added = {peer.given.url for peer in self.all()}, 0
        for given in filter(None, map(_from_file, peers)):
            if given.url not in known:
                known.add(given.url)
                self.add(given)
                added += 1
        return added

    def _update(self, peer_id: int, **columns: object) -> bool:
        with self._store.writing(shared=False):
            return bool(PeerRow.update(columns).where(PeerRow.id == peer_id).execute(self._store.db))

    def _columns(self, given: GivenPeer) -> dict[str, object]:
        return _flat(given) | {"token": self._vault.seal(given.token)}

    def _peer(self, row: PeerRow) -> Peer:
        given = GivenPeer(
            name=row.name,
            url=row.url,
            token=self._vault.open(row.token),
            kind=PeerKind(row.kind),
            enabled=row.enabled,
            create_missing=row.create_missing,
        )
        return Peer(row.id, given, row.created_at, row.success_at, row.failure_at, row.failure)


def kind_of(token: str) -> PeerKind:
    """What a peer runs that gave out a token; the older program's secret may have any form."""
    return PeerKind.GEMINI_POOL if token.startswith(PREFIX) else PeerKind.BUSINESS_GEMINI


def check(given: GivenPeer) -> None:
    """Invalid, with a sentence for each field that cannot be used."""
    faults = {"url": _fault_of_url(given.url)}
    if not 0 < len(given.name) <= LONGEST_NAME:
        faults["name"] = f"A name has 1 to {LONGEST_NAME} characters."
    if not given.token or not fits_a_header(given.token):
        faults["token"] = "Enter the token that the other instance showed; it has no spaces."  # noqa: S105
    faults = {name: fault for name, fault in faults.items() if fault}
    if faults:
        raise Invalid(" ".join(faults.values()), fields=faults)


def _fault_of_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not an address; write it as https://pool.example."
    if parts.scheme not in ("https", "http") or not host or len(url) > LONGEST_URL:
        return "This is not an address; write it as https://pool.example."
    if parts.username or parts.query or parts.fragment:
        return "The address may have a path, and nothing else behind the host."
    if parts.scheme == "http" and not _is_near(host):
        return "Cookies are sent over https alone, except to this machine or within a private network."
    return ""


def _is_near(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost"


def _flat(given: GivenPeer) -> dict[str, Any]:
    return {name: getattr(given, name) for name in GivenPeer.__slots__} | {"kind": given.kind.value}


def _from_file(one: Mapping[str, Any]) -> GivenPeer | None:
    texts = {name: one.get(name) for name in ("name", "url", "token")}
    if not all(isinstance(text, str) for text in texts.values()) or one.get("kind") not in list(PeerKind):
        return None
    given = GivenPeer(
        **{name: str(text) for name, text in texts.items()},
        kind=PeerKind(one["kind"]),
        enabled=one.get("enabled") is True,
        create_missing=one.get("create_missing") is True,
    )
    try:
        check(given)
    except Invalid:
        return None
    return given
