"""Problems of a text that was pasted, in the language of the page."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gemini_pool.store.transfer.found import Problem

# Written out once more, so that they are found by who translates; a test compares them.
SENTENCES = (
    _l(
        "is nothing that is known here; paste cookies with the page's address, a cURL command, a HAR file, "
        "or the JSON or settings of another program"
    ),
    _l("is not an account: none of its names is known"),
    _l("holds no accounts"),
    _l("is too large; give it in parts"),
    _l("is one account too many; give the rest in a second part"),
    _l("has a value that is too long in {field}; copy it again"),
    _l("has a character in {field} that cannot be sent; copy it again"),
    _l("has something in {field} that is not a text"),
    _l("has a date in {field} that cannot be read; it is left out"),
    _l("gives an account again that came before; what comes later counts"),
    _l("is a HAR file without cookies; export it with sensitive data"),
    _l("has a quotation mark that is not closed; copy the command whole"),
    _l("holds {field}, which is not taken over"),
    _l("has a value for {field} that cannot be used; it is left out"),
    _l("has a model with a wrong {field}; it is left out"),
)


def in_words(problem: Problem) -> str:
    """Where it is, and what. Text that was read is never in it but as the name of a field."""
    what = _(problem.what).replace("{field}", problem.field)
    return _("%(where)s %(what)s.", where=place(problem.line, problem.entry), what=what)


def place(line: int, entry: int | None) -> str:
    """Where in a text something stands; both count from 1."""
    if entry is None:
        return _("Line %(line)s", line=line)
    return _("Line %(line)s, entry %(entry)s", line=line, entry=entry)
