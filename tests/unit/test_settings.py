"""Every setting: read once, refused by name when wrong, and no secret ever shown."""

import base64
import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gemini_pool.knobs import SettingsError
from gemini_pool.readers import Seat
from gemini_pool.roster import Credentials
from gemini_pool.settings import CHECKOUT, Settings, as_markdown, check, knobs, read_settings

MARK = "SECRETMARK"
FERNET = base64.urlsafe_b64encode(bytes(range(200, 232))).decode()
SEAT = {"secure_c_ses": "CSE.1", "csesidx": "123", "config_id": "c-1"}


def refused(**environ: str) -> str:
    """The message that refuses this environment: one line."""
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    message = str(caught.value)
    assert "\n" not in message
    return message


def seats(*entries: Any) -> tuple[Seat, ...]:
    return read_settings({"ACCOUNTS_CONFIG": json.dumps(entries)}).all_seats


# Defaults and where values come from


def test_an_empty_environment_is_a_complete_start() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.workers, settings.threads) == ("0.0.0.0", 8000, 2, 200)
    assert settings.api_url == "https://biz-discoveryengine.googleapis.com"
    assert settings.auth_url == "https://business.gemini.google"
    assert settings.login_url == "https://auth.business.gemini.google"
    assert (settings.proxy, settings.strategy, settings.unknown_model) == ("", "round_robin", "reject")
    assert (settings.failure_threshold, settings.cooldown_seconds, settings.switch_tries) == (3, 600, 5)
    assert (settings.scheduler, settings.journal_days) == (True, 30)
    assert (settings.api_keys, settings.allow_anonymous, settings.all_seats) == ((), False, ())
    assert settings.data_path == CHECKOUT


@pytest.mark.parametrize("name", [knob.name for knob in knobs().values()])
def test_every_default_would_be_accepted_as_a_value(name: str) -> None:
    (knob,) = [knob for knob in knobs().values() if knob.name == name]
    read_settings({name: knob.default})


def test_the_environment_counts_before_what_was_saved_and_that_before_the_default() -> None:
    saved = {"PORT": "9001", "THREADS": "10"}
    settings = read_settings({"PORT": "9002"}, saved)
    assert (settings.port, settings.threads, settings.workers) == (9002, 10, 2)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = [knob.name for knob in knobs().values()]
    assert read_settings(dict.fromkeys(names, "")) == read_settings({})
    assert read_settings({"PORT": ""}, {"PORT": "9001"}).port == 9001
    assert read_settings({}, {"PORT": ""}).port == 8000


def test_a_wrong_value_that_was_saved_is_refused_like_one_of_the_environment() -> None:
    with pytest.raises(SettingsError, match="PORT"):
        read_settings({}, {"PORT": "many"})
    assert read_settings({"PORT": "9002"}, {"PORT": "many"}).port == 9002


def test_variables_of_others_are_none_of_our_business() -> None:
    assert read_settings({"PATH": "/bin", "FLASK_ENV": "x"}) == read_settings({})


def test_settings_cannot_be_changed() -> None:
    settings = read_settings({})
    with pytest.raises(AttributeError):
        settings.port = 1


# Values


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("65535", 65535), (" 8080 ", 8080), ("08000", 8000)])
def test_a_number_is_read(text: str, port: int) -> None:
    assert read_settings({"PORT": text}).port == port


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("true", True),
        ("YES", True),
        ("on", True),
        ("0", False),
        ("False", False),
        ("no", False),
        ("OFF", False),
    ],
)
def test_a_switch_is_read(text: str, value: bool) -> None:
    assert read_settings({"ALLOW_ANONYMOUS": text}).allow_anonymous is value


def test_a_choice_is_read_in_any_case() -> None:
    assert read_settings({"ACCOUNT_STRATEGY": "First_Available"}).strategy == "first_available"


def test_several_keys_are_separated_by_commas() -> None:
    assert read_settings({"API_KEY": " a , b,,c "}).api_keys == ("a", "b", "c")


def test_an_address_loses_its_last_slash() -> None:
    assert read_settings({"GEMINI_API_URL": "http://127.0.0.1:9000/"}).api_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_a_proxy_is_an_address_with_or_without_a_login(scheme: str) -> None:
    for address in (f"{scheme}://127.0.0.1:1080", f"{scheme}://user:pass@proxy.example:1080"):
        assert read_settings({"PROXY": address}).proxy == address


def test_encryption_keys_may_be_several() -> None:
    assert (
        read_settings({"API_KEY_ENCRYPTION_KEY": f"{FERNET},{FERNET}"}).encryption_key == f"{FERNET},{FERNET}"
    )


