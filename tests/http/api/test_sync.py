"""Cookies that other instances bring, and the tokens and instances that the administrator looks after."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from programs import Program, seat_of

from gemini_pool.roster import Credentials, QuotaKind, Verdict
from gemini_pool.simulator.world import World
from gemini_pool.store.peers import PeerKind
from gemini_pool.wiring import Services

ADMIN_KEY = "the raw admin secret"
PEER = {"name": "other", "url": "https://pool.example", "token": "gp-sync-planted-secret"}


class Sender:
    """Another instance, with a token of ours."""

    def __init__(self, app: Flask, program: Program) -> None:
        made = program.post("/api/sync/tokens", {"name": "the Mac"})
        self.token_id, self.token = made["id"], made["token"]
        self._client = app.test_client()

    def send(self, method: str, path: str, body: object = None) -> Any:
        return self._client.open(
            path, method=method, json=body, headers={"authorization": f"Bearer {self.token}"}
        )

    def bring(self, **changes: object) -> Any:
        return self.send("PUT", "/api/sync/accounts", {**seat_of("amber"), **changes})


@pytest.fixture
def sender(app: Flask, program: Program) -> Sender:
    return Sender(app, program)


def held(services: Services, name: str = "amber") -> Credentials:
    return next(one.credentials for one in services.accounts.accounts() if one.name == name)


def fresh_cookie(world: World) -> str:
    return world.wallet.rotate(world.accounts["amber"])


def test_new_cookies_are_kept_once_they_gave_a_token_and_limits_stay(
    sender: Sender, services: Services, world: World
) -> None:
    amber = services.accounts.accounts()[0]
    services.accounts.record(amber, Verdict("limit", kind=QuotaKind.IMAGES, until=4e9))
    cookie = fresh_cookie(world)
    reply = sender.bring(secure_c_ses=cookie, expires_at="2033-05-18T03:33:20Z")
    assert reply.json == {"success": True, "id": amber.id, "outcome": "renewed"}
    now = services.accounts.accounts()[0]
    assert (now.credentials.secure_c_ses, now.expires_at) == (cookie, 2e9)
    assert now.cooldowns == {QuotaKind.IMAGES: 4e9}
    assert services.accounts.history(amber.id)[0].what == "new_cookies"
    change = services.audit.page()[0]
    assert (change.admin, change.action, change.target) == ("sync: the Mac", "cookies.renewed", "account 1")


def test_the_cookies_as_the_service_renewed_them_are_the_ones_that_are_kept(
    sender: Sender, services: Services, world: World
) -> None:
    cookie = fresh_cookie(world)
    world.behave("amber", xsrf="rotate")
    assert sender.bring(secure_c_ses=cookie).status_code == 200
    assert held(services).secure_c_ses in world.wallet.values("amber")[-2:]
    assert held(services).secure_c_ses != cookie
    services.accounts.delete([1])
    account_id = sender.bring(secure_c_ses=cookie, create=True).json["id"]
    added = services.accounts.profile(account_id)
    assert added
    assert added.account.credentials.secure_c_ses == world.wallet.values("amber")[-1]


@pytest.mark.parametrize(
    "changes",
    [
        {"secure_c_ses": "CSE.made-up"},
        {"secure_c_ses": seat_of("bruno")["secure_c_ses"]},
        # Good cookies, but of another workspace's account.
        {"secure_c_ses": seat_of("bruno")["secure_c_ses"], "csesidx": seat_of("bruno")["csesidx"],
         "host_c_oses": seat_of("bruno")["host_c_oses"]},
        {"secure_c_ses": "CSE.with a space"},
    ],
)  # fmt: skip
def test_a_wrong_or_foreign_cookie_is_never_kept(
    sender: Sender, services: Services, changes: dict[str, str]
) -> None:
    before = held(services)
    reply = sender.bring(**changes)
    assert reply.status_code == 400, reply.text
    assert held(services) == before


@pytest.mark.parametrize("fault", ["500", "429"])
def test_what_cannot_be_tried_is_not_kept_and_may_come_again(
    sender: Sender, services: Services, world: World, fault: str
) -> None:
    before, cookie = held(services), fresh_cookie(world)
    world.behave("amber", xsrf=fault)
    assert sender.bring(secure_c_ses=cookie).status_code == 502
    assert held(services) == before
    world.behave("amber", xsrf=None)
    assert sender.bring(secure_c_ses=cookie).status_code == 200


def test_an_unknown_workspace_is_told_unless_it_is_to_be_added(
    sender: Sender, services: Services, program: Program
) -> None:
    program.delete("/api/accounts/1")
    assert "no account of the workspace" in sender.bring().json["error"]
    reply = sender.bring(create=True, email="amber@mail.example")
    assert reply.json["outcome"] == "added"
    assert services.accounts.profile(reply.json["id"]).given.email == "amber@mail.example"  # type: ignore[union-attr]


def test_a_new_csesidx_is_the_same_account_unless_the_addresses_say_otherwise(
    sender: Sender, services: Services, program: Program
) -> None:
    """Bruno's workspace is amber's here, under an index of the past."""
    program.put("/api/accounts/1", {"csesidx": "1", "email": "amber@mail.example"})
    assert sender.bring(email="dieter@mail.example").status_code == 404
    assert sender.bring(email="Amber@mail.example").json["outcome"] == "renewed"
    assert held(services).csesidx == seat_of("amber")["csesidx"]


def test_of_two_in_a_workspace_the_csesidx_tells_which(
    sender: Sender, program: Program, world: World
) -> None:
    program.put("/api/accounts/2", {"csesidx": "2", "config_id": seat_of("amber")["team_id"]})
    assert sender.bring(secure_c_ses=fresh_cookie(world)).json["id"] == 1


def test_what_cannot_be_sent_is_not_tried(sender: Sender, world: World) -> None:
    assert "cannot be sent" in sender.bring(host_c_oses="COS.with a space").json["error"]
    assert world.calls() == []


def test_of_two_in_a_workspace_the_address_tells_which(
    sender: Sender, services: Services, program: Program
) -> None:
    program.put("/api/accounts/1", {"csesidx": "1"})
    program.put("/api/accounts/2", {"csesidx": "2", "config_id": seat_of("amber")["team_id"]})
    assert "nothing tells which" in sender.bring().json["error"]
    program.put("/api/accounts/2", {"email": "amber@mail.example"})
    assert sender.bring(email="amber@mail.example").json == {"success": True, "id": 2, "outcome": "renewed"}


def test_a_sync_token_opens_nothing_else(sender: Sender, app: Flask) -> None:
    assert sender.send("GET", "/api/sync").json["mode"] == "full"
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/sync", "/api/auth")):
            path = rule.rule.replace("<id:", "").split(">")[0]
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                if "<" not in path and "_id" not in path:
                    assert sender.send(method, path, {}).status_code == 401, path
    for path in ("/api/sync/peers", "/api/sync/tokens", "/api/accounts/1"):
        assert sender.send("GET", path).status_code == 401
    client = app.test_client()
    assert client.get("/api/accounts", headers={"x-admin-token": sender.token}).status_code == 401
    assert client.get("/v1/models", headers={"authorization": f"Bearer {sender.token}"}).status_code == 401


def test_without_a_token_nothing_is_taken(app: Flask, program: Program, sender: Sender) -> None:
    assert program.send("PUT", "/api/sync/accounts", json=seat_of("amber")).status_code == 401
    assert app.test_client().get("/api/sync").status_code == 401
    listed = program.get("/api/sync/tokens")["tokens"]
    assert [one["name"] for one in listed] == ["the Mac"]
    assert sender.token.startswith(listed[0]["prefix"])
    assert len(sender.token) > 35
    program.delete(f"/api/sync/tokens/{sender.token_id}")
    assert sender.send("GET", "/api/sync").status_code == 401
    program.refused("DELETE", f"/api/sync/tokens/{sender.token_id}", 404)


def test_a_token_is_kept_as_a_hash_and_says_when_it_was_used(
    sender: Sender, program: Program, services: Services
) -> None:
    assert program.get("/api/sync/tokens")["tokens"][0]["last_used_at"] is None
    sender.send("GET", "/api/sync")
    assert program.get("/api/sync/tokens")["tokens"][0]["last_used_at"]
    on_disk = b"".join(path.read_bytes() for path in services.settings.data_path.glob("*.db*"))
    assert sender.token.encode() not in on_disk


def test_a_receiver_says_that_it_signs_nobody_in(make_app: Callable[..., Flask]) -> None:
    app = make_app("amber", ADMIN_PASSWORD="correct horse", SYNC_ONLY_MODE="1")
    program = Program(app)
    assert Sender(app, program).send("GET", "/api/sync").json["mode"] == "sync_only"
    assert program.get("/api/config")["sync_only_mode"] is True


def test_the_version_is_that_of_the_package(sender: Sender) -> None:
    version = sender.send("GET", "/api/sync").json["version"]
    with open("pyproject.toml") as file:
        assert f'version = "{version}"' in file.read()


# Instances


def test_an_instance_is_added_shown_changed_and_forgotten(program: Program, services: Services) -> None:
    peer_id = program.post("/api/sync/peers", PEER)["id"]
    shown = program.get("/api/sync/peers")["peers"][0]
    assert (shown["name"], shown["url"], shown["kind"]) == ("other", "https://pool.example", "gemini_pool")
    assert "planted" not in shown["token"]
    program.put(f"/api/sync/peers/{peer_id}", {"enabled": False, "token": shown["token"]})
    peer = services.peers.get(peer_id)
    assert peer
    assert (peer.given.enabled, peer.given.token) == (False, PEER["token"])
    program.delete(f"/api/sync/peers/{peer_id}")
    program.refused("POST", f"/api/sync/peers/{peer_id}/push", 404)
    actions = [one.action for one in services.audit.page()]
    assert actions[:3] == ["peer.deleted", "peer.changed", "peer.added"]
    on_disk = b"".join(path.read_bytes() for path in services.settings.data_path.glob("*.db*"))
    assert b"planted" not in on_disk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://pool.example"}, "url"),
        ({"url": "ftp://pool.example"}, "url"),
        ({"url": "https://user:password@pool.example"}, "url"),
        ({"token": "two words"}, "token"),
        ({"kind": "another"}, "kind"),
    ],
)
def test_what_cannot_be_an_instance_is_refused(program: Program, changes: dict[str, str], field: str) -> None:
    assert field in program.refused("POST", "/api/sync/peers", 400, {**PEER, **changes})["fields"]


# What older programs say


def test_the_remote_of_older_clients_is_an_instance(program: Program, services: Services) -> None:
    program.put(
        "/api/config",
        {
            "remote_sync_url": "https://pool.example/",
            "remote_sync_api_key": "planted",
            "sync_only_mode": False,
        },
    )
    config = program.get("/api/config")
    assert (config["remote_sync_url"], config["remote_sync_api_key"]) == ("https://pool.example", "•••")
    peer = services.peers.named("remote")
    assert peer
    assert (peer.given.kind, peer.given.token) == (PeerKind.BUSINESS_GEMINI, "planted")
    program.put("/api/config", {"remote_sync_url": "https://b.example", "remote_sync_api_key": "•••"})
    peer = services.peers.named("remote")
    assert peer
    assert (peer.given.url, peer.given.token) == ("https://b.example", "planted")
    program.put("/api/config", {"remote_sync_api_key": PEER["token"]})
    peer = services.peers.named("remote")
    assert peer
    assert peer.given.kind is PeerKind.GEMINI_POOL
    program.put("/api/config", {"remote_sync_url": "", "remote_sync_api_key": ""})
    assert services.peers.all() == []


def test_the_switches_of_older_clients_are_settings(program: Program, services: Services) -> None:
    assert program.get("/api/config")["auto_refresh_cookie"] is True
    program.put(
        "/api/config",
        {"auto_refresh_cookie": False, "tempmail_worker_url": "https://mail.example", "sync_only_mode": True},
    )
    saved = services.saved.all()
    assert (saved["AUTO_REFRESH_COOKIE"], saved["SYNC_ONLY_MODE"]) == ("0", "1")
    assert program.get("/api/config")["tempmail_worker_url"] == "https://mail.example"


def test_instances_travel_with_the_secrets_and_only_with_them(program: Program, services: Services) -> None:
    program.post("/api/sync/peers", PEER)
    assert "pool.example" not in program.send("GET", "/api/config/export").text
    whole = program.send("GET", "/api/config/export?secrets=1").data
    program.delete("/api/sync/peers/1")
    for _ in range(2):
        assert program.send("POST", "/api/config/import", data=whole).status_code == 200
    (peer,) = services.peers.all()
    assert (peer.given.url, peer.given.token) == (PEER["url"], PEER["token"])


@pytest.fixture
def master(make_app: Callable[..., Flask]) -> Callable[[int, dict[str, str]], Any]:
    """The older program's way to bring cookies: a place in its own list, and the raw secret."""
    app = make_app("amber", "bruno", ADMIN_KEY=ADMIN_KEY)

    def put(place: int, body: dict[str, str]) -> Any:
        client = app.test_client()
        headers = {"x-admin-token": ADMIN_KEY}
        reply = client.put(f"/api/accounts/{place}", json=body, headers=headers)
        accounts = client.get("/api/accounts", headers=headers).json["accounts"]
        return reply.status_code, [one["csesidx"] for one in accounts]

    return put


