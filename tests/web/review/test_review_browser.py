"""The review in a real browser, on a phone's width and without script."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Response, send_from_directory
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from capture.signed_links import review_path
from capture.web.services import EXTENSION
from tests.service import ROOT
from tests.web.api.conftest import World, make_world
from tests.web.review.conftest import CONTACT

pytestmark = pytest.mark.server


class QuietHandler(WSGIRequestHandler):
    """Writes no log line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The address of the app, with the theme's files beside it as nginx has them."""

    def theme(name: str) -> Response:
        return send_from_directory(ROOT / "theme" / "static", name)

    world.app.add_url_rule("/theme/<name>", view_func=theme)
    server = make_server("127.0.0.1", 0, world.app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen, and every button is large enough for a thumb."""
    page_width = page.locator("html").bounding_box()
    assert page_width is not None
    for element in page.locator("main *:visible").all():
        box = element.bounding_box()
        assert box is None or box["x"] + box["width"] <= page_width["width"] + 0.5
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_a_lead_is_rejected_on_a_phone_without_script(browser: Browser, tmp_path: Path) -> None:
    world = make_world(tmp_path)
    lead_id = world.take(at=datetime.now(UTC), full_name="Ann " + "Lee" * 30)
    signer = world.app.extensions[EXTENSION].link_signer
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False, has_touch=True
    )
    page = context.new_page()
    with serving(world) as address:
        page.goto(address + review_path(signer.list_link("acme", CONTACT)))
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
