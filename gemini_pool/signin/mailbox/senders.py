"""Who sent a letter, and whether he is one of those whose codes are waited for."""

import re
from collections.abc import Iterable

_ADDRESS = r"[^\s<>@,;:\"()\[\]\\]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*"
_BARE = re.compile(_ADDRESS)
# A name, in quotes or without anything that could be an address of its own, and the address.
_NAMED = re.compile(rf"(?:\"(?:[^\"\\]|\\.)*\"|[^<>\"@]*)\s*<\s*({_ADDRESS})\s*>")
_MOST_CHARACTERS = 1000


def sender_address(sender: str) -> str:
    """The address in a From header, in small letters; "" where there is none, or more than one."""
    sender = sender.strip().lower()[:_MOST_CHARACTERS]
    if _BARE.fullmatch(sender):
        return sender
    named = _NAMED.fullmatch(sender)
    return named[1] if named else ""


def is_expected(sender: str, senders: Iterable[str]) -> bool:
    """Whether a From header names one of the senders: addresses, or domains with all below them. Where none
    are named, everybody is expected."""
    wanted = [one.strip().lower().lstrip("@") for one in senders]
    wanted = [one for one in wanted if one]
    address = sender_address(sender)
    domain = address.rpartition("@")[2]
    return not wanted or any(
        address == one if "@" in one else domain == one or domain.endswith(f".{one}") for one in wanted
    )
