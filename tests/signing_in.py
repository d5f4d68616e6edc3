"""Browsers and programs that sign in to a console under test."""

import base64
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask import Flask
from flask.testing import FlaskClient

PASSWORD = "correct horse"
WRONG = "wrong horse!"
HERE = {"origin": "http://localhost"}
COOKIE = "admin_token"


def totp_code(secret: str, at: float) -> str:
    """What an authenticator shows."""
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(at).decode()


class Browser:
    """One that keeps its cookie and says of its requests what browsers say."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.csrf = ""

    def send(self, method: str, path: str, **more: Any) -> Any:
        """A request of one of our own pages, with its proof; what is given comes first."""
        headers = {**HERE, "x-csrf-token": self.csrf, **more.pop("headers", {})}
        return self.client.open(
            path,
            method=method,
            headers={name: value for name, value in headers.items() if value},
            environ_overrides={"REMOTE_ADDR": self.address},
            **more,
        )

    def sign_in(self, password: str = PASSWORD, **more: str) -> Any:
        reply = self.send("POST", "/api/auth/login", json={"password": password, **more})
        if reply.status_code == 200:
            self.csrf = self.send("GET", "/api/auth/me").json["csrf_token"]
        return reply

    @property
    def token(self) -> str:
        """What its cookie holds."""
        cookie = self.client.get_cookie(COOKIE)
        return cookie.value if cookie else ""

    def is_in(self) -> bool:
        return bool(self.send("GET", "/api/auth/me").status_code == 200)
