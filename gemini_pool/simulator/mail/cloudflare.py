"""The worker of cloudflare_temp_email: a mailbox by the token of its address, any by the admin key."""

from typing import Any

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.mail.boxes import ADMIN_KEY, SITE_PASSWORD, SimBox, box_of_token
from gemini_pool.simulator.mail.mime import as_mime, message_id
from gemini_pool.simulator.mail.replies import Refused, query_of, stamp
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.post import Mail
from gemini_pool.simulator.script import Script, json_reply

MOST = 100
LISTS = {"/api/mails": False, "/api/parsed_mails": True}
ONE = {"/api/mail/": False, "/api/parsed_mail/": True}


def worker(room: MailRoom, path: str, request: Request) -> Script:
    """The answer at a path below the worker's address. Refused."""
    if room.behaviour.site_password and request.header("x-custom-auth") != SITE_PASSWORD:
        raise Refused(401, "Need Password")
    if path == "/admin/mails":
        return _admin(room, request)
    box = _box(request)
    if path == "/api/settings":
        return json_reply({"address": box.address, "send_balance": 0})
    if path in LISTS:
        return _list(room, LISTS[path], _page(room.box(box.address), request))
    for start, parsed in ONE.items():
        if path.startswith(start):
            return _one(room, parsed, path.removeprefix(start), box)
    raise Refused(404, "Not Found")


def _box(request: Request) -> SimBox:
    scheme, _, token = request.header("authorization").partition(" ")
    box = box_of_token(token) if scheme == "Bearer" else None
    if box is None:
        raise Refused(401, "InvalidAddressCredential")
    return box


def _admin(room: MailRoom, request: Request) -> Script:
    if request.header("x-admin-auth") != ADMIN_KEY:
        raise Refused(401, "Need Admin Password")
    address = query_of(request).get("address", "")
    mails = room.all() if room.behaviour.everybody else room.box(address)
    return _list(room, False, _page(mails, request))


def _page(mails: list[Mail], request: Request) -> list[Mail]:
    told = query_of(request)
    limit, offset = told.get("limit", ""), told.get("offset", "")
    if not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise Refused(400, "Invalid limit")
    if not offset.isdigit():
        raise Refused(400, "Invalid offset")
    return mails[int(offset) : int(offset) + int(limit)]


def _list(room: MailRoom, parsed: bool, mails: list[Mail]) -> Script:
    form = room.behaviour.form
    if parsed is not (form == "parsed-path"):
        raise Refused(404, "Not Found")
    rows = [_row(mail, form) for mail in mails]
    if form == "bare":
        return json_reply(rows)
    name = form if form in ("mails", "data", "result") else "results"
    return json_reply({name: rows, "count": len(rows)})


def _row(mail: Mail, form: str) -> dict[str, Any]:
    row = {
        "id": mail.id,
        "message_id": message_id(mail),
        "source": mail.sender,
        "address": mail.to,
        "created_at": stamp(mail.arrives_at),
    }
    if form == "detail":
        return row
    if form == "parsed-path":
        told = {"to": mail.to, "sender": mail.sender, "attachments": []}
        return row | told | {"subject": mail.subject, "text": mail.text, "html": mail.html}
    row |= {"raw": as_mime(mail).decode(), "metadata": None}
    if form == "parsed":
        row |= {"subject": mail.subject, "text": mail.text, "html": mail.html}
    return row


def _one(room: MailRoom, parsed: bool, id_: str, box: SimBox) -> Script:
    form = room.behaviour.form
    if parsed is not (form == "parsed-path"):
        raise Refused(404, "Not Found")
    mail = next((mail for mail in room.box(box.address) if str(mail.id) == id_), None)
    if mail is None:
        raise Refused(404, "Not Found")
    return json_reply(_row(mail, "raw" if form == "detail" else form))
