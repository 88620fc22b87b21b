"""The complete path in a real browser: a post, its form, the guide, the lead, the billable line."""

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service import ROOT, Service

POST = "/four-numbers-that-matter/"
PICTURE = ROOT / "docs" / "article.png"
"""The picture in the README. GATEPOST_TEST_PICTURE=1 in the environment writes it again."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real site, built from the real content, served by the real command."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("content", "campaigns", "clients", "theme", "pelicanconf.py"):
        (folder / name).symlink_to(ROOT / name)
    service = Service(folder)
    built = service.run("build")
    assert built.returncode == 0, built.stderr
    yield service.start()
    service.end()


def visit(browser: Browser, service: Service, path: str, **options: object) -> Page:
    context = browser.new_context(base_url=f"http://127.0.0.1:{service.port}", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(path)
    return page


def send_form(page: Page, name: str) -> None:
    form = page.locator("form.lead")
    form.get_by_label("Full name").fill(name)
    form.get_by_label("Work e-mail").fill(f"{name.split(maxsplit=1)[0].lower()}@clinic.example")
    form.get_by_label("Company", exact=True).fill("Lee Clinic")
    form.get_by_label("Job title").fill("Director")
    form.get_by_label("Industry").select_option("Healthcare")
    form.get_by_label("Number of employees").select_option("101-500")
    form.get_by_label("Country").select_option("US")
    form.get_by_label("I agree").check()
    form.get_by_role("button").click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_visitor_gets_the_guide_and_the_agency_gets_a_billable_lead(
    browser: Browser, service: Service, script: bool, tmp_path: Path
) -> None:
    name = "Ann Lee" if script else "Bob Ray"
    page = visit(browser, service, f"{POST}?utm_source=news", java_script_enabled=script)
    send_form(page, name)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert ("/thanks" in page.url) is not script, "with script the page stays where it is"
    with page.expect_download() as download:
        page.get_by_role("link", name="cloud-guide.pdf").click()
    download.value.save_as(tmp_path / "guide.pdf")
    assert (tmp_path / "guide.pdf").read_bytes() == (
        ROOT / "content/gated/cloud-guide.pdf"
    ).read_bytes()
    page.context.close()

    row = next(row for row in billable_rows(service) if row["full_name"] == name)
    assert (row["amount"], row["currency"]) == ("50.00", "USD")
    assert (row["last_path"], row["last_utm_source"]) == (POST, "news")


def billable_rows(service: Service) -> list[dict[str, str]]:
    """The billable rows of all months, once the client was notified and silence has accepted."""
    notice = service.folder / "notice.txt"
    notice.unlink(missing_ok=True)
    assert service.run("notify", "acme-cloud-guide", "-o", str(notice)).returncode == 0
    leads = json.loads(service.run("leads", "--json").stdout)
    months = {lead["deadline"][:7] for lead in leads if lead["deadline"]}
    rows: list[dict[str, str]] = []
    for month in sorted(months):
        process = service.run(
            "export", "acme-cloud-guide", "--month", month, "--as-of", "2999-01-01"
        )
        rows += csv.DictReader(io.StringIO(process.stdout))
    return rows


def test_a_form_with_mistakes_keeps_its_values_and_moves_the_focus_to_the_summary(
    browser: Browser, service: Service
) -> None:
    for script in (True, False):
        page = visit(browser, service, POST, java_script_enabled=script)
        page.get_by_label("Full name").fill("Ann <b>Lee</b>")
        page.locator("form.lead").get_by_role("button").click()
        alert = page.get_by_role("alert")
        expect(alert).to_be_focused()
        expect(alert.get_by_role("link", name="Enter your work e-mail")).to_be_visible()
        expect(page.get_by_label("Full name")).to_have_value("Ann <b>Lee</b>")
        page.context.close()


def test_a_double_click_and_a_second_post_after_going_back_are_one_lead(
    browser: Browser, service: Service
) -> None:
    page = visit(browser, service, "/f/acme-demo", java_script_enabled=False)
    form = page.locator("form.lead")
    form.get_by_label("Full name").fill("Eve Moss")
    form.get_by_label("Work e-mail").fill("eve@double.example")
    form.get_by_label("Company", exact=True).fill("Moss")
    form.get_by_label("Job title").fill("CEO")
    form.get_by_label("Number of employees").select_option("51-200")
    form.get_by_label("Country").select_option("US")
    form.get_by_label("I agree").check()
    form.get_by_role("button").dblclick()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.reload()
    page.go_back()
    page.locator("form.lead").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.context.close()
    with service.ledger() as ledger:
        demos = ledger.read(
            lambda reading: [
                lead for lead in reading.leads.select() if lead.campaign == "acme-demo"
            ]
        )
    assert len(demos) == 1


def test_no_page_loads_anything_from_another_site_or_sets_a_cookie(
    browser: Browser, service: Service
) -> None:
    origin = f"http://127.0.0.1:{service.port}/"
    for path in ("/", POST, "/articles/", "/f/acme-cloud-guide", "/nowhere/"):
        page = visit(browser, service, "about:blank")
        requests: list[str] = []
        messages: list[str] = []
        page.on("request", lambda request, requests=requests: requests.append(request.url))
        page.on("console", lambda data, messages=messages: messages.append(data.text))
        page.goto(path, wait_until="networkidle")
        assert all(url.startswith((origin, "data:")) for url in requests), requests
        assert page.context.cookies() == []
        assert [text for text in messages if "Content Security Policy" in text] == []
        page.context.close()


def test_the_picture_of_the_readme_shows_an_article(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    page = visit(browser, service, POST, viewport={"width": 1280, "height": 1100})
    expect(page.locator("figure img").first).to_be_visible()
    picture = PICTURE if "GATEPOST_TEST_PICTURE" in os.environ else tmp_path / "article.png"
    page.screenshot(path=picture)
    page.context.close()
    assert picture.stat().st_size > 20_000
    assert PICTURE.stat().st_size > 20_000, "write the README's picture again: see PICTURE"
