"""Everything that can go wrong, cut along what can be done about it.

    PoolError
    ├── CallerError                 the caller made it; no account is touched
    │   ├── BadRequest              the request cannot be read
    │   ├── Invalid                 it can, but fields of it cannot be used
    │   ├── KeyRefused              no key, or not one of ours
    │   ├── UnknownModel            no such model, or one that is switched off
    │   ├── NoSuchFile              no such file, or another key's
    │   ├── NoSuchVideo             the same of a film that was ordered
    │   ├── TooLarge                the body, a file or all files of a key are over the limit
    │   ├── LimitReached            a limit of the key
    │   ├── SignInRefused           not signed in to the console, or the wrong password or code
    │   ├── Throttled               too many such tries failed
    │   ├── Forged                  a change that no page of the console sent
    │   ├── NotFound                nothing of the console's has this id
    │   └── CallerGone              the caller hung up
    ├── UpstreamError               the service answered, or failed to
    │   ├── CredentialsRejected     the cookies or the token are not accepted
    │   ├── AccountForbidden        the account may not do this (403)
    │   ├── QuotaExhausted          a limit of one kind of answer
    │   ├── SessionLost             the session is gone or not ours; a new one helps
    │   ├── FileRefused             a file the service does not take
    │   ├── PolicyRefused           the workspace's policy blocked the answer
    │   ├── PromptRefused           the service calls the request itself invalid
    │   ├── Busy                    5xx, or the stream ended in a server error
    │   ├── Unreachable             no connection, a reset, a time-out
    │   └── BadReply                an answer that cannot be read
    │       └── EmptyAnswer         an answer without text, file or refusal
    ├── NoAccountAvailable          every account is out, or all that were tried failed
    ├── Overloaded                  this process has no place for another answer
    │   └── Stopping                it ends before the answer does
    ├── SignInError                 a sign-in by browser came to nothing; see `sign_in_errors`
    └── StoreError                  the database or the disk refused, or is not there

A class answers three questions as attributes: whom to blame, whether another account may try, and
what it costs the account. Nobody decides by the text of a message. The text is written for the
caller: what happened, and what to do. It never holds a secret.
"""

from collections.abc import Mapping, Sequence
from enum import Enum


class Blame(Enum):
    """Whose doing a failure was."""

    CALLER = "caller"
    ACCOUNT = "account"
    UPSTREAM = "upstream"
    US = "us"


class Cost(Enum):
    """What a failure costs the account that met it; `pool.policy` turns it into a verdict."""

    NOTHING = "nothing"
    STRIKE = "strike"  # counts; several in a row open the breaker
    COOLDOWN = "cooldown"  # one kind of answer rests until the limit lifts
    SIGN_IN = "sign-in"  # out until the cookies change or a check passes
    FORBIDDEN = "forbidden"  # out until enabled by hand or given new cookies


class PoolError(Exception):
    """Base of all errors of this program; `str(error)` is fit for the caller's eyes."""

    blame = Blame.US
    another_account = False
    cost = Cost.NOTHING
    retry_after: float | None = None


class CallerError(PoolError):
    """The caller's mistake. `param` names the field of the request, `code` the OpenAI error code."""

    blame = Blame.CALLER
    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code or self.code


class BadRequest(CallerError):
    pass


class Invalid(CallerError):
    """`fields` says of each field what is wrong with it."""

    def __init__(self, message: str, *, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.fields = dict(fields)


class KeyRefused(CallerError):
    code = "invalid_api_key"


class UnknownModel(CallerError):
    code = "model_not_found"


class NoSuchFile(CallerError):
    code = "file_not_found"


class NoSuchVideo(CallerError):
    code = "video_not_found"


class TooLarge(CallerError):
    code = "request_too_large"


class LimitReached(CallerError):
    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after: float, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class SignInRefused(CallerError):
    """`code_required` when the password is right and the second factor's code is missing."""

    def __init__(self, message: str, *, code_required: bool = False) -> None:
        super().__init__(message)
        self.code_required = code_required


class Throttled(CallerError):
    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Forged(CallerError):
    pass


class NotFound(CallerError):
    pass


class CallerGone(CallerError):
    pass


class UpstreamError(PoolError):
    """`asked` is false when it failed before the prompt was sent: nobody has begun to answer it."""

    asked = True
    blame = Blame.UPSTREAM
    another_account = True
    cost = Cost.STRIKE


class CredentialsRejected(UpstreamError):
    blame = Blame.ACCOUNT
    cost = Cost.SIGN_IN


class AccountForbidden(UpstreamError):
    """`certain` is true where the refusal came from the sign-in itself: then one is enough."""

    blame = Blame.ACCOUNT
    cost = Cost.FORBIDDEN

    def __init__(self, message: str, *, certain: bool = False) -> None:
        super().__init__(message)
        self.certain = certain


class QuotaExhausted(UpstreamError):
    """`retry_after` in seconds when the service said so; `daily` when it spoke of a day's quota."""

    blame = Blame.ACCOUNT
    cost = Cost.COOLDOWN

    def __init__(self, message: str, *, retry_after: float | None = None, daily: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.daily = daily


class SessionLost(UpstreamError):
    blame = Blame.US
    cost = Cost.NOTHING


class FileRefused(UpstreamError):
    blame = Blame.CALLER
    another_account = False
    cost = Cost.NOTHING


class PolicyRefused(UpstreamError):
    blame = Blame.CALLER
    another_account = False
    cost = Cost.NOTHING


class PromptRefused(UpstreamError):
    blame = Blame.CALLER
    another_account = False
    cost = Cost.NOTHING


class Busy(UpstreamError):
    pass


class Unreachable(UpstreamError):
    pass


class BadReply(UpstreamError):
    pass


class EmptyAnswer(BadReply):
    # The prompt may be the cause, so an account is not struck for it.
    cost = Cost.NOTHING


class NoAccountAvailable(PoolError):
    """`history` holds the failed attempts in order; `limited` says that limits alone are the reason, `busy`
    that it takes no more than some other answer's end."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        limited: bool = False,
        busy: bool = False,
        history: Sequence[PoolError] = (),
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limited = limited
        self.busy = busy
        self.history = tuple(history)


class Overloaded(PoolError):
    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Stopping(Overloaded):
    pass


class StoreError(PoolError):
    pass
