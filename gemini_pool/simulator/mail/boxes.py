"""Mailboxes drawn from nothing but the account's name, and what their services let one in by."""

import base64
import hashlib
import json
from dataclasses import dataclass

HOST = "mail.example"
ADMIN_KEY = "admin-key-of-the-simulated-mail"
SITE_PASSWORD = "site-password-of-the-simulated-mail"  # noqa: S105 - made up, like the site
API_KEY = "api-key-of-the-simulated-mail"
CLIENT_ID = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True, slots=True)
class SimBox:
    """A mailbox: its address, and the secrets that the services take for it."""

    name: str
    address: str
    password: str
    jwt: str
    id: str
    refresh_token: str

    def link(self, origin: str) -> str:
        """What its owner opens in a browser."""
        return f"{origin}/mail/page/?jwt={self.jwt}"

    def cfmail(self, origin: str) -> dict[str, str]:
        """The fields of an account whose mail comes to a worker of cloudflare_temp_email."""
        return {
            "mail_provider": "cfmail",
            "mail_address": self.address,
            "mail_jwt_token": self.jwt,
            "mail_base_url": f"{origin}/mail/cf",
        }

    def older(self, origin: str) -> dict[str, str]:
        """The fields as older tools keep them: a link, and no provider. Its service has another address."""
        return {"tempmail_name": self.address, "tempmail_url": self.link(origin)}

    def duckmail(self, origin: str) -> dict[str, str]:
        return {
            "mail_provider": "duckmail",
            "mail_address": self.address,
            "mail_password": self.password,
            "mail_base_url": f"{origin}/mail/duck",
        }

    def moemail(self, origin: str) -> dict[str, str]:
        return {
            "mail_provider": "moemail",
            "mail_address": self.address,
            "mail_password": self.id,
            "mail_api_key": API_KEY,
            "mail_base_url": f"{origin}/mail/moe",
        }

    def freemail(self, origin: str) -> dict[str, str]:
        return {
            "mail_provider": "freemail",
            "mail_address": self.address,
            "mail_jwt_token": ADMIN_KEY,
            "mail_base_url": f"{origin}/mail/free",
        }


def make_box(name: str) -> SimBox:
    """The mailbox of the account with this name."""
    address = f"{name}@{HOST}"
    head, payload = _part({"alg": "HS256", "typ": "JWT"}), _part({"address": address})
    return SimBox(
        name=name,
        address=address,
        password=f"pw-{_digest(name, 'mail password')[:16]}",
        jwt=f"{head}.{payload}.{_digest(name, 'jwt')[:43]}",
        id=_digest(name, "mailbox")[:20],
        refresh_token=f"M.C5_{_digest(name, 'refresh')}",
    )


def box_at(address: str) -> SimBox | None:
    """The mailbox at an address, None where this world has none."""
    name, _, host = address.lower().partition("@")
    return make_box(name) if name and host == HOST else None


def box_of_token(token: str) -> SimBox | None:
    """The mailbox that a token opens, None where it opens none."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return None
    box = box_at(str(said.get("address"))) if isinstance(said, dict) else None
    return box if box and box.jwt == token else None


def _part(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _digest(name: str, purpose: str) -> str:
    return hashlib.sha256(f"{purpose}:{name}".encode()).hexdigest()
