"""Invoices, statements and notes as sheets in HTML and PDF: every fact that an accountant needs."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pypdf
import pytest

from capture.billing.account import DocumentKind
from capture.billing.lines import LinePrice
from capture.billing.statement import Counts, ParkedLead, Statement
from capture.documents.note_sheet import note_sheet
from capture.documents.sheet import Sheet, to_html, to_pdf
from capture.documents.statement_sheet import statement_sheet
from tests.capture.documents.statements import (
    CREDIT,
    DIGEST,
    HEAD,
    LINE,
    PART,
    STATEMENT,
    TAXED,
    document,
    line,
    pdf_text,
    sold_line,
    statement_of,
)

BERLIN = replace(
    PART,
    campaign="berlin",
    title="Demo calls",
    model="revenue_share",
    time_zone="Europe/Berlin",
    lines=[
        sold_line(
            "revenue",
            LinePrice(None, "15", 100000, 15000),
            event_at=datetime(2026, 11, 29, 23, 30, tzinfo=UTC),  # 30 November in Berlin
            due_at=datetime(2026, 11, 29, 23, 30, tzinfo=UTC),
        )
    ],
    counts=Counts(0, 0, 0),
)
TWO_CAMPAIGNS = replace(STATEMENT, parts=[BERLIN, PART])


def sheet(statement: Statement = STATEMENT) -> Sheet:
    """The sheet without an account."""
    return statement_sheet(statement, DIGEST)


EXPECTED_TEXTS = (
    "Invoice acme-0001",
    "November 2026",
    "1 to 30 November 2026",
    "Northgate Leads",
    "EIN 11-1111111",
    "Acme Cloud, Inc.",
    "PO-1",
    "2 December 2026",
    "1 January 2027",
    "The guide",
    "$50.00 per accepted lead (CPL). Campaign guide.",
    "Days are those of Eastern Time (America/New_York).",
    "7ffwzp2npa6a",
    "received 23 Nov 2026",
    "30 Nov 2026",
    "Accepted by client",
    "$50.00",
    "Sum of 1 line",
    "Net total of 1 line",
    "VAT 19 %",
    "$9.50",
    "$59.50",
    "Please pay $59.50 by 1 January 2027. Quote reference acme-0001.",
    "Example Bank",
    "VAT number DE123.",
    "Each lead meets every criterion of its campaign's terms.",
    "A: Company size is at least 101. The guide, version 199f02ba6ae3.",
    "2 leads in review",
    "1 lead refused over a cap.",
    "How to check this document",
    DIGEST,
    HEAD,
)


@pytest.mark.parametrize("text", EXPECTED_TEXTS)
def test_the_page_shows_every_fact_that_an_accountant_needs(text: str) -> None:
    assert text in to_html(sheet()).replace("&#39;", "'")


def test_the_pdf_shows_the_same_facts_and_has_the_same_bytes_every_time() -> None:
    text = pdf_text(sheet())
    assert [sentence for sentence in EXPECTED_TEXTS if sentence not in text] == []
    assert to_pdf(sheet()) == to_pdf(sheet())


def test_the_first_page_has_the_totals_and_the_bank_details_however_many_lines_follow() -> None:
    lines = [line(lead_id=f"7ffwzp2npa{place:02d}") for place in range(99)]
    first = pypdf.PdfReader(io.BytesIO(to_pdf(sheet(statement_of(*lines))))).pages[0]
    text = " ".join(first.extract_text().split())
    for fact in ("Net total of 99 lines $4,950.00", "To pay $5,890.50", "Example Bank", "1 of "):
        assert fact in text


class TestTwoCampaigns:
    def test_each_campaign_has_its_title_its_lines_and_its_sum(self) -> None:
        berlin, guide = sheet(TWO_CAMPAIGNS).parts
        assert (berlin.title, berlin.table.total) == ("Demo calls", ("Sum of 1 line", "$127.50"))
        assert (guide.title, guide.table.total) == ("The guide", ("Sum of 1 line", "$50.00"))

    def test_the_totals_begin_with_the_sum_of_each_campaign(self) -> None:
        assert sheet(TWO_CAMPAIGNS).totals == (
            ("Demo calls, 1 line", "$127.50"),
            ("The guide, 1 line", "$50.00"),
            ("Net total of 2 lines", "$177.50"),
            ("VAT 19 %", "$33.72"),
            ("Total", "$211.22"),
            ("To pay", "$211.22"),
        )

    def test_the_days_of_each_campaign_are_those_of_its_time_zone(self) -> None:
        berlin, guide = sheet(TWO_CAMPAIGNS).parts
        assert berlin.table.rows[0][0].text == guide.table.rows[0][0].text == "30 Nov 2026"
        assert "Days are those of Central European Time (Europe/Berlin)." in berlin.text
        assert "Days are those of Eastern Time (America/New_York)." in guide.text

    def test_equal_criteria_of_two_campaigns_have_two_letters(self) -> None:
        berlin, guide = sheet(TWO_CAMPAIGNS).parts
        assert (berlin.table.rows[0][4].text, guide.table.rows[0][4].text) == ("A", "B")
        html = to_html(sheet(TWO_CAMPAIGNS))
        assert "B: Company size is at least 101. The guide, version 199f02ba6ae3." in html

    def test_a_campaign_without_lines_appears_only_under_what_is_not_billed(self) -> None:
        unbilled = replace(PART, campaign="new", title="New one", lines=[], counts=Counts(3, 0, 0))
        result = sheet(replace(STATEMENT, parts=[PART, unbilled]))
        assert [part.title for part in result.parts] == ["The guide"]
        assert "New one: 3 leads in review at the close" in to_html(result)

    def test_a_parked_lead_is_counted_and_not_described(self) -> None:
        parked = [ParkedLead("8ffwzp2npa6b", "not_computable", "KeyError in lines_for")]
        html = to_html(sheet(replace(STATEMENT, parts=[replace(PART, parked=parked)])))
        assert "1 lead not billed yet, because the amount could not be computed." in html
        assert "KeyError" not in html

    def test_different_rates_of_a_campaign_are_named_with_the_versions_that_set_them(self) -> None:
        lines = [LINE, line(price=LinePrice(6250), version="f" * 64)]
        (part,) = sheet(statement_of(*lines)).parts
        assert part.text.startswith("$50.00 and $62.50 per accepted lead (CPL).")
        assert [(row[3].text, row[4].text) for row in part.table.rows] == [
            ("$50.00", "A"),
            ("$62.50", "B"),
        ]


def test_an_earlier_credit_is_deducted_and_the_rest_is_carried_forward() -> None:
    totals = dict(sheet(replace(STATEMENT, brought_forward=-10000)).totals)
    assert (
        totals["Total"],
        totals["Credit brought forward"],
        totals["Credit carried forward"],
        totals["To pay"],
    ) == ("$59.50", "-$100.00", "$40.50", "$0.00")


@pytest.mark.parametrize(
    ("changes", "text", "details"),
    [
        ({}, "Accepted by client", ""),
        ({"by_silence": True}, "Accepted automatically at the deadline", ""),
        (
            {"entered": True},
            "Accepted",
            "entered by the agency for the client, who did not object in time",
        ),
        ({"event": "held"}, "Appointment held", "accepted by client"),
        (
            {"event": "held", "by_silence": True},
            "Appointment held",
            "accepted automatically at the deadline",
        ),
        ({"late": True}, "Accepted by client", "belongs to an earlier, closed month"),
        (
            {"event": "held", "due_at": datetime(2026, 12, 3, 15, tzinfo=UTC)},
            "Appointment held",
            "accepted by client; billable since 3 Dec 2026",
        ),
    ],
)
def test_a_line_states_what_is_paid_for_and_how_the_lead_was_accepted(
    changes: dict[str, object], text: str, details: str
) -> None:
    (part,) = sheet(statement_of(line(**changes))).parts
    assert (part.table.rows[0][2].text, part.table.rows[0][2].small) == (text, details)


@pytest.mark.parametrize(
    ("event", "price", "text", "note", "amount"),
    [
        ("accepted", LinePrice(5000), "$50.00", "", "$50.00"),
        ("won", LinePrice(None, "10", 85000), "10 % of $850.00", "first purchase", "$85.00"),
        (
            "revenue",
            LinePrice(None, "12.5", 100000, 15000),
            "12.5 % of $850.00",
            "revenue $1,000.00, refunded $150.00",
            "$106.25",
        ),
        (
            "won",
            LinePrice(20000, "", 100000, 25000),
            "$200.00 x $750.00 / $1,000.00",
            "first purchase $1,000.00, refunded $250.00",
            "$150.00",
        ),
    ],
)
def test_a_line_states_its_rate_its_base_and_the_refunds_taken_off(
    event: str, price: LinePrice, text: str, note: str, amount: str
) -> None:
    (part,) = sheet(statement_of(sold_line(event, price))).parts
    cells = part.table.rows[0]
    assert (cells[3].text, cells[3].small, cells[5].text) == (text, note, amount)


def test_a_free_line_states_its_price_and_why_nothing_is_charged() -> None:
    (part,) = sheet(statement_of(line(free_over_cap=True))).parts
    cells = part.table.rows[0]
    assert (cells[3].text, cells[3].small, cells[5].text) == (
        "$50.00",
        "no charge: monthly budget reached",
        "$0.00",
    )


def test_a_period_of_revenue_is_named_by_its_first_day() -> None:
    (part,) = sheet(statement_of(sold_line("revenue", LinePrice(None, "15", 100000)))).parts
    assert part.table.rows[0][2].text == "Revenue from 15 November 2026"


def test_each_set_of_criteria_has_its_own_letter() -> None:
    others = [replace(LINE, version=f"{place:064x}") for place in range(30)]
    (part,) = sheet(statement_of(*others, others[0])).parts
    letters = [row[4].text for row in part.table.rows]
    assert (letters[0], letters[25], letters[26], letters[29], letters[30]) == (
        "A",
        "Z",
        "AA",
        "AD",
        "A",
    )


def test_without_a_line_there_is_nothing_to_pay() -> None:
    empty = sheet(replace(STATEMENT, parts=[]))
    html = to_html(empty)
    assert "There is nothing to pay." in html
    assert "Example Bank" not in html
    assert "No lead was in review at the close, and none came over a cap." in html
    assert "Net total of 0 lines" in pdf_text(empty)


def test_a_document_that_is_no_invoice_says_that_the_invoice_follows() -> None:
    result = sheet(replace(STATEMENT, parties=replace(TAXED, document="statement")))
    for text in (to_html(result), pdf_text(result)):
        assert "Statement acme-0001" in text
        assert "This statement is not an invoice; the invoice follows separately." in text
        assert "Invoice acme-0001" not in text
    assert "is not an invoice" not in to_html(sheet())


def test_a_preview_has_no_number_and_asks_for_no_reference() -> None:
    html = to_html(sheet(replace(STATEMENT, number="")))
    assert "Preview: invoice" in html
    assert "given at the close" in html
    assert "Quote reference" not in html


def test_a_lead_is_named_by_its_reference_with_its_id_below_or_by_its_id_alone() -> None:
    statement = statement_of(LINE, line(lead_id="8ffwzp2npa6b"))
    result = statement_sheet(statement, DIGEST, None, {"7ffwzp2npa6a": "Clinic GmbH"})
    named, unnamed = (row[1] for row in result.parts[0].table.rows)
    assert (named.text, named.small) == ("Clinic GmbH", "7ffwzp2npa6a; received 23 Nov 2026")
    assert (unnamed.text, unnamed.small) == ("8ffwzp2npa6b", "received 23 Nov 2026")


HOSTILE = '<script>alert("x")</script> #strong[x] $x$ \u202ehostile'
VISIBLE = '<script>alert("x")</script> #strong[x] $x$'


@pytest.mark.parametrize("place", ["customer", "title", "reference", "criterion", "note"])
def test_no_text_of_a_record_becomes_markup(place: str) -> None:
    statement, references = STATEMENT, {}
    if place == "customer":
        customer = replace(TAXED.customer, name=HOSTILE)
        statement = replace(STATEMENT, parties=replace(TAXED, customer=customer))
    elif place == "title":
        statement = replace(STATEMENT, parts=[replace(PART, title=HOSTILE)])
    elif place == "criterion":
        statement = statement_of(line(met=[replace(LINE.met[0], rule=HOSTILE)]))
    elif place == "note":
        statement = replace(STATEMENT, parties=replace(TAXED, vat_note=HOSTILE))
    else:
        references = {LINE.lead_id: HOSTILE}
    results = [statement_sheet(statement, DIGEST, None, references)]
    if place != "criterion":
        credit = document(2, DocumentKind.CREDIT)
        results.append(note_sheet(CREDIT, credit, statement, references.get(LINE.lead_id, "")))
    for result in results:
        html = to_html(result)
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        text = pdf_text(result)
        assert VISIBLE in text
        assert "\u202e" not in html + text


def test_yen_and_dinars_have_the_decimals_of_their_currency() -> None:
    assert dict(sheet(replace(STATEMENT, currency="JPY")).totals)["To pay"] == "¥5,950"
    assert dict(sheet(replace(STATEMENT, currency="KWD")).totals)["To pay"] == "KWD 5.950"
