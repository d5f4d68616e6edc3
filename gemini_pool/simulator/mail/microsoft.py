"""Microsoft's token endpoint: it exchanges a refresh token for an access token, perhaps with another one."""

from urllib.parse import parse_qs

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.mail.boxes import CLIENT_ID, SimBox, box_at
from gemini_pool.simulator.mail.replies import Refused
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.script import Script, json_reply

LASTS_SECONDS = 3599


def refresh_token(room: MailRoom, box: SimBox) -> str:
    """The one that is taken now."""
    turn = room.turn(box.name)
    return f"{box.refresh_token}.{turn}" if turn else box.refresh_token


def access_token(room: MailRoom, box: SimBox) -> str:
    """What the IMAP server lets in."""
    return f"EwB-{refresh_token(room, box)[::-1]}"


def exchange(room: MailRoom, path: str, request: Request) -> Script:
    """The answer below the sign-in server's address. Refused."""
    if path != "/consumers/oauth2/v2.0/token" or request.head.method != "POST":
        raise Refused(404, "Not Found")
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if form.get("client_id") != CLIENT_ID:
        return json_reply({"error": "unauthorized_client", "error_description": "AADSTS700016"}, 400)
    if form.get("grant_type") != "refresh_token":
        return json_reply({"error": "unsupported_grant_type", "error_description": "AADSTS70003"}, 400)
    boxes = filter(None, map(box_at, room.known))
    box = next((box for box in boxes if form.get("refresh_token") == refresh_token(room, box)), None)
    if box is None:
        return json_reply({"error": "invalid_grant", "error_description": "AADSTS70000"}, 400)
    if room.behaviour.rotate:
        room.next_turn(box.name)
    given = {"token_type": "Bearer", "expires_in": LASTS_SECONDS, "access_token": access_token(room, box)}
    return json_reply(given | {"refresh_token": refresh_token(room, box)})
