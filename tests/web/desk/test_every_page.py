"""Every page of the desk in a browser: accessible, usable by keyboard, and never too wide.

The pages are found by their links, on a demonstration, so a new page is tested without an entry
here.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

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
from tests.needs import starts_server
from tests.page_check import Findings, checked_page
from tests.service import TEST_KEY, make_project, web_config

pytestmark = pytest.mark.server

WORDS = "four easy words here"
AGENCY = Agency(Party("Ada's Leads", ("1 Main Street", "New York")))
USERS = {"agency": "Ada Lee", "client": "Carol Diaz", "viewer": "Vera Novak"}


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


@pytest.fixture(scope="module", params=USERS)
def findings(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Findings:
    """Opens every page of a user once; loading them for each test would take minutes."""
    found = Findings()
    is_agency = request.param == "agency"  # all roles have the same colours
    with checked_page(browser) as page:
        log_in(page, origin, USERS[request.param])
        find_pages(page, origin, lambda kind: found.check_page(page, kind, has_dark=is_agency))
    return found


def log_in(page: Page, origin: str, name: str) -> None:
    """Logs in by keyboard alone."""
    page.goto(f"{origin}login")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(WORDS)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/login"))


def test_the_pages_before_the_login_are_as_good_as_the_others(
    browser: Browser, origin: str
) -> None:
    """No link leads to them for somebody who is logged in."""
    found = Findings()
    with checked_page(browser) as page:
        log_in(page, origin, USERS["agency"])
        page.goto(f"{origin}people")
        row = page.get_by_role("row").filter(
            has=page.get_by_role("rowheader", name=USERS["viewer"])
        )
        row.get_by_role("button", name="New link").click()
        (new_link,) = re.findall(r"passphrase/[^\s<]+", page.content())
        page.context.clear_cookies()
        for path in ("login", "forgot", new_link, "passphrase/used"):
            page.goto(f"{origin}{path}")
            found.check_page(page, path)
        page.goto(f"{origin}login")
        page.get_by_label("Name").fill("nobody")
        page.get_by_label("Passphrase").fill("wrong words here")
        page.get_by_role("button", name="Log in").click()
        found.check_page(page, "a wrong login")
    assert found == Findings(pages=5)


def test_a_form_that_asks_or_is_refused_is_as_good_as_before(browser: Browser, origin: str) -> None:
    found = Findings()
    with checked_page(browser) as page:
        log_in(page, origin, USERS["client"])
        page.goto(f"{origin}review")
        page.locator("summary", has_text="Reject").first.click()
        page.get_by_label("The company is smaller than agreed").first.check()
        page.get_by_role("button", name="Reject this lead").first.click()
        page.get_by_role("button", name="Reject all the same").wait_for()
        found.check_page(page, "a question")
        page.goto(f"{origin}leads?stage=spam")
        found.check_page(page, "a refused filter")
    assert (found.violations, found.too_wide) == ([], [])


def test_axe_finds_no_violation(findings: Findings) -> None:
    assert findings.pages >= 2
    assert findings.violations == []


def test_no_page_scrolls_sideways_on_a_small_phone(findings: Findings) -> None:
    assert findings.too_wide == []


def test_every_page_can_be_used_by_keyboard_alone(findings: Findings) -> None:
    assert findings.by_keyboard == []
