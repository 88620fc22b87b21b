"""The printed invoice of a client with two campaigns, by the real commands."""

import html
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdf
import pytest
import time_machine
from playwright.sync_api import Browser

from capture.campaign.model import Answer
from capture.intake.receive import receive_submission
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW, campaign, submission

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
_FIELDS = """\
[fields.full_name]
label = "Name"
autocomplete = "name"
[fields.company]
label = "Company"
autocomplete = "organization"
required = false
"""
GUIDE = CAMPAIGN.replace('[fields.full_name]\nlabel = "Name"\n', _FIELDS)
BERLIN = GUIDE.replace("The guide", "Demo calls").replace("America/New_York", "Europe/Berlin")


def take(project: Project, slug: str, at: datetime = NOW, **answers: Answer) -> str:
    """Receives a lead of a campaign; its id."""
    terms = campaign(slug=slug, text=(project.folder / f"campaigns/{slug}.toml").read_text())
    sent = submission(terms, **answers)
    return project.ledger.transact(
        lambda records: receive_submission(records, terms, sent, at)
    ).lead_id


def run(project: Project, *args: str, at: datetime = DECEMBER) -> str:
    """Runs a command that must succeed; its output."""
    with time_machine.travel(at, tick=False):
        ran = project.run(*args)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def set_client(project: Project, line: str) -> None:
    """Adds a line to the client's file, above its first table."""
    file = project.folder / "clients/acme.toml"
    file.write_text(file.read_text().replace("\nlanguages", f"\n{line}\nlanguages", 1))


def page_text(project: Project, number: str = "acme-0001") -> str:
    """The text of the printed page on one line."""
    page = run(project, "statement", number, "--format", "html")
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])).split())


def pdf_text(project: Project, number: str = "acme-0001") -> str:
    """The text of the PDF on one line."""
    run(project, "statement", number, "--format", "pdf", "-o", "document.pdf")
    pages = pypdf.PdfReader(Path("document.pdf")).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def leads(project: Project) -> dict[str, str]:
    """One lead in each of two campaigns, in two time zones; their ids by campaign."""
    (project.folder / "campaigns/guide.toml").write_text(GUIDE)
    (project.folder / "campaigns/berlin.toml").write_text(BERLIN)
    late_evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # 24 November in Berlin
    return {
        "guide": take(project, "guide", late_evening, company="Clinic North GmbH"),
        "berlin": take(
            project,
            "berlin",
            late_evening,
            full_name="Bob van Dyke",
            email="bob@other.example",
            company="<b>Müller</b> & Söhne",
        ),
    }


def test_one_invoice_bills_both_campaigns_each_in_its_own_days(
    project: Project, leads: dict[str, str]
) -> None:
    run(project, "close", "acme", "--month", "2026-11")
    for text in (page_text(project), pdf_text(project)):
        assert "Invoice acme-0001" in text
        assert "Demo calls, 1 line $50.00 The guide, 1 line $50.00" in text
        assert "Net total of 2 lines $100.00 To pay $100.00" in text
        assert f"{leads['berlin']} received 24 Nov 2026" in text
        assert f"{leads['guide']} received 23 Nov 2026" in text
        assert "Central European Time (Europe/Berlin)" in text
        assert "Eastern Time (America/New_York)" in text


@pytest.mark.parametrize(
    ("choice", "guide", "berlin"),
    [
        ("lead_id", "", ""),
        ("company", "Clinic North GmbH", "<b>Müller</b> & Söhne"),
        ("initials", "A.L.", "B.V.D."),
    ],
)
def test_lines_name_leads_as_the_clients_file_chose(
    project: Project, leads: dict[str, str], choice: str, guide: str, berlin: str
) -> None:
    set_client(project, f'line_reference = "{choice}"')
    run(project, "close", "acme", "--month", "2026-11")
    names = {leads["guide"]: guide, leads["berlin"]: berlin}
    for text in (page_text(project), pdf_text(project)):
        for lead_id, name in names.items():
            assert (f"{name} {lead_id}; received" if name else f"{lead_id} received") in text
    assert "<b>" not in run(project, "statement", "acme-0001", "--format", "html")
    frozen = run(project, "statement", "acme-0001", "--format", "json")
    for personal in ("Clinic", "Müller", "A.L.", "B.V.D."):
        assert personal not in frozen


