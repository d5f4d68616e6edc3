"""Accounts are signed in by a real Chromium at the simulated pages, and nothing of it is left behind."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from running import until

from gemini_pool.dialogue import SILENCE
from gemini_pool.sign_in_errors import (
    BrowserFailed,
    CodeMissing,
    ForeignAccount,
    HumanNeeded,
    PageUnknown,
    SignInError,
)
from gemini_pool.signin.attempt import attempt
from gemini_pool.signin.browser import BINARY, DRIVER, Browser
from gemini_pool.signin.choice import BrowserChoice
from gemini_pool.signin.codes import CodeSteps
from gemini_pool.signin.evidence import collect
from gemini_pool.signin.flow import Flow
from gemini_pool.signin.mailbox import MailDefaults, open_mailbox
from gemini_pool.signin.order import Evidence, Order, SignedIn
from gemini_pool.signin.patience import Patience
from gemini_pool.signin.processes import Tree
from gemini_pool.signin.runs import Run, sweep
from gemini_pool.simulator.mail.boxes import make_box
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

pytestmark = pytest.mark.skipif(
    not (BINARY.exists() and DRIVER.exists()), reason="chromium and chromium-driver are not installed"
)

DAY = 86400.0


@dataclass
class Told:
    """What came of a sign-in: its steps, what was kept of a page, and its result."""

    steps: list[str] = field(default_factory=list)
    kept: list[Evidence] = field(default_factory=list)
    signed_in: SignedIn | None = None

    @property
    def credentials(self) -> Any:
        assert self.signed_in
        return self.signed_in.credentials


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where browsers run. When a test ends, none of their processes and folders may be there."""
    runs = tmp_path / "browser"
    runs.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        yield runs
        assert [*runs.iterdir(), *Path(temporary).iterdir()] == []
    assert Tree(runs).processes() == []
    assert dead_children() == []


