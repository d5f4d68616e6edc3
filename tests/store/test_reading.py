"""Reading whatever is pasted."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_pool.simulator.cast import SimAccount, make_account
from gemini_pool.store.transfer import reading as reading_module
from gemini_pool.store.transfer.found import Entry, FoundAccount, Piece
from gemini_pool.store.transfer.reading import read_pasted

AMBER, BRUNO, CLARA = make_account("amber"), make_account("bruno"), make_account("clara")
PAGE = f"https://business.gemini.google/home/cid/{AMBER.config_id}?csesidx={AMBER.csesidx}"
HEADER = f"NID=511; __Secure-C_SES={AMBER.secure_c_ses}; __Host-C_OSES={AMBER.host_c_oses}"
SECRET = "CSE.never-to-be-seen-0123456789"


def ids(sim: SimAccount) -> tuple[str, str, str, str]:
    return (sim.secure_c_ses, sim.host_c_oses, sim.csesidx, sim.config_id)


def held(found: FoundAccount) -> tuple[str, str, str, str]:
    cred = found.account.credentials
    return (cred.secure_c_ses, cred.host_c_oses, cred.csesidx, cred.config_id)


def of_z(sim: SimAccount, **more: object) -> dict[str, object]:
    return {
        "team_id": sim.config_id, "secure_c_ses": sim.secure_c_ses, "host_c_oses": sim.host_c_oses,
        "csesidx": sim.csesidx, "user_agent": "Mozilla/5.0 (X11; Linux)", **more,
    }  # fmt: skip


def test_the_file_of_an_older_program_is_read_with_what_it_knows() -> None:
    text = json.dumps(
        {
            "proxy": "http://127.0.0.1:7890",
            "admin_secret_key": SECRET,
            "accounts": [
                of_z(AMBER, available=True, tempmail_name="a@example.com", tempmail_url="https://m/?jwt=x"),
                of_z(BRUNO, available=False, unavailable_reason="by hand"),
                of_z(CLARA, available=False, cookie_expired=True),
            ],
        }
    )
    amber, bruno, clara = read_pasted(text).found
    assert [held(one) for one in (amber, bruno, clara)] == [ids(AMBER), ids(BRUNO), ids(CLARA)]
    assert (amber.format, amber.line, amber.entry, bruno.entry) == ("JSON", 1, 1, 2)
    assert amber.account.credentials.user_agent == "Mozilla/5.0 (X11; Linux)"
    assert amber.account.email == "a@example.com"
    assert amber.account.mailbox == {"tempmail_name": "a@example.com", "tempmail_url": "https://m/?jwt=x"}
    assert (amber.enabled, bruno.enabled, bruno.disabled_reason) == (True, False, "by hand")
    assert clara.enabled is None  # it failed there; whether it was switched off nobody knows


def of_two(sim: SimAccount) -> dict[str, object]:
    return {**sim.as_config(), "id": f"{sim.name}@example.com"}


@pytest.mark.parametrize(
    "record",
    [
        of_two(AMBER),
        {"name": "amber", **{k: v for k, v in AMBER.as_config().items() if k != "id"}},
        {"email": "amber@example.com", **{k: v for k, v in of_z(AMBER).items() if k != "user_agent"}},
        {"name": "amber", "cookies": HEADER, "csesidx": AMBER.csesidx, "config_id": AMBER.config_id},
        {
            "id": "1", "team_id": AMBER.config_id, "csesidx": int(AMBER.csesidx), "enabled": True,
            "cookies": {"secure_c_ses": AMBER.secure_c_ses, "host_c_oses": AMBER.host_c_oses},
        },
        {
            "accountId": "9", "email": "amber@example.com", "lastUpdated": "2026-01-01",
            "tokens": {
                "csesidx": AMBER.csesidx, "team_id": AMBER.config_id,
                "secure_c_ses": AMBER.secure_c_ses, "host_c_oses": AMBER.host_c_oses,
            },
        },
        {
            "configId": AMBER.config_id, "csesidx": AMBER.csesidx,
            "cookies": [
                {"name": "__Secure-C_SES", "value": AMBER.secure_c_ses, "domain": ".gemini.google"},
                {"name": "__Host-C_OSES", "value": AMBER.host_c_oses, "domain": "business.gemini.google"},
            ],
        },
    ],
    ids=["002", "003", "sjiangtao", "mitsukina", "izzzzzi", "digduggog", "cookie files"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["[%s]", "%s", '{"accounts": [%s]}', '{"accounts": {"children": [%s]}}'])
def test_a_record_of_any_program_is_the_same_account(record: dict[str, object], form: str) -> None:
    reading = read_pasted(form % json.dumps(record))
    assert [held(one) for one in reading.found] == [ids(AMBER)]
    assert reading.found[0].missing == ()
    assert reading.problems == ()


def test_dates_of_older_programs_are_beijing_time_and_numbers_are_epoch() -> None:
    dates = ["2026-01-02 08:00:00", "2026-01-02T00:00:00Z", 1767312000, 1767312000000]
    found = read_pasted(
        json.dumps([{**of_two(AMBER), "csesidx": n, "expires_at": d} for n, d in enumerate(dates, 1)])
    )
    assert [one.account.expires_at for one in found.found] == [1767312000.0] * 4


def test_a_mailboxs_fields_and_the_end_of_a_trial_are_kept() -> None:
    mail = {
        "mail_provider": "duckmail",
        "mail_address": "amber@duck.example",
        "mail_password": "p",
        "mail_verify_ssl": True,
    }
    record = {**AMBER.as_config(), **mail, "trial_end": "2026-12-31", "disabled": True, "quota_cooldowns": {}}
    (found,) = read_pasted(json.dumps([record])).found
    assert found.account.mailbox == {**mail, "mail_verify_ssl": "True"}
    assert (found.account.email, found.account.trial_end, found.enabled) == (
        "amber@duck.example",
        "2026-12-31",
        False,
    )


ENVIRONMENT = f"""
# accounts
ACCOUNT1_NAME=amber
ACCOUNT1_SECURE_C_SES="{AMBER.secure_c_ses}"
ACCOUNT2_SECURE_C_SES={BRUNO.secure_c_ses}
ACCOUNT1_CSESIDX={AMBER.csesidx}
ACCOUNT1_CONFIG_ID={AMBER.config_id}?csesidx={AMBER.csesidx}
ACCOUNT1_HOST_C_OSES={AMBER.host_c_oses}
ACCOUNT2_CSESIDX={BRUNO.csesidx}
ACCOUNT2_CONFIG_ID={BRUNO.config_id}
ACCOUNT2_HOST_C_OSES='{BRUNO.host_c_oses}'
"""
BLOCKS = f"""
Name: amber
SECURE_C_SES: "{AMBER.secure_c_ses}"
CSESIDX: {AMBER.csesidx}
CONFIG_ID: {AMBER.config_id}
HOST_C_OSES: {AMBER.host_c_oses}
-----------------------
Name: bruno
secure_c_ses: {BRUNO.secure_c_ses}
csesidx: {BRUNO.csesidx}
config_id: https://business.gemini.google/home/cid/{BRUNO.config_id}?csesidx={BRUNO.csesidx}
host_c_oses: {BRUNO.host_c_oses}
"""
YAML = f"""poolApiUrl: https://pool.example
password: hidden
accounts:
  parent:
    email: parent@example.com
    accountId: 1
  children:
    - accountId: 2
      email: amber@example.com
      tokens:
        csesidx: "{AMBER.csesidx}"
        host_c_oses: {AMBER.host_c_oses}
        secure_c_ses: {AMBER.secure_c_ses}
        team_id: {AMBER.config_id}
      lastUpdated: 2026-01-01
    - accountId: 3
      email: bruno@example.com
      tokens:
        csesidx: "{BRUNO.csesidx}"
        host_c_oses: {BRUNO.host_c_oses}
        secure_c_ses: {BRUNO.secure_c_ses}
        team_id: {BRUNO.config_id}