def test_an_erased_person_is_named_by_the_leads_id(project: Project, leads: dict[str, str]) -> None:
    set_client(project, 'line_reference = "company"')
    run(project, "close", "acme", "--month", "2026-11")
    credit = ("credit", "acme-0001", "--lead", leads["guide"], "--reason", "goodwill")
    run(project, *credit, "--amount", "20", "--as", "Ada")
    assert "Clinic North GmbH" in page_text(project, "acme-0002")
    frozen = run(project, "statement", "acme-0001", "--format", "json")
    with closing(sqlite3.connect(project.folder / "var/gatepost.db")) as db, db:
        db.execute("DELETE FROM personal_data WHERE lead_id = ?", (leads["guide"],))
    for text in (page_text(project), pdf_text(project)):
        assert f"{leads['guide']} received" in text
        assert "Clinic" not in text
        assert "Müller" in text
    assert "Clinic" not in page_text(project, "acme-0002")
    assert run(project, "statement", "acme-0001", "--format", "json") == frozen


def test_the_settlement_explains_the_open_amount(project: Project, leads: dict[str, str]) -> None:
    run(project, "close", "acme", "--month", "2026-11")
    credit = ("credit", "acme-0001", "--lead", leads["guide"], "--reason", "goodwill")
    run(project, *credit, "--amount", "20", "--as", "Ada")
    later = DECEMBER + timedelta(days=5)
    run(project, "paid", "acme-0001", "--amount", "95", "--date", "2026-12-08", at=later)
    run(project, "paid", "acme-0001", "--amount", "-5", "--date", "2026-12-09", at=later)
    text = page_text(project)
    assert "This is settled: nothing is open." in text
    assert (
        f"5 Dec 2026 Credit note {leads['guide']}: goodwill acme-0002 -$20.00 "
        "8 Dec 2026 Payment received -$95.00 9 Dec 2026 Payment returned $5.00 "
        "9 Dec 2026 Credit carried forward to the next document $10.00"
    ) in text

    take(project, "guide", NOW + timedelta(days=20), email="eve@third.example")
    run(project, "close", "acme", "--month", "2026-12", at=datetime(2027, 1, 5, tzinfo=UTC))
    text = page_text(project, "acme-0003")
    assert "Total $50.00 Credit brought forward -$10.00 To pay $40.00" in text
    assert "5 Jan 2027 Credit brought forward acme-0001 -$10.00" in text
    assert "Please pay $40.00 by" in text
    assert "Credit moved to another document acme-0003 $10.00" in page_text(project)


def test_a_client_that_wants_no_invoice_gets_a_statement(
    project: Project, leads: dict[str, str]
) -> None:
    set_client(project, 'document = "statement"')
    run(project, "close", "acme", "--month", "2026-11")
    assert leads
    for text in (page_text(project), pdf_text(project)):
        assert "Statement acme-0001" in text
        assert "This statement is not an invoice; the invoice follows separately." in text
    credit = ("credit", "acme-0001", "--lead", leads["guide"], "--reason", "goodwill")
    run(project, *credit, "--as", "Ada")
    assert "on statement acme-0001, November 2026" in page_text(project, "acme-0002")


def test_the_page_fits_a_phone_and_loads_nothing_else(
    project: Project, leads: dict[str, str], browser: Browser
) -> None:
    set_client(project, 'line_reference = "company"')
    run(project, "close", "acme", "--month", "2026-11")
    run(project, "statement", "acme-0001", "--format", "html", "-o", "invoice.html")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    request_urls: list[str] = []
    page.on("request", lambda request: request_urls.append(request.url))
    page.goto((project.folder / "invoice.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert len(request_urls) == 1
    for lead_id in leads.values():
        assert page.get_by_text(lead_id).is_visible()
    page.close()
