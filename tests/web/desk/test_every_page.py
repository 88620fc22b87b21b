"""Every page of the desk in a browser: accessible, usable by keyboard, and never too wide.

The pages are found by their links, on a demonstration, so a new page is tested without an entry
here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from audit.crawl import find_pages
from capture.billing.statement import Agency, Party
from capture.demo.fill import DemoFolder, DemoKeys, fill
from capture.jobs.model import JobKind, JobRequest
from capture.jobs.store import JobStore
from capture.ledger import open_ledger
from capture.ledger.users import Role, User
from capture.users.passphrase import hash_passphrase
from capture.web.app import create_app
from capture.web.config import DeskConfig
from tests.app_server import running
from tests.needs import needs, starts_server
from tests.service import TEST_KEY, make_project, web_config

pytestmark = pytest.mark.server

WORDS = "four easy words here"
AGENCY = Agency(Party("Ada's Leads", ("1 Main Street", "New York")))
USERS = {"agency": "Ada Lee", "client": "Carol Diaz", "viewer": "Vera Novak"}
FOCUSABLE = (
    "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), "
    "select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']"
)
VISIBLE = (
    "found => found.filter(one => one.checkVisibility({visibilityProperty: true})"
    " && one.tabIndex >= 0).length"
)

WATCH_FOCUS = """() => {
    const all = [...document.querySelectorAll("body *")];
    window.focused = [];
    addEventListener("focusin", ({ target }) => {
        const outline = getComputedStyle(target).outlineStyle !== "none";
        const what = `${target.tagName} ${target.type || ""}`.trim();
        window.focused.push([all.indexOf(target), outline, what]);
    });
}"""
"""Notes of each element that gets the focus: its place, whether it has an outline, what it is."""
SEGMENTED = {"INPUT date", "INPUT month"}
"""Inputs whose focused part, such as the day, is highlighted instead of the complete input."""


@dataclass
class Findings:
    """What a walk through all pages of a user found, each with the page."""

    pages: int = 0
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)
    without_outline: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk on a demonstration whose users have a passphrase."""
    starts_server()
    folder = make_project(tmp_path_factory.mktemp("project"))
    demo = DemoFolder(folder / "demo")
    demo.create()
    now = datetime.now(UTC)
    keys = DemoKeys(TEST_KEY, TEST_KEY, TEST_KEY)
    fill(demo, keys, AGENCY, ["/sla/"], now, leads=120, seed=1, report=lambda _: None)
    ledger = open_ledger(demo.database_url, TEST_KEY)
    stored = hash_passphrase(WORDS)
    for user in ledger.read(lambda reading: reading.users.select()):
        ledger.transact(lambda records, user=user: records.users.set_passphrase(user.id, stored))
        if user.role is Role.AGENCY:
            add_work(folder / "jobs", user, now)
    config = web_config(
        folder,
        campaigns=demo.campaigns,
        clients=demo.clients,
        gated=demo.path / "gated",
        desk=DeskConfig(agency=AGENCY),
    )
    with running(create_app(config, ledger)) as server:
        yield f"http://127.0.0.1:{server.server_port}/desk/"
    ledger.close()


def add_work(folder: Path, user: User, now: datetime) -> None:
    """Long work that waits: its page has the progress, and every page a note of it."""
    request = JobRequest(
        kind=JobKind.EXPORT,
        title="Export of leads as CSV",
        user_id=user.id,
        user_name=user.name,
        client="",
        details={},
    )
    JobStore(folder).add(request, now)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needs("chromium"),
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=USERS)
def findings(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Findings:
    """Opens every page of a user once; loading them for each test would take minutes."""
    # Without motion: colours that are about to change have no contrast.
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{origin}login")
    page.fill("#name", USERS[request.param])
    page.fill("#passphrase", WORDS)
    page.click("main button")
    page.wait_for_url(lambda url: not url.endswith("/login"))
    found = Findings()
    for kind, address in find_pages(page, origin).items():
        found.pages += 1
        page.goto(address)
        _press_tab(page, kind, found)
        _run_axe(page, kind, found, has_dark=request.param == "agency")
        page.set_viewport_size({"width": 360, "height": 780})
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            found.too_wide.append(kind)
        page.set_viewport_size({"width": 1280, "height": 900})
    context.close()
    return found


def _run_axe(page: Page, kind: str, found: Findings, *, has_dark: bool) -> None:
    """All rules in light. In dark only the colours differ, and all roles have the same."""
    schemes: list[tuple[Literal["light", "dark"], dict[str, object]]] = [
        ("light", {}),
        ("dark", {"runOnly": ["color-contrast"]}),
    ]
    for scheme, options in schemes if has_dark else schemes[:1]:
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page, options={"resultTypes": ["violations"], **options})
        if results.violations_count:
            found.violations.append(f"{kind}, {scheme}: {results.generate_report()}")


def _press_tab(page: Page, kind: str, found: Findings) -> None:
    controls = page.eval_on_selector_all(FOCUSABLE, VISIBLE)
    page.evaluate(WATCH_FOCUS)
    segments = page.locator("input[type=date], input[type=month]").count()
    for _ in range(controls + 4 * segments + 5):  # a date has stops for day, month and calendar
        page.keyboard.press("Tab")
    focused = page.evaluate("window.focused")
    found.without_outline += [
        f"{kind}: {what}" for _, outline, what in focused if not outline and what not in SEGMENTED
    ]
    reached = {place for place, _, _ in focused}
    if len(reached) < controls:
        found.not_reached.append(f"{kind}: {len(reached)} of {controls}")


def test_axe_finds_no_violation(findings: Findings) -> None:
    assert findings.pages >= 2
    assert findings.violations == []


def test_no_page_scrolls_sideways_on_a_small_phone(findings: Findings) -> None:
    assert findings.too_wide == []


def test_the_tab_key_reaches_every_control_and_shows_where_it_is(findings: Findings) -> None:
    assert findings.not_reached == []
    assert findings.without_outline == []
