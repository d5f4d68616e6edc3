"""Signing accounts in by browser: ordered here, done by the process that leads, watched as work."""

from collections.abc import Sequence

from flask import Response
from pydantic import Field

from gemini_pool.errors import AccountForbidden, BadRequest, CredentialsRejected, NotFound, UpstreamError
from gemini_pool.roster import Credentials
from gemini_pool.store.orders import ENROLMENT, REFRESH, Errand, refreshes
from gemini_pool.store.profiles import Changes, Profile, check
from gemini_pool.store.sign_ins import PAGE, PICTURE, SignIn, Trouble
from gemini_pool.store.transfer.found import FoundAccount, Reading
from gemini_pool.store.transfer.reading import read_pasted
from gemini_pool.store.works import WorkItem
from gemini_pool.web.api.accounts import MOST_IN_BULK, known
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Id, Shape
from gemini_pool.web.api.given_accounts import NewCookies
from gemini_pool.web.api.moments import told
from gemini_pool.web.api.works import StepShown
from gemini_pool.wiring import Services, services

bp = Desk("refreshing", "/api")

MOST_CHARACTERS = 2_000_000
BEGINS = "The sign-in has its turn within seconds; watch it under works."
NOBODY = (
    "The sign-in is ordered, but nobody runs the background jobs: set SCHEDULER=1, or start "
    "`python -m gemini_pool jobs`."
)
UNDER_WAY = "A sign-in of this account is under way already."


class How(Shape):
    """`headless` false shows the browser's window, for a person at the machine's screen."""

    headless: bool = True


class Ordered(Shape):
    """GET /api/works/{work_id} tells how far it is."""

    success: bool = True
    message: str
    auto: bool = True
    work_id: int


class Renewed(Shape):
    """`auto`: a sign-in was ordered, and GET /api/works/{work_id} tells how far it is."""

    success: bool = True
    message: str
    auto: bool = False
    work_id: int | None = None


class Which(Shape):
    """The accounts to sign in; none: all that are switched on and whose mailbox is known."""

    ids: list[Id] = Field(default_factory=list, max_length=MOST_IN_BULK)


class Mailboxes(Shape):
    """Mailboxes of accounts that nobody has signed in to yet, in any form that an import takes: lines joined
    by `----`, or JSON with `mail_…` fields."""

    text: str = Field(max_length=MOST_CHARACTERS)


class Enrolling(Shape):
    """`problems` are the entries that could not be read."""

    success: bool = True
    work_id: int
    total: int
    problems: list[str]


class SignInShown(Shape):
    """A sign-in. `outcome` is running, ok, failed, needs_person, stopped or cut_off; with `evidence` there is
    a picture and a page of where it failed."""

    id: int
    account_id: int | None
    address: str
    work_id: int
    outcome: str
    message: str
    started_at: str | None
    ended_at: str | None
    steps: list[StepShown]
    evidence: bool


class TroubleShown(Shape):
    """How often the sign-in failed in a row, and when it is tried again; never, where it `needs_person`."""

    failures: int
    next_at: str | None
    needs_person: bool
    message: str


class SignInsShown(Shape):
    sign_ins: list[SignInShown]
    trouble: TroubleShown | None


@bp.operation("POST", "/accounts/<id:account_id>/auto-refresh-cookie", errors=(404,))
def refresh(account_id: int, body: How) -> Ordered:
    """Sign an account in anew, by browser, with a code from its mailbox."""
    profile = known(account_id)
    if not profile.given.mailbox:
        raise BadRequest(
            "Nobody said where this account's codes arrive. Name its mailbox first.", code="no_mailbox"
        )
    s = services()
    work_id = order(s, f"Sign-in of {profile.account.name}", [profile], visible=not body.headless)
    if work_id is not None:
        wrote("account.refreshed", f"account {account_id}")
        return Ordered(message=_begins(s), work_id=work_id)
    return Ordered(message=UNDER_WAY, work_id=s.orders.holding(REFRESH, str(account_id)) or 0)


@bp.operation("POST", "/accounts/<id:account_id>/refresh-cookie", errors=(404,))
def refresh_cookie(account_id: int, body: NewCookies) -> Renewed:
    """Give an account the cookies of a new sign-in, unless the service refuses them; with an empty body have
    it signed in by browser."""
    given = {name: value for name, value in body.model_dump().items() if value}
    if not given:
        ordered = refresh(account_id, How())
        return Renewed(message=ordered.message, auto=True, work_id=ordered.work_id)
    s, changes = services(), Changes(**given)
    wanted = changes.onto(known(account_id).given)
    check(wanted)
    tried = _tried(s, wanted.credentials)
    s.accounts.edit(account_id, changes)
    s.sign_ins.settle(account_id)
    s.peers.queue.enqueue(account_id)
    wrote("account.renewed", f"account {account_id}", ", ".join(given))
    return Renewed(message=f"The account has its new cookies. {tried}".strip())


