"""Settings: what there are, where each value comes from, and saving those that the environment leaves open.

A saved setting holds when the workers have read it, which they do in a reload that loses no answer.
"""

from typing import Any

from pydantic import Field

from gemini_pool.errors import Invalid
from gemini_pool.knobs import Knob, SettingsError
from gemini_pool.roster import masked
from gemini_pool.settings import check, knobs
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Shape
from gemini_pool.wiring import Services, services

bp = Desk("settings", "/api/settings")


class SettingShown(Shape):
    """`source` is environment, saved or default; what is `fixed` cannot be saved here. A secret's value is
    masked."""

    name: str
    value: str
    default: str
    accepted: str
    about: str
    secret: bool
    source: str
    fixed: bool


class SettingsShown(Shape):
    settings: list[SettingShown]


class SettingsChanges(Shape):
    """Name to value; an empty value forgets what was saved. A secret that is sent back masked stays."""

    values: dict[str, str] = Field(max_length=200)


class Saved(Shape):
    """The names of those that changed; with any, the workers are reloading."""

    success: bool = True
    changed: list[str]


@bp.operation("GET")
def settings() -> SettingsShown:
    """All settings."""
    s = services()
    saved = s.saved.all()
    return SettingsShown(settings=[_shown(k, s, saved) for k in knobs().values()])


@bp.operation("PUT")
def save(body: SettingsChanges) -> Saved:
    """Save settings. All are checked before any is saved."""
    return Saved(changed=save_all(body.values))


def save_all(values: dict[str, str]) -> list[str]:
    """Save what differs from what was saved, and have the workers read it: the names; Invalid."""
    s = services()
    saved = s.saved.all()
    news = {name: text.strip() for name, text in values.items() if _differs(name, text.strip(), saved)}
    known = _checked(news, s)
    for name, text in news.items():
        s.saved.save(name, text, secret=known[name].secret)
    if news:
        wrote("settings.saved", detail=", ".join(news))
        s.office.reload()
    return list(news)


def in_force(name: str, s: Services, saved: dict[str, str]) -> str:
    """The text of a setting as it will be read; of one that is fixed, as this process has it."""
    field, k = next((field, k) for field, k in knobs().items() if k.name == name)
    if name in s.settings.fixed:
        return _text(getattr(s.settings, field))
    return saved.get(name, k.default)


def of_name(name: str) -> Knob:
    """What is known of a setting."""
    return next(k for k in knobs().values() if k.name == name)


def _differs(name: str, text: str, saved: dict[str, str]) -> bool:
    held = saved.get(name, "")
    return text != held and not (held and text == masked(held))


def _checked(values: dict[str, str], s: Services) -> dict[str, Knob]:
    faults, known = {}, {}
    for name, text in values.items():
        try:
            known[name] = check(name, text)
            if known[name].at_start:
                raise SettingsError(f"{name}: is set where the service is started, in its environment")
            if name in s.settings.fixed:
                raise SettingsError(f"{name}: the environment sets it; change it there")
        except SettingsError as error:
            faults[name] = str(error).removeprefix(f"{name}: ")
    if faults:
        raise Invalid("; ".join(f"{name}: {fault}" for name, fault in faults.items()) + ".", fields=faults)
    return known


def _shown(k: Knob, s: Services, saved: dict[str, str]) -> SettingShown:
    value = in_force(k.name, s, saved)
    fixed = k.name in s.settings.fixed
    return SettingShown(
        name=k.name,
        value=masked(value) if k.secret else value,
        default=k.default,
        accepted=k.reader.accepted,
        about=k.about,
        secret=k.secret,
        source="environment" if fixed else "saved" if k.name in saved else "default",
        fixed=fixed or not k.savable or k.at_start,
    )


def _text(value: Any) -> str:
    """A value as the environment would give it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)
