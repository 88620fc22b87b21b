"""The statements at the desk: the list, one document, its files, and who sees them."""

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from capture.closing.close import close_month
from capture.closing.credit import CorrectionRequest, issue_credit
from capture.closing.payments import PaymentRequest, record_payment
from capture.ledger.users import Access
from tests.capture.documents.einvoices import EU_PARTIES
from tests.samples import PARTIES
from tests.web.desk.conftest import Browser, DeskWorld

CLOSED = datetime(2026, 12, 5, 12, tzinfo=UTC)


@pytest.fixture
def closed(desk: DeskWorld) -> DeskWorld:
    """Acme's November with two leads of 50.00, and one of the other client."""
    ledger = desk.world.ledger
    desk.world.take()
    desk.world.take()
    desk.world.take("rival")
    desk.clock.move_to(CLOSED)
    for client in ("acme", "other"):
        ledger.transact(
            lambda records, client=client: close_month(  # type: ignore[misc]
                records, client, PARTIES, "2026-11", CLOSED, by="Ada"
            )
        )
    return desk


def accesses(desk: DeskWorld) -> list[Access]:
    """The newest first."""
    entries = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=10))
    return [access for _, access in entries]


def lead_ids(desk: DeskWorld) -> list[str]:
    """The leads on acme-0001."""
    lines = desk.world.ledger.read(lambda reading: reading.statements.lines("acme-0001"))
    return [lead_id for lead_id, _ in lines]


def credit(desk: DeskWorld) -> None:
    """Credits 20.00 of the first line of acme-0001."""
    request = CorrectionRequest("acme-0001", lead_ids(desk)[0], "goodwill", amount=Decimal(20))
    desk.world.ledger.transact(lambda records: issue_credit(records, request, "Ada", CLOSED))


def test_the_list_shows_sums_and_state(closed: DeskWorld) -> None:
    text = closed.user("ada").text("/statements")
    assert "To pay $150.00" in text
    assert "acme-0001 Invoice acme November 2026 5 Dec 2026 4 Jan 2027 $100.00 $100.00" in text
    assert "other-0001 Invoice other November 2026" in text
    assert "Overdue" not in text.partition("Number")[0].replace("All To pay Overdue", "")


def test_a_client_sees_only_its_own_documents(closed: DeskWorld) -> None:
    carol, oscar = closed.user("carol"), closed.user("oscar")
    assert "acme-0001" in carol.text("/statements")
    assert "other-0001" not in carol.text("/statements?client=other")
    assert carol.get("/statements/acme-0001").status_code == 200
    for path in ("/statements/acme-0001", "/statements/acme-0001/files/pdf"):
        refused, unknown = oscar.get(path), oscar.get(path.replace("acme-0001", "acme-0009"))
        assert refused.status_code == unknown.status_code == 404
        assert refused.text.replace("acme-0001", "acme-0009") == unknown.text


