"""The admin API's door: signing in and out, and the first password."""

from functools import partial

from flask import after_this_request
from pydantic import Field

from gemini_pool.web.admin import refuse_forged, signed_in
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.signing import hand_over, set_up, sign_in, sign_out, take_back

bp = Desk("auth", "/api/auth", open=True)

MOST_CHARACTERS = 1024


class SignIn(Shape):
    """`code` is what the authenticator shows, where there is a second factor, or a recovery code."""

    password: str = Field(max_length=MOST_CHARACTERS)
    code: str = Field("", max_length=100)


class SetUp(Shape):
    """`code` is the set-up code that the log shows once, as `python -m gemini_pool password code` does."""

    code: str = Field(max_length=100)
    password: str = Field(max_length=MOST_CHARACTERS)


class SignedIn(Shape):
    """The token is the cookie's as well."""

    success: bool = True
    token: str
    level: str = "admin"


@bp.operation("POST", "/login", errors=(401, 429))
def login(body: SignIn) -> SignedIn:
    """Sign in."""
    return signed_in_by(sign_in(body.password, body.code))


@bp.operation("POST", "/setup", errors=(401, 429))
def setup(body: SetUp) -> SignedIn:
    """Set the first password and sign in."""
    return signed_in_by(set_up(body.code, body.password))


@bp.operation("POST", "/logout")
def logout() -> Done:
    """End the session that this is sent with, if it is one."""
    if admin := signed_in():
        refuse_forged(admin)
        sign_out(admin)
    after_this_request(take_back)
    return Done()


def signed_in_by(token: str) -> SignedIn:
    after_this_request(partial(hand_over, token=token))
    return SignedIn(token=token)
