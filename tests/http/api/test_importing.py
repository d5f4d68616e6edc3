"""Pasted accounts: told what would happen, then done."""

import json
from typing import Any

from programs import SEAT, Program, seat_of

MAIL = {**SEAT, "id": "anna@example.com", "secure_c_ses": "CSE.of-anna", "csesidx": "4712"}


def read(program: Program, text: object, **more: Any) -> Any:
    text = text if isinstance(text, str) else json.dumps(text)
    return program.post("/api/accounts/read", {"text": text, **more})


def names(program: Program) -> list[str]:
    return [one["name"] for one in program.get("/api/accounts")["accounts"]]


def test_reading_tells_and_writes_nothing(program: Program) -> None:
    amber = {**seat_of("amber"), "secure_c_ses": "CSE.newer"}
    told = read(program, [amber, SEAT, {"team_id": "half"}])
    assert [entry["action"] for entry in told["entries"]] == ["update", "add", "incomplete"]
    assert (told["added"], told["updated"], told["incomplete"]) == (1, 1, 1)
    assert told["entries"][0]["account_id"] == 1
    assert told["entries"][0]["changes"] == ["secure_c_ses", "user_agent"]
    assert told["entries"][2]["missing"] == ["secure_c_ses", "csesidx"]
    assert "CSE" not in json.dumps(told)
    assert names(program) == ["amber", "bruno", "clara"]


def test_what_was_told_is_done(program: Program) -> None:
    text = json.dumps([{**seat_of("amber"), "secure_c_ses": "CSE.newer"}, MAIL])
    done = program.post("/api/accounts/import", {"text": text})
    assert (done["added"], done["updated"], done["accounts_count"]) == (1, 1, 2)
    assert names(program) == ["amber", "bruno", "clara", "anna@example.com"]
    again = program.post("/api/accounts/import", {"text": text})
    assert (again["added"], again["updated"]) == (0, 0)


def test_an_entry_that_asks_is_decided(program: Program) -> None:
    program.post("/api/accounts", SEAT)
    other = [{**SEAT, "csesidx": "999", "secure_c_ses": "CSE.other"}]
    (asked,) = read(program, other)["entries"]
    assert (asked["action"], asked["account_id"]) == ("ask", 4)
    (same,) = read(program, other, answers={"0": 4})["entries"]
    assert same["action"] == "update"
    done = program.post("/api/accounts/import", {"text": json.dumps(other), "answers": {"0": 0}})
    assert done["added"] == 1
    refusal = program.refused(
        "POST", "/api/accounts/read", 400, {"text": json.dumps(other), "answers": {"7": 1}}
    )
    assert "no entry 7" in refusal["error"]


def test_what_cannot_be_read_is_told_without_repeating_it(program: Program) -> None:
    told = read(program, "__Secure-C_SES: marked-secret but nothing else\n\nhello")
    assert told["entries"] == [] or all(entry["missing"] for entry in told["entries"])
    assert "marked-secret" not in json.dumps(told)


def test_every_row_that_old_programs_have_is_taken_over(program: Program) -> None:
    old = {
        "accounts": [{**SEAT, "available": False, "tempmail_url": "https://mail.example/?jwt=marked-jwt"}],
        "models": [{"id": "old", "name": "Old", "api_model_id": "gemini-2.5-pro", "account_index": 0}],
        "log_level": "ERROR",
        "admin_password_hash": "marked-hash",
    }
    reply = program.send("POST", "/api/config/import", json=old)
    assert reply.status_code == 200
    assert (reply.json["success"], reply.json["accounts_count"]) == (True, 1)
    account = program.get("/api/accounts/4")["account"]
    assert account["enabled"] is False
    assert "marked-jwt" not in json.dumps(account)
    assert "marked-hash" not in program.send("GET", "/api/config/export?secrets=1").text