def test_no_file_is_stored_by_a_browser(closed: DeskWorld) -> None:
    for name in ("pdf", "csv", "json"):
        answer = closed.user("carol").get(f"/statements/acme-0001/files/{name}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_a_viewer_sees_none(closed: DeskWorld) -> None:
    assert closed.user("vera").get("/statements").status_code == 403


def test_the_list_filters_by_client_and_state(closed: DeskWorld) -> None:
    ada = closed.user("ada")
    assert "acme-0001" not in ada.text("/statements?client=other")
    assert "No document matches these filters" in ada.text("/statements?state=overdue")
    closed.clock.move_to(datetime(2027, 1, 10, 12, tzinfo=UTC))
    text = closed.user("carol").text("/statements?state=overdue")
    assert "Overdue $100.00" in text
    assert "acme-0001" in text


def test_the_next_page_begins_after_a_position(closed: DeskWorld) -> None:
    text = closed.user("ada").text("/statements?after=2026-12-05,other-0001")
    assert "acme-0001" in text
    assert "other-0001" not in text


def test_an_empty_list_says_what_to_do(desk: DeskWorld) -> None:
    assert "No month was closed yet" in desk.user("ada").text("/statements")
    assert "You have no statement yet" in desk.user("carol").text("/statements")


def test_the_document_shows_each_line_with_its_lead(closed: DeskWorld) -> None:
    page = closed.user("carol").get("/statements/acme-0001")
    assert len(lead_ids(closed)) == 2
    for lead_id in lead_ids(closed):
        assert f'<th scope="row"><a href="/desk/leads/{lead_id}">' in page.text
    assert "style=" not in page.text
    text = closed.user("carol").text("/statements/acme-0001")
    assert "Acme Cloud, Inc." in text
    assert "Please pay $100.00 by 4 January 2027" in text
    assert "How to check this document" in text


def test_a_look_at_a_document_is_logged(closed: DeskWorld) -> None:
    closed.user("carol").get("/statements/acme-0001")
    assert (accesses(closed)[0].page, accesses(closed)[0].count) == ("statement", 2)


def test_payments_and_credits_change_the_account(closed: DeskWorld) -> None:
    credit(closed)
    payment = PaymentRequest("acme-0001", Decimal(30), date(2026, 12, 5))
    closed.world.ledger.transact(lambda records: record_payment(records, payment, CLOSED, by="Ada"))
    text = closed.user("carol").text("/statements/acme-0001")
    assert "Total $100.00 Credited $20.00 Paid $30.00 To pay $50.00" in text
    note = closed.user("carol").text("/statements/acme-0002")
    assert "Credit note acme-0002" in note
    assert "The corrected document, acme-0001" in note
    assert "-$20.00" in closed.user("ada").text("/statements")


FILES = {
    "pdf": ("application/pdf", b"%PDF-", "acme-0001.pdf"),
    "csv": ("text/csv; charset=utf-8", b"number,campaign,month", "acme-0001.csv"),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        b"PK",
        "acme-0001.xlsx",
    ),
    "json": ("application/json", b"{", "acme-0001.json"),
    "html": ("text/html; charset=utf-8", b"<!doctype html>", "acme-0001.html"),
    "evidence": ("application/vnd.sqlite3", b"SQLite format 3", "acme-0001.db"),
}


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_those_of_the_commands(closed: DeskWorld, name: str) -> None:
    media_type, beginning, file_name = FILES[name]
    answer = closed.user("carol").get(f"/statements/acme-0001/files/{name}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f"attachment; filename={file_name}"
    assert answer.data.startswith(beginning)
    assert accesses(closed)[0].page == f"statement {name}"


def test_the_evidence_has_only_the_leads_of_the_statement(closed: DeskWorld) -> None:
    answer = closed.user("carol").get("/statements/acme-0001/files/evidence")
    file = closed.folder / "evidence.db"
    file.write_bytes(answer.data)
    with sqlite3.connect(file) as evidence:
        assert evidence.execute("SELECT count(*) FROM leads").fetchone() == (2,)


def test_a_document_that_cannot_be_an_e_invoice_says_why(closed: DeskWorld) -> None:
    ada, carol = closed.user("ada"), closed.user("carol")
    page = ada.text("/statements/acme-0001")
    assert "acme-0001 cannot be an e-invoice: " in page
    assert page.count("cannot be an e-invoice") == 1
    assert "e-invoice" not in carol.text("/statements/acme-0001")
    assert carol.get("/statements/acme-0001/files/cii").status_code == 409


def test_an_e_invoice_is_offered_in_each_form(desk: DeskWorld) -> None:
    desk.world.take()
    desk.clock.move_to(CLOSED)
    desk.world.ledger.transact(
        lambda records: close_month(records, "acme", EU_PARTIES, "2026-11", CLOSED, by="Ada")
    )
    carol = desk.user("carol")
    text = carol.text("/statements/acme-0001")
    assert "PDF with e-invoice (Factur-X) E-invoice (XML, CII) E-invoice (XML, UBL)" in text
    assert b"CrossIndustryInvoice" in carol.get("/statements/acme-0001/files/cii").data
    assert b"ubl:schema:xsd:Invoice-2" in carol.get("/statements/acme-0001/files/ubl").data
    assert carol.get("/statements/acme-0001/files/facturx").data.startswith(b"%PDF-")


def test_a_note_has_no_rows_and_no_evidence(closed: DeskWorld) -> None:
    credit(closed)
    carol: Browser = closed.user("carol")
    assert "Evidence" not in carol.text("/statements/acme-0002")
    assert carol.get("/statements/acme-0002/files/pdf").data.startswith(b"%PDF-")
    assert carol.get("/statements/acme-0002/files/csv").status_code == 409
    assert carol.get("/statements/acme-0002/files/evidence").status_code == 404
    assert carol.get("/statements/acme-0002/files/other").status_code == 404


def test_a_long_statement_is_shown_by_pages_with_shareable_addresses(
    closed: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.web.desk.line_pages.PAGE_LINES", 1)
    ada, ids = closed.user("ada"), lead_ids(closed)
    pages = [ada.get(f"/statements/acme-0001?page={page}").text for page in ("1", "2", "all")]
    shown = [[lead_id for lead_id in ids if f'id="lead-{lead_id}"' in page] for page in pages]
    assert sorted([shown[0], shown[1]]) == sorted([lead_id] for lead_id in ids)
    assert shown[2] == ids
    assert [access.count for access in accesses(closed)[:3]] == [2, 1, 1]
    first, second, complete = pages
    assert "Lines 1 to 1 of 2." in first
    assert 'page=2#lines" rel="next">Later lines' in first
    assert 'page=1#lines" rel="prev">Earlier lines' in second
    # The sum of the campaign follows its last line.
    assert ["<tfoot>" in page for page in pages] == [False, True, True]
    assert "Later lines" not in complete


@pytest.mark.parametrize("page", ["0", "3", "99999999999", "x", "-1", "\u0662"])
def test_a_page_that_does_not_exist_is_the_nearest_one(
    closed: DeskWorld, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr("capture.web.desk.line_pages.PAGE_LINES", 1)
    nearest = "Lines 2 to 2 of 2." if page == "3" else "Lines 1 to 1 of 2."
    assert nearest in closed.user("ada").text(f"/statements/acme-0001?page={page}")


def test_the_link_of_a_lead_opens_the_page_with_its_line(
    closed: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.web.desk.line_pages.PAGE_LINES", 1)
    ada = closed.user("ada")
    for lead_id in lead_ids(closed):
        address = f"/statements/acme-0001?lead={lead_id}"
        assert f'{address}#lead-{lead_id}"' in ada.get(f"/leads/{lead_id}").text
        assert f'id="lead-{lead_id}"' in ada.get(address).text


def test_the_files_of_a_long_statement_have_every_line(
    closed: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.web.desk.line_pages.PAGE_LINES", 1)
    for name in ("csv", "html"):
        text = closed.user("ada").get(f"/statements/acme-0001/files/{name}").text
        assert all(lead_id in text for lead_id in lead_ids(closed))
