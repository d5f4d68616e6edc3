"""The sentence at the top of the overview, and what needs a hand."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from fakes import make_account

from gemini_pool.roster import Account, QuotaKind, Standing
from gemini_pool.web.console.wellness import needs, sentence, take_census

Speaking = Callable[[str], AbstractContextManager[None]]
NOW = 1_790_000_000.0
SIGN_IN = {"standing": Standing.NEEDS_SIGN_IN}
FORBIDDEN = {"standing": Standing.FORBIDDEN}
OFF = {"enabled": False}
LIMITED = {"cooldowns": {QuotaKind.TEXT: NOW + 240}}
NO_PICTURES = {"cooldowns": {QuotaKind.IMAGES: NOW + 600}}
BROKEN = {"resting_until": NOW + 61}
SOON = {"expires_at": NOW + 600}
OVER = {"expires_at": NOW - 1}


def pool(*changes: dict[str, Any]) -> list[Account]:
    """An account for each mapping of changes, well but for these."""
    amber = make_account("amber")
    return [Account(i, f"seat-{i}", amber.credentials, **change) for i, change in enumerate(changes, start=1)]


@pytest.mark.parametrize(
    ("accounts", "tone", "english", "chinese"),
    [
        ([], "bad", "Nobody can answer: the pool has no accounts yet.", "无法应答：账号池里还没有账号。"),
        (
            [OFF, OFF],
            "bad",
            "Nobody can answer: every account is switched off.",
            "无法应答：所有账号都已停用。",
        ),
        ([{}], "good", "The one account answers.", "所有账号均可应答。"),
        ([{}, {}, SOON, OFF], "good", "All 3 accounts answer.", "所有账号均可应答。"),
        (
            [{}, NO_PICTURES],
            "good",
            "All 2 accounts answer; 1 rests from a limit on pictures or films, it returns in 10 min.",
            "所有账号均可应答；1 个触及图片或视频限额，10 分后恢复。",
        ),
        (
            [{}, LIMITED, BROKEN],
            "warn",
            "1 of 3 accounts answers; 2 are resting, the next returns in 1 min 1 s.",
            "3 个账号中有 1 个可以应答；2 个正在休息，最早的 1 分 1 秒后恢复。",
        ),
        (
            [{}, {}, SIGN_IN, FORBIDDEN, OVER],
            "warn",
            "2 of 5 accounts answer; 1 needs a sign-in; 2 need a hand.",
            "5 个账号中有 2 个可以应答；1 个需要重新登录；2 个需要处理。",
        ),
        (
            [SIGN_IN, SIGN_IN],
            "bad",
            "Nobody can answer; 2 need a sign-in.",
            "目前没有账号可以应答；2 个需要重新登录。",
        ),
        (
            [LIMITED, OFF],
            "bad",
            "Nobody can answer; 1 is resting, it returns in 4 min.",
            "目前没有账号可以应答；1 个正在休息，4 分后恢复。",
        ),
    ],
)
def test_the_sentence_says_how_the_pool_is(
    speaking: Speaking, accounts: list[dict[str, Any]], tone: str, english: str, chinese: str
) -> None:
    for language, text in (("en", english), ("zh_CN", chinese)):
        with speaking(language):
            said = sentence(take_census(pool(*accounts), NOW), NOW)
            assert (said.tone, said.text.striptags()) == (tone, text)


def test_an_outage_blames_no_account(speaking: Speaking) -> None:
    with speaking("en"):
        said = sentence(take_census(pool({}, {}), NOW, outage=True), NOW)
        assert said.tone == "bad"
        assert "cannot be reached" in said.text
        assert [need.href for need in needs(pool({}, {}), NOW, outage=True)] == ["/settings"]


def test_what_needs_a_hand_is_told_by_name_the_worst_first(speaking: Speaking) -> None:
    with speaking("en"):
        found = needs(pool(SOON, {}, LIMITED, SIGN_IN, SIGN_IN, OFF), NOW)
    assert [need.href for need in found] == ["/accounts?state=needs_sign_in", "/accounts?state=expiring_soon"]
    assert found[0].text.startswith("2 accounts need a sign-in: seat-4, seat-5.")
    assert found[1].text == "seat-1 expires within three hours."


def test_who_is_well_rests_or_was_switched_off_needs_no_hand(speaking: Speaking) -> None:
    with speaking("en"):
        assert needs(pool({}, LIMITED, BROKEN, OFF), NOW) == []
