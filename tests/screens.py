"""What tests of pages do with a browser: look for elements, press keys, change the screen, take pictures."""

from pathlib import Path
from typing import Any

WIDTHS = {390: 844, 768: 1024, 1440: 900}
SCREENS = Path(__file__).resolve().parents[1] / "build" / "screens"


def size(browser: Any, width: int, height: int) -> None:
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def found(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def one(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def texts(browser: Any, selector: str) -> list[str]:
    """What all elements of a selector say, also where nobody sees it."""
    script = "return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)"
    return list(browser.execute_script(script, selector))


def press(browser: Any, *keys: str) -> None:
    browser.switch_to.active_element.send_keys(*keys)


def shoot(browser: Any, name: str) -> None:
    """What is on the screen, into build/screens/, for the eye."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(SCREENS / f"{name}.png"))
