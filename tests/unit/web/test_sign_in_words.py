"""The words of sign-ins, mailboxes and work: the console knows all that the other rooms say."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import gemini_pool
from gemini_pool.signin.mailbox import PROVIDERS
from gemini_pool.store.sign_ins import SignInOutcome
from gemini_pool.store.works import WorkState
from gemini_pool.web.console import mailbox_words, sign_in_words, work_words

Speaking = Callable[[str], AbstractContextManager[None]]
PRODUCT = Path(gemini_pool.__file__).parent
# Where steps are named: `self._done("address")`, `told("proof")`, `yield "kept"`.
SAYS_STEPS = re.compile(r'(?:\b_?(?:done|told|told\.put)\(|\byield )"([a-z ]+)"')


def test_every_step_of_a_sign_in_has_a_word() -> None:
    sources = [*(PRODUCT / "signin").glob("*.py"), PRODUCT / "jobs" / "refresh.py"]
    said = {step for path in sources for step in SAYS_STEPS.findall(path.read_text(encoding="utf-8"))}
    assert {"browser", "address", "verify", "credentials", "proof", "kept"} <= said
    assert said <= set(sign_in_words.STEPS)


def test_every_reason_that_is_translated_is_one_that_is_said() -> None:
    folders = ("signin", "jobs", "web/api")
    sources = [path.read_text(encoding="utf-8") for one in folders for path in (PRODUCT / one).rglob("*.py")]
    said = re.sub(r'"\s+"', "", "\n".join(sources))  # sentences that go over lines
    assert [str(one._args[0]) for one in sign_in_words.REASONS if one._args[0] not in said] == []


def test_every_ending_has_a_look() -> None:
    assert {one.value or "running" for one in SignInOutcome} == set(sign_in_words.ENDS)
    assert {one.value for one in WorkState} == set(work_words.STANDINGS)


def test_all_words_of_mailboxes_can_be_said_in_other_languages() -> None:
    fields = [field for provider in PROVIDERS.values() for field in provider.fields]
    words = {provider.title for provider in PROVIDERS.values()} | {field.word for field in fields}
    about = {field.about for field in fields if not mailbox_words.USUALLY.fullmatch(field.about)}
    assert words | about - {""} == {one._args[0] for one in mailbox_words.WORDS}


def test_what_is_usual_is_told_in_any_language(speaking: Speaking) -> None:
    with speaking("zh_CN"):
        assert mailbox_words.about("Where it is not 993.") == "不是 993 时才填写。"
        assert mailbox_words.about("") == ""
        assert sign_in_words.step("code") == "已收到验证码"
        assert sign_in_words.reason("") == ""
        assert mailbox_words.with_labels("enter its mail_host", "imap") == "enter its “IMAP 服务器”"


@pytest.mark.parametrize(
    ("told", "english", "chinese"),
    [
        ("Sign-in of all accounts", "Sign-in of all accounts", "登录所有账号"),
        ("Sign-in of amber", "Sign-in of amber", "登录 amber"),
        ("Enrolment", "Enrolment", "用邮箱登录"),
        ("Sign-ins that were due", "Sign-ins that were due", "到期的登录"),
        ("Something new", "Something new", "Something new"),
    ],
)
def test_work_is_called_by_what_it_does(speaking: Speaking, told: str, english: str, chinese: str) -> None:
    for language, wanted in (("en", english), ("zh_CN", chinese)):
        with speaking(language):
            assert work_words.title("refresh", told) == wanted
