"""A statement and its notes as an accountant gets them: every fact, in HTML and PDF (rule 26)."""

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
BILL = Statement(
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


def documents(*kinds: DocumentKind) -> Account:
    papers = [
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
    (found,) = build_accounts(papers, [])
    return found


def sheet(bill: Statement = BILL) -> Sheet:
    return statement_sheet(bill, DIGEST, None, [])


def printed(created: Sheet) -> str:
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(created))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


SAID = (
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


@pytest.mark.parametrize("said", SAID)
def test_the_page_says_all_that_an_accountant_asks(said: str) -> None:
    assert said in to_html(sheet())


def test_the_pdf_says_the_same_and_is_the_same_every_time() -> None:
    text = printed(sheet())
    assert [sentence for sentence in SAID if sentence not in text] == []
    assert to_pdf(sheet()) == to_pdf(sheet())


def test_credits_after_the_close_stand_beside_the_frozen_sum() -> None:
    entry = documents(DocumentKind.STATEMENT, DocumentKind.CREDIT).entries[0]
    text = to_html(statement_sheet(BILL, DIGEST, entry, [CREDIT]))
    assert "$35.70 of this statement is open." in text
    assert "-$23.80" in text
    assert "Since the close" not in to_html(sheet())


def test_a_credit_before_is_taken_off_what_is_to_pay() -> None:
    created = dict(sheet(replace(BILL, brought_forward=-10000)).totals)
    assert (created["Total"], created["To your credit before"], created["To pay"]) == (
        "$59.50",
        "-$100.00",
        "$0.00",
    )


def test_a_line_says_why_it_is_late_free_or_a_part_of_something() -> None:
    line = replace(
        LINE, event="revenue", period="2026-11-15", base=100000, late=True, free_over_cap=True
    )
    html = to_html(sheet(replace(BILL, model="revenue_share", lines=[line])))
    assert "Revenue from 15 November 2026" in html
    for text in ("of $1,000.00", "late: its own month was closed", "free: over the cap on money"):
        assert text in html


def test_each_set_of_criteria_has_a_letter_of_its_own() -> None:
    others = [replace(LINE, version=f"{place:064x}") for place in range(30)]
    marks = [row[2].text for row in sheet(replace(BILL, lines=[*others, others[0]])).table.rows]
    assert (marks[0], marks[25], marks[26], marks[29], marks[30]) == ("A", "Z", "AA", "AD", "A")


def test_a_month_without_a_line_is_a_statement_as_well() -> None:
    empty = sheet(replace(BILL, lines=[]))
    assert "Nothing is to be paid on this statement." in to_html(empty)
    assert "Net total of 0 lines" in printed(empty)


def test_nothing_that_is_written_in_a_record_becomes_markup() -> None:
    evil = replace(TAXED.customer, name='<script>alert("x")</script> #strong[x] $x$ \u202eevil')
    created = sheet(replace(BILL, parties=replace(TAXED, customer=evil)))
    assert "<script>" not in to_html(created)
    assert "\u202e" not in to_html(created)
    assert '<script>alert("x")</script> #strong[x] $x$' in printed(created)


def test_yen_and_dinars_have_their_own_decimals() -> None:
    assert dict(sheet(replace(BILL, currency="JPY")).totals)["To pay"] == "¥5,950"
    assert dict(sheet(replace(BILL, currency="KWD")).totals)["To pay"] == "KWD 5.950"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (DocumentKind.CREDIT, "It lowers the open amount of acme-0001."),
        (DocumentKind.DEBIT, "You approved it. Please pay by 1 January 2027, naming acme-0002."),
    ],
)
def test_a_note_names_its_statement_and_what_it_does(kind: DocumentKind, said: str) -> None:
    paper = documents(DocumentKind.STATEMENT, kind).entries[1].document
    created = note_sheet(replace(CREDIT, kind=kind), paper, BILL)
    for text in (to_html(created), printed(created)):
        assert f"{kind.capitalize()} acme-0002" in text
        assert "on statement acme-0001, November 2026" in text
        assert said in text
        assert "$23.80" in text


def test_the_sum_of_the_lines_is_the_sum_that_is_printed() -> None:
    lines = [replace(LINE, amount=amount) for amount in (5000, 333, 1)]
    created = sheet(replace(BILL, lines=lines))
    shown = [Decimal(row[-1].text.removeprefix("$")) for row in created.table.rows]
    assert created.totals[0] == ("Net total of 3 lines", f"${sum(shown)}")
