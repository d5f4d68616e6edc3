"""A real browser in the chat: answers as they come, what is kept, branches, and markup that does no harm."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from running import until
from screens import WIDTHS, found, one, press, shoot, size, texts
from signing_in import PASSWORD
from werkzeug.serving import make_server

from gemini_pool.simulator.files import PICTURE
from gemini_pool.simulator.world import World

Keys = pytest.importorskip("selenium.webdriver.common.keys", reason="selenium is not installed").Keys

TEXT = """# Heat

It **moves** warmth.

```python
print('a')
```

| a | b |
|---|--:|
| 1 | 2 |

- one
- two"""
HOSTILE = """<img src=x onerror="window.hit='img'"> <script>window.hit='script'</script>

[press](javascript:window.hit='link') [data](data:text/html,<script>window.hit=1</script>)

![p](javascript:window.hit='picture') ![q](https://elsewhere.example/spy.png)
<b onclick="window.hit=1">bold</b>

<javascript:window.hit='auto'> [fine](https://example.com/a?b=1)"""
BROKEN_LINE = r"""
const half = 'data: {"choices": [{"delta": {"content": "half"}}]}\n\n'
window.fetch = () => Promise.resolve(new Response(half))
"""
ALL_MARKUP = (
    "return document.querySelectorAll('.md script, .md img, .md b, .md [onclick], .md [onerror]').length"
)


@pytest.fixture
def address(browser: Any, make_app: Callable[..., Flask]) -> Iterator[str]:
    """The chat of a pool of one account, as it is served in earnest, signed in."""
    size(browser, 1440, 900)
    server = make_server("127.0.0.1", 0, make_app("amber", ADMIN_PASSWORD=PASSWORD), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    browser.get(f"{here}/look?language=en&next=/login?next=/chat")
    one(browser, "#password").send_keys(PASSWORD, Keys.ENTER)
    until(lambda: found(browser, "#start:not([hidden])"), what="the chat")
    yield f"{here}/chat"
    browser.get("about:blank")  # what the page holds open would keep the server from ending
    server.shutdown()
    thread.join()


def ask(browser: Any, text: str) -> None:
    one(browser, "#question").send_keys(text, Keys.ENTER)


def ended(browser: Any, answers: int = 1) -> bool:
    return len(found(browser, ".turn-answer:not([data-growing]) .print")) == answers


def answered(browser: Any, answers: int = 1) -> None:
    until(lambda: ended(browser, answers), what="the end of the answer")


def test_an_answer_streams_with_its_thoughts_and_says_who_gave_it(
    browser: Any, address: str, world: World
) -> None:
    world.behave(None, text=TEXT, thoughts=2, deltas=30, delay=0.02)
    ask(browser, "How does a heat pump work?")
    until(lambda: found(browser, ".turn-answer[data-growing] .md strong"), what="a part of the answer")
    answered(browser)
    assert texts(browser, ".turn-answer .md-h1") == ["Heat"]
    assert texts(browser, ".turn-answer td") == ["1", "2"]
    assert len(found(browser, ".turn-answer li")) == 2
    assert texts(browser, ".turn-answer figure code") == ["print('a')\n"]
    assert not one(browser, ".thoughts .md").is_displayed()
    one(browser, ".thoughts summary").click()
    until(lambda: "Thought 2." in one(browser, ".thoughts").text, what="the thoughts")
    until(lambda: found(browser, ".print a"), what="the account")
    assert one(browser, ".print a").get_attribute("href").endswith("/accounts/1")
    assert "gemini-auto · first word after" in one(browser, ".print").text

    kept = browser.current_url
    assert "#" in kept
    browser.refresh()
    answered(browser)
    assert browser.current_url == kept
    assert texts(browser, ".turn-answer .md-h1") == ["Heat"]
    assert one(browser, ".print a").text == "amber"
    assert texts(browser, "#chats-list a") == ["How does a heat pump work?"]


def test_pictures_and_films_are_shown_and_a_picture_grows_when_it_is_pressed(
    browser: Any, address: str
) -> None:
    next(button for button in found(browser, "[data-example]") if "lighthouse" in button.text).click()
    assert one(browser, "#model").get_attribute("value") == "gemini-image"
    press(browser, Keys.ENTER)
    answered(browser)
    loaded = "const i = document.querySelector('.answer-text .picture img'); return i && i.naturalWidth > 0"
    until(lambda: browser.execute_script(loaded), what="the picture")
    one(browser, ".answer-text .picture").click()
    assert one(browser, "#lightbox img").is_displayed()
    press(browser, Keys.ESCAPE)
    assert not one(browser, "#lightbox").is_displayed()
    browser.execute_script("document.getElementById('model').value = 'gemini-video'")
    ask(browser, "A film")
    answered(browser, 2)
    ready = "const v = document.querySelector('.answer-text video'); return v?.controls && v.readyState > 0"
    until(lambda: browser.execute_script(ready), what="the film")


def test_files_go_along_and_can_be_opened_again(
    browser: Any, address: str, world: World, tmp_path: Path
) -> None:
    for name, data in {"small.png": PICTURE.smallest, "notes.txt": b"hello"}.items():
        (tmp_path / name).write_bytes(data)
        one(browser, "#files").send_keys(str(tmp_path / name))
    until(lambda: not found(browser, "#chosen progress"), what="the uploads")
    assert len(found(browser, "#chosen .file")) == 2
    ask(browser, "What is this?")
    answered(browser)
    assert "(2 files)" in one(browser, ".answer-text").text
    assert len(world.files("amber")) == 2
    assert not found(browser, "#chosen .file")
    one(browser, ".turn-user .picture").click()
    assert one(browser, "#lightbox img").is_displayed()


def test_stop_ends_the_answer_and_the_pools_own_request(browser: Any, address: str, world: World) -> None:
    world.behave(None, words=3000, delay=0.02)
    ask(browser, "Go on and on")
    until(lambda: "answers" in one(browser, ".answer-text").text, what="the answer to begin")
    one(browser, "#stop").click()
    answered(browser)
    assert "You stopped this answer." in one(browser, ".turn-answer .message").text
    assert browser.switch_to.active_element.get_attribute("id") == "question"
    assert world.wait_until(lambda world: world.open_streams() == 0)


def test_branches_stay_within_reach(browser: Any, address: str, world: World) -> None:
    ask(browser, "first")
    answered(browser)
    one(browser, ".turn-answer [data-do=again]").click()
    until(lambda: "2 / 2" in one(browser, ".turn-answer .turn-foot").text, what="the other answer")
    ask(browser, "more")
    answered(browser, 2)
    one(browser, ".turn-user [data-do=edit]").click()
    press(browser, " changed", Keys.ENTER)
    answered(browser)
    assert texts(browser, ".bubble") == ["first changed"]
    assert "more" not in world.prompts["amber"][-1]
    one(browser, ".turn-user [data-do=before]").click()
    assert texts(browser, ".bubble") == ["first", "more"]
    browser.refresh()
    answered(browser, 2)
    assert texts(browser, ".bubble") == ["first", "more"]


def test_an_answer_that_fails_or_ends_early_says_what_to_do(browser: Any, address: str, world: World) -> None:
    world.behave(None, words=200, stream="cut")
    ask(browser, "anything")
    until(lambda: found(browser, ".turn-answer .message"), what="the word of it")
    assert "ends early" in one(browser, ".turn-answer .message").text
    assert one(browser, ".answer-text").text
    world.behave(None, stream=None, api="429")
    one(browser, ".turn-answer .message [data-do=again]").click()
    until(lambda: "A limit is reached." in "".join(texts(browser, ".message")), what="the refusal")
    assert "Look at the accounts" in one(browser, ".turn-answer .message[role=alert]").text
    browser.execute_script(BROKEN_LINE)
    one(browser, ".turn-answer .message [data-do=again]").click()
    until(lambda: texts(browser, ".answer-text") == ["half"], what="half of an answer")
    until(lambda: "the connection broke" in "".join(texts(browser, ".message")), what="the word of it")


def test_markup_of_a_model_or_in_a_file_does_no_harm(
    browser: Any, address: str, world: World, tmp_path: Path
) -> None:
    world.behave(None, text=HOSTILE)
    ask(browser, "<img src=x onerror=window.hit='title'>")
    answered(browser)
    links = [link.get_attribute("href") for link in found(browser, ".md a")]
    assert links == ["https://elsewhere.example/spy.png", "https://example.com/a?b=1"]
    assert "<script>window.hit='script'</script>" in one(browser, ".answer-text").text
    assert browser.execute_script(ALL_MARKUP) == 0
    assert texts(browser, "#chats-list a") == ["<img src=x onerror=window.hit='title'>"]

    evil = "<script>window.hit='file'</script>"
    message = {"id": "a", "parent": "", "role": "assistant", "text": evil, "thoughts": evil, "model": evil}
    message |= {"files": [{"name": evil, "url": "javascript:1", "thumb": "x"}]}
    message |= {"sources": [{"url": "javascript:1", "title": evil}]}
    told = {"format": "gemini_pool.chat", "version": 1}
    told |= {"conversations": [{"title": evil, "messages": [message]}]}
    (tmp_path / "evil.json").write_text(json.dumps(told))
    one(browser, "#import-file").send_keys(str(tmp_path / "evil.json"))
    until(lambda: evil in texts(browser, "#chats-list a"), what="the conversation out of the file")
    next(link for link in found(browser, "#chats-list a") if link.text == evil).click()
    until(lambda: evil in "".join(texts(browser, ".answer-text")), what="its answer")
    assert browser.execute_script(ALL_MARKUP) == 0
    assert browser.execute_script("return window.hit") is None


def test_hundreds_of_conversations_are_listed_searched_and_deleted(
    browser: Any, address: str, tmp_path: Path
) -> None:
    said = {"id": "a", "parent": "", "role": "user", "text": "needle in 137"}
    all_of_them = [
        {"title": f"Chat {n}", "updated": n, "messages": [said] if n == 137 else []} for n in range(500)
    ]
    told = {"format": "gemini_pool.chat", "version": 1, "conversations": all_of_them}
    (tmp_path / "many.json").write_text(json.dumps(told))
    one(browser, "#import-file").send_keys(str(tmp_path / "many.json"))
    until(lambda: len(found(browser, "#chats-list a")) == 500, what="the list")
    one(browser, "#chats-search").send_keys("needle")
    until(lambda: texts(browser, "#chats-list a") == ["Chat 137"], what="what was looked for")
    press(browser, Keys.TAB, Keys.ENTER)
    until(lambda: texts(browser, ".bubble") == ["needle in 137"], what="the conversation")
    one(browser, "#title").send_keys(Keys.CONTROL, "a", Keys.NULL, "Found", Keys.ENTER)
    until(lambda: texts(browser, "#chats-list a") == ["Found"], what="the new title")
    one(browser, ".talk-head .more summary").click()
    one(browser, "#forget").click()
    one(browser, "#confirm [data-answer=yes]").click()
    until(lambda: found(browser, ".chats-none"), what="the empty list")
    assert one(browser, "#start").is_displayed()


def test_an_answer_is_shown_alike_whether_it_came_in_pieces_or_whole(browser: Any, address: str) -> None:
    module = one(browser, "link[href$='chat/markdown.js']").get_attribute("href")
    alike = browser.execute_async_script(
        """
        const [module, text, done] = arguments
        import(module).then(({Markdown}) => {
          const [grown, whole] = [0, 1].map(() => document.createElement('div'))
          const growing = new Markdown(grown)
          for (let end = 1; end <= text.length; end++) growing.update(text.slice(0, end))
          new Markdown(whole).update(text, true)
          const before = grown.innerHTML
          growing.update(text, true)
          done([before, grown.innerHTML, whole.innerHTML])
        })
        """,
        module,
        f"{TEXT}\n\n1. a\n\n2. b\n   - c\n\n> said\n> so\n\n---\n\nSetext\n===\n\n    code\n\n~~~\nopen",
    )
    assert alike[0] == alike[1] == alike[2]


def test_nothing_is_wider_than_the_screen_in_the_chat(browser: Any, address: str, world: World) -> None:
    table = "\n".join(f"| {cell * 30}" for cell in ("cell | ", "--- | ", "value | "))
    text = f"{TEXT}\n\n```\n{'wide ' * 60}\n```\n\n{'long' * 90}\n\n{table}"
    world.behave(None, text=text, thoughts=1, citations=True)
    ask(browser, "How does a heat pump get warmth out of cold air, and what does it cost?")
    answered(browser)
    until(lambda: found(browser, ".print a"), what="the account")
    pages = {"chat": browser.current_url, "chat-empty": address}
    looks = [("light", "en"), ("dark", "zh_CN"), ("dark", "en"), ("light", "zh_CN")]
    for theme, language in looks if "SCREENS" in os.environ else looks[:2]:
        browser.get(f"{address.removesuffix('/chat')}/look?theme={theme}&language={language}&next=/health")
        for name, page in pages.items():
            browser.get("about:blank")
            browser.get(page)
            until(lambda: found(browser, ".print, #start:not([hidden])"), what="the page")
            for width, height in WIDTHS.items():
                size(browser, width, height)
                assert browser.execute_script("return document.documentElement.scrollWidth") <= width
                if "SCREENS" in os.environ:
                    shoot(browser, f"{name}-{width}-{theme}-{language}")
    told = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in told if "favicon" not in line and "/api/events" not in line]
