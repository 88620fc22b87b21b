"""The review in a real browser, on a phone's width and without script."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Response, send_from_directory
from playwright.sync_api import Browser, Page, expect

from capture.signed_links import review_path
from tests.app_server import running
from tests.service import ROOT
from tests.web.api.conftest import World, make_world
from tests.web.review.conftest import CONTACT

pytestmark = pytest.mark.server


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The address of the app, with the theme's files beside it as nginx has them."""

    def theme(name: str) -> Response:
        return send_from_directory(ROOT / "theme" / "static", name)

    world.app.add_url_rule("/theme/<name>", view_func=theme)
    with running(world.app) as server:
        yield f"http://127.0.0.1:{server.port}"


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen, and every button is large enough for a thumb."""
    page_width = page.locator("html").bounding_box()
    assert page_width is not None
    for element in page.locator("main *:visible").all():
        box = element.bounding_box()
        assert box is None or box["x"] + box["width"] <= page_width["width"] + 0.5
    for button in page.get_by_role("main").get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_a_lead_is_rejected_on_a_phone_without_script(browser: Browser, tmp_path: Path) -> None:
    world = make_world(tmp_path)
    lead_id = world.take(at=datetime.now(UTC), full_name="Ann " + "Lee" * 30)
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False, has_touch=True
    )
    page = context.new_page()
    with serving(world) as address:
        page.goto(address + review_path(world.signer.list_link("acme", CONTACT)))
        assert_fits(page)
        page.get_by_role("link", name="Accept or reject").click()
        assert_fits(page)
        page.get_by_role("button", name="Reject this lead").click()
        expect(page.get_by_role("heading", name="Waits for you")).to_be_visible()  # no reason yet
        page.get_by_label("The company is smaller than it said.").check()
        page.get_by_label("Note").fill("Seven people.")
        page.get_by_role("button", name="Reject this lead").click()
        expect(page.get_by_role("heading", name="You rejected it")).to_be_visible()
        assert world.kinds(lead_id)[-1] == "rejected"
        page.get_by_role("link", name="All leads that wait").click()
        expect(page.get_by_role("heading", name="No lead waits")).to_be_visible()
        assert not context.cookies()
    context.close()
    world.ledger.close()
