"""Cookies of an account: sent as a header, renewed from the lines the service sends back."""

import time
from dataclasses import replace
from email.utils import parsedate_to_datetime

from gemini_pool.roster import Credentials


def cookie_header(credentials: Credentials) -> str:
    """The second cookie is left out when it is empty, as the service wants it."""
    first = f"__Secure-C_SES={credentials.secure_c_ses}"
    return f"{first}; __Host-C_OSES={credentials.host_c_oses}" if credentials.host_c_oses else first


def with_cookies(credentials: Credentials, lines: tuple[str, ...]) -> Credentials:
    """The credentials with what Set-Cookie lines renewed of them. A cookie that is being deleted is kept."""
    for line in lines:
        name, value = _cookie(line)
        if value and name == "__Secure-C_SES":
            credentials = replace(credentials, secure_c_ses=value)
        elif value and name == "__Host-C_OSES":
            credentials = replace(credentials, host_c_oses=value)
    return credentials


def _cookie(line: str) -> tuple[str, str]:
    """Name and value of a Set-Cookie line; an empty value when it deletes the cookie.

    By hand, since http.cookies drops a line whole for an attribute it does not know.
    """
    pair, *rest = line.split(";")
    name, _, value = pair.strip().partition("=")
    attributes = dict(_attribute(part) for part in rest)
    age = attributes.get("max-age", "")
    deleted = _is_past(attributes.get("expires", "")) if not age else age.startswith("-") or age == "0"
    return name, "" if deleted else value.strip('"')


def _attribute(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()


def _is_past(date: str) -> bool:
    try:
        return bool(date) and parsedate_to_datetime(date).timestamp() < time.time()
    except (ValueError, OverflowError):
        return False