def test_trusted_proxies_are_addresses_and_networks() -> None:
    def trusted(text: str) -> list[str]:
        return [str(one) for one in read_settings({"TRUSTED_PROXIES": text}).trusted_proxies]

    assert trusted("") == ["127.0.0.0/8", "::1/128"]
    assert trusted("10.1.2.3/8, 192.0.2.1,2001:db8::/32") == ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]
    assert trusted("None") == []


def test_the_folder_for_data_is_taken() -> None:
    assert str(read_settings({"DATA_DIR": "/var/lib/pool"}).data_path) == "/var/lib/pool"


# Wrong values


@pytest.mark.parametrize(
    ("name", "value", "fault", "accepted"),
    [
        ("PORT", "http", "'http' is not a whole number", "a whole number from 1 to 65535"),
        ("PORT", "0", "'0' is out of range", "a whole number from 1 to 65535"),
        ("PORT", "65536", "out of range", "a whole number from 1 to 65535"),
        ("PORT", "-1", "out of range", "a whole number from 1 to 65535"),
        ("PORT", "80.5", "not a whole number", "a whole number from 1 to 65535"),
        ("THREADS", "1", "out of range", "a whole number from 2 to 2000"),
        ("JOURNAL_DAYS", "0", "out of range", "a whole number from 1 to 3650"),
        (
            "ALLOW_ANONYMOUS",
            "maybe",
            "'maybe' is neither on nor off",
            "1 | 0, also true/false, yes/no, on/off",
        ),
        ("ACCOUNT_STRATEGY", "random", "not one of the choices", "round_robin | first_available"),
        ("LOG_LEVEL", "x\ny", "not one of the choices", "debug | info | warning | error"),
        ("GEMINI_API_URL", "biz.example", "does not begin with https:// or http://", "https://…, http://…"),
        ("GEMINI_API_URL", "https://", "names no host", "https://…, http://…"),
        ("GEMINI_API_URL", "https://host:port", "is not an address", "https://…, http://…"),
        ("GEMINI_AUTH_URL", "socks5://host", "does not begin with", "https://…, http://…"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "no address and no network", "or none"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "no address and no network", "or none"),
        ("IMAGE_HOURS", "-2", "out of range", "a whole number from -1 to 8760"),
        ("PROXY", "proxy:8080", "does not begin with", "socks5://…, socks5h://…"),
        ("API_KEY_ENCRYPTION_KEY", "short", "is not a Fernet key", "32 bytes in URL-safe base64"),
        ("API_KEY_ENCRYPTION_KEY", f"{FERNET},short", "is not a Fernet key", "32 bytes in URL-safe base64"),
        ("ACCOUNTS_CONFIG", "{", "is not JSON", "a JSON array of objects"),
        ("ACCOUNTS_CONFIG", "{}", "is not a JSON array", "a JSON array of objects"),
        ("ACCOUNTS_CONFIG", "[7]", "holds an entry (1) that is not an object", "a JSON array of objects"),
        ("CSESIDX", "12 34", "has a character that cannot be sent", "as the browser shows it"),
        ("SECURE_C_SES", "CSE.a; b=c", "has a character that cannot be sent", "as the browser shows it"),
        ("SECURE_C_SES", "CSE.é", "has a character that cannot be sent", "as the browser shows it"),
        (
            "ACCOUNTS_CONFIG",
            '[{"secure_c_ses": "CSE.a", "csesidx": "1\\r\\nx: y", "config_id": "c"}]',
            "has a character in csesidx of entry 1 that cannot be sent",
            "a JSON array of objects",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_the_fault_and_what_is_accepted(
    name: str, value: str, fault: str, accepted: str
) -> None:
    message = refused(**{name: value})
    assert message.startswith(f"{name}: ")
    assert fault in message
    assert accepted in message.partition("; accepted: ")[2]


def test_a_wrong_value_is_refused_in_the_same_words_before_it_is_saved() -> None:
    with pytest.raises(SettingsError) as caught:
        check("PORT", "http")
    assert str(caught.value) == refused(PORT="http")


SEALED = {"PROXY", "UPLOAD_API_TOKEN", "MAIL_ADMIN_KEY", "ALERT_URLS"}


def test_only_secrets_that_are_sealed_can_be_saved() -> None:
    assert {k.name for k in knobs().values() if k.secret and k.savable} == SEALED
    assert check("PROXY", "http://proxy:8080").secret


UNSAVED = {k.name for k in knobs().values() if k.secret} - SEALED | {"DATA_DIR"}


@pytest.mark.parametrize("name", sorted(UNSAVED))
def test_a_secret_or_the_place_of_the_store_cannot_be_saved(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: cannot be saved; accepted: the environment"):
        check(name, MARK)


@pytest.mark.parametrize("value", ["--5", "²"])
def test_what_only_looks_like_a_number_is_refused_in_the_same_words(value: str) -> None:
    assert f"{value!r} is not a whole number;" in refused(PORT=value)


def test_a_very_long_value_is_shown_in_part() -> None:
    assert len(refused(PORT="9" * 4000)) < 300


def test_a_setting_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(SettingsError) as caught:
        check("PROT", "8000")
    assert "PROT: is not a setting" in str(caught.value)
    assert "PORT" in str(caught.value)


# Secrets

WRONG_SECRETS = {
    "API_KEY_ENCRYPTION_KEY": [MARK, f"{FERNET},{MARK}", MARK * 5, f"{MARK}é"],
    "ACCOUNTS_CONFIG": [
        MARK,
        f'[{{"secure_c_ses": "{MARK}"',
        f'"{MARK}"',
        json.dumps({"secure_c_ses": MARK}),
        json.dumps([MARK]),
        json.dumps([{"secure_c_ses": MARK}]),
        json.dumps([{"secure_c_ses": MARK, "csesidx": "1"}]),
        json.dumps([{**SEAT, "host_c_oses": MARK, "expires_at": MARK}]),
    ],
    "ADMIN_PASSWORD": [MARK * 200],
    "ADMIN_KEY": [MARK * 200],
    "PROXY": [
        MARK,
        f"ftp://user:{MARK}@host",
        f"http://user:{MARK}@",
        f"http://user:{MARK}@host:port",
        f"http://user:{MARK}@host:99999",
        f"http://user:{MARK}@[host",
    ],
}
# Texts of any kind: no value of these is wrong.
ANY_TEXT = {
    "API_KEY",
    "SECURE_C_SES",
    "HOST_C_OSES",
    "UPLOAD_API_TOKEN",
    "MAIL_ADMIN_KEY",
    "ALERT_URLS",
}


def test_every_secret_is_tried_here() -> None:
    assert {knob.name for knob in knobs().values() if knob.secret} == {*WRONG_SECRETS, *ANY_TEXT}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG_SECRETS.items() for v in values])
def test_a_wrong_secret_is_never_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value})
    error: BaseException | None = caught.value
    assert str(error).startswith(f"{name}: the value ")
    assert MARK not in repr(error)
    assert error is not None
    assert error.__suppress_context__  # a traceback would show the value's reader at work


