"""Settings: all of them in groups, each with what it means, what it takes, and where its value comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.errors import Invalid
from gemini_pool.web.api import settings as api
from gemini_pool.web.api import status
from gemini_pool.web.api.config import HIDDEN, without_password
from gemini_pool.web.console.setting_words import accepted, fault, meaning
from gemini_pool.wiring import services

bp = Blueprint("settings", __name__, url_prefix="/settings")


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together, in the order of their page; `path` is below /settings."""

    path: str
    word: LazyString
    names: tuple[str, ...]


GROUPS = (
    Group("", _l("Server"), (
        "HOST", "PORT", "WEB_CONCURRENCY", "THREADS", "DRAIN_SECONDS", "DATA_DIR", "LOG_LEVEL", "BASE_URL",
        "TRUSTED_PROXIES",
    )),
    Group("callers", _l("Callers"), (
        "API_KEY", "ALLOW_ANONYMOUS", "MAX_BODY_MB", "UNKNOWN_MODEL", "KEEP_ALIVE_SECONDS",
        "SESSION_CACHE_TTL_SECONDS",
    )),
    Group("accounts", _l("Accounts and failures"), (
        "ACCOUNT_STRATEGY", "ERROR_POLICY", "ACCOUNT_FAILURE_THRESHOLD", "RATE_LIMIT_COOLDOWN_SECONDS",
        "MAX_CONCURRENT_PER_ACCOUNT", "DAILY_TEXT_ANSWERS", "DAILY_IMAGE_ANSWERS", "DAILY_VIDEO_ANSWERS",
        "MAX_NEW_SESSION_TRIES", "MAX_REQUEST_RETRIES", "MAX_ACCOUNT_SWITCH_TRIES",
        "REQUEST_DEADLINE_SECONDS", "ACCOUNTS_CONFIG", "SECURE_C_SES", "HOST_C_OSES", "CSESIDX", "CONFIG_ID",
    )),
    Group("upstream", _l("Upstream and proxy"), (
        "PROXY", "GEMINI_API_URL", "GEMINI_AUTH_URL", "GEMINI_LOGIN_URL", "UPSTREAM_LANGUAGE",
        "UPSTREAM_TIME_ZONE", "CONNECT_TIMEOUT", "FIRST_BYTE_TIMEOUT", "FIRST_BYTE_TIMEOUT_MEDIA",
        "READ_TIMEOUT", "READY_SECONDS",
    )),
    Group("files", _l("Files and media"), (
        "MAX_FILE_MB", "MAX_KEY_FILES_MB", "FILE_DAYS", "IMAGE_FORMAT", "IMAGE_HOURS", "VIDEO_HOURS",
        "MEDIA_MAX_MB", "FETCH_SECONDS", "UPLOAD_ENDPOINT", "UPLOAD_API_TOKEN", "IMAGE_BASE_URL",
    )),
    Group("signing-in", _l("Signing in"), (
        "AUTO_REFRESH_COOKIE", "REFRESH_INTERVAL_MINUTES", "REFRESH_WINDOW_HOURS", "REFRESH_BATCH",
        "REFRESH_PAUSE_SECONDS", "REFRESH_BACKOFF_MINUTES", "LOGIN_URL", "SIGN_IN_NAME", "SIGN_IN_SECONDS",
        "SIGN_IN_RESENDS", "SIGN_IN_CODE_SECONDS", "GOOGLE_MAIL", "MAIL_API", "MAIL_ADMIN_KEY",
        "TEMP_MAIL_URL", "SYNC_ONLY_MODE",
    )),
    Group("browser", _l("Browser"), (
        "BROWSER_BINARY", "BROWSER_DRIVER", "BROWSER_REMOTE_URL", "BROWSER_PROXY", "BROWSER_WINDOW",
        "FORCE_HEADED", "FORCE_HEADLESS", "BROWSER_PROFILES", "BROWSERS_AT_ONCE", "BROWSER_MAX_MB",
    )),
    Group("console", _l("Console"), ("CONSOLE", "ADMIN_PASSWORD", "ADMIN_KEY", "API_KEY_ENCRYPTION_KEY")),
    Group("jobs", _l("Jobs and alerts"), (
        "SCHEDULER", "JOURNAL_DAYS", "HEALTH_CHECK_ENABLED", "HEALTH_CHECK_INTERVAL", "HEALTH_CHECK_TIMEOUT",
        "HEALTH_CHECK_RETRY_COUNT", "HEALTH_CHECK_CONCURRENT_LIMIT", "HEALTH_CHECK_AUTO_DISABLE",
        "HEALTH_CHECK_NETWORK_ERROR_THRESHOLD", "ALERT_URLS", "ALERT_FEW_ACCOUNTS", "ALERT_REFRESH_FAILURES",
    )),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A setting as its page shows it. `value` is empty for secrets; `held` masks one that is there."""

    name: str
    kind: str
    about: str
    accepted: str
    default: str
    value: str
    held: str
    source: str
    why_fixed: str
    choices: tuple[tuple[str, str], ...]
    bounds: tuple[int, int] | None


@bp.get("", defaults={"path": ""})
@bp.get("/<path>")
def page(path: str) -> str:
    """GET /settings, /settings/callers, …"""
    return _show(_group(path), {}, {})


@bp.post("", defaults={"path": ""})
@bp.post("/<path>")
def save(path: str) -> Response:
    """Save a page of settings: all of it, or nothing."""
    group = _group(path)
    try:
        changed = api.save_all(_values(group))
    except Invalid as error:
        wrong = {name: fault(name) for name in error.fields}
        return make_response(_show(group, request.form.to_dict(), wrong), 400)
    if changed:
        flash(_("Saved. The workers are reading it now, and no answer is lost."), "good")
    else:
        flash(_("Nothing was changed, so there was nothing to save."))
    return redirect(url_for(".page", path=path) if path else "/settings", 303)


@bp.post("/upstream/proxy")
def try_proxy() -> Response:
    """Try the proxy that the form holds, without saving it."""
    tried = status.try_proxy(status.ProxyGiven(proxy=request.form.get("PROXY", "")[:2000]))
    said = _("The service answered in %(n)s ms.", n=tried.delay_ms) if tried.success else tried.message
    shown = {**request.form.to_dict()}
    return make_response(_show(_group("upstream"), shown, {}, tried=(tried.success, said)))


def _show(
    group: Group, given: Mapping[str, str], wrong: Mapping[str, str], tried: tuple[bool, str] | None = None
) -> str:
    known = {one.name: one for one in api.settings().settings}
    rows = [_row(known[name], given) for name in group.names if name in known]
    return render_template(
        "settings.html", group=group, rows=rows, groups=GROUPS, faults=wrong, tried=tried, HIDDEN=HIDDEN
    )


def _row(one: api.SettingShown, given: Mapping[str, str]) -> Row:
    told = accepted(one.name)
    # A proxy is a secret for its password alone; without that it can be seen, and mended.
    value = _proxy() if one.name == "PROXY" else "" if one.secret else one.value
    shown = given.get(one.name, value) if not one.secret else value
    if one.name == "PROXY" and one.name in given:
        shown = _without_password(given[one.name])
    return Row(
        name=one.name,
        kind="PROXY" if one.name == "PROXY" else "secret" if one.secret else told.kind,
        about=meaning(one.name),
        accepted=told.words,
        default=told.named(one.default),
        value=told.written(shown),
        held=one.value if one.secret and one.name != "PROXY" else "",
        source=one.source,
        why_fixed=_why_fixed(one),
        choices=told.choices,
        bounds=told.bounds,
    )


def _why_fixed(one: api.SettingShown) -> str:
    if one.source == "environment":
        return _("The environment sets %(name)s. Change it there and restart.", name=one.name)
    if one.fixed:
        return _(
            "Only the environment can set %(name)s: what is saved here could not protect it.", name=one.name
        )
    return ""


def _values(group: Group) -> dict[str, str]:
    """What the form says of the group's settings. What is as by default is not saved; a secret that was left
    empty stays, unless it is to be forgotten."""
    form, values = request.form, {}
    for one in api.settings().settings:
        if one.name not in group.names or one.fixed:
            continue
        text = form.get(one.name, "").strip()
        if one.name == "PROXY":
            if HIDDEN not in text:
                values[one.name] = text
        elif one.secret:
            if text or form.get(f"{one.name}-forget"):
                values[one.name] = text
        elif one.name in form:
            values[one.name] = "" if text == one.default else text
    return values


def _group(path: str) -> Group:
    found = next((group for group in GROUPS if group.path == path), None)
    return found if found else abort(404)


def _proxy() -> str:
    s = services()
    return without_password(api.in_force("PROXY", s, s.saved.all()))


def _without_password(text: str) -> str:
    try:
        return without_password(text)
    except ValueError:
        return ""
