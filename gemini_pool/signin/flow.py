"""The way through the sign-in pages: whichever page is there is recognised, and does its step."""

import time
from collections.abc import Callable
from contextlib import suppress

from gemini_pool.sign_in_errors import (
    CodeMissing,
    ForeignAccount,
    HumanNeeded,
    PageUnknown,
    SignInError,
)
from gemini_pool.signin import pages
from gemini_pool.signin.browser import Browser, Gone
from gemini_pool.signin.codes import CodeSteps
from gemini_pool.signin.hands import LOOK_SECONDS, Hands, complaint_of
from gemini_pool.signin.order import Order, SignedIn
from gemini_pool.signin.pages import Place, View, recognise
from gemini_pool.signin.patience import Patience
from gemini_pool.signin.result import read_result

# A page may take so long to become one that we know, and may come back so often.
UNKNOWN_SECONDS = 25.0
MOST_TURNS = 3


class Flow:
    """One sign-in in one tab. `told` hears the name of each step that is done."""

    def __init__(
        self,
        order: Order,
        browser: Browser,
        patience: Patience,
        told: Callable[[str], None],
        codes: CodeSteps,
    ) -> None:
        self._order = order
        self._browser = browser
        self._patience = patience
        self._hands = Hands(browser, patience)
        self._told = told
        self._codes = codes
        self._turns: dict[Place, int] = {}
        self._steps: dict[Place, Callable[[View], None]] = {
            Place.CHALLENGE: self._wait_for_a_person,
            Place.RESTRICTED: self._shut_out,
            Place.SIGN_IN_ERROR: self._back_to_entry,
            Place.DEAD_END: self._back_to_entry,
            Place.ELSEWHERE: self._back_to_entry,
            Place.WORKSPACES: self._choose_workspace,
            Place.NAME: self._give_name,
            Place.SETUP: self._wait_for_workspace,
            Place.CODE: self._give_code,
            Place.ADDRESS: self._give_address,
            Place.CHOOSER: self._choose_account,
            Place.METHODS: self._ask_for_code,
            Place.UNKNOWN: self._wait_for_a_page,
        }

    def run(self, first: str) -> SignedIn:
        """Sign in, from this address on. SignInError."""
        self._browser.go(first)
        self._done("open")
        while True:
            view = self._hands.look()
            place = recognise(view)
            if place is Place.HOME:
                return self._arrived(view)
            with suppress(Gone):  # the page went on by itself: another look tells where to
                self._steps[place](view)

    def _arrived(self, view: View) -> SignedIn:
        wanted = self._order.config_id.lower()
        if wanted and view.config_id != wanted:
            raise ForeignAccount(
                f"The sign-in led to the workspace {view.config_id}, not to "
                f"{wanted}: see that the account has the right address."
            )
        self._done("home")
        return read_result(self._browser, view, self._order, self._patience, self._told)

    # The steps, in the order in which they mostly come

    def _choose_account(self, view: View) -> None:
        self._take_turn(Place.CHOOSER, view)
        said = [one.lower() for one in view.said]
        ours = (at for at, one in enumerate(said) if self._order.address.lower() in one)
        others = (at for at, one in enumerate(said) if "@" not in one)
        at = next(ours, next(others, None))
        if at is None:
            self._browser.go(self._order.entry_url)
        else:
            self._codes.mark()  # choosing may already send a code
            self._browser.click(view.choices[at])
        self._hands.moved(Place.CHOOSER)
        self._done("account chosen")

    def _give_address(self, view: View) -> None:
        self._take_turn(Place.ADDRESS, view)
        self._codes.mark()
        self._browser.type(view.found["email"], self._order.address)
        self._hands.press("continue")
        self._done("address")
        self._refused_sending(self._hands.moved(Place.ADDRESS))

    def _ask_for_code(self, view: View) -> None:
        self._take_turn(Place.METHODS, view)
        self._codes.mark()
        self._browser.click(view.found["send_code"])
        self._done("send code")
        self._refused_sending(self._hands.moved(Place.METHODS))

    def _give_code(self, view: View) -> None:
        try:
            code = self._codes.wait()
        except CodeMissing:
            if not self._codes.may_ask_again():
                raise
            self._ask_again("no code came")
            return
        self._done("code")
        view = self._hands.look()
        if recognise(view) is not Place.CODE:
            return
        before = complaint_of(view)
        self._browser.type(view.found.get("code") or view.found["boxes"], code)
        self._hands.press("verify")
        self._done("verify")
        view = self._hands.moved(Place.CODE, before, code)
        if recognise(view) is Place.CODE:
            self._not_taken(complaint_of(view))

    def _not_taken(self, complaint: str) -> None:
        """Ask for another code, as long as that is to be done."""
        if self._codes.may_ask_again():
            self._ask_again("code not taken")
        elif pages.TOO_MANY.search(complaint):
            raise HumanNeeded("The service takes no more codes for now: too many were tried. Wait a day.")
        else:
            raise SignInError(f"The service did not take the code: {complaint or 'it gave no reason'}.")

    def _ask_again(self, why: str) -> None:
        view = self._hands.look()
        button = view.found.get("resend")
        if button is None:
            raise CodeMissing(
                f"No code to go on with ({why}), and the page has no button that sends another one."
            )
        self._codes.mark_again()
        self._browser.click(button)
        self._done("resend")
        self._refused_sending(self._hands.look())

    def _give_name(self, view: View) -> None:
        self._take_turn(Place.NAME, view)
        self._browser.type(view.found["name"], self._order.full_name)
        self._hands.press("agree")
        self._done("name")
        self._hands.moved(Place.NAME)

    def _wait_for_workspace(self, _: View) -> None:
        while recognise(self._hands.look()) is Place.SETUP:
            self._patience.rest(LOOK_SECONDS)
        self._done("workspace made")

    def _choose_workspace(self, view: View) -> None:
        self._take_turn(Place.WORKSPACES, view)
        wanted = self._order.config_id.lower()
        fitting = [at for at, link in enumerate(view.links) if wanted in link.lower()]
        if not fitting:
            raise ForeignAccount(
                f"The sign-in offers other workspaces than {wanted}: see that the "
                "account has the right address."
            )
        self._browser.click(view.workspaces[fitting[0]])
        self._done("workspace chosen")
        self._hands.moved(Place.WORKSPACES)

    # What goes wrong

    def _wait_for_a_person(self, _: View) -> None:
        if not self._order.people_seconds:
            raise HumanNeeded("The service asks whether a person is signing in: do it by hand, or visibly.")
        self._told("waiting for a person")
        self._patience.extend(self._order.people_seconds)
        ends = time.monotonic() + self._order.people_seconds
        while recognise(self._hands.look()) is Place.CHALLENGE:
            if time.monotonic() > ends:
                raise HumanNeeded(
                    f"Nobody passed the service's challenge in {self._order.people_seconds:g} seconds."
                )
            self._patience.rest(LOOK_SECONDS)
        self._patience.extend(time.monotonic() - ends)  # what the person did not need
        self._done("person")
        self._hands.moved(recognise(self._hands.look()))  # the page goes on by itself now

    def _shut_out(self, _: View) -> None:
        raise HumanNeeded(
            "The service says “Access Restricted”: the account may not be used. Disable or replace it."
        )

    def _back_to_entry(self, view: View) -> None:
        place = recognise(view)
        self._turns[place] = self._turns.get(place, 0) + 1
        if self._turns[place] > 1:
            raise SignInError(
                f"The service broke the sign-in off twice, at {view.host}{view.path}. Try again later."
            )
        self._browser.go(self._order.entry_url)
        self._done("back to the entry")

    def _wait_for_a_page(self, view: View) -> None:
        ends = time.monotonic() + self._patience.part(UNKNOWN_SECONDS)
        while recognise(view) is Place.UNKNOWN:
            if time.monotonic() > ends:
                raise _unknown(view)
            self._patience.rest(LOOK_SECONDS)
            view = self._hands.look()

    def _refused_sending(self, view: View) -> None:
        complaint = view.toast
        if not pages.SENDING_REFUSED.search(complaint):
            return
        if self._browser.heard(pages.CAPTCHA):
            raise HumanNeeded(
                "The service takes this browser for a machine (CAPTCHA_CHECK_FAILED): sign in by hand."
            )
        raise SignInError(
            f"The service sends no code: “{complaint[:120]}”. It gives no cause; often it is this machine's "
            "address. Try again later, or by another proxy."
        )

    def _done(self, step: str) -> None:
        self._patience.step = step
        self._told(step)

    def _take_turn(self, place: Place, view: View) -> None:
        """A page that comes back again and again leads nowhere."""
        self._turns[place] = self._turns.get(place, 0) + 1
        if self._turns[place] > MOST_TURNS:
            raise _unknown(view)


def _unknown(view: View) -> PageUnknown:
    title = view.title[:80] or "without a title"
    return PageUnknown(
        f"No way on from the page “{title}” at {view.host}{view.path[:120]}: its looks are not known."
    )
