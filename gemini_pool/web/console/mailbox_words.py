"""Mailboxes in the language of the page: their kinds, their fields, and what reading one came to.

The words are those of the kinds themselves (gemini_pool/signin/mailbox); the catalogue finds them here.
"""

import re
from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup, escape

from gemini_pool.readers import read_expiry
from gemini_pool.signin.mailbox import PROVIDERS
from gemini_pool.web.api.mailboxes import Read
from gemini_pool.web.console.sign_in_words import reason
from gemini_pool.web.console.words import when

WORDS = (
    # kinds
    _l("Cloudflare temp mail"),
    _l("IMAP"),
    _l("Microsoft (Outlook, Hotmail)"),
    _l("DuckMail"),
    _l("Moemail"),
    _l("Freemail"),
    _l("GPTMail"),
    _l("Web page"),
    # fields
    _l("Address"),
    _l("Link"),
    _l("Token"),
    _l("Password"),
    _l("Admin key"),
    _l("Password of the site"),
    _l("Address of the worker"),
    _l("Address of the service"),
    _l("Verify the certificate"),
    _l("IMAP server"),
    _l("Port"),
    _l("User"),
    _l("Client id"),
    _l("Refresh token"),
    _l("Tenant"),
    _l("Sign-in server"),
    _l("Id of the mailbox"),
    _l("API key"),
    _l("Administrator's token"),
    # what is to be entered
    _l("Not needed with a link or token, which tell it."),
    _l("The link to the mailbox, https://host/?jwt=…"),
    _l("The address's JWT, where there is no link."),
    _l("Other programs keep the token here."),
    _l("Instead of a token; else MAIL_ADMIN_KEY."),
    _l("Where the whole site asks for one."),
    _l("Else the link's own host, or MAIL_API."),
    _l("Kept for other programs; here certificates are always verified, whatever it says."),
    _l("Such as imap.example.org; TLS is a must."),
    _l("Where it is not the address."),
    _l("Or one made for programs."),
    _l("Of the program the token was made for."),
    _l("Kept for export; Microsoft lets none in."),
    _l("As Moemail names it."),
    _l("Else MAIL_API."),
    _l("Else MAIL_ADMIN_KEY."),
    _l("The page that shows the mailbox."),
    _l("Where the page does not tell it."),
)
USUALLY = re.compile(r"(?:Only w|W)here it is not (\S+)\.")


def title(kind: str) -> str:
    """What a kind of mailbox is called; the kind itself where it is none that is known."""
    return _(PROVIDERS[kind].title) if kind in PROVIDERS else kind


def about(told: str) -> str:
    """What is to be entered in a field."""
    if usual := USUALLY.fullmatch(told):
        return _("Only where it is not %(usual)s.", usual=usual[1])
    return told and _(told)


def tried(read: Read, mailbox: Mapping[str, str]) -> Markup:
    """What a test told, with the words of the form for the names of its fields."""
    if not read.success:
        return escape(with_labels(reason(read.message), mailbox.get("mail_provider", "")))
    address = read.address or mailbox.get("mail_address", "")
    return escape(_("The mailbox can be read:")) + f" {address} · " + _letters(read)


def with_labels(told: str, kind: str) -> str:
    """A sentence that names fields as accounts keep them, with the labels that people see."""
    fields = PROVIDERS[kind].fields if kind in PROVIDERS else ()
    labels = {field.name: _(field.word) for field in fields}
    return re.sub(r"\b(?:temp)?mail_[a-z_]+\b", lambda name: _quoted(labels.get(name[0]), name[0]), told)


def _quoted(label: str | None, name: str) -> str:
    return _("“%(label)s”", label=label) if label else name


def _letters(read: Read) -> Markup:
    if not read.letters:
        return escape(_("it is empty."))
    count = escape(ngettext("%(num)s letter", "%(num)s letters", read.letters))
    newest = escape(_("the newest from %(domain)s", domain=read.newest_from or _("an unknown sender")))
    told = count + escape(_(", ")) + newest
    return told + " " + when(read_expiry(read.newest_at)) if read.newest_at else told
