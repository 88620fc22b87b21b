"""The queue of leads in review in a real browser: keys, clocks, and a phone without script."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from capture.web.config import DeskConfig
from tests.app_server import running
from tests.web.api.conftest import World, make_world
from tests.web.desk.conftest import WORDS, add_users
from tests.web.review.test_review_browser import assert_fits

pytestmark = pytest.mark.server


@dataclass
class Running:
    """A running desk with three leads that wait, the first one first."""

    world: World
    address: str
    leads: list[str]

    def open(self, context: BrowserContext, name: str = "carol", path: str = "/") -> Page:
        """A page of the desk, with the user logged in."""
        page = context.new_page()
        page.goto(f"{self.address}/desk{path}")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Passphrase").fill(WORDS)
        page.get_by_role("button", name="Log in").click()
        return page

    def last(self, lead: int) -> str:
        """The kind of the lead's last event."""
        return self.world.kinds(self.leads[lead])[-1]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    for module in ("capture.review.acts", "capture.web.desk.lead_view", "capture.review.recent"):
        monkeypatch.setattr(f"{module}.UNDO", timedelta(hours=1))  # also for a slow machine
    world = make_world(tmp_path, desk=DeskConfig(agency="Ada's Leads"))
    add_users(world)
    now = datetime.now(UTC)
    names = {"Ann": 3, "Ben": 2, "Cleo": 1}
    leads = [
        world.take(at=now - timedelta(seconds=age), full_name=f"{name} " + "Lee" * 30)
        for name, age in names.items()
    ]
    with running(world.app) as server:
        yield Running(world, f"http://127.0.0.1:{server.port}", leads)
    world.ledger.close()


def test_leads_are_decided_by_keys_and_the_next_one_has_the_focus(
    browser: Browser, desk: Running
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = desk.open(context)
    ann, ben, cleo = (page.get_by_role("article", name=name) for name in ("Ann", "Ben", "Cleo"))
    expect(ann).to_be_focused()
    expect(page.get_by_text("Keys:")).to_be_visible()
    page.keyboard.press("j")
    expect(ben).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(ben).to_be_focused()
    page.keyboard.press("a")
    expect(cleo).to_be_focused()
    expect(ben).to_have_count(0)
    assert desk.last(1) == "accepted"
    page.keyboard.press("u")
    expect(ben).to_be_focused()
    assert desk.last(1) == "withdrawn"
    page.keyboard.press("r")
    reasons = ben.get_by_role("radio")
    expect(reasons.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(reasons).to_have_count(0)
    expect(ben).to_be_focused()
    page.keyboard.press("r")
    page.keyboard.press("1")  # it contradicts the answer
    question = page.get_by_role("button", name="Reject all the same")
    expect(question).to_be_focused()
    assert desk.last(1) == "withdrawn"
    page.keyboard.press("Enter")
    expect(cleo).to_be_focused()
    assert desk.last(1) == "rejected"
    context.close()


def test_many_leads_are_accepted_by_keyboard_alone_and_the_message_has_the_focus(
    browser: Browser, desk: Running
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = desk.open(context, path="/leads")
    press_tab_to(page.get_by_label("Select all leads of this page"))
    page.keyboard.press("Space")
    press_tab_to(page.get_by_label(re.compile("^Select Ben")))
    page.keyboard.press("Space")  # all but Ben
    expect(page.get_by_role("group", name="With the selected leads: 2")).to_be_visible()
    press_tab_to(page.get_by_role("button", name="Accept"))
    page.keyboard.press("Enter")
    message = page.locator("p.note").first
    expect(message).to_be_focused()
    expect(message).to_contain_text("2 accepted")
    assert [desk.last(lead) for lead in range(3)] == ["accepted", "qualified", "accepted"]
    context.close()


def press_tab_to(control: Locator) -> None:
    """Presses Tab until the control has the focus; fails if that takes more than 60 times."""
    for _ in range(60):
        if control.evaluate("it => it === document.activeElement"):
            return
        control.page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {control}")


def test_letters_in_the_note_and_keys_with_a_modifier_decide_nothing(
    browser: Browser, desk: Running
) -> None:
    context = browser.new_context()
    page = desk.open(context)
    ann = page.get_by_role("article", name="Ann")
    expect(ann).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.press("r")
    ann.get_by_label("Note").press_sequentially("a rather large jump, 1 u")
    expect(ann.get_by_label("Note")).to_have_value("a rather large jump, 1 u")
    assert desk.last(0) == "qualified"
    context.close()


def test_the_clocks_run_while_the_page_is_open(browser: Browser, desk: Running) -> None:
    context = browser.new_context()
    context.clock.install()
    page = desk.open(context)
    ann = page.get_by_role("article", name="Ann")
    expect(ann.get_by_text("1 day 23 hours left")).to_be_visible()
    expect(ann).to_be_focused()  # the last act of the script that listens to keys
    page.keyboard.press("a")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    context.clock.fast_forward("01:00:02")
    expect(undo).to_have_count(0)
    ben = page.get_by_role("article", name="Ben")
    context.clock.fast_forward("24:00:00")
    expect(ben.get_by_text(re.compile(r"^22 hours \d+ minutes left"))).to_be_visible()
    context.clock.fast_forward("24:00:00")
    expect(ben.get_by_text("The time has ended")).to_be_visible()
    context.close()


def test_a_phone_without_script_accepts_rejects_and_undoes(browser: Browser, desk: Running) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, java_script_enabled=False, has_touch=True
    )
    page = desk.open(context)
    expect(page.get_by_role("heading", name="3 leads wait for you")).to_be_visible()
    expect(page.get_by_text("Keys:")).to_be_hidden()
    ann, ben = (page.get_by_role("article", name=name) for name in ("Ann", "Ben"))
    ann.get_by_role("button", name="Accept").click()
    assert desk.last(0) == "accepted"
    page.get_by_role("button", name="Undo").click()
    assert desk.last(0) == "withdrawn"
    ben.locator("summary", has_text="Reject").click()
    ben.get_by_label("The company is smaller than it said.").check()
    ben.get_by_label("Note").fill("Seven people.")
    assert_fits(page)
    ben.get_by_role("button", name="Reject this lead").click()
    expect(ben.get_by_role("alert")).to_contain_text("The form says “101+” for “Company size”.")
    expect(ben.get_by_label("Note")).to_have_value("Seven people.")
    ben.get_by_role("button", name="Reject all the same").click()
    expect(page.get_by_role("heading", name="2 leads wait for you")).to_be_visible()
    assert desk.last(1) == "rejected"
    context.close()


def test_the_agency_is_asked_for_its_statement_before_a_key_records_anything(
    browser: Browser, desk: Running
) -> None:
    context = browser.new_context()
    page = desk.open(context, "ada", "/review")
    ann = page.get_by_role("article", name="Ann")
    expect(ann).to_be_focused()
    page.keyboard.press("a")
    stated = ann.get_by_role("checkbox", name="Acme Cloud told us so").first
    expect(stated).to_be_focused()
    assert desk.last(0) == "qualified"
    page.keyboard.press("Space")
    page.keyboard.press("a")
    expect(ann).to_contain_text("You entered the client's acceptance.")
    assert desk.last(0) == "accepted"
    context.close()
