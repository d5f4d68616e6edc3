"""What the programs that are out there do with such an API: the older console's pages, and a front-end that
keeps a pool in step with its own list."""

from programs import SEAT, Program, seat_of

FIVE = ("team_id", "secure_c_ses", "host_c_oses", "csesidx", "user_agent")


def test_a_list_is_kept_in_step_one_by_one(program: Program) -> None:
    """List, find by team_id, PUT the five fields, or POST them."""
    for seat in ({**seat_of("amber"), "secure_c_ses": "CSE.fresh"}, SEAT):
        accounts = program.get("/api/accounts")["accounts"]
        there = next((one["id"] for one in accounts if one["team_id"] == seat["team_id"]), None)
        five = {name: seat[name] for name in FIVE}
        done = (
            program.post("/api/accounts", five)
            if there is None
            else program.put(f"/api/accounts/{there}", five)
        )
        assert done["success"] is True
    assert len(program.get("/api/accounts")["accounts"]) == 4


def test_a_list_is_replaced_as_a_whole(program: Program) -> None:
    """DELETE all in descending order, then POST all; what is gone already is a 404."""
    for account_id in (9, 3, 2, 1):
        reply = program.send("DELETE", f"/api/accounts/{account_id}")
        assert reply.status_code == 404 if account_id == 9 else reply.json["success"] is True
    for name in ("amber", "bruno"):
        assert program.post("/api/accounts", seat_of(name))["success"] is True
    assert [one["csesidx"] for one in program.get("/api/accounts")["accounts"]] == [
        seat_of("amber")["csesidx"],
        seat_of("bruno")["csesidx"],
    ]


def test_the_edit_form_sends_back_what_it_was_shown(program: Program) -> None:
    shown = program.get("/api/accounts")["accounts"][0]
    form = ("team_id", "secure_c_ses", "host_c_oses", "csesidx", "tempmail_name", "tempmail_url")
    program.put("/api/accounts/1", {name: shown[name] for name in form} | {"tempmail_name": "box"})
    assert program.get("/api/accounts/1/test")["success"] is True
    assert program.get("/api/accounts/1")["account"]["tempmail_name"] == "box"


def test_errors_are_read_from_either_name(program: Program) -> None:
    assert set(program.refused("DELETE", "/api/accounts/77", 404)) == {"error", "detail"}


def test_every_way_to_send_the_token_is_taken(program: Program) -> None:
    token = program.headers["x-admin-token"]
    for headers in ({"X-Admin-Token": token}, {"Authorization": f"Bearer {token}"}):
        assert program._client.get("/api/accounts", headers=headers).status_code == 200
