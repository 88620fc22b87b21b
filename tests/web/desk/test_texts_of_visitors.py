"""Texts of visitors on pages of the desk: as long as a form takes, or written right to left."""

import re
from html import unescape

import pytest
from playwright.sync_api import Browser

from tests.web.desk.conftest import DeskWorld
from tests.web.desk.test_quarantine import held
from tests.web.desk.test_review_browser import Running
from tests.web.desk.test_review_browser import desk as running_desk  # noqa: F401 - a fixture

NAME = "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df (CEO)"
"""Hebrew, then Latin in brackets: without isolation it reorders the text beside it."""


def texts_outside_bdi(page: str) -> str:
    """The text that is seen on a page, without what is isolated, and without what only screen
    readers say and what stands in inputs."""
    body = page.partition("<main")[2].partition("</main>")[0]
    for tag, attributes in (("bdi", ""), ("span", ' class="unseen"'), ("textarea", "")):
        body = re.sub(f"(?s)<{tag}{attributes or '[^>]*'}>.*?</{tag}>", "", body)
    return unescape(re.sub(r"<[^>]+>", " ", body))


def test_a_name_written_right_to_left_does_not_reorder_the_text_beside_it(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take(full_name=NAME)
    desk.world.take(full_name=NAME, email="rejected@clinic.example")
    held_id = held(desk, slug="guide", full_name=NAME)
    asked = {"act": "reject", "reason": "too_small", "lead": lead_id}
    for name in ("ada", "carol"):
        browser = desk.user(name)
        pages = [browser.get(path).text for path in ("/review", "/leads", f"/leads/{lead_id}")]
        pages.append(browser.post("/leads", stated="yes", **asked).text)
        if name == "ada":
            pages += [browser.get(path).text for path in ("/quarantine", f"/leads/{held_id}")]
        for page in pages:
            assert f"<bdi>{NAME}" in page
            assert NAME not in texts_outside_bdi(page)


@pytest.mark.server
@pytest.mark.parametrize("width", [360, 1280])
def test_a_very_long_name_takes_no_room_from_the_other_columns(
    browser: Browser,
    running_desk: Running,  # noqa: F811
    width: int,
) -> None:
    running_desk.world.take(full_name="W" * 200, company="V" * 200)
    page = running_desk.open(browser.new_context(viewport={"width": width, "height": 800}), "ada")
    for path in ("/leads", f"/leads/{running_desk.leads[0]}"):
        page.goto(f"{running_desk.address}/desk{path}")
        for box in page.locator(".table").all():
            inner, outer = box.evaluate("box => [box.scrollWidth, box.clientWidth]")
            assert inner <= outer, path
