"""The form of an account's mailbox: its kind, and the fields of that kind. Secrets never come out of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from gemini_pool.roster import masked
from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox import PROVIDERS, Field, provider_of
from gemini_pool.web.console import mailbox_words

# It is kept for other programs and changes nothing here.
LEFT_OUT = ("mail_verify_ssl",)
KIND = "mail_provider"
# Of all kinds alike; the rest of a mailbox is void with another kind.
SHARED = ("mail_address",)
LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Row:
    """A field as the form shows it. Of a secret `held` is its mask, and `value` is empty."""

    name: str
    label: str
    about: str
    secret: bool
    needed: bool
    value: str
    held: str


@dataclass(frozen=True, slots=True)
class MailboxForm:
    """`kind` is the one whose fields are shown, `held` the account's own; empty for none."""

    kind: str
    held: str
    kinds: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        return mailbox_words.title(self.held)


def kind_of(mailbox: Mapping[str, str]) -> str:
    """The kind that a mailbox is of, as it says or as its fields tell; empty for none that is known."""
    try:
        provider = provider_of(mailbox)
    except MailboxFailed:
        return ""
    return provider.key if provider else ""


def form_of(mailbox: Mapping[str, str], kind: str, typed: Mapping[str, str]) -> MailboxForm:
    """The form over what an account has, with what was typed into it before; `typed` holds secrets too."""
    held = kind_of(mailbox)
    kind = kind if kind in PROVIDERS else held
    known = _of_kind(mailbox, kind) | dict(typed)
    fields = [one for one in PROVIDERS[kind].fields if one.name not in LEFT_OUT] if kind else []
    return MailboxForm(
        kind=kind,
        held=held,
        kinds=tuple((key, mailbox_words.title(key)) for key in PROVIDERS),
        rows=tuple(_row(field, known.get(field.name, "")) for field in fields),
    )


def wanted(
    mailbox: Mapping[str, str], kind: str, typed: Mapping[str, str], forgotten: frozenset[str]
) -> dict[str, str]:
    """The changes that a form asks for; an empty text clears a field. A secret that was left empty stays, but
    not with another kind of mailbox."""
    kept = _of_kind(mailbox, kind)
    changed = {name: "" for name in mailbox if name not in kept} | {KIND: kind}
    for field in PROVIDERS[kind].fields:
        if field.name in typed and (typed[field.name] or not is_secret(field, kept.get(field.name, ""))):
            changed[field.name] = typed[field.name]
        elif field.name in forgotten:
            changed[field.name] = ""
    return changed


def faults(mailbox: Mapping[str, str], kind: str) -> dict[str, str]:
    """What is wrong with a mailbox as it would be, by field."""
    return dict(_faults(mailbox, kind))


def is_secret(field: Field, value: str) -> bool:
    """Whether a value is not to be seen. An address may hold a password as well."""
    return field.secret or ("://" in value and "@" in value)


def _faults(mailbox: Mapping[str, str], kind: str) -> Iterator[tuple[str, str]]:
    for field in PROVIDERS[kind].fields:
        value = mailbox.get(field.name, "")
        if field.needed and not value:
            yield field.name, _("Fill this in.")
        elif len(value) > LONGEST:
            yield field.name, _("At most %(n)s characters.", n=LONGEST)


def _of_kind(mailbox: Mapping[str, str], kind: str) -> dict[str, str]:
    """What of a mailbox goes on to be true if it is of this kind."""
    same = kind == kind_of(mailbox)
    return {name: value for name, value in mailbox.items() if same or name in SHARED}


def _row(field: Field, value: str) -> Row:
    secret = is_secret(field, value)
    return Row(
        name=field.name,
        label=_(field.word),
        about=mailbox_words.about(field.about),
        secret=secret,
        needed=field.needed,
        value="" if secret else value,
        held=masked(value) if secret else "",
    )