@pytest.mark.parametrize("expires_at", ["9999-12-31T23:59:59-08:00", "0001-01-01"])
def test_a_date_at_the_edge_of_the_calendar_is_refused_like_any_other(expires_at: str) -> None:
    assert "expires_at" in refused(ACCOUNTS_CONFIG=json.dumps([{**SEAT, "expires_at": expires_at}]))


def test_accounts_nested_beyond_reason_are_refused_like_any_other_text() -> None:
    assert "ACCOUNTS_CONFIG" in refused(ACCOUNTS_CONFIG="[" * 100_000)


def test_no_secret_is_in_the_repr_of_the_settings() -> None:
    entry = {**SEAT, "secure_c_ses": f"CSE.{MARK}.1", "host_c_oses": f"COS.{MARK}.1"}
    settings = read_settings(
        {
            "API_KEY": f"sk-{MARK}",
            "ADMIN_PASSWORD": f"{MARK}.1",
            "ADMIN_KEY": f"{MARK}.2",
            "API_KEY_ENCRYPTION_KEY": FERNET,
            "ACCOUNTS_CONFIG": json.dumps([entry]),
            "SECURE_C_SES": f"CSE.{MARK}.2",
            "HOST_C_OSES": f"COS.{MARK}.2",
            "CSESIDX": "123",
            "CONFIG_ID": "c-2",
            "PROXY": f"http://user:{MARK}@host:8080",
        }
    )
    assert MARK not in repr(settings) + str(settings)
    assert FERNET not in repr(settings)
    assert MARK not in repr(settings.all_seats)
    assert "port=8000" in repr(settings)


def test_the_readme_s_table_names_every_setting_and_shows_no_default_of_a_secret() -> None:
    head, line, *rows = as_markdown()
    assert head.count("|") == line.count("|") == 5
    assert [row.split("|")[1].strip(" `") for row in rows] == [knob.name for knob in knobs().values()]
    assert len(rows) == len([f for f in fields(Settings) if f.name != "fixed"])


# Accounts


def test_an_account_needs_three_fields_and_may_have_more() -> None:
    assert seats(SEAT) == (Seat("c-1/123", "account_1", Credentials("CSE.1", "123", "c-1"), None),)
    entry = {**SEAT, "id": "amber", "host_c_oses": "COS.1", "user_agent": "Firefox", "unknown": [1]}
    assert seats(entry) == (
        Seat("amber", "amber", Credentials("CSE.1", "123", "c-1", "COS.1", "Firefox"), None),
    )


