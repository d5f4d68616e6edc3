"""Mailboxes: which kinds there are, and whether one can be read."""

from pydantic import Field

from gemini_pool.errors import BadRequest
from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox import PROVIDERS
from gemini_pool.store.profiles import Changes
from gemini_pool.web.api.accounts import known
from gemini_pool.web.api.described import Desk, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("mailboxes", "/api")

MOST_FIELDS = 40


class FieldShown(Shape):
    """A field of a mailbox: its name in the account, its label, and what is to be entered."""

    name: str
    word: str
    secret: bool
    needed: bool
    about: str


class ProviderShown(Shape):
    """A kind of mailbox; `key` is an account's `mail_provider`."""

    key: str
    title: str
    fields: list[FieldShown]


class ProvidersShown(Shape):
    providers: list[ProviderShown]


class Fields(Shape):
    """Fields that are not saved yet. Those left out, or sent back masked, are the account's own."""

    mailbox: dict[str, str] = Field(default_factory=dict, max_length=MOST_FIELDS)


class Read(Shape):
    """Whether a mailbox could be read; of its newest letter only when it came, and from which domain."""

    success: bool
    message: str
    address: str = ""
    letters: int = 0
    newest_from: str = ""
    newest_at: str | None = None


@bp.operation("GET", "/mailboxes")
def providers() -> ProvidersShown:
    """The kinds of mailboxes, and what each needs to be read."""
    return ProvidersShown(
        providers=[
            ProviderShown(
                key=one.key,
                title=one.title,
                fields=[
                    FieldShown(name=f.name, word=f.word, secret=f.secret, needed=f.needed, about=f.about)
                    for f in one.fields
                ],
            )
            for one in PROVIDERS.values()
        ]
    )


@bp.operation("POST", "/accounts/<id:account_id>/mailbox/test", errors=(404,))
def test_of_account(account_id: int, body: Fields) -> Read:
    """Read an account's mailbox, with fields that are not saved yet if there are any."""
    return _read(dict(Changes(mailbox=body.mailbox).onto(known(account_id).given).mailbox))


@bp.operation("POST", "/mailboxes/test")
def test(body: Fields) -> Read:
    """Read a mailbox that is no account's."""
    return _read(body.mailbox)


def _read(mailbox: dict[str, str]) -> Read:
    if not any(mailbox.values()):
        raise BadRequest("There is no mailbox to read. Name its kind and its address.", param="mailbox")
    try:
        glimpse = services().office.try_mailbox(mailbox)
    except MailboxFailed as error:
        return Read(success=False, message=str(error))
    return Read(
        success=True,
        message="The mailbox can be read.",
        address=glimpse.address,
        letters=glimpse.letters,
        newest_from=glimpse.newest_from,
        newest_at=told(glimpse.newest_at),
    )
