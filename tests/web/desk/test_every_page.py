"""Every page of the desk in a browser: accessible, usable by keyboard, and never too wide.

The pages are found by their links, on a demonstration, so a new page is tested without an entry
here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from audit.crawl import find_pages
from capture.billing.statement import Agency, Party
from capture.demo.fill import DemoFolder, fill
from capture.ledger import open_ledger
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

FOCUSED = """() => {
    const one = document.activeElement;
    const all = [...document.querySelectorAll("body *")];
    const outline = getComputedStyle(one).outlineStyle !== "none";
    return [all.indexOf(one), outline, `${one.tagName} ${one.type || ""}`.trim()];
}"""
"""Of the element with the focus: its place (below 0: the page itself), whether it has an outline,
and what it is."""


SEGMENTED = {"INPUT date", "INPUT month"}
"""Inputs whose focused part, such as the day, is highlighted instead of the complete input."""


@dataclass
class Visit:
    """A user's browser, and the pages that the user finds."""

    page: Page
    pages: dict[str, str]

    def each(self) -> Iterator[str]:
        """Opens each page; the value is its kind."""
        for kind, address in self.pages.items():
            self.page.goto(address)
            yield kind


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk on a demonstration whose users have a passphrase."""
    starts_server()
    folder = make_project(tmp_path_factory.mktemp("project"))
    demo = DemoFolder(folder / "demo")
    demo.create()
    now = datetime.now(UTC)
    fill(demo, TEST_KEY, AGENCY, ["/sla/"], now, leads=250, seed=1, report=lambda _: None)
    ledger = open_ledger(demo.database_url, TEST_KEY)
    stored = hash_passphrase(WORDS)
    for user in ledger.read(lambda reading: reading.users.select()):
        ledger.transact(lambda records, user=user: records.users.set_passphrase(user.id, stored))
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
def visit(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Iterator[Visit]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{origin}login")
    page.fill("#name", USERS[request.param])
    page.fill("#passphrase", WORDS)
    page.click("main button")
    page.wait_for_url(lambda url: not url.endswith("/login"))
    yield Visit(page, find_pages(page, origin))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(visit: Visit, scheme: str) -> None:
    visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for kind in visit.each():
        results = Axe().run(visit.page)
        assert results.violations_count == 0, f"{kind}: {results.generate_report()}"


def test_no_page_scrolls_sideways_on_a_small_phone(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 780})
    for kind in visit.each():
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360, kind
    visit.page.set_viewport_size({"width": 1280, "height": 900})


def test_the_tab_key_reaches_every_control_and_shows_where_it_is(visit: Visit) -> None:
    for kind in visit.each():
        controls = visit.page.eval_on_selector_all(FOCUSABLE, VISIBLE)
        reached: set[int] = set()
        for _ in range(4 * controls + 10):  # a date has a stop for day, month, year and calendar
            visit.page.keyboard.press("Tab")
            place, outline, tag = visit.page.evaluate(FOCUSED)
            if place < 0 and reached:
                break
            assert outline or tag in SEGMENTED, f"{kind}: no outline on {tag}"
            reached.add(place)
        assert len(reached) >= controls, kind
