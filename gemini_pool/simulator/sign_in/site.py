"""The sign-in site and the web app's pages, on one origin by their paths."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlencode

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.script import Script, redirect
from gemini_pool.simulator.sign_in import acts
from gemini_pool.simulator.sign_in.asked import Asked, ask, home_of
from gemini_pool.simulator.sign_in.desk import VISIT
from gemini_pool.simulator.sign_in.rendering import application, html, render
from gemini_pool.simulator.world import World

TRIAL_DAYS = 30


def is_page(path: str) -> bool:
    """Whether the site serves this path."""
    return path in _PAGES or path.startswith(("/home/cid/", "/cid/", acts.PREFIX))


def answer(world: World, request: Request) -> tuple[str | None, Script]:
    """The account that a request is about, if that is known, and the answer to it."""
    asked = ask(world, request)
    path = request.head.path
    script = acts.act(asked) if path == acts.PREFIX else _PAGES.get(path, _app)(asked)
    return asked.account.name if asked.account else None, script


def _front(asked: Asked) -> Script:
    if asked.account is None or asked.grant is None:
        return redirect(f"/login?{urlencode({'continueUrl': f'{asked.request.origin}/'})}")
    return redirect(home_of(asked, asked.account, asked.grant))


def _login(asked: Asked) -> Script:
    choosing = any("chooser" in behaviour.sign_in_steps for behaviour in asked.behaviours)
    if choosing and asked.query("picked") != "other":
        return redirect("/account-chooser?autoSelectSession=false")
    cookie = f"{VISIT}={asked.visit.token}; Path=/; Secure; SameSite=None"
    return html(_rendered(asked, "address", xsrf=asked.visit.token), {"Set-Cookie": cookie})


def _code(asked: Asked) -> Script:
    if asked.visit.account is None:
        return redirect("/login")
    return html(_rendered(asked, "code", address=asked.visit.account.email))


def _signed_in(asked: Asked) -> Script:
    return redirect(acts.next_page(asked))


def _setup(asked: Asked) -> Script:
    asked.visit.setup_since = asked.world.clock()
    return html(_rendered(asked, "setup"))


def _workspaces(asked: Asked) -> Script:
    if asked.account is None or asked.grant is None:
        return redirect("/login")
    facts = {"config_id": asked.account.config_id, "csesidx": asked.grant.csesidx}
    return html(_rendered(asked, "workspaces", address=asked.account.email, **facts))


def _app(asked: Asked) -> Script:
    """The web app's own pages, for who shows good cookies of that very account."""
    account, grant = asked.account, asked.grant
    if account is None or grant is None:
        return redirect("/")
    if account.config_id not in asked.request.head.path:
        return redirect(home_of(asked, account, grant))
    behaviour = asked.world.behaviour(account.name)
    if asked.request.head.path.endswith("/settings"):
        return html(_rendered(asked, "settings", markup=_trial(asked)))
    text = _rendered(asked, "home", csesidx=grant.csesidx, config_id=account.config_id)
    return replace(html(text), first_delay=behaviour.home_delay)


def _plain_page(name: str) -> Callable[[Asked], Script]:
    return lambda asked: html(_rendered(asked, name))


def _trial(asked: Asked) -> str:
    """What the settings page tells of the trial, in one of the forms it is known in."""
    behaviour = asked.behaviours[0]
    left = behaviour.trial_days
    if left is None:
        return ""
    end = datetime.fromtimestamp(asked.world.clock(), UTC) + timedelta(days=left)
    start = end - timedelta(days=TRIAL_DAYS)
    forms = {
        "json": f'<script type="application/json">{{"plan":{{"trialDaysRemaining":{left}}}}}</script>',
        "dates": f'<script type="application/json">[[{start:%Y,%-m,%-d}],[{end:%Y,%-m,%-d}]]</script>',
        "text": f"<p>{asked.words['days_left'].format(left)}</p>",
    }
    return forms.get(behaviour.trial_form, "")


def _rendered(asked: Asked, page: str, markup: str = "", **facts: str) -> str:
    return render(
        page,
        asked.language,
        changed=any(behaviour.changed_markup for behaviour in asked.behaviours),
        delay=max(behaviour.page_delay for behaviour in asked.behaviours),
        markup=markup,
        **facts,
    )


_PAGES: MappingProxyType[str, Callable[[Asked], Script]] = MappingProxyType(
    {
        "/": _front,
        "/login": _login,
        "/login/email": _plain_page("methods"),
        "/account-chooser": _plain_page("chooser"),
        acts.CODE: _code,
        "/signed-in": _signed_in,
        "/admin/create": _plain_page("name"),
        "/admin/setup": _setup,
        "/workspaces": _workspaces,
        "/restricted": _plain_page("restricted"),
        "/signin-error": _plain_page("signin-error"),
        "/dead-end": _plain_page("dead-end"),
        "/unknown-page": _plain_page("unknown-page"),
        "/recaptcha/api2/bframe": _plain_page("unknown-page"),
        "/_/SignInUi/app.js": lambda _: application(),
    }
)
