"""Trying accounts out: one at once, or many as work that can be watched. A try punishes nobody."""

from collections.abc import Generator

from pydantic import Field

from gemini_pool.dialogue import Silence
from gemini_pool.errors import AccountForbidden, CredentialsRejected, QuotaExhausted, UpstreamError
from gemini_pool.roster import Account, Standing, Verdict
from gemini_pool.store.works import Step, WorkItem
from gemini_pool.web.api.accounts import MOST_IN_BULK, known
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Id, Shape
from gemini_pool.web.api.works import StepShown
from gemini_pool.wiring import Services, services

bp = Desk("trying", "/api/accounts")

# These say that the cookies are dead. Whatever else fails says nothing of them.
DEAD = (CredentialsRejected, AccountForbidden)


class Tested(Shape):
    """`success` is false only where the account itself was refused: then it needs new cookies. `outcome` is
    answers, limited, refused or unknown; `cooldown` in seconds."""

    success: bool
    outcome: str
    message: str
    detail: str = ""
    cooldown: int | None = None
    steps: list[StepShown] = Field(default_factory=list)


class Which(Shape):
    """The accounts to try; none: all that are switched on."""

    ids: list[Id] = Field(default_factory=list, max_length=MOST_IN_BULK)


class Begun(Shape):
    """GET /api/works/{work_id} tells how far it is."""

    success: bool = True
    work_id: int
    total: int


@bp.operation("GET", "/<id:account_id>/test", errors=(404,))
def test(account_id: int) -> Tested:
    """Try an account: token, session, answer. It costs one answer at most."""
    s, account, steps = services(), known(account_id).account, []
    try:
        for step in trial(s, account):
            steps.append(StepShown(name=step.name, ms=step.ms))
    except UpstreamError as error:
        return _failed(error, steps)
    return Tested(success=True, outcome="answers", message="The account answers.", steps=steps)


@bp.operation("POST", "/test")
def test_many(body: Which) -> Begun:
    """Try several accounts, a few at a time."""
    s = services()
    accounts = [one.account for one in s.office.profiles.get()]
    chosen = {account.id: account for account in accounts if _wanted(account, body.ids)}
    items = [WorkItem(str(one.id), one.name) for one in chosen.values()]

    def do(item: WorkItem) -> Generator[Step, None, None]:
        return trial(s, chosen[int(item.ref)])

    work_id = s.office.workbench.start("test", "Test of accounts", items, do)
    wrote("accounts.tested", f"{len(items)} accounts")
    return Begun(work_id=work_id, total=len(items))


def trial(s: Services, account: Account) -> Generator[Step, None, None]:
    """Its steps as they succeed; UpstreamError. One that answers is well again, whatever was said of it."""
    for said in s.office.try_out(account):
        if not isinstance(said, Silence):
            yield Step(*said)
    if account.standing is not Standing.GOOD or account.strikes:
        s.accounts.record(account, Verdict("", standing=Standing.GOOD, strikes=0))


def _wanted(account: Account, ids: list[int]) -> bool:
    return account.id in ids if ids else account.enabled


def _failed(error: UpstreamError, steps: list[StepShown]) -> Tested:
    if isinstance(error, DEAD):
        return Tested(success=False, outcome="refused", message=str(error), detail=str(error), steps=steps)
    limited = isinstance(error, QuotaExhausted)
    return Tested(
        success=True,
        outcome="limited" if limited else "unknown",
        message=str(error),
        detail=str(error),
        cooldown=int(error.retry_after) if error.retry_after else None,
        steps=steps,
    )
