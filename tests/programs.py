"""Programs that use the admin API."""

from typing import Any

from flask import Flask
from signing_in import PASSWORD

from gemini_pool.simulator.cast import make_account

SEAT = {
    "team_id": "team-new",
    "secure_c_ses": "CSE.secret-of-the-new-one",
    "host_c_oses": "COS.secret-of-the-new-one",
    "csesidx": "4711",
    "user_agent": "Mozilla/5.0",
}


def seat_of(name: str) -> dict[str, str]:
    """An account of the cast, as other programs send one."""
    credentials = make_account(name).as_config()
    return {
        "team_id": credentials["config_id"],
        "secure_c_ses": credentials["secure_c_ses"],
        "host_c_oses": credentials["host_c_oses"],
        "csesidx": credentials["csesidx"],
        "user_agent": "Mozilla/5.0",
    }


class Program:
    """One that is signed in by the token it was given."""

    def __init__(self, app: Flask, password: str = PASSWORD) -> None:
        self._client = app.test_client()
        reply = self._client.post("/api/auth/login", json={"password": password})
        self.headers = {"x-admin-token": reply.json["token"]}

    def send(self, method: str, path: str, **more: Any) -> Any:
        return self._client.open(path, method=method, headers=self.headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        """The answer's JSON, which must be good."""
        return self._good(self.send("GET", path, **more))

    def post(self, path: str, body: object = None) -> Any:
        return self._good(self.send("POST", path, json={} if body is None else body))

    def put(self, path: str, body: object) -> Any:
        return self._good(self.send("PUT", path, json=body))

    def delete(self, path: str, body: object = None) -> Any:
        return self._good(self.send("DELETE", path, json=body))

    def refused(self, method: str, path: str, status: int, body: object = None) -> Any:
        """The JSON of a refusal, which has this status and says the same to every kind of client."""
        reply = self.send(method, path, json=body)
        assert reply.status_code == status, reply.text
        assert reply.json["error"] == reply.json["detail"]
        return reply.json

    @staticmethod
    def _good(reply: Any) -> Any:
        assert reply.status_code == 200, reply.text
        return reply.json
