"""Numbers and times as people read them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from gemini_pool.web.console import words

Speaking = Callable[[str], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (432, "7 min 12 s", "7 分 12 秒"),
        (3600, "1 h", "1 小时"),
        (3605, "1 h", "1 小时"),
        (90_061, "1 d 1 h", "1 天 1 小时"),
        (59.7, "1 min", "1 分"),
        (-5, "0 s", "0 秒"),
    ],
)
def test_a_duration_is_its_two_largest_units(
    speaking: Speaking, seconds: float, english: str, chinese: str
) -> None:
    with speaking("en"):
        assert words.duration(seconds) == english
    with speaking("zh_CN"):
        assert words.duration(seconds) == chinese


@pytest.mark.parametrize(
    ("ahead", "english", "chinese"),
    [
        (432, "in 7 min 12 s", "7 分 12 秒后"),
        (-10_900, "3 h ago", "3 小时前"),
        (2, "now", "刚刚"),
        (-2, "now", "刚刚"),
    ],
)
def test_a_time_is_told_from_now_with_the_exact_one_on_hover(
    speaking: Speaking, ahead: float, english: str, chinese: str
) -> None:
    now = 1_790_000_000.0
    with speaking("en"):
        shown = words.when(now + ahead, now)
        assert shown.striptags() == english
        assert f'datetime="{words.iso(now + ahead)}"' in shown
        assert 'title="2026-09-21 ' in shown
    with speaking("zh_CN"):
        assert words.when(now + ahead, now).striptags() == chinese


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (211.6, "212 ms"), (1432, "1.4 s"), (12_000, "12 s"), (125_000, "2 min 5 s")],
)
def test_what_was_measured_is_shown_as_finely_as_it_matters(
    speaking: Speaking, value: float | None, shown: str
) -> None:
    with speaking("en"):
        assert words.milliseconds(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (1, "100 %"), (0.9987, "99.9 %"), (0.99999, "99.9 %"), (0.125, "12.5 %")]
)
def test_only_the_whole_is_a_hundred_percent(speaking: Speaking, share: float, shown: str) -> None:
    with speaking("en"):
        assert words.percent(share) == shown


def test_large_numbers_are_parted_by_thin_spaces() -> None:
    assert words.number(1_234_567) == "1\u202f234\u202f567"
    assert words.number(999) == "999"
    assert words.size(640) == "640\u202fB"
    assert words.size(1_432_000) == "1.4\u202fMB"


def test_of_many_names_some_are_told_and_the_rest_counted(speaking: Speaking) -> None:
    with speaking("en"):
        assert words.names(["amber", "bruno"]) == "amber, bruno"
        assert words.names(["amber", "bruno", "clara", "dieter", "emil"]) == "amber, bruno, clara and 2 more"
