"""Proof of the address in a real browser, with the site and the lead service on two hosts."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from urllib.request import urlopen

import pytest
from flask import Flask, Response, send_from_directory
from playwright.sync_api import Browser, BrowserContext, Page, expect

from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.signed_links import LinkSigner, confirmation_path
from capture.site_policy import page_policy
from capture.web.app import create_app
from capture.web.config import WebConfig
from tests.app_server import running
from tests.samples import CAMPAIGN
from tests.service import ROOT, TEST_KEY, free_port, make_project, web_config

pytestmark = pytest.mark.server

SIGNER = LinkSigner(TEST_KEY, WebConfig.link_life)
TEXT = CAMPAIGN.replace('kind = "demo"', 'kind = "gated"\nassets = ["cloud-guide.pdf"]')
STORED = "Object.keys(localStorage).filter((key) => key.startsWith('gp_proof_'))"


@dataclass(frozen=True)
class Hosts:
    """The origins of the site and of the lead service, and the service's ledger."""

    site: str
    service: str
    ledger: Ledger

    def newest(self) -> Lead:
        return self.ledger.read(lambda reading: next(reading.leads.select(newest_first=True)))

    def link(self, address: str) -> str:
        """The link in the letter on the newest lead."""
        lead = self.newest()
        ends = lead.received_at + timedelta(days=7)
        token = SIGNER.confirmation(lead.campaign, lead.lead_id, address, ends)
        return self.service + confirmation_path(token)


def site_app(service: str) -> Flask:
    """The site: the theme's files, and an article with the form of the service."""
    app = Flask("site")

    @app.get("/theme/<name>")
    def theme(name: str) -> Response:
        return send_from_directory(ROOT / "theme" / "static", name)

    @app.get("/article/")
    def article() -> Response:
        with urlopen(f"{service}/f/gated") as form:
            page = Response(form.read(), content_type="text/html; charset=utf-8")
        page.headers["Content-Security-Policy"] = str(page_policy("'self'", service))
        return page

    return app


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    folder = tmp_path_factory.mktemp("hosts")
    site_port, service_port = free_port(), free_port()
    site, service = f"http://localhost:{site_port}", f"http://127.0.0.1:{service_port}"
    make_project(folder, site_url=site, capture_url=service)
    (folder / "campaigns" / "gated.toml").write_text(f'confirm = "email"\n{TEXT}')
    config = web_config(folder, site_origin=site, capture_url=service, rate_limit="")
    ledger = open_ledger(f"sqlite:///{folder}/ledger.db", TEST_KEY)
    with ExitStack() as stack:
        stack.callback(ledger.close)
        stack.enter_context(running(create_app(config, ledger), service_port))
        stack.enter_context(running(site_app(service), site_port))
        yield Hosts(site, service, ledger)


def send(page: Page, address: str) -> None:
    """Fills and sends the form of the page, and waits for the page after it."""
    page.get_by_label("Name", exact=True).fill("Ann Lee")
    page.get_by_label("Work e-mail").fill(address)
    page.get_by_label("Company size").select_option("101+")
    page.get_by_label("I agree").check()
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.wait_for_load_state()  # its script has kept the proof


def expect_files(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your file")).to_be_visible()
    expect(page.get_by_text("your address is confirmed")).to_be_visible()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as context:
        yield context


@pytest.mark.parametrize("start", ["the article of the site", "the form's own page"])
def test_the_browser_that_sent_the_form_needs_no_click(
    context: BrowserContext, hosts: Hosts, start: str
) -> None:
    is_article = start == "the article of the site"
    address = f"{'ann' if is_article else 'bob'}@clinic.example"
    page = context.new_page()
    page.goto(f"{hosts.site}/article/" if is_article else f"{hosts.service}/f/gated")
    send(page, address)
    assert page.url.startswith(f"{hosts.service}/f/gated/sent")
    others = set(page.evaluate("Object.keys(localStorage)")) - set(page.evaluate(STORED))
    assert others == (set() if is_article else {"gp_first", "gp_last"})  # those are of the form
    page.goto(hosts.link(address))
    expect_files(page)
    assert hosts.newest().review == "qualified"
    assert page.evaluate(STORED) == []
    assert context.cookies() == []
    page.goto(hosts.link(address))  # the value counts once
    expect(page.get_by_role("button", name="Confirm and get the files")).to_be_visible()


def test_in_another_browser_only_the_button_proves_the_address(
    browser: Browser, context: BrowserContext, hosts: Hosts
) -> None:
    page, address = context.new_page(), "sue@clinic.example"
    page.goto(f"{hosts.service}/f/gated")
    send(page, address)
    with browser.new_context() as elsewhere:
        scanner = elsewhere.new_page()
        scanner.goto(hosts.link(address), wait_until="networkidle")
        scanner.evaluate("localStorage.setItem('gp_proof_2222222222zz', '1 x')")  # an old value
        scanner.reload(wait_until="networkidle")
        assert scanner.evaluate(STORED) == []
        assert hosts.newest().review == "unconfirmed"
        scanner.get_by_role("button", name="Confirm and get the files").click()
        expect_files(scanner)
    assert hosts.newest().review == "qualified"


def test_without_script_a_phone_confirms_with_the_button(browser: Browser, hosts: Hosts) -> None:
    address = "tim@clinic.example"
    with browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False, has_touch=True
    ) as phone:
        page = phone.new_page()
        page.goto(f"{hosts.site}/article/")
        send(page, address)
        page.goto(hosts.link(address))
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["x"] + box["width"] <= 360
        page.get_by_role("button", name="Confirm and get the files").click()
        expect_files(page)
    assert hosts.newest().review == "qualified"


def test_on_paper_the_page_has_no_button(browser: Browser, hosts: Hosts) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page, address = context.new_page(), "pat@clinic.example"
        page.goto(f"{hosts.service}/f/gated")
        send(page, address)
        page.goto(hosts.link(address))
        button = page.get_by_role("button", name="Confirm and get the files")
        expect(button).to_be_visible()
        page.emulate_media(media="print")
        expect(button).to_be_hidden()
