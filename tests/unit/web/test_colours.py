"""Contrast of what static/console.css writes, in both themes, as WCAG counts it."""

import re
from itertools import product

import pytest

from gemini_pool.web.console.assets import BOOTSTRAP
from gemini_pool.web.console.frame import STATIC

CSS = (STATIC / "console.css").read_text(encoding="utf-8")
BASE = (BOOTSTRAP / "css" / "bootstrap.min.css").read_text(encoding="utf-8")
TEXT, SHAPES = 4.5, 3.0
TONES = ("good", "warn", "bad", "off")


def colours(theme: str) -> dict[str, str]:
    """Every variable that is a plain colour in a theme, ours over Bootstrap's."""
    found: dict[str, str] = {}
    for css in (BASE, CSS):
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
            said = selector.replace('"', "")
            if ":root" in said or f"[data-bs-theme={theme}]" in said:
                found |= dict(re.findall(r"--([\w-]+):\s*(#\w{3,6})\b", body))
    return found | {"accent": found["bs-link-color"]}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))

    def linear(part: float) -> float:
        return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_counted_as_wcag_does() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tone", TONES)
def test_a_state_is_readable_on_the_page_and_on_its_tint(theme: str, tone: str) -> None:
    known = colours(theme)
    for ground in ("bs-body-bg", "surface", f"{tone}-tint"):
        assert contrast(known[tone], known[ground]) >= TEXT, (tone, ground)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_readable_on_every_ground(theme: str) -> None:
    known = colours(theme)
    for text, ground in product(("bs-body-color", "quiet"), ("bs-body-bg", "surface", "off-tint")):
        assert contrast(known[text], known[ground]) >= TEXT, (text, ground)
    assert contrast(known["accent"], known["bs-body-bg"]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_parts_of_a_chart_are_told_from_each_other(theme: str) -> None:
    known = colours(theme)
    assert contrast(known["bs-primary"], known["bs-body-color"]) >= SHAPES
    for part in ("bs-primary", "accent", "bs-body-color"):
        assert contrast(known[part], known["bs-body-bg"]) >= SHAPES