AMBER, BRUNO = seat_of("amber"), seat_of("bruno")


@pytest.mark.parametrize("place", [0, 1, 2, 7])
def test_an_older_master_s_number_is_not_an_id_of_ours(
    master: Callable[[int, dict[str, str]], Any], place: int
) -> None:
    status, indexes = master(place, {**BRUNO, "csesidx": "4711"})
    assert (status, indexes) == (200, [AMBER["csesidx"], "4711"])


def test_an_older_master_s_unknown_account_overwrites_none_of_ours(
    master: Callable[[int, dict[str, str]], Any],
) -> None:
    status, indexes = master(1, {**BRUNO, "team_id": "not-here"})
    assert (status, indexes) == (404, [AMBER["csesidx"], BRUNO["csesidx"]])


def test_an_older_master_is_refused_where_two_might_be_meant(
    master: Callable[[int, dict[str, str]], Any],
) -> None:
    master(1, {"csesidx": "1"})
    status, indexes = master(2, {"csesidx": "2", "team_id": AMBER["team_id"]})
    assert (status, indexes) == (200, ["1", "2"])
    assert master(1, AMBER) == (404, ["1", "2"])
    assert master(0, {**AMBER, "csesidx": "2", "secure_c_ses": "CSE.new"}) == (200, ["1", "2"])


def test_the_raw_secret_goes_by_our_ids_where_no_workspace_is_named(
    master: Callable[[int, dict[str, str]], Any],
) -> None:
    assert master(2, {"csesidx": "4711"}) == (200, [AMBER["csesidx"], "4711"])