def test_the_older_name_team_id_is_config_id() -> None:
    older = {"secure_c_ses": "CSE.1", "csesidx": "123", "team_id": "c-1"}
    assert seats(older) == seats(SEAT)
    assert seats({**SEAT, "team_id": "other"}) == seats(SEAT)
    assert seats({**SEAT, "config_id": "", "team_id": "c-1"}) == seats(SEAT)


def test_numbers_are_taken_as_the_text_they_are() -> None:
    (seat,) = seats({**SEAT, "csesidx": 123, "id": 7})
    assert (seat.credentials.csesidx, seat.name) == ("123", "7")


@pytest.mark.parametrize("missing", ["secure_c_ses", "csesidx", "config_id"])
@pytest.mark.parametrize("value", [None, "", "absent"])
def test_a_missing_field_is_named_with_the_entry(missing: str, value: str | None) -> None:
    entry = {**SEAT, missing: value}
    if value == "absent":
        del entry[missing]
    message = refused(ACCOUNTS_CONFIG=json.dumps([SEAT, entry]))
    assert f"has no {missing} in entry 2" in message


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (
            "2026-01-02 03:04:05",
            datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC),
        ),  # Beijing, as older programs write
        ("2026-01-02T03:04:05", datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+00:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05-08:00", datetime(2026, 1, 2, 11, 4, 5, tzinfo=UTC)),
        (
            "1970-01-01 00:00:00",
            datetime(1969, 12, 31, 16, tzinfo=UTC),
        ),  # "refresh at once" of older programs
    ],
)
def test_the_end_of_an_account_is_beijing_time_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    (seat,) = seats({**SEAT, "expires_at": text})
    assert seat.expires_at == moment.timestamp()


@pytest.mark.parametrize("text", [None, ""])
def test_an_account_without_an_end_has_none(text: str | None) -> None:
    assert seats({**SEAT, "expires_at": text})[0].expires_at is None


@pytest.mark.parametrize("text", ["soon", "2026-02-30 00:00:00", 1_700_000_000, "01/02/2026"])
def test_an_end_that_is_no_date_is_named_with_the_entry(text: object) -> None:
    assert "has an expires_at that is no date in entry 1" in refused(
        ACCOUNTS_CONFIG=json.dumps([{**SEAT, "expires_at": text}])
    )


def test_accounts_without_a_name_are_told_apart_by_what_they_are() -> None:
    first, second = seats(SEAT, {**SEAT, "csesidx": "124"})
    assert first.origin != second.origin
    assert (first.name, second.name) == ("account_1", "account_2")
    moved = seats({**SEAT, "csesidx": "124"}, SEAT)[1]
    assert moved.origin == first.origin  # the order of the list does not matter


def test_an_empty_list_is_no_account() -> None:
    assert seats() == ()


SINGLE = {"SECURE_C_SES": "CSE.1", "HOST_C_OSES": "COS.1", "CSESIDX": "123", "CONFIG_ID": "c-1"}


def test_four_variables_make_a_single_account() -> None:
    credentials = Credentials("CSE.1", "123", "c-1", "COS.1")
    assert read_settings(SINGLE).all_seats == (Seat("c-1/123", "single", credentials, None),)
    without = read_settings({name: value for name, value in SINGLE.items() if name != "HOST_C_OSES"})
    assert without.all_seats[0].credentials == replace(credentials, host_c_oses="")


def test_the_single_account_stands_beside_the_list() -> None:
    settings = read_settings({**SINGLE, "ACCOUNTS_CONFIG": json.dumps([{**SEAT, "id": "amber"}])})
    assert [seat.name for seat in settings.all_seats] == ["amber", "single"]


@pytest.mark.parametrize("missing", ["CSESIDX", "CONFIG_ID"])
def test_half_a_single_account_is_refused_by_the_name_of_the_other_half(missing: str) -> None:
    message = refused(**{**SINGLE, missing: ""})
    assert message.startswith(f"{missing}: ")
    assert "CSE.1" not in message


def test_the_ids_alone_are_no_account() -> None:
    assert read_settings({"CSESIDX": "123", "CONFIG_ID": "c-1"}).all_seats == ()


def test_an_account_may_name_its_mailbox() -> None:
    mailbox = {"mail_provider": "cfmail", "mail_address": "amber@mail.example", "tempmail_url": MARK}
    (seat,) = seats({**SEAT, **mailbox})
    assert seat.mailbox == mailbox
    assert MARK not in repr(seat)
