"""Every public page in a browser: accessible, usable by keyboard, and never too wide.

The pages of the built site, of the lead service, and behind each link of a letter. The routes
behind a link are found in the app, so a new one is tested without an entry here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect

from gatepost.server.serve import static_site
from tests.app_server import running
from tests.page_check import Findings, checked_page
from tests.samples import NOW
from tests.service import GUIDE, ROOT, Service
from tests.web.api.conftest import make_world
from tests.web.desk.conftest import DESK_CONFIG, DeskWorld, add_users
from tests.web.desk.test_access import CLOSED, GATED, LINKS, apps_of, routes_of, take_side

pytestmark = pytest.mark.server

ARTICLE = "/four-numbers-that-matter/"
SITE = (
    *("/", "/articles/", "/archives/", "/about/", "/privacy/", "/search/", "/no/such/page"),
    *("/authors/", "/author/marta-lindqvist/", "/categories/", "/category/pricing/"),
    *("/tags/", "/tag/kpis/", ARTICLE, "/write-a-qualified-lead-definition/"),
)
"""One page of each kind."""
SERVICE = (f"/f/{GUIDE}", "/f/guide", "/privacy/me", "/r/wrong", "/f/no-such-form")
FILES = {"download.download", "privacy.download"}
"""Routes behind a link that answer with a file."""


@dataclass
class PublicPages:
    """A running site with its lead service, and the addresses behind all links of letters."""

    origin: str
    behind_links: dict[str, str]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicPages]:
    site = tmp_path_factory.mktemp("site")
    for name in ("content", "campaigns", "clients", "theme", "pelicanconf.py"):
        (site / name).symlink_to(ROOT / name)
    built = Service(site).run("build")
    assert built.returncode == 0, built.stderr
    folder = tmp_path_factory.mktemp("service")
    with time_machine.travel(NOW, tick=False) as clock:
        world = make_world(
            folder, desk=DESK_CONFIG, rate_limit="", site_facts=site / "output" / "site.json"
        )
        world.app.register_blueprint(static_site(site / "output" / "www"))
        (folder / "campaigns" / "gated.toml").write_text(GATED)
        for file in (ROOT / "campaigns").iterdir():
            (folder / "campaigns" / file.name).write_text(file.read_text())
        add_users(world)
        side = take_side(DeskWorld(world, clock, folder), "acme", "ann@clinic.example")
        clock.move_to(CLOSED)
        behind_links = {
            f"{route.name} {purpose}": route.path(token=side.links[purpose], lead_id=side.lead_id)
            for route in routes_of(apps_of(world.app))
            if not route.prefix and route.method == "GET" and route.name not in FILES
            for purpose in LINKS.get(route.name, ())
        }
        with running(world.app) as server:
            yield PublicPages(f"http://127.0.0.1:{server.port}", behind_links)
        world.ledger.close()


@pytest.fixture(scope="module")
def findings(browser: Browser, pages: PublicPages) -> Findings:
    """Opens every page once."""
    found = Findings()
    with checked_page(browser, base_url=pages.origin) as page:
        for kind, path in (dict(zip(SITE, SITE, strict=True)) | pages.behind_links).items():
            page.goto(path)
            found.check_page(page, kind)
        for path in SERVICE:
            page.goto(path)
            found.check_page(page, path)
        for path in (ARTICLE, f"/f/{GUIDE}"):
            page.goto(path)
            send_empty_form(page)
            found.check_page(page, f"{path} with mistakes")
    return found


def send_empty_form(page: Page) -> None:
    page.locator("form.lead").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_be_focused()


def test_axe_finds_no_violation(findings: Findings) -> None:
    assert findings.pages >= len(SITE) + len(LINKS) - len(FILES)
    assert findings.violations == []


def test_no_page_scrolls_sideways_on_a_small_phone(findings: Findings) -> None:
    assert findings.too_wide == []


def test_every_page_can_be_used_by_keyboard_alone(findings: Findings) -> None:
    assert findings.by_keyboard == []
