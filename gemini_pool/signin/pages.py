"""What the sign-in pages look like: how their elements are found, and which page is which.

An element has several candidates, of which the first that is seen on the page counts: what peers of the
service's pages know it by comes first, then what the standard of such forms gives, then its words in the two
languages that are known. So neither the language nor a change of names stops the sign-in.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from gemini_pool.signin.browser import Browser, Element


@dataclass(frozen=True, slots=True)
class Words:
    """An element of such a kind that says, or is labelled with, one of these."""

    css: str
    words: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"css": self.css, "words": list(self.words)}


Candidate = str | Words

BUTTON = "button, [role=button], input[type=submit], a"

ELEMENTS: Mapping[str, tuple[Candidate, ...]] = MappingProxyType(
    {
        "email": (
            "#email-input", "input[name=loginHint]", "input[jsname=YPqjbf]", "input[aria-label='邮箱']",
            "input[type=email]", "input[autocomplete=username]", "input[name=identifier]",
            "input[name=email]", "#identifierId",
        ),
        "continue": (
            "#log-in-button", "button[jsname=jXw9Fb]", "button[aria-label='使用邮箱继续']",
            Words(BUTTON, ("continue", "继续", "next", "下一步")), "form button[type=submit]",
        ),
        "send_code": (
            "#sign-in-with-email", Words("button, [role=button]", ("email", "邮箱", "code", "验证码")),
        ),
        "code": (
            "input[name=pinInput]", "input[jsname=ovqh0b]", "input[autocomplete=one-time-code]",
            "input[name=code]", "input[placeholder*='code' i]", "input[placeholder*='验证码']",
            "input[type=tel]", "input[maxlength='1']",
        ),
        "boxes": ("div[data-index].f7wZi", "[jsname=neThFe]", "input[maxlength='1']"),
        "verify": (
            "button[jsname=XooR8e]", "#verifyNext", "#next",
            Words(BUTTON, ("verify", "验证", "continue", "继续", "next", "下一步")),
        ),
        "resend": (
            Words("button, [role=button]", ("重新发送", "resend")),
            Words("span, a", ("重新发送", "resend")),
        ),
        "name": (
            "input[formcontrolname=fullName]", "#mat-input-0", "input[placeholder='全名']",
            "input[aria-label='全名']", "input[placeholder='full name' i]", "input[aria-label='full name' i]",
            "input[name=displayName]",
        ),
        "agree": (
            "button.agree-button",
            Words("button", ("同意", "开始使用", "agree", "get started", "start", "继续", "continue")),
        ),
        "another": (
            Words("a, button", ("注册或登录", "sign up or sign in", "sign in", "登录")),
            "a[href*='/login']",
        ),
    }
)  # fmt: skip
TOASTS = ("aside.zyTWof-Ng57nc .zyTWof-gIZMF", "[role=alert]", "aside")
CHALLENGES = (
    "iframe[src*='/recaptcha/'][src*='bframe']", "iframe[title*='challenge' i]",
    "iframe[src*='hcaptcha.com']", "iframe[src*='/challenges']", "#captchaimg",
)  # fmt: skip
# Where an account is chosen, or a workspace.
CHOICES = "button[type=submit], [role=link][data-identifier], li button"
WORKSPACES = "a[href*='/cid/']"

SENDING_REFUSED = re.compile(
    r"出了点问题|something went wrong|无法发送|could(?: not|n.t) send", re.IGNORECASE
)
DEAD_END = re.compile(
    r"请试试其他方法|选择其他登录方法|try something else|server (?:cannot|can.t) process", re.IGNORECASE
)
TOO_MANY = re.compile(r"次数已超|次数过多|too many (?:attempts|tries|codes)", re.IGNORECASE)
CODE_REFUSED = re.compile(
    r"验证码(?:有误|错误|无效|已过期|过期)|(?:incorrect|invalid|wrong|expired)[^.\n]{0,20}code|"
    r"code[^.\n]{0,20}(?:incorrect|invalid|wrong|expired)",
    re.IGNORECASE,
)
RESTRICTED = re.compile(r"access restricted|访问受限", re.IGNORECASE)
CAPTCHA = "CAPTCHA_CHECK_FAILED"

CONFIG_ID = re.compile(r"/cid/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE)

# One look at the page: all that is asked at one moment, so that nothing changes in between.
LOOK = """
const [elements, toasts, challenges, choices, workspaces] = arguments;
const shown = (one) => {
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  return box.width > 0 && box.height > 0 && style.visibility !== 'hidden' && style.display !== 'none';
};
const label = (one) =>
  [one.innerText, one.value && one.type === 'submit' ? one.value : '', one.getAttribute('aria-label')]
    .join(' ').toLowerCase();
