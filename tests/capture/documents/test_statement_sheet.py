"""Statements and notes as sheets in HTML and PDF: every fact that an accountant needs."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pypdf
import pytest

from capture.billing.account import Account, Document, DocumentKind, build_accounts
from capture.billing.statement import Counts, MetCriterion, Statement, StatementLine
from capture.closing.credit import Correction
from capture.documents.statement_sheet import Sheet, note_sheet, statement_sheet, to_html, to_pdf
from tests.samples import PARTIES

DIGEST, HEAD = "ab" * 32, "cd" * 32
TAXED = replace(PARTIES, vat_rate="19", vat_note="VAT number DE123.")
LINE = StatementLine(
    lead_id="7ffwzp2npa6a",
    period="",
    version="199f02ba6ae3" + "0" * 52,
    received_at=datetime(2026, 11, 23, 15, tzinfo=UTC),
    event="accepted",
    event_at=datetime(2026, 12, 1, 3, tzinfo=UTC),  # 30 November in New York
    due_at=datetime(2026, 12, 1, 3, tzinfo=UTC),
    base=None,
    amount=5000,
    free_over_cap=False,
    late=False,
    met=[MetCriterion("company_size", "Company size is at least 101")],
)
STATEMENT = Statement(
    number="acme-0001",
    client="acme",
    campaign="guide",
    month="2026-11",
    time_zone="America/New_York",
    currency="USD",
    model="cpl",
    lines=[LINE],
    counts=Counts(2, 1, 0),
    parties=TAXED,
    issued_on=date(2026, 12, 2),
    brought_forward=0,
    closed_at=datetime(2026, 12, 2, 15, tzinfo=UTC),
    last_event=84,
    chain_head=HEAD,
)
CREDIT = Correction(
    "acme-0002",
    DocumentKind.CREDIT,
    "acme",
    "guide",
    "acme-0001",
    "7ffwzp2npa6a",
    "",
    2000,
    380,
    "USD",
    "goodwill",
    datetime(2026, 12, 3, tzinfo=UTC),
)


def account(*kinds: DocumentKind) -> Account:
    """The client's account with one document of each kind, the first one a statement."""
    documents = [
        Document(
            f"acme-{place:04d}",
            kind,
            "acme",
            "guide",
            "2026-11",
            "acme-0001" if place > 1 else "",
            "USD",
            5000 if place == 1 else 2000,
            950 if place == 1 else 380,
            date(2026, 12, 3),
            None if kind is DocumentKind.CREDIT else date(2027, 1, 1),
        )
        for place, kind in enumerate(kinds, 1)
    ]
    (client_account,) = build_accounts(documents, [])
    return client_account


def sheet(statement: Statement = STATEMENT) -> Sheet:
    return statement_sheet(statement, DIGEST, None, [])


def pdf_text(sheet_: Sheet) -> str:
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(sheet_))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


EXPECTED_TEXTS = (
    "Statement acme-0001",
    "guide, November 2026",
    "Northgate Leads",
    "EIN 11-1111111",
    "Acme Cloud, Inc.",
    "PO-1",
    "2 December 2026",
    "1 January 2027",
    "7ffwzp2npa6a",
    "30 November 2026",
    "$50.00",
    "VAT 19 %",
    "$9.50",
    "$59.50",
    "Example Bank",
    "VAT number DE123.",
    "Company size is at least 101",
    "2 leads in review",
    "How to check this statement",
    DIGEST,
    HEAD,
)


@pytest.mark.parametrize("text", EXPECTED_TEXTS)
def test_the_page_shows_every_fact_that_an_accountant_needs(text: str) -> None:
    assert text in to_html(sheet())


def test_the_pdf_shows_the_same_facts_and_has_the_same_bytes_every_time() -> None:
    text = pdf_text(sheet())
    assert [sentence for sentence in EXPECTED_TEXTS if sentence not in text] == []
    assert to_pdf(sheet()) == to_pdf(sheet())


def test_credits_after_the_close_are_shown_beside_the_frozen_sum() -> None:
    entry = account(DocumentKind.STATEMENT, DocumentKind.CREDIT).entries[0]
    text = to_html(statement_sheet(STATEMENT, DIGEST, entry, [CREDIT]))
    assert "$35.70 of this statement is open." in text
    assert "-$23.80" in text
    assert "Since the close" not in to_html(sheet())


def test_an_earlier_credit_is_deducted_from_the_amount_to_pay() -> None:
    totals = dict(sheet(replace(STATEMENT, brought_forward=-10000)).totals)
    assert (totals["Total"], totals["To your credit before"], totals["To pay"]) == (
        "$59.50",
        "-$100.00",
        "$0.00",
    )


def test_a_line_states_its_base_and_why_it_is_late_or_free() -> None:
    line = replace(
        LINE, event="revenue", period="2026-11-15", base=100000, late=True, free_over_cap=True
    )
    html = to_html(sheet(replace(STATEMENT, model="revenue_share", lines=[line])))
    assert "Revenue from 15 November 2026" in html
    for text in ("of $1,000.00", "late: its own month was closed", "free: over the cap on money"):
        assert text in html


def test_each_set_of_criteria_has_its_own_letter() -> None:
    others = [replace(LINE, version=f"{place:064x}") for place in range(30)]
    letters = [
        row[2].text for row in sheet(replace(STATEMENT, lines=[*others, others[0]])).table.rows
    ]
    assert (letters[0], letters[25], letters[26], letters[29], letters[30]) == (
        "A",
        "Z",
        "AA",
        "AD",
        "A",
    )


def test_a_statement_without_a_line_asks_for_no_payment() -> None:
    empty = sheet(replace(STATEMENT, lines=[]))
    assert "Nothing is to be paid on this statement." in to_html(empty)
    assert "Net total of 0 lines" in pdf_text(empty)


def test_no_text_of_a_record_becomes_markup() -> None:
    hostile = replace(
        TAXED.customer, name='<script>alert("x")</script> #strong[x] $x$ \u202ehostile'
    )
    result = sheet(replace(STATEMENT, parties=replace(TAXED, customer=hostile)))
    assert "<script>" not in to_html(result)
    assert "\u202e" not in to_html(result)
    assert '<script>alert("x")</script> #strong[x] $x$' in pdf_text(result)


def test_yen_and_dinars_have_the_decimals_of_their_currency() -> None:
    assert dict(sheet(replace(STATEMENT, currency="JPY")).totals)["To pay"] == "¥5,950"
    assert dict(sheet(replace(STATEMENT, currency="KWD")).totals)["To pay"] == "KWD 5.950"


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        (DocumentKind.CREDIT, "It lowers the open amount of acme-0001."),
        (DocumentKind.DEBIT, "You approved it. Please pay by 1 January 2027, naming acme-0002."),
    ],
)
def test_a_note_names_its_statement_and_what_it_does(kind: DocumentKind, effect: str) -> None:
    document = account(DocumentKind.STATEMENT, kind).entries[1].document
    result = note_sheet(replace(CREDIT, kind=kind), document, STATEMENT)
    for text in (to_html(result), pdf_text(result)):
        assert f"{kind.capitalize()} acme-0002" in text
        assert "on statement acme-0001, November 2026" in text
        assert effect in text
        assert "$23.80" in text


def test_the_printed_total_is_the_sum_of_the_printed_lines() -> None:
    lines = [replace(LINE, amount=amount) for amount in (5000, 333, 1)]
    result = sheet(replace(STATEMENT, lines=lines))
    amounts = [Decimal(row[-1].text.removeprefix("$")) for row in result.table.rows]
    assert result.totals[0] == ("Net total of 3 lines", f"${sum(amounts)}")
