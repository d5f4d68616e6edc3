"""What other instances bring us: new cookies, which are proved before they are kept."""

from collections.abc import Sequence
from dataclasses import fields, replace

from flask import g, request
from pydantic import AliasChoices, Field

from gemini_pool.errors import (
    AccountForbidden,
    BadRequest,
    CredentialsRejected,
    NotFound,
    PolicyRefused,
    PromptRefused,
    SessionLost,
    SignInRefused,
)
from gemini_pool.roster import Credentials
from gemini_pool.store.profiles import NewAccount, Profile, check, of_sign_in
from gemini_pool.web.admin import TOKEN_HEADER
from gemini_pool.web.api.described import Desk, Shape
from gemini_pool.web.api.given_accounts import USUAL_BROWSER, Moment
from gemini_pool.web.callers_address import caller_address
from gemini_pool.wiring import Services, services

VERSION = "0.1.0"  # that of pyproject.toml
# These say that the cookies are no good, or not for this workspace. Whatever else fails may go better later.
NO_GOOD = (CredentialsRejected, AccountForbidden, PromptRefused, PolicyRefused, SessionLost)


def require_token() -> None:
    """SignInRefused unless one of our sync tokens comes with the request."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    text = request.headers.get(TOKEN_HEADER) or (bearer.strip() if scheme.lower() == "bearer" else "")
    token = services().sync_tokens.used(text)
    if token is None:
        raise SignInRefused(
            "Not a sync token of this instance. Make one in its console, and send it as "
            "`Authorization: Bearer gp-sync-…`."
        )
    g.sync_token = token


bp = Desk("received", "/api/sync", gate=require_token)


class Instance(Shape):
    """`mode` is sync_only where accounts are signed in elsewhere alone."""

    success: bool = True
    name: str = "gemini_pool"
    version: str
    mode: str


class Brought(Shape):
    """New cookies of an account, which is found by `config_id`, also called `team_id`; where a workspace has
    several, by `csesidx` or `email`. `create` adds one that is not there."""

    secure_c_ses: str = Field(min_length=1, max_length=8192)
    csesidx: str = Field(min_length=1, max_length=200)
    config_id: str = Field(
        min_length=1, max_length=200, validation_alias=AliasChoices("config_id", "team_id")
    )
    host_c_oses: str = Field("", max_length=8192)
    user_agent: str = Field(USUAL_BROWSER, max_length=1000)
    email: str = Field("", max_length=200)
    name: str = Field("", max_length=200)
    expires_at: Moment = None
    create: bool = False


class Kept(Shape):
    """`outcome` is renewed, added or unchanged."""

    success: bool = True
    id: int
    outcome: str


@bp.operation("GET")
def instance() -> Instance:
    """Tell who this is, to whoever holds a sync token."""
    mode = "sync_only" if services().settings.sync_only else "full"
    return Instance(version=VERSION, mode=mode)


@bp.operation("PUT", "/accounts", errors=(404, 502))
def take(body: Brought) -> Kept:
    """Take new cookies of an account. They are tried first: what gives no token, or does not belong to the
    workspace, is not kept."""
    s = services()
    given = _given(body)
    check(given)
    credentials = given.credentials
    there = whose(s.office.profiles.get(), credentials, body.email)
    if there is None and not body.create:
        raise NotFound(f"There is no account of the workspace {body.config_id} here.")
    if there and there.account.credentials == credentials:
        return Kept(id=there.account.id, outcome="unchanged")
    fresh = _proved(s, credentials)
    if there:
        account_id, outcome = there.account.id, "renewed"
        if not s.accounts.signed_in(account_id, fresh, expires_at=given.expires_at):
            raise NotFound(f"The account {account_id} has just been deleted here.")
    else:
        account_id, outcome = s.accounts.add(replace(given, credentials=fresh)), "added"
    s.sign_ins.settle(account_id)
    _wrote(s, outcome, account_id)
    return Kept(id=account_id, outcome=outcome)


def whose(profiles: Sequence[Profile], credentials: Credentials, email: str) -> Profile | None:
    """The account that cookies are for; BadRequest where that cannot be told."""
    found = of_sign_in(profiles, credentials, email)
    if len(found) > 1:
        raise BadRequest(
            f"There are {len(found)} accounts of this workspace here, and nothing tells which one is meant. "
            "Give them their email addresses on both sides.",
            param="email",
        )
    return found[0] if found else None


def _given(body: Brought) -> NewAccount:
    cookies = body.model_dump(include={f.name for f in fields(Credentials)})
    expires_at = None if body.expires_at == float("inf") else body.expires_at
    return NewAccount(Credentials(**cookies), name=body.name, email=body.email, expires_at=expires_at)


def _proved(s: Services, credentials: Credentials) -> Credentials:
    """The credentials as the service left them; BadRequest for what is no good."""
    try:
        return s.office.prove(credentials)
    except NO_GOOD as error:
        raise BadRequest(f"These cookies are not kept, for they do not work: {error}") from None


def _wrote(s: Services, outcome: str, account_id: int) -> None:
    """Enter it with the changes of administrators: by which token, from where."""
    who, address = f"sync: {g.sync_token.name}", caller_address(request, s.settings)
    s.audit.record(who, address, f"cookies.{outcome}", f"account {account_id}")
