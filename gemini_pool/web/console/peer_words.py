"""Other instances in the language of the page: what they run, and what is said of the line to them."""

import re

from flask_babel import lazy_gettext as _l

from gemini_pool.store.peers import PeerKind
from gemini_pool.web.console.told import Table

KINDS = {
    PeerKind.GEMINI_POOL: "gemini_pool",
    PeerKind.BUSINESS_GEMINI: _l("business-gemini-pool (older)"),
}
# What is wrong with a form (gemini_pool/store/peers.py): here for the catalogue.
FAULTS = (
    _l("A name has 1 to 100 characters."),
    _l("Enter the token that the other instance showed; it has no spaces."),
    _l("This is not an address; write it as https://pool.example."),
    _l("The address may have a path, and nothing else behind the host."),
    _l("Cookies are sent over https alone, except to this machine or within a private network."),
)
# What is said of the line (gemini_pool/jobs/sync).
SAID: Table = (
    (
        re.compile(r"It answers: (?P<name>[^,]*) (?P<version>\S*), sync_only\."),
        _l("It answers: %(name)s %(version)s. It signs nobody in and waits for cookies."),
    ),
    (
        re.compile(r"It answers: (?P<name>[^,]*) (?P<version>\S*), full\."),
        _l("It answers: %(name)s %(version)s. It signs its own accounts in as well."),
    ),
    (re.compile(r"It answers; accounts there: (?P<n>\d+)\."), _l("It answers; accounts there: %(n)s.")),
    (
        re.compile(
            r"It does not answer as this program does \((?P<status>\d+)\)\. Check its kind and address\."
        ),
        _l("It does not answer as this program does (%(status)s). Check its kind and address."),
    ),
    (
        re.compile(r"It shows no list of accounts \((?P<status>\d+)\)\. Check its kind and address\."),
        _l("It shows no list of accounts (%(status)s). Check its kind and address."),
    ),
    (
        re.compile(r"Its certificate is not valid\. Check the address\."),
        _l("Its certificate is not valid. Check the address."),
    ),
    (re.compile(r"It could not be reached \((?P<why>\w+)\)\."), _l("It could not be reached (%(why)s).")),
    (
        re.compile(r"It sends us elsewhere\. Enter the address that it redirects to\."),
        _l("It sends us elsewhere. Enter the address that it redirects to."),
    ),
    (
        re.compile(r"It does not accept the token \((?P<status>\d+)\)\. Enter the one that it shows\."),
        _l("It does not accept the token (%(status)s). Enter the one that it shows."),
    ),
    (
        re.compile(r"It could not take it \((?P<status>\d+)\): (?P<why>.*)"),
        _l("It could not take it (%(status)s): %(why)s"),
    ),
    (
        re.compile(r"It refused the cookies \((?P<status>\d+)\): (?P<why>.*)"),
        _l("It refused the cookies (%(status)s): %(why)s"),
    ),
    (
        re.compile(r"It has no account of this workspace\. Add it there, or let this peer add .*"),
        _l(
            "It has no account of this workspace. Add it there, or let this instance add accounts that "
            "it lacks."
        ),
    ),
)