def dead_children() -> list[int]:
    """Processes of ours that are over and that we have not buried."""
    every = [path.read_bytes().rpartition(b")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
    return [int(parent) for state, parent, *_ in every if state == b"Z" and int(parent) == os.getpid()]


@pytest.fixture
def amber(simulator: Simulator) -> Order:
    """The order to sign amber in, whose codes come to a worker of cloudflare_temp_email."""
    simulator.world.behave("amber", trial_days=12)  # so that nobody looks for it in vain
    return order_for(simulator, make_box("amber").cfmail(simulator.url))


def order_for(simulator: Simulator, mailbox: dict[str, str]) -> Order:
    return Order(
        address="amber@mail.example",
        name="Amber Example",
        entry_url=f"{simulator.url}/login?continueUrl={simulator.url}/",
        home_url=f"{simulator.url}/",
        open_mailbox=lambda pages: open_mailbox(mailbox, MailDefaults(), pages),
        config_id=simulator.world.accounts["amber"].config_id,
        code_senders=("google.com",),
        code_seconds=10,
        seconds=40,
    )


def run_through(
    steps: Generator[Any, None, SignedIn], told: Told, then: Callable[[str], object] = lambda _: None
) -> Told:
    """Take all steps; `then` is called after each."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            told.signed_in = end.value
            return told
        if step is not SILENCE:
            told.steps.append(step)
            then(step)


def sign_in(
    order: Order,
    folder: Path,
    *,
    told: Told | None = None,
    then: Callable[[str], object] = lambda _: None,
    **choice: Any,
) -> Told:
    told = told or Told()
    return run_through(attempt(order, BrowserChoice(**choice), folder, told.kept.append), told, then)


def proves(world: World, signed_in: Told) -> bool:
    """Whether the service takes these cookies with this index."""
    shown = signed_in.credentials
    cookies = {"__Secure-C_SES": shown.secure_c_ses, "__Host-C_OSES": shown.host_c_oses}
    return world.wallet.accepts(shown.csesidx, cookies, host_required=True)


# Whole sign-ins, each in a browser of its own


def test_an_account_whose_cookies_died_is_signed_in(world: World, amber: Order, folder: Path) -> None:
    steps = ["chooser", "methods", "name", "setup", "workspaces"]
    world.behave("amber", sign_in_steps=steps, trial_form="text", new_index=True)
    world.sign_out("amber")
    told = sign_in(amber, folder)
    assert told.steps == [
        "browser", "open", "account chosen", "address", "send code", "code", "verify", "name",
        "workspace made", "workspace chosen", "home", "credentials",
    ]  # fmt: skip
    assert proves(world, told)
    assert told.credentials.config_id == amber.config_id
    assert told.credentials.csesidx != world.accounts["amber"].csesidx
    assert "Chrome" in told.credentials.user_agent
    assert told.signed_in
    assert told.signed_in.expires_at == pytest.approx(time.time() + DAY / 2, abs=60)
    assert told.signed_in.trial_end == time.strftime("%Y-%m-%d", time.gmtime(time.time() + 12 * DAY))
    assert world.desk.names == {"amber": "Amber Example"}
    assert told.kept == []


def test_pages_in_chinese_whose_elements_have_lost_their_marks(
    world: World, amber: Order, folder: Path
) -> None:
    steps = ["methods", "name"]
    world.behave("amber", sign_in_steps=steps, changed_markup=True, sign_in="wrong-code", sign_in_times=1)
    told = sign_in(replace(amber, name=""), folder, language="zh-CN")
    assert proves(world, told)
    assert told.steps.count("verify") == 2
    assert "验证码" in world.mail.box(amber.address)[0].subject
    assert world.desk.names == {"amber": "amber"}


def test_a_code_is_asked_for_again_and_read_on_the_mailboxs_page(
    simulator: Simulator, world: World, amber: Order, folder: Path
) -> None:
    world.behave("amber", codes_lost=1)
    world.mail.behave(fault="html")  # no service answers: what is left is the page
    by_page = order_for(simulator, make_box("amber").older(simulator.url))
    told = sign_in(replace(by_page, code_seconds=2), folder)
    assert told.steps.count("resend") == 1
    assert proves(world, told)
    assert "GET /page/letters" in world.mail.asked


def test_live_cookies_in_a_kept_profile_are_renewed_without_a_code(
    world: World, amber: Order, folder: Path, tmp_path: Path
) -> None:
    profile = tmp_path / "profiles" / "amber"
    first = sign_in(amber, folder, profile=profile)
    again = sign_in(amber, folder, profile=profile)
    assert "code" in first.steps
    assert again.steps == ["browser", "open", "home", "credentials"]
    assert len(world.mail.box(amber.address)) == 1
    assert again.credentials == first.credentials
    world.sign_out("amber")
    assert "code" in sign_in(amber, folder, profile=profile).steps


def renderers(folder: Path) -> list[int]:
    processes = Tree(folder).processes()
    return [one for one in processes if b"--type=renderer" in Path(f"/proc/{one}/cmdline").read_bytes()]


def kill_all(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)


def test_a_tab_that_crashes_is_replaced_once(world: World, amber: Order, folder: Path) -> None:
    told = Told()

    def crash(step: str) -> None:
        if step == "address" and told.steps.count("address") == 1:
            kill_all(renderers(folder))

    sign_in(amber, folder, told=told, then=crash)
    assert told.steps.count("new tab after a crash") == 1
    assert proves(world, told)


def test_a_browser_that_is_killed_is_told_of_at_once(amber: Order, folder: Path) -> None:
    def kill(step: str) -> None:
        if step == "open":
            kill_all(Tree(folder).processes())

    with pytest.raises(BrowserFailed):
        sign_in(amber, folder, then=kill)


def test_a_page_that_hangs_does_not_hold_us(world: World, amber: Order, folder: Path) -> None:
    world.behave("amber", sign_in="freeze")
    with pytest.raises(BrowserFailed, match="hung after the step “address”"):
        sign_in(replace(amber, seconds=5), folder)


def test_a_browser_that_takes_too_much_is_ended(amber: Order, folder: Path) -> None:
    with pytest.raises(BrowserFailed, match="BROWSER_MAX_MB"):
        sign_in(amber, folder, most_mb=20)


@pytest.mark.parametrize("at", ["start", "address"])
def test_who_closes_a_sign_in_waits_no_longer_than_a_second(
    world: World, amber: Order, folder: Path, at: str
) -> None:
    world.behave("amber", sign_in="freeze")
    steps = attempt(amber, BrowserChoice(), folder, lambda _: None)
    step: object = next(steps)
    while at != "start" and step != at:
        step = next(steps)
    closed = time.monotonic()
    steps.close()
    assert time.monotonic() - closed < 2.0  # on a busy machine


def test_who_closes_it_does_not_wait_for_a_driver_that_never_comes(
    amber: Order, folder: Path, tmp_path: Path
) -> None:
    driver = tmp_path / "driver"
    driver.write_text("#!/bin/sh\nexec sleep 60\n")
    driver.chmod(0o755)
    steps = attempt(amber, BrowserChoice(driver=str(driver)), folder, lambda _: None)
    next(steps)
    until(lambda: Tree(folder).processes(), what="the driver to start")
    closed = time.monotonic()
    steps.close()
    assert time.monotonic() - closed < 4.0  # on a busy machine; unasked it would be half a minute


def test_a_driver_that_is_not_there_is_told_of(amber: Order, folder: Path) -> None:
    with pytest.raises(BrowserFailed, match="driver"):
        sign_in(amber, folder, driver="/nowhere/chromedriver")


def test_a_browser_that_may_not_run_is_told_of_in_our_words(folder: Path) -> None:
    run = Run(BrowserChoice(binary="/bin/false"), folder)
    try:
        with pytest.raises(BrowserFailed, match=r"did not start: .* gemini-pool-jobs\.service") as failed:
            run.start()
    finally:
        run.end()
    assert "selenium.dev" not in str(failed.value)


# Flows that share a browser


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("shared")
    run = Run(BrowserChoice(), folder)
    yield run.start()
    run.end()
    assert Tree(folder).processes() == []


@pytest.fixture
def flow(opened: Browser) -> Callable[..., Told]:
    """Take an order through the pages, in a browser without cookies."""

    def run(order: Order, told: Told | None = None, then: Callable[[str], object] = lambda _: None) -> Told:
        opened.go(f"{order.home_url}mail/page/")  # cookies are those of the page shown
        opened._driver.delete_all_cookies()
        told = told or Told()

        def hear(step: str) -> None:
            told.steps.append(step)
            then(step)

        patience = Patience(order.seconds)
        codes = CodeSteps(order, patience, lambda: order.open_mailbox(lambda _: None))  # type: ignore[arg-type]
        told.signed_in = Flow(order, opened, patience, hear, codes).run(order.entry_url)
        return told

    return run


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("captcha", HumanNeeded, "by hand"),
        ("captcha-refused", HumanNeeded, "CAPTCHA_CHECK_FAILED"),
        ("restricted", HumanNeeded, "Access Restricted"),
        ("too-many", HumanNeeded, "too many"),
        ("toast", SignInError, "Something went wrong"),
        ("expired-code", SignInError, "did not take the code"),
        ("dead-end", SignInError, "twice"),
        ("stuck", PageUnknown, "Gemini Business.*/login"),
        ("unknown-page", PageUnknown, "/unknown-page"),
    ],
)
def test_what_stops_a_sign_in_is_told(
    world: World, amber: Order, flow: Callable[..., Told], fault: str, error: type[SignInError], message: str
) -> None:
    world.behave("amber", sign_in=fault)
    with pytest.raises(error, match=message) as raised:
        flow(replace(amber, seconds=12, resends=1))
    assert type(raised.value) is error
    assert raised.value.again is (error is not HumanNeeded)


@pytest.mark.parametrize("fault", ["signin-error", "dead-end"])
def test_a_sign_in_that_was_broken_off_begins_again_once(
    world: World, amber: Order, flow: Callable[..., Told], fault: str
) -> None:
    world.behave("amber", sign_in=fault, sign_in_times=1)
    told = flow(amber)
    assert told.steps.count("back to the entry") == 1
    assert proves(world, told)


def test_a_home_page_that_tells_little_is_enough(
    world: World, amber: Order, flow: Callable[..., Told]
) -> None:
    world.behave("amber", bare_home=True, cookie_seconds=0, trial_days=3, trial_form="dates", home_delay=1.0)
    told = flow(amber)
    assert proves(world, told)
    assert told.signed_in
    assert told.signed_in.expires_at == pytest.approx(time.time() + DAY / 2, abs=60)
    assert told.signed_in.trial_end == time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * DAY))


@pytest.mark.parametrize("steps", [[], ["workspaces"]])
def test_the_account_of_somebody_else_is_refused(
    world: World, amber: Order, flow: Callable[..., Told], steps: list[str]
) -> None:
    world.behave("amber", lands_at="bruno")
    world.behave("bruno", sign_in_steps=steps)
    with pytest.raises(ForeignAccount):
        flow(amber)


def test_no_code_is_a_missing_code(world: World, amber: Order, flow: Callable[..., Told]) -> None:
    world.behave("amber", codes_lost=2)
    told = Told()
    with pytest.raises(CodeMissing):
        flow(replace(amber, code_seconds=1, resends=1), told)
    assert told.steps.count("resend") == 1


def test_a_person_at_the_browser_passes_the_challenge_and_it_goes_on(
    world: World, amber: Order, flow: Callable[..., Told]
) -> None:
    def person(step: str) -> None:
        if step == "waiting for a person":
            world.behave("amber", sign_in=None)

    world.behave("amber", sign_in="captcha")
    told = flow(replace(amber, people_seconds=20), then=person)
    assert told.steps[1:4] == ["address", "waiting for a person", "person"]
    assert proves(world, told)


def test_the_page_of_a_failure_is_kept_without_its_secrets(world: World, amber: Order, folder: Path) -> None:
    world.behave("amber", sign_in="too-many")
    told = Told()
    with pytest.raises(HumanNeeded):
        sign_in(replace(amber, resends=0), folder, told=told)
    (kept,) = told.kept
    code = world.mail.box(amber.address)[0].text.split()[-20:]
    assert kept.png.startswith(b"\x89PNG")
    assert "Too many attempts" in kept.html
    assert "amber" not in kept.html
    assert not [word for word in code if len(word) == 6 and word.isupper() and word in kept.html]


def test_a_picture_is_taken_of_a_page_without_what_was_entered(
    amber: Order, opened: Browser, flow: Callable[..., Told]
) -> None:
    with pytest.raises(CodeMissing):
        flow(replace(amber, code_senders=("nobody.example",), code_seconds=0.5, resends=0))
    opened.run("document.querySelector('input[name=pinInput]').value = 'QX7R2K'")
    assert amber.address in opened.run("return document.body.innerText")
    kept = collect(opened, [amber.address])
    assert kept
    assert amber.address not in opened.run("return document.body.innerText")
    assert opened.run("return [...document.querySelectorAll('input')].map((one) => one.value).join('')") == ""


# Twenty in a row, with everything that can happen to a browser


@pytest.mark.long
def test_twenty_sign_ins_with_crashes_and_hangs_leave_nothing(
    world: World, amber: Order, folder: Path
) -> None:
    def after(step: str, victims: Callable[[], list[int]]) -> Callable[[str], object]:
        return lambda told: kill_all(victims()) if told == step else None

    def of(kind: bytes) -> Callable[[], list[int]]:
        return lambda: [
            one
            for one in Tree(folder).processes()
            if Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")[0].endswith(kind)
        ]

    troubles: list[tuple[str | None, Callable[[str], object]]] = [
        (None, lambda _: None),
        (None, after("address", lambda: renderers(folder))),
        (None, after("open", of(b"chromedriver"))),
        (None, after("address", of(b"chromium"))),
        ("freeze", lambda _: None),
    ]
    memory = []
    for fault, then in troubles * 4:
        world.behave("amber", sign_in=fault, code_delay=0.3)
        world.sign_out("amber")
        try:
            assert proves(world, sign_in(replace(amber, seconds=8), folder, then=then))
        except BrowserFailed:
            assert fault or then is not troubles[0][1]
        assert Tree(folder).processes() == []
        assert list(folder.iterdir()) == []
        memory.append(resident_mb())
    assert memory[-1] - memory[4] < 15, memory


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_what_a_killed_process_left_is_swept(amber: Order, folder: Path) -> None:
    run = Run(BrowserChoice(), folder)
    run.start()
    os.close(run._lock)  # as when its process is gone
    sweep(folder)
    assert Tree(folder).processes() == []
    until(lambda: not list(folder.iterdir()), what="the folder to be removed")
