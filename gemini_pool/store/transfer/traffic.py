"""Requests that a browser made, folded into the accounts that made them: the newest cookies of each count."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gemini_pool.store.transfer.fields import ids_in
from gemini_pool.store.transfer.found import Entry

CONFIG_ID = re.compile(r"\\?\"configId\\?\"\s{0,20}:\s{0,20}\\?\"([0-9A-Za-z-]{1,100})\\?\"")


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request can tell an account: header names in small letters, cookies by our names."""

    line: int
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    body: str = field(default="", repr=False)

    def facts(self) -> dict[str, str]:
        configured = CONFIG_ID.search(self.body)
        facts = {
            "config_id": configured[1] if configured else "",
            **ids_in(self.headers.get("referer", "")),
            **ids_in(self.url),
            **self.cookies,
        }
        agent = self.headers.get("user-agent", "")
        return {name: value for name, value in facts.items() if value} | (
            {"user_agent": agent} if agent else {}
        )


def accounts_of(requests: Iterable[Request]) -> Iterator[Entry]:
    """An entry for each csesidx; what requests without one tell belongs to it, where there is but one."""
    accounts: dict[str, Entry] = {}
    for request in requests:
        facts = request.facts()
        csesidx = facts.get("csesidx", "")
        held = accounts.get(csesidx)
        if held:
            accounts[csesidx] = Entry(held.line, None, {**held.fields, **facts})
        elif facts.keys() - {"user_agent"}:
            accounts[csesidx] = Entry(request.line, None, facts)
    nameless = accounts.pop("", None)
    if nameless and len(accounts) == 1:
        (only,) = accounts.values()
        yield Entry(only.line, None, {**nameless.fields, **only.fields})
    elif nameless and not accounts:
        yield nameless
    else:
        yield from accounts.values()