"""


@pytest.mark.parametrize("text", [ENVIRONMENT, BLOCKS, YAML], ids=["numbered", "blocks", "yaml"])
def test_settings_of_several_accounts_are_told_apart(text: str) -> None:
    reading = read_pasted(text)
    assert [held(one) for one in reading.found] == [ids(AMBER), ids(BRUNO)]
    assert reading.problems == ()


def test_a_block_after_a_blank_line_is_another_account_even_where_one_lacks_a_field() -> None:
    whole = f"SECURE_C_SES={AMBER.secure_c_ses}\nCSESIDX={AMBER.csesidx}\nCONFIG_ID={AMBER.config_id}"
    other = f"HOST_C_OSES={BRUNO.host_c_oses}\nSECURE_C_SES={BRUNO.secure_c_ses}\nCSESIDX={BRUNO.csesidx}"
    amber, bruno = read_pasted(f"{whole}\n\n{other}\nCONFIG_ID={BRUNO.config_id}").found
    assert held(amber) == (AMBER.secure_c_ses, "", AMBER.csesidx, AMBER.config_id)
    assert held(bruno) == ids(BRUNO)


def test_names_that_come_again_begin_the_next_account_without_any_line_between() -> None:
    lines = [f"{name}: {value}" for sim in (AMBER, BRUNO) for name, value in sim.as_config().items()]
    assert [held(one) for one in read_pasted("\n".join(lines)).found] == [ids(AMBER), ids(BRUNO)]


def test_a_line_of_dashes_parts_what_has_no_name_in_common() -> None:
    text = (
        f"SECURE_C_SES={AMBER.secure_c_ses}\nCSESIDX={AMBER.csesidx}\n-----\nHOST_C_OSES={BRUNO.host_c_oses}"
    )
    assert [held(one)[:2] for one in read_pasted(text).found] == [
        (AMBER.secure_c_ses, ""),
        ("", BRUNO.host_c_oses),
    ]


def test_parts_of_different_accounts_are_not_joined() -> None:
    cookies = f"curl 'https://business.gemini.google/auth/getoxsrf?csesidx={BRUNO.csesidx}' -b '{HEADER}'"
    first, second = read_pasted(f"{PAGE}\n\n{cookies}").found
    assert (first.missing, second.missing) == (("secure_c_ses",), ("config_id",))


def test_what_is_escaped_in_a_cookie_for_bash_is_taken_back() -> None:
    (found,) = read_pasted(f"curl '{PAGE}' -b $'__Secure-C_SES=CSE.a\\u0021b\\'c'").found
    assert found.account.credentials.secure_c_ses == "CSE.a!b'c"


def test_half_a_character_in_a_name_can_be_kept() -> None:
    (found,) = read_pasted(json.dumps({**AMBER.as_config(), "name": "a\ud800b"})).found
    assert found.account.name == "a?b"


def test_the_setting_of_an_environment_is_read_with_its_quotes() -> None:
    accounts = json.dumps([AMBER.as_config(), BRUNO.as_config()], indent=1)
    assert len(read_pasted(f"export ACCOUNTS_CONFIG='{accounts}'\nPORT=8000").found) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"Cookie: {HEADER}\n{PAGE}",
        f"{PAGE}\n\nCookie: {HEADER}",
        f"{PAGE}\n{HEADER}",
        f"GET /home/cid/{AMBER.config_id}?csesidx={AMBER.csesidx} HTTP/1.1\r\ncookie: {HEADER}\r\n",
        f"__Secure-C_SES\t{AMBER.secure_c_ses}\t.gemini.google\n__Host-C_OSES\t{AMBER.host_c_oses}\tx\n\n{PAGE}",
    ],
)
def test_cookies_and_an_address_make_an_account(text: str) -> None:
    reading = read_pasted(text)
    assert [held(one) for one in reading.found] == [ids(AMBER)]
    assert reading.problems == ()


def test_an_address_alone_says_what_is_missing() -> None:
    (found,) = read_pasted(PAGE.replace("?", "/settings?hl=en&")).found
    assert held(found) == ("", "", AMBER.csesidx, AMBER.config_id)
    assert found.missing == ("secure_c_ses",)


BASH = f"""curl 'https://business.gemini.google/auth/getoxsrf?csesidx={AMBER.csesidx}' \\
  -H 'accept: */*' \\
  -H 'referer: {PAGE}' \\
  -b $'a=\\u0021; {HEADER}' \\
  -H 'user-agent: Mozilla/5.0 (X11)' --compressed"""
CMD = BASH.replace("-b $'a=\\u0021; ", "-b '").replace("&", "^&").replace("'", '^"').replace("\\\n", "^\n")
OLD = BASH.replace("-b $'a=\\u0021; ", "-H 'Cookie: ")


@pytest.mark.parametrize("text", [BASH, CMD, OLD], ids=["bash", "cmd", "header"])
def test_a_curl_command_is_an_account(text: str) -> None:
    reading = read_pasted(text)
    assert [held(one) for one in reading.found] == [ids(AMBER)]
    assert reading.found[0].account.credentials.user_agent == "Mozilla/5.0 (X11)"
    assert reading.found[0].format == "cURL"
    assert reading.problems == ()


def test_of_several_curl_commands_the_last_has_the_newest_cookies() -> None:
    later = BASH.replace(AMBER.secure_c_ses, "CSE.later")
    prompt = """curl 'https://biz.example/x' --data-raw '{"configId":"CID"}'""".replace(
        "CID", AMBER.config_id
    )
    (found,) = read_pasted(f"{BASH} ;\n{later} ;\n{prompt}").found
    assert held(found) == ("CSE.later", *ids(AMBER)[1:])


def test_a_command_that_tells_the_config_id_alone_belongs_to_the_one_account_there_is() -> None:
    token = f"curl 'https://business.gemini.google/auth/getoxsrf?csesidx={AMBER.csesidx}' -b '{HEADER}'"
    prompt = """curl 'https://biz.example/x' --data-raw '{"configId":"CID"}'""".replace(
        "CID", AMBER.config_id
    )
    assert [held(one) for one in read_pasted(f"{prompt} ;\n{token}").found] == [ids(AMBER)]


def test_a_curl_command_that_was_cut_off_is_told() -> None:
    (problem,) = read_pasted(f"curl 'https://x/?csesidx=1' -b '{HEADER}").problems
    assert "not closed" in str(problem)


def recorded(at: str, url: str, cookie: str, *set_cookies: str) -> dict[str, object]:
    headers = [{"name": "Cookie", "value": cookie}, {"name": "User-Agent", "value": "Mozilla/5.0"}]
    renewed = [{"name": "set-cookie", "value": one} for one in set_cookies]
    return {
        "startedDateTime": at,
        "request": {"url": url, "headers": headers if cookie else []},
        "response": {"headers": renewed},
    }


def test_a_har_file_gives_the_newest_cookies_of_each_account() -> None:
    token = "https://business.gemini.google/auth/getoxsrf?csesidx="
    bruno = f"__Secure-C_SES={BRUNO.secure_c_ses}; __Host-C_OSES={BRUNO.host_c_oses}"
    entries = [
        recorded("2026-01-01T10:00:02Z", token + AMBER.csesidx, HEADER, "__Secure-C_SES=CSE.newest; Path=/"),
        recorded("2026-01-01T10:00:01Z", PAGE, HEADER.replace(AMBER.secure_c_ses, "CSE.old")),
        recorded("2026-01-01T10:00:03Z", token + BRUNO.csesidx, bruno, "__Host-C_OSES=gone; Max-Age=0"),
        recorded("2026-01-01T10:00:04Z", "https://elsewhere.example/?csesidx=5", "__Secure-C_SES=CSE.other"),
    ]
    reading = read_pasted(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    amber, other = reading.found
    assert held(amber) == ("CSE.newest", *ids(AMBER)[1:])
    assert held(other) == (*ids(BRUNO)[:3], "")
    assert (other.missing, reading.problems) == (("config_id",), ())


def test_a_har_file_without_cookies_says_how_to_export_it() -> None:
    text = json.dumps({"log": {"entries": [recorded("2026-01-01T10:00:01Z", PAGE, "")]}})
    assert "sensitive data" in str(read_pasted(text).problems[0])


JAR = f"""# Netscape HTTP Cookie File
#HttpOnly_.gemini.google\tTRUE\t/\tTRUE\t1800000000\t__Secure-C_SES\t{AMBER.secure_c_ses}
business.gemini.google\tFALSE\t/\tTRUE\t0\t__Host-C_OSES\t{AMBER.host_c_oses}
.google.com\tTRUE\t/\tTRUE\t1800000000\tNID\t511"""
EXPORTED = json.dumps(
    [
        {"domain": ".google.com", "name": "NID", "value": "511", "httpOnly": True},
        {"domain": ".gemini.google", "name": "__Secure-C_SES", "value": AMBER.secure_c_ses},
        {"domain": "business.gemini.google", "name": "__Host-C_OSES", "value": AMBER.host_c_oses},
    ],
    indent=2,
)


@pytest.mark.parametrize("text", [JAR, EXPORTED], ids=["netscape", "extension"])
def test_a_cookie_export_and_an_address_make_an_account(text: str) -> None:
    (alone,) = read_pasted(text).found
    assert alone.missing == ("csesidx", "config_id")
    reading = read_pasted(f"{text}\n{PAGE}" if text is EXPORTED else f"{PAGE}\n\n{text}")
    assert [held(one) for one in reading.found] == [ids(AMBER)]
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("duckmail----a@x.org----pw", {"mail_password": "pw"}),
        ("moemail----a@x.org----id7----key", {"mail_password": "id7", "mail_api_key": "key"}),
        ("gptmail----a@x.org----key", {"mail_api_key": "key"}),
        (
            "cfmail----a@x.org----a.b.c----https://m.org",
            {"mail_password": "a.b.c", "mail_base_url": "https://m.org"},
        ),
        ("imap----a@x.org----pw----imap.x.org", {"mail_password": "pw", "mail_host": "imap.x.org"}),
    ],
)
def test_the_parts_of_a_line_are_what_its_mailbox_is_opened_with(line: str, fields: dict[str, str]) -> None:
    (found,) = read_pasted(line).found
    provider = {"mail_provider": line.partition("-")[0], "mail_address": "a@x.org"}
    assert found.account.mailbox == provider | fields


def test_lines_of_mailboxes_are_found_without_a_sign_in() -> None:
    lines = ("duckmail----a@x.example----p1", "freemail----b@x.example----https://m----jwt")
    reading = read_pasted("\n".join([*lines, "c@x.example----p----client----token"]))
    assert [one.mailbox_only for one in reading.found] == [True] * 3
    assert [(one.account.email, one.line) for one in reading.found] == [
        ("a@x.example", 1), ("b@x.example", 2), ("c@x.example", 3),
    ]  # fmt: skip
    assert reading.found[1].account.mailbox["mail_jwt_token"] == "jwt"
    assert reading.found[2].account.mailbox == {
        "mail_provider": "microsoft", "mail_address": "c@x.example", "mail_password": "p",
        "mail_client_id": "client", "mail_refresh_token": "token",
    }  # fmt: skip


def test_forms_can_be_mixed_and_places_are_those_of_the_text() -> None:
    clara = json.dumps(CLARA.as_config(), indent=1)
    reading = read_pasted(f"{BASH}\n\n[{json.dumps(BRUNO.as_config())}]\n\n{clara}\n\nwhat is this\n")
    assert [held(one) for one in reading.found] == [ids(AMBER), ids(BRUNO), ids(CLARA)]
    assert [(one.line, one.entry) for one in reading.found] == [(1, None), (7, 1), (9, None)]
    (problem,) = reading.problems
    assert str(problem).startswith("Line 17 is nothing that is known")


def test_an_account_that_is_given_twice_is_found_once_with_what_came_last() -> None:
    later = {**AMBER.as_config(), "secure_c_ses": "CSE.later"}
    reading = read_pasted(json.dumps([AMBER.as_config(), BRUNO.as_config(), later]))
    assert [held(one)[0] for one in reading.found] == ["CSE.later", BRUNO.secure_c_ses]
    assert str(reading.problems[0]).startswith("Line 1, entry 3 gives an account again")


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("secure_c_ses", f"{SECRET} with spaces", "cannot be sent"),
        ("secure_c_ses", SECRET * 1000, "too long"),
        ("secure_c_ses", {"it": SECRET}, "not a text"),
        ("host_c_oses", f"{SECRET}; x", "cannot be sent"),
        ("csesidx", f"{SECRET}é", "cannot be sent"),
        ("expires_at", SECRET, "cannot be read"),
        ("trial_end", SECRET, "cannot be read"),
    ],
)
def test_a_problem_says_where_and_what_and_never_repeats_a_value(
    field: str, value: object, fault: str
) -> None:
    reading = read_pasted(json.dumps([AMBER.as_config(), {**BRUNO.as_config(), field: value}]))
    (problem,) = reading.problems
    assert str(problem).startswith("Line 1, entry 2 has ")
    assert fault in str(problem)
    assert field in str(problem)
    assert SECRET not in repr(reading) + str(problem)


def test_nothing_secret_is_in_what_was_found_when_it_is_shown() -> None:
    mail = {"mail_password": SECRET, "tempmail_url": f"https://m/?jwt={SECRET}"}
    reading = read_pasted(f"{json.dumps([of_z(AMBER, **mail)])}\n\n{BASH}\n\n{JAR}\n\n{ENVIRONMENT}")
    shown = repr(reading) + repr(Entry(1, None, {"it": SECRET})) + repr(Piece(1, SECRET, [SECRET]))
    for secret in (SECRET, AMBER.secure_c_ses, AMBER.host_c_oses, BRUNO.secure_c_ses):
        assert secret not in shown


@pytest.mark.parametrize("text", ["", "  \n\n\t\n", "# only a comment"])
def test_nothing_is_found_in_nothing(text: str) -> None:
    assert read_pasted(text).found == ()
    assert read_pasted(text).problems == ()


@pytest.mark.parametrize(
    "text", ["hello", "null", "{", "[1, 2]", '{"a": 1}', '{"accounts": 7}', "curl", "a----b"]
)
def test_what_is_no_account_is_a_problem(text: str) -> None:
    assert read_pasted(text).found == ()
    assert read_pasted(text).problems


def test_a_text_beyond_all_measure_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MOST_CHARACTERS", 50)
    assert "too large" in str(read_pasted(json.dumps([AMBER.as_config()])).problems[0])


def test_of_too_many_accounts_the_first_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MOST_ACCOUNTS", 2)
    reading = read_pasted(json.dumps([one.as_config() for one in (AMBER, BRUNO, CLARA)]))
    assert [held(one) for one in reading.found] == [ids(AMBER), ids(BRUNO)]
    assert str(reading.problems[0]).startswith("Line 1, entry 3 is one account too many")


# Whatever it is

NAMES = st.sampled_from(
    [
        "secure_c_ses",
        "csesidx",
        "config_id",
        "cookies",
        "tokens",
        "accounts",
        "expires_at",
        "log",
        "entries",
        "name",
        "value",
        "domain",
        "id",
        "mail_address",
        "available",
        "request",
        "headers",
        "url",
        "models",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)
SCRAPS = st.lists(
    st.sampled_from(
        [
            "curl ",
            "'",
            '"',
            "^",
            "\\",
            "\n",
            "\r\n",
            "\t",
            "$'",
            "----",
            "- ",
            "{",
            "[",
            "]",
            ":",
            "=",
            ";",
            "/cid/",
            "csesidx=",
            "http://[",
            "__Secure-C_SES=",
            "ACCOUNT1_",
            "CONFIG_ID",
            "ACCOUNTS_CONFIG='[",
            "-b ",
            "-H ",
            "\x00",
            "\ud800",
            "#HttpOnly_",
            "duckmail",
            "a@b",
        ]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(JSON.map(json.dumps) | SCRAPS | st.text() | st.tuples(SCRAPS, JSON.map(json.dumps)).map("\n".join))
def test_no_text_breaks_the_reading(text: str) -> None:
    reading = read_pasted(text)
    repr(reading)
    for problem in reading.problems:
        str(problem)


@pytest.mark.parametrize(
    "scrap",
    [
        "[",
        "{",
        '["',
        "[1,\n",
        "curl '",
        "curl \\",
        "a=",
        "- ",
        "----",
        " ",
        "\n",
        "/cid/",
        "csesidx=1&",
        "__Secure-C_SES=a;",
        "x\t",
        '"configId"',
        "http://[",
        "'\"",
        '^"',
        "ACCOUNT1_A=1\n",
        "A:1\n",
        "csesidx=1\n",
    ],
)
def test_long_texts_of_one_scrap_are_read_in_time(scrap: str, within_seconds) -> None:  # type: ignore[no-untyped-def]
    with within_seconds(3):
        read_pasted(scrap * (300_000 // len(scrap)))
        read_pasted("curl " + scrap * (300_000 // len(scrap)))
