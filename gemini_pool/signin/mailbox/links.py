"""Links to mailboxes, `https://host/?jwt=…`, and what their token says: which address it opens."""

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

_TOKEN = re.compile(r"[\w-]{2,}\.[\w-]{2,}\.[\w-]{2,}", re.ASCII)


def is_token(text: str) -> bool:
    """Whether this has the form of a JWT."""
    return _TOKEN.fullmatch(text) is not None


def token_in(link: str) -> str:
    """The token of a mailbox link, from its query or from what comes after its #; "" where there is none."""
    try:
        parts = urlsplit(link.strip())
        queries = (parts.query, parts.fragment.partition("?")[2] or parts.fragment)
        found = (token for query in queries for token in parse_qs(query, max_num_fields=50).get("jwt", []))
        return next(filter(is_token, found), "")
    except ValueError:
        return ""


def address_in(token: str) -> str:
    """The address that a token opens; "" where it does not tell. Nothing is proven by it."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return ""
    address = said.get("address") if isinstance(said, dict) else None
    return address if isinstance(address, str) else ""
