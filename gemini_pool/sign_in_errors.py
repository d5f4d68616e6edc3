"""What can go wrong while an account is signed in by a browser.

SignInError                     a sign-in by browser came to nothing
├── HumanNeeded             the service asks for a person, or shuts the account out
├── CodeMissing             no letter with a code that is taken came in time
├── MailboxFailed           the mailbox is not named well enough, or cannot be read
├── BrowserFailed           the browser did not start, crashed, or took too long or too much
├── PageUnknown             a page that looks like none we know
└── ForeignAccount          it led to another account than the one meant
"""

from gemini_pool.errors import PoolError


class SignInError(PoolError):
    """`again` says that a later try may go better; false where somebody must do something first."""

    again = True


class HumanNeeded(SignInError):
    again = False


class CodeMissing(SignInError):
    pass


class MailboxFailed(SignInError):
    """`settled` says that its settings are wrong, so that no later try can go better."""

    def __init__(self, message: str, *, settled: bool = False) -> None:
        super().__init__(message)
        self.again = not settled


class BrowserFailed(SignInError):
    pass


class PageUnknown(SignInError):
    pass


class ForeignAccount(SignInError):
    again = False
