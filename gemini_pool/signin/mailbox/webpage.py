"""Mailboxes of which there is but a web page: it is read in the browser."""

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import Field, Given, Mailbox, Provider


def open_page(given: Given) -> Mailbox:
    link = given.need("tempmail_url", "enter the link that opens the mailbox")
    if given.pages is None:
        raise MailboxFailed("A mailbox on a web page is read while its account is signed in, by its browser.")
    return given.pages(link)


PAGE = Provider(
    "page",
    "Web page",
    (
        Field("tempmail_url", "Link", secret=True, needed=True, about="The page that shows the mailbox."),
        Field("tempmail_name", "Address", about="Where the page does not tell it."),
    ),
    open_page,
)
