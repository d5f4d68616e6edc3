"""What is read from the pages of who is signed in."""

import pytest

from gemini_pool.signin import reading
from gemini_pool.signin.pages import View

NOW = 1_795_000_000.0  # 2026-11-18
DAY = 86400.0
CONFIG = "0f0e0d0c-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("address", "source", "csesidx"),
    [
        (f"https://b.example/home/cid/{CONFIG}?csesidx=1234567890&hl=en", "", "1234567890"),
        (f"https://b.example/cid/{CONFIG}/settings?x=1&csesidx=123456789", "csesidx=99999", "123456789"),
        (f"https://b.example/home/cid/{CONFIG}", '<script>x = {"csesidx":"4711471147"}', "4711471147"),
        (f"https://b.example/home/cid/{CONFIG}", 'a = \'{\\"csesidx\\": \\"4711471147\\"}\'', "4711471147"),
        (f"https://b.example/home/cid/{CONFIG}", "load('/x?csesidx=4711471147')", "4711471147"),
        (f"https://b.example/home/cid/{CONFIG}?csesidx=", "no index here", ""),
        (f"https://b.example/home/cid/{CONFIG}?csesidx=a1", "csesidx is none", ""),
    ],
)
def test_the_index_is_found_in_the_address_or_else_in_a_script(
    address: str, source: str, csesidx: str
) -> None:
    assert reading.csesidx_in(address, source) == csesidx


@pytest.mark.parametrize(
    ("path", "config_id"),
    [
        (f"/home/cid/{CONFIG}", CONFIG),
        (f"/cid/{CONFIG}/settings", CONFIG),
        (f"/home/cid/{CONFIG.upper()}", CONFIG),
        ("/home/cid/none", ""),
        (f"/login?continueUrl=/cid/{CONFIG}", ""),
    ],
)
def test_the_workspace_is_found_wherever_it_stands_in_the_path(path: str, config_id: str) -> None:
    assert View(f"https://b.example{path}").config_id == config_id


def test_both_cookies_are_read_and_the_second_may_be_missing() -> None:
    secure = {"name": "__Secure-C_SES", "value": "CSE.1", "expiry": 1_795_086_400}
    host = {"name": "__Host-C_OSES", "value": "COS.1"}
    assert reading.cookies_in([{"name": "NID", "value": "x"}, host, secure]) == (
        "CSE.1",
        "COS.1",
        1_795_086_400.0,
    )
    assert reading.cookies_in([{"name": "__Secure-C_SES", "value": "CSE.1"}]) == ("CSE.1", "", None)
    assert reading.cookies_in([]) == ("", "", None)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (NOW + DAY, NOW + DAY / 2),
        (NOW + 30 * DAY, NOW + 29.5 * DAY),
        (NOW + 3600, NOW + 3600),
        (None, NOW + DAY / 2),
        (NOW - 5, NOW + DAY / 2),
        (NOW + 5000 * DAY, NOW + DAY / 2),
    ],
)
def test_cookies_are_taken_to_die_half_a_day_before_they_say(ends: float | None, expected: float) -> None:
    assert reading.expiry(ends, NOW) == expected


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ('{"plan":{"daysLeft":12}}', "2026-11-30"),
        ('{\\"trialDaysRemaining\\":\\"1\\"}', "2026-11-19"),
        ("<p>You have 3 days left in your trial</p>", "2026-11-21"),
        ("<p>1 day remaining</p>", "2026-11-19"),
        ("<p>试用期还剩 30 天</p>", "2026-12-18"),
        ("[[2026,11,1],[2026,12,1]]", "2026-12-01"),
        ("[2026, 11, 1], null, [2026, 12, 31]", "2026-12-31"),
        ("[2026,12,1],[2026,11,1]", ""),
        ("[2026,13,1],[2026,14,1]", ""),
        ("[2031,1,1],[2031,2,1]", ""),
        ("the whole year", ""),
    ],
)
def test_the_end_of_the_trial_is_read_in_each_form_it_is_known_in(source: str, end: str) -> None:
    assert reading.trial_end(source, NOW) == end
