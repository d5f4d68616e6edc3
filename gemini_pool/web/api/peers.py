"""Other instances: who is given our new cookies, and the tokens of those that bring us theirs."""

from dataclasses import replace
from typing import Any

from pydantic import Field

from gemini_pool.errors import NotFound
from gemini_pool.roster import masked
from gemini_pool.store.peers import GivenPeer, Peer, PeerKind
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("sync", "/api/sync")


class PeerShown(Shape):
    """`waiting` accounts are still to be brought to it. The token is masked."""

    id: int
    name: str
    url: str
    kind: PeerKind
    token: str
    enabled: bool
    create_missing: bool
    created_at: str | None
    success_at: str | None
    failure_at: str | None
    failure: str
    waiting: int


class PeersShown(Shape):
    peers: list[PeerShown]


class NewPeer(Shape):
    """`kind` is what it runs; the older program's `token` is its secret. With `create_missing` it adds
    accounts that it lacks."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=500)
    token: str = Field(min_length=1, max_length=500)
    kind: PeerKind = PeerKind.GEMINI_POOL
    enabled: bool = True
    create_missing: bool = False


class PeerChanges(Shape):
    """What is to change; what is left out stays, and so does a token that is sent back masked."""

    name: str | None = Field(None, min_length=1, max_length=100)
    url: str | None = Field(None, min_length=1, max_length=500)
    token: str | None = Field(None, max_length=500)
    kind: PeerKind | None = None
    enabled: bool | None = None
    create_missing: bool | None = None


class PeerAdded(Shape):
    success: bool = True
    id: int


class PeerTested(Shape):
    success: bool
    message: str


class Enqueued(Shape):
    success: bool = True
    count: int


class TokenShown(Shape):
    id: int
    name: str
    prefix: str
    created_at: str | None
    last_used_at: str | None


class TokensShown(Shape):
    tokens: list[TokenShown]


class NewToken(Shape):
    name: str = Field(min_length=1, max_length=100)


class TokenMade(Shape):
    """The token is shown this once."""

    success: bool = True
    id: int
    token: str


@bp.operation("GET", "/peers")
def peers() -> PeersShown:
    """The instances that are given new cookies when an account was signed in here."""
    s = services()
    waiting = s.peers.queue.waiting()
    return PeersShown(peers=[_shown(peer, waiting.get(peer.id, 0)) for peer in s.peers.all()])


@bp.operation("POST", "/peers")
def add(body: NewPeer) -> PeerAdded:
    """Add an instance. Cookies go over https, or within a private network."""
    peer_id = services().peers.add(GivenPeer(**_values(body)))
    wrote("peer.added", f"peer {peer_id}", body.name)
    return PeerAdded(id=peer_id)


@bp.operation("PUT", "/peers/<id:peer_id>", errors=(404,))
def change(peer_id: int, body: PeerChanges) -> Done:
    """Change an instance."""
    values = {name: value for name, value in _values(body).items() if value is not None}
    services().peers.change(peer_id, replace(known(peer_id).given, **values))
    wrote("peer.changed", f"peer {peer_id}", ", ".join(values))
    return Done()


@bp.operation("DELETE", "/peers/<id:peer_id>", errors=(404,))
def delete(peer_id: int) -> Done:
    """Forget an instance, and what was still to be brought to it."""
    peer = known(peer_id)
    services().peers.delete(peer_id)
    wrote("peer.deleted", f"peer {peer_id}", peer.given.name)
    return Done()


@bp.operation("POST", "/peers/<id:peer_id>/test", errors=(404,))
def test(peer_id: int) -> PeerTested:
    """Try the line and the token; nothing is brought."""
    good, words = services().office.sync.test(known(peer_id))
    return PeerTested(success=good, message=words)


@bp.operation("POST", "/peers/<id:peer_id>/push", errors=(404,))
def push(peer_id: int) -> Enqueued:
    """Bring it the cookies of all accounts that are switched on, within seconds."""
    s, peer = services(), known(peer_id)
    ids = [account.id for account in s.accounts.accounts() if account.enabled]
    wrote("peer.pushed", f"peer {peer_id}", peer.given.name)
    return Enqueued(count=s.peers.queue.enqueue_for(peer_id, ids))


@bp.operation("GET", "/tokens")
def tokens() -> TokensShown:
    """The tokens with which other instances bring us new cookies."""
    return TokensShown(
        tokens=[
            TokenShown(
                id=one.id,
                name=one.name,
                prefix=one.prefix,
                created_at=told(one.created_at),
                last_used_at=told(one.last_used_at),
            )
            for one in services().sync_tokens.list()
        ]
    )


@bp.operation("POST", "/tokens")
def make_token(body: NewToken) -> TokenMade:
    """Make a token. It is good for bringing cookies, and for nothing else."""
    token_id, text = services().sync_tokens.create(body.name)
    wrote("sync_token.made", f"sync token {token_id}", body.name)
    return TokenMade(id=token_id, token=text)


@bp.operation("DELETE", "/tokens/<id:token_id>", errors=(404,))
def revoke(token_id: int) -> Done:
    """Revoke a token; nothing is taken with it any more."""
    name = services().sync_tokens.revoke(token_id)
    if name is None:
        raise NotFound(f"There is no sync token {token_id}.")
    wrote("sync_token.revoked", f"sync token {token_id}", name)
    return Done()


def known(peer_id: int) -> Peer:
    """A peer; NotFound."""
    peer = services().peers.get(peer_id)
    if peer is None:
        raise NotFound(f"There is no instance {peer_id}.")
    return peer


def _values(body: NewPeer | PeerChanges) -> dict[str, Any]:
    values = body.model_dump()
    if values["url"]:
        values["url"] = values["url"].strip().rstrip("/")
    return values


def _shown(peer: Peer, waiting: int) -> PeerShown:
    given = peer.given
    return PeerShown(
        id=peer.id,
        name=given.name,
        url=given.url,
        kind=given.kind,
        token=masked(given.token),
        enabled=given.enabled,
        create_missing=given.create_missing,
        created_at=told(peer.created_at),
        success_at=told(peer.success_at),
        failure_at=told(peer.failure_at),
        failure=peer.failure,
        waiting=waiting,
    )
