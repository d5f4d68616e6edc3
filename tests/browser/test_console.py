"""A real browser on the console: what scripts draw, the keyboard, narrow screens, its content policy."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask, Response
from gallery import serving
from running import until
from signing_in import PASSWORD

Keys = pytest.importorskip("selenium.webdriver.common.keys", reason="selenium is not installed").Keys

POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:"
PAGES = {
    "gallery": "/gallery",
    "sheet": "/gallery?sheet=1",
    "signed-out": "/gallery/signed-out",
    "overview": "/gallery/overview?case=some",
    "many": "/gallery/overview?case=many&period=30d",
    "none": "/gallery/overview?case=none",
    "well": "/gallery/overview?case=well&period=7d",
}
SEEN_EACH_TIME = ("gallery", "sheet", "overview")
WIDTHS = {390: 844, 768: 1024, 1440: 900}
SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"


@pytest.fixture
def gallery(browser: Any, make_app: Callable[..., Flask]) -> Iterator[str]:
    """The gallery's address, under the policy that the console has; on a wide screen to begin with."""
    size(browser, 1440, 900)
    app = make_app("amber", ADMIN_PASSWORD=PASSWORD)

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["content-security-policy"] = POLICY
        return response

    with serving(app) as address:
        yield address


def size(browser: Any, width: int, height: int) -> None:
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def found(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def one(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def press(browser: Any, *keys: str) -> None:
    browser.switch_to.active_element.send_keys(*keys)


@pytest.mark.parametrize(
    "page", [pytest.param(one, marks=() if one in SEEN_EACH_TIME else pytest.mark.long) for one in PAGES]
)
def test_nothing_is_wider_than_the_screen_and_nothing_is_refused(
    browser: Any, gallery: str, page: str
) -> None:
    for width, height in WIDTHS.items():
        size(browser, width, height)
        for theme, language in (("light", "en"), ("dark", "zh_CN"), ("dark", "en"), ("light", "zh_CN")):
            browser.get(f"{gallery}/look?theme={theme}&language={language}&next=/health")
            browser.get(gallery + PAGES[page])
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            if "SCREENS" in os.environ:
                shoot(browser, f"{page}-{width}-{theme}-{language}", width)
    told = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in told if "favicon" not in line and "/api/events" not in line]


def shoot(browser: Any, name: str, width: int) -> None:
    """The whole page into build/screens/, for the eye: SCREENS=1 pytest tests/browser/test_console.py."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    size(browser, width, max(600, browser.execute_script("return document.documentElement.scrollHeight")))
    browser.save_screenshot(str(SCREENS / f"{name}.png"))
    size(browser, width, WIDTHS[width])


def test_the_theme_changes_at_once_and_stays(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    shown = "return document.documentElement.dataset.bsTheme"
    for theme in ("dark", "light", "dark"):
        one(browser, f"[data-theme-choice={theme}]").click()
        assert browser.execute_script(shown) == theme
    browser.refresh()
    assert browser.execute_script(shown) == "dark"
    assert one(browser, "[data-theme-choice=dark]").get_attribute("aria-current") == "true"


def test_a_chart_reads_out_its_values_by_the_keyboard(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    until(lambda: found(browser, "#answers .column-main"), what="the columns")
    browser.execute_script("document.querySelector('#answers svg').focus()")
    press(browser, Keys.END)
    spoken = one(browser, "#answers [aria-live]")
    last = spoken.get_attribute("textContent")
    assert "Answered: " in last
    assert "Failed: " in last
    press(browser, Keys.ARROW_LEFT)
    assert spoken.get_attribute("textContent") != last
    assert found(browser, "#answers > .hint")
    press(browser, Keys.ESCAPE)
    assert not found(browser, "#answers > .hint")


def test_the_numbers_of_a_chart_take_its_place(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    one(browser, "#first summary").click()
    assert len(found(browser, "#first tbody tr")) == 24
    assert not one(browser, "#first .chart-area").is_displayed()


def test_a_chart_is_drawn_anew_for_another_width(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    size(browser, 1440, 900)
    box = "return document.querySelector('#answers svg').viewBox.baseVal.width"
    until(lambda: browser.execute_script(box) > 400, what="the wide chart")
    size(browser, 390, 844)
    narrow = "the narrow chart, before the page is fetched anew"
    until(lambda: 300 < browser.execute_script(box) < 390, seconds=5, what=narrow)


@pytest.mark.parametrize("case", ["some", "many"])
def test_the_strip_tells_of_each_account_by_the_keyboard_and_leads_to_it(
    browser: Any, gallery: str, case: str
) -> None:
    browser.get(gallery + PAGES["many" if case == "many" else "overview"])
    until(lambda: found(browser, ".strip rect[width]"), what="the strip")
    assert len(found(browser, ".strip rect")) == (1000 if case == "many" else 12)
    browser.execute_script("document.querySelector('.strip svg').focus()")
    press(browser, Keys.END)
    assert "Disabled" in one(browser, ".strip .hint").text
    assert one(browser, ".strip .hint .icon").size["width"] < 20
    press(browser, Keys.HOME)
    assert "Active" in one(browser, ".strip .hint").text
    press(browser, Keys.ENTER)
    until(lambda: "/accounts/" in unquote(browser.current_url), what="the account's page, or the door to it")


def test_an_account_s_reason_is_text(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    until(lambda: found(browser, ".strip rect[width]"), what="the strip")
    labels = [rect.get_attribute("aria-label") for rect in found(browser, ".strip rect")]
    assert any("<script>alert(1)</script>" in label for label in labels)
    assert any("returns in 4 min" in label for label in labels)


def test_a_form_that_asks_first_is_sent_after_a_yes_alone(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["gallery"])
    browser.execute_script("""
        window.sent = 0
        document.addEventListener('submit', event => {
          if (!event.defaultPrevented) { event.preventDefault(); window.sent += 1 }
        })
    """)
    disable = next(button for button in found(browser, "form[data-confirm] button") if button.is_displayed())
    disable.click()
    assert "Disable amber@example.org?" in one(browser, "#confirm").text
    press(browser, Keys.ESCAPE)
    until(lambda: not one(browser, "#confirm").is_displayed(), what="the dialog to go")
    assert browser.execute_script("return window.sent") == 0
    disable.click()
    one(browser, "#confirm [data-answer=yes]").click()
    until(lambda: browser.execute_script("return window.sent") == 1, what="the form to be sent")


def test_a_menu_is_not_cut_off_and_goes_by_escape(browser: Any, gallery: str) -> None:
    size(browser, 768, 1024)
    browser.get(gallery + PAGES["gallery"])
    browser.execute_script("document.querySelector('.more summary').focus()")
    press(browser, Keys.ENTER)
    inside = (
        "const r = document.querySelector('.more-list').getBoundingClientRect(); return r.right <= innerWidth"
    )
    until(lambda: one(browser, ".more-list").is_displayed(), what="the menu")
    until(lambda: browser.execute_script(inside), what="the menu to be inside")
    press(browser, Keys.ESCAPE)
    assert not one(browser, ".more-list").is_displayed()
    assert browser.execute_script("return document.activeElement.matches('.more summary')")


def test_the_first_tab_skips_to_the_content(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    press(browser, Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    press(browser, Keys.ENTER)
    until(lambda: browser.switch_to.active_element.get_attribute("id") == "content", what="the content")


def test_a_page_fetches_anew_what_changed(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["overview"])
    until(lambda: found(browser, ".strip rect[width]"), what="the strip")
    browser.execute_script("document.getElementById('well').dataset.old = 'yes'")
    browser.execute_script(
        "document.dispatchEvent(new CustomEvent('pool:account_update', {detail: {id: 1}}))"
    )
    until(lambda: not found(browser, "#well[data-old]"), what="the fresh part")
    until(lambda: found(browser, "#well .strip rect[width]"), what="its strip")


def test_a_toast_tells_that_a_copy_was_made(browser: Any, gallery: str) -> None:
    browser.get(gallery + PAGES["gallery"])
    one(browser, "[data-copy]").click()
    until(lambda: "Copied." in one(browser, "#toasts").text, what="the toast")
