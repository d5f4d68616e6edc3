"""A mailbox that can be read in two ways: through its service, or else on its web page."""

from collections.abc import Callable

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import Given, Letter, Mailbox, NoService


class Switching:
    """Reads the service, and the page where no service answers; stays with what works until it fails.

    `page` is opened when it is first needed. A key or password that is refused opens no page either.
    """

    def __init__(self, service: Mailbox, page: Callable[[], Mailbox]) -> None:
        self._service = service
        self._open_page = page
        self._page: Mailbox | None = None
        self._by_page = False

    @property
    def address(self) -> str:
        return self._service.address or (self._page.address if self._page else "")

    def letters(self) -> list[Letter]:
        ways = [self._of_service, self._of_page]
        first, second = reversed(ways) if self._by_page else ways
        try:
            return first()
        except MailboxFailed as failure:
            if not self._by_page and not isinstance(failure, NoService):
                raise
            return self._other(second, failure)

    def _other(self, way: Callable[[], list[Letter]], failure: MailboxFailed) -> list[Letter]:
        try:
            letters = way()
        except MailboxFailed as another:
            told = (another, failure) if self._by_page else (failure, another)
            settled = not (failure.again or another.again)
            raise MailboxFailed("Its service: {} Its page: {}".format(*told), settled=settled) from None
        self._by_page = not self._by_page
        return letters

    def _of_service(self) -> list[Letter]:
        return self._service.letters()

    def _of_page(self) -> list[Letter]:
        if self._page is None:
            self._page = self._open_page()
        return self._page.letters()


def page_of(given: Given, link: str) -> Callable[[], Mailbox] | None:
    """Opens the web page of a mailbox; None where there is no browser to read it in."""
    pages = given.pages
    return None if pages is None else lambda: pages(link)
