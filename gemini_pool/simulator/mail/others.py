"""DuckMail, Moemail and Freemail, each in its own shapes and strict about what it lets in by."""

import json
from typing import Any

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.mail.boxes import ADMIN_KEY, API_KEY, SimBox, box_at, box_of_token
from gemini_pool.simulator.mail.replies import Refused, iso, query_of
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.post import Mail
from gemini_pool.simulator.script import Script, json_reply


def duckmail(room: MailRoom, path: str, request: Request) -> Script:
    """A token for an address and its password, then its messages."""
    if path == "/token" and request.head.method == "POST":
        return json_reply({"id": "1", "token": _duck_box(request).jwt})
    scheme, _, token = request.header("authorization").partition(" ")
    box = box_of_token(token) if scheme == "Bearer" else None
    if box is None:
        raise Refused(401, '{"code":401,"message":"Invalid JWT Token"}')
    if path == "/messages":
        return json_reply({"hydra:member": [_duck_row(mail) for mail in room.box(box.address)]})
    mail = _mail(room, box, path.removeprefix("/messages/"))
    return json_reply(_duck_row(mail) | {"text": mail.text, "html": [mail.html] if mail.html else []})


def _duck_box(request: Request) -> SimBox:
    try:
        told = json.loads(request.body)
    except ValueError:
        told = {}
    box = box_at(str(told.get("address")))
    if box is None or told.get("password") != box.password:
        raise Refused(401, '{"code":401,"message":"Invalid credentials."}')
    return box


def _duck_row(mail: Mail) -> dict[str, Any]:
    sender = {"address": mail.sender, "name": ""}
    return {"id": str(mail.id), "from": sender, "subject": mail.subject, "createdAt": iso(mail.arrives_at)}


def moemail(room: MailRoom, path: str, request: Request) -> Script:
    """Mailboxes by their ids, for the holder of a key."""
    if request.header("x-api-key") != API_KEY:
        raise Refused(401, '{"error":"Unauthorized"}')
    if not path.startswith("/api/emails/"):
        raise Refused(404, '{"error":"Not found"}')
    id_, _, letter = path.removeprefix("/api/emails/").partition("/")
    owners = {mail.to for mail in room.all()} | room.addresses
    box = next((box for box in map(box_at, owners) if box and box.id == id_), None)
    if box is None:
        raise Refused(404, '{"error":"Not found"}')
    if not letter:
        return json_reply(
            {"messages": [_moe_row(mail) for mail in room.box(box.address)], "nextCursor": None}
        )
    mail = _mail(room, box, letter)
    return json_reply({"message": _moe_row(mail) | {"content": mail.text, "html": mail.html}})


def _moe_row(mail: Mail) -> dict[str, Any]:
    return {
        "id": str(mail.id),
        "from_address": mail.sender,
        "subject": mail.subject,
        "received_at": int(mail.arrives_at * 1000),
    }


def freemail(room: MailRoom, path: str, request: Request) -> Script:
    """Any mailbox, for the holder of the admin's token."""
    told = query_of(request)
    if told.get("admin_token") != ADMIN_KEY:
        raise Refused(401, "Unauthorized")
    if path == "/api/emails":
        box = box_at(told.get("mailbox", ""))
        return json_reply([_free_row(mail) for mail in room.box(box.address)] if box else [])
    mail = next((mail for mail in room.all() if path == f"/api/email/{mail.id}"), None)
    if mail is None:
        raise Refused(404, "Not Found")
    return json_reply({"content": mail.text, "html_content": mail.html})


def _free_row(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "sender": mail.sender,
        "subject": mail.subject,
        "preview": mail.text[:40],
        "created_at": iso(mail.arrives_at),
    }


def _mail(room: MailRoom, box: SimBox, id_: str) -> Mail:
    mail = next((mail for mail in room.box(box.address) if str(mail.id) == id_), None)
    if mail is None:
        raise Refused(404, "Not Found")
    return mail