const all = (css) => [...document.querySelectorAll(css)].filter(shown);
const first = (candidate) => typeof candidate === 'string'
  ? all(candidate)[0]
  : all(candidate.css).find((one) => candidate.words.some((word) => label(one).includes(word)));
const found = {}, ready = [];
for (const [name, candidates] of Object.entries(elements)) {
  for (const candidate of candidates) {
    const one = first(candidate);
    if (!one) continue;
    found[name] = one;
    if (!one.disabled && one.getAttribute('aria-disabled') !== 'true') ready.push(name);
    break;
  }
}
const toast = toasts.flatMap(all).map((one) => one.innerText.trim()).find(Boolean) || '';
return {
  address: location.href,
  title: document.title,
  headings: all('h1').map((one) => one.innerText.trim()),
  text: (document.body ? document.body.innerText : '').slice(0, 5000),
  toast, found, ready,
  typed: [...document.querySelectorAll('input')].map((one) => one.value).join(''),
  challenge: challenges.some((css) => all(css).some((one) => one.getBoundingClientRect().height > 80)),
  choices: all(choices),
  said: all(choices).map((one) => one.innerText.trim()),
  workspaces: all(workspaces),
  links: all(workspaces).map((one) => one.href),
};
"""


class Place(Enum):
    """Which page it is."""

    HOME = auto()
    CHALLENGE = auto()
    RESTRICTED = auto()
    SIGN_IN_ERROR = auto()
    DEAD_END = auto()
    ELSEWHERE = auto()  # another product's sign-in
    WORKSPACES = auto()
    NAME = auto()
    SETUP = auto()
    CODE = auto()
    ADDRESS = auto()
    CHOOSER = auto()
    METHODS = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class View:
    """What one look at a page showed. `ready` names those of the `found` elements that can be used."""

    address: str
    title: str = ""
    headings: Sequence[str] = ()
    text: str = field(default="", repr=False)
    toast: str = ""
    found: Mapping[str, Element] = field(default_factory=dict, repr=False)
    ready: Sequence[str] = ()
    typed: str = field(default="", repr=False)
    challenge: bool = False
    choices: Sequence[Element] = ()
    said: Sequence[str] = ()
    workspaces: Sequence[Element] = ()
    links: Sequence[str] = ()

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def config_id(self) -> str:
        """The id in the address of the home page, or ""."""
        named = CONFIG_ID.search(self.path)
        return named[1].lower() if named else ""

    def has(self, *names: str) -> bool:
        return all(name in self.found for name in names)


def look(browser: Browser) -> View:
    """One look at the page in this tab. BrowserFailed."""
    elements = {
        name: [one if isinstance(one, str) else one.as_json() for one in candidates]
        for name, candidates in ELEMENTS.items()
    }
    return View(**browser.run(LOOK, elements, TOASTS, CHALLENGES, CHOICES, WORKSPACES))


def recognise(view: View) -> Place:
    """Which page it is; what stops a sign-in goes before what carries it on."""
    return next((place for place, fits in _SIGNS if fits(view)), Place.UNKNOWN)


def _is_home(view: View) -> bool:
    return bool(view.config_id) and not view.has("email")


_SIGNS: Sequence[tuple[Place, Callable[[View], bool]]] = (
    (Place.CHALLENGE, lambda view: view.challenge),
    (Place.RESTRICTED, lambda view: any(map(RESTRICTED.search, view.headings))),
    (Place.HOME, _is_home),
    (Place.SIGN_IN_ERROR, lambda view: "signin-error" in view.address),
    (Place.ELSEWHERE, lambda view: view.host == "accounts.google.com"),
    (Place.NAME, lambda view: view.has("name", "agree")),
    (Place.CODE, lambda view: view.has("code") or (view.has("boxes") and "verify" in view.path)),
    (Place.ADDRESS, lambda view: view.has("email")),
    (Place.DEAD_END, lambda view: bool(DEAD_END.search(view.text))),
    (Place.CHOOSER, lambda view: "account-chooser" in view.path and bool(view.choices)),
    (Place.SETUP, lambda view: "/admin/setup" in view.path),
    (Place.METHODS, lambda view: view.has("send_code")),
    (Place.WORKSPACES, lambda view: bool(view.workspaces)),
)