@bp.operation("POST", "/accounts/refresh")
def refresh_many(body: Which) -> Ordered:
    """Sign several accounts in anew, one after the other."""
    s = services()
    wanted = [one for one in s.office.profiles.get() if _wanted(one, body.ids)]
    if not wanted:
        raise BadRequest("None of these accounts has a mailbox to sign in with.", code="no_mailbox")
    work_id = order(s, "Sign-in of all accounts" if not body.ids else "Sign-ins", wanted)
    if work_id is None:
        return Ordered(message=UNDER_WAY, work_id=s.orders.holding(REFRESH, str(wanted[0].account.id)) or 0)
    wrote("accounts.refreshed", f"{len(wanted)} accounts")
    return Ordered(message=_begins(s), work_id=work_id)


@bp.operation("POST", "/enrolments")
def enrol(body: Mailboxes) -> Enrolling:
    """Sign in with mailboxes, one after the other; each becomes an account."""
    s = services()
    _signs_in(s)
    reading = read_pasted(body.text)
    errands = [
        Errand(WorkItem(one.account.email, one.account.email), one.account.mailbox)
        for one in enrollable(reading)
    ]
    problems = [str(one) for one in reading.problems]
    if not errands:
        raise BadRequest(
            "No mailbox was found. Give a line each: the provider, the address and what opens it, joined by "
            "----. " + " ".join(problems[:3])
        )
    work_id = s.orders.place(ENROLMENT, "Enrolment", errands)
    if work_id is None:
        raise BadRequest("All of these mailboxes are being signed in already.", code="under_way")
    wrote("accounts.enrolled", f"{len(errands)} mailboxes")
    work = s.works.get(work_id)
    return Enrolling(work_id=work_id, total=work.total if work else 0, problems=problems)


@bp.operation("GET", "/accounts/<id:account_id>/sign-ins", errors=(404,))
def sign_ins(account_id: int) -> SignInsShown:
    """The latest sign-ins of an account, the newest first."""
    known(account_id)
    s = services()
    trouble = s.sign_ins.troubles().get(account_id)
    return SignInsShown(
        sign_ins=[shown(one) for one in s.sign_ins.of_account(account_id)],
        trouble=_trouble(trouble) if trouble else None,
    )


@bp.operation("GET", "/sign-ins/<id:sign_in_id>/picture", errors=(404,), produces="image/png")
def picture(sign_in_id: int) -> Response:
    """What the browser showed when a sign-in failed."""
    return _seen(sign_in_id, PICTURE, "image/png")


@bp.operation("GET", "/sign-ins/<id:sign_in_id>/page", errors=(404,), produces="text/plain")
def page(sign_in_id: int) -> Response:
    """The source of that page, without its secrets."""
    return _seen(sign_in_id, PAGE, "text/plain; charset=utf-8")  # as text: nothing of it runs here


def enrollable(reading: Reading) -> list[FoundAccount]:
    """What of a text can be signed in with: mailboxes whose address is known."""
    return [one for one in reading.found if one.account.mailbox and one.account.email]


def _begins(s: Services) -> str:
    return BEGINS if s.jobs.leader() else NOBODY


def order(s: Services, title: str, profiles: Sequence[Profile], *, visible: bool = False) -> int | None:
    """Have accounts signed in because a person asks for it, whatever troubles they had; None when all of them
    are under way."""
    _signs_in(s)
    for one in profiles:
        s.sign_ins.settle(one.account.id)
    return s.orders.place(REFRESH, title, refreshes(profiles, visible=visible), urgent=True)


def _tried(s: Services, credentials: Credentials) -> str:
    """What to say of cookies that the service did not refuse; BadRequest where it did."""
    try:
        s.office.prove(credentials)
    except (CredentialsRejected, AccountForbidden) as error:
        raise BadRequest(f"Nothing was changed, for the service refuses these cookies: {error}") from error
    except UpstreamError as error:
        return f"They could not be tried: {error}"
    return ""


def shown(one: SignIn) -> SignInShown:
    return SignInShown(
        id=one.id,
        account_id=one.account_id,
        address=one.address,
        work_id=one.work_id,
        outcome=one.outcome.value or "running",
        message=one.message,
        started_at=told(one.started_at),
        ended_at=told(one.ended_at),
        steps=[StepShown(name=step.name, ms=step.ms) for step in one.steps],
        evidence=one.evidence,
    )


def _trouble(trouble: Trouble) -> TroubleShown:
    return TroubleShown(
        failures=trouble.failures,
        next_at=None if trouble.person else told(trouble.next_at),
        needs_person=trouble.person,
        message=trouble.message,
    )


def _signs_in(s: Services) -> None:
    if s.settings.sync_only:
        raise BadRequest(
            "This instance signs nobody in (SYNC_ONLY_MODE): another one does, and sends new cookies.",
            code="sync_only",
        )


def _wanted(profile: Profile, ids: Sequence[int]) -> bool:
    chosen = profile.account.id in ids if ids else profile.account.enabled
    return chosen and bool(profile.given.mailbox)


def _seen(sign_in_id: int, suffix: str, media_type: str) -> Response:
    file = services().sign_ins.seen(sign_in_id, suffix)
    if file is None:
        raise NotFound("Nothing was kept of this sign-in, or it was forgotten since.")
    return Response(file.read_bytes(), content_type=media_type)
