"""Lines of mailboxes, their parts joined by `----`: accounts that nobody has signed in to yet."""

from collections.abc import Iterator

from gemini_pool.store.transfer.found import NOT_AN_ACCOUNT, Entry, Piece, Problem

JOINT = "----"
# The provider, which begins the line, and what the parts after it are. No provider: Microsoft.
PARTS = {
    "duckmail": ("mail_address", "mail_password", "mail_base_url"),
    "moemail": (
        "mail_address",
        "mail_password",
        "mail_api_key",
        "mail_base_url",
    ),  # the second is its id there
    "freemail": ("mail_address", "mail_base_url", "mail_jwt_token", "mail_verify_ssl", "mail_domain"),
    "gptmail": ("mail_address", "mail_api_key", "mail_base_url"),
    "cfmail": ("mail_address", "mail_password", "mail_base_url"),  # the second is the address's token
    "imap": ("mail_address", "mail_password", "mail_host", "mail_port", "mail_user"),
}
MICROSOFT = ("mail_address", "mail_password", "mail_client_id", "mail_refresh_token")


def fits(piece: Piece) -> bool:
    return any(JOINT in line.strip().strip("-") for _, line in piece.lines())


def read(piece: Piece) -> Iterator[Entry | Problem]:
    for number, line in piece.lines():
        parts = [part.strip() for part in line.strip().split(JOINT)]
        provider = parts[0].lower()
        if provider in PARTS:
            names, parts = PARTS[provider], parts[1:]
        else:
            provider, names = "microsoft", MICROSOFT
        if parts and "@" in parts[0]:
            yield Entry(number, None, {"mail_provider": provider, **dict(zip(names, parts, strict=False))})
        elif line.strip(" -#"):
            yield Problem(number, None, NOT_AN_ACCOUNT)
