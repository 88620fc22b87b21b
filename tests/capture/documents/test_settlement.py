"""The settlement table of an invoice: what changed the open amount; and the sheets of notes."""

from dataclasses import replace
from datetime import date

import pytest

from capture.billing.account import Account, DocumentKind
from capture.documents.note_sheet import note_sheet
from capture.documents.sheet import to_html
from capture.documents.statement_sheet import SheetAccount, statement_sheet
from tests.capture.documents.statements import (
    CREDIT,
    DIGEST,
    STATEMENT,
    account_of,
    document,
    payment,
    pdf_text,
)

INVOICE = document(1, DocumentKind.INVOICE)


def settlement_rows(account: Account, place: int = 0) -> list[tuple[str, ...]]:
    """The settlement table of a document, of an invoice over $50.00 and 19 % VAT."""
    entry = account.entries[place]
    statement = replace(STATEMENT, number=entry.document.number, issued_on=entry.document.issued_on)
    result = statement_sheet(statement, DIGEST, SheetAccount(entry, [CREDIT]))
    (section,) = (section for section in result.sections if section.title == "Settlement")
    assert section.table is not None
    return [tuple(cell.text for cell in row) for row in section.table.rows]


def test_without_payments_and_notes_there_is_no_table() -> None:
    account = SheetAccount(account_of([INVOICE]).entries[0])
    text = to_html(statement_sheet(STATEMENT, DIGEST, account))
    assert "<h2>Settlement</h2>" not in text
    assert "Please pay $59.50 by 1 January 2027. Quote reference acme-0001." in text


def test_each_payment_return_and_credit_note_has_its_day_reference_and_amount() -> None:
    account = account_of(
        [INVOICE, document(2, DocumentKind.CREDIT, 2380)],
        [
            payment("acme-0001", 3000, date(2026, 12, 20)),
            payment("acme-0001", -1000, date(2026, 12, 22)),
        ],
    )
    assert settlement_rows(account) == [
        ("3 Dec 2026", "Credit note", "acme-0002", "-$23.80"),
        ("20 Dec 2026", "Payment received", "", "-$30.00"),
        ("22 Dec 2026", "Payment returned", "", "$10.00"),
    ]


def test_the_payment_section_asks_for_the_open_amount() -> None:
    account = account_of([INVOICE, document(2, DocumentKind.CREDIT, 2380)])
    result = statement_sheet(STATEMENT, DIGEST, SheetAccount(account.entries[0], [CREDIT]))
    for text in (to_html(result), pdf_text(result)):
        assert (
            "Please pay the open amount of $35.70 by 1 January 2027; see the settlement below."
            " Quote reference acme-0001."
        ) in text
        assert "$35.70 of $59.50 is open." in text
        assert "7ffwzp2npa6a: too small, including VAT $3.80" in text


def test_a_paid_invoice_asks_for_nothing() -> None:
    account = account_of([INVOICE], [payment("acme-0001", 5950, date(2026, 12, 20))])
    result = statement_sheet(STATEMENT, DIGEST, SheetAccount(account.entries[0]))
    assert result.payment.text == "This is settled: nothing is open."
    assert result.payment.lines == ("VAT number DE123.",)


def test_a_surplus_names_the_document_that_it_settles() -> None:
    second = document(2, DocumentKind.INVOICE)
    account = account_of([INVOICE, second], [payment("acme-0001", 7950, date(2026, 12, 20))])
    assert settlement_rows(account) == [
        ("20 Dec 2026", "Payment received", "", "-$79.50"),
        ("20 Dec 2026", "Credit moved to another document", "acme-0002", "$20.00"),
    ]
    assert settlement_rows(account, 1) == [
        ("20 Dec 2026", "Credit from another document", "acme-0001", "-$20.00")
    ]


def test_an_earlier_surplus_is_the_credit_brought_forward() -> None:
    second = document(2, DocumentKind.INVOICE)
    account = account_of([INVOICE, second], [payment("acme-0001", 7950, date(2026, 12, 2))])
    statement = replace(
        STATEMENT, number="acme-0002", issued_on=second.issued_on, brought_forward=-2000
    )
    result = statement_sheet(statement, DIGEST, SheetAccount(account.entries[1]))
    html = to_html(result)
    assert dict(result.totals)["Credit brought forward"] == "-$20.00"
    assert result.payment.text.startswith("Please pay $39.50 by")
    assert "<div>3 Dec 2026</div>" in html
    assert "<div>Credit brought forward</div>" in html


def test_entries_are_in_the_order_of_their_days() -> None:
    second = document(2, DocumentKind.INVOICE)
    payments = [
        payment("acme-0001", 7950, date(2026, 12, 2)),
        payment("acme-0002", 1000, date(2026, 12, 30)),
        payment("acme-0002", 500, date(2026, 12, 20)),
    ]
    rows = settlement_rows(account_of([INVOICE, second], payments), 1)
    assert [row[0] for row in rows] == ["3 Dec 2026", "20 Dec 2026", "30 Dec 2026"]


def test_a_surplus_without_an_open_document_is_carried_forward() -> None:
    account = account_of([INVOICE], [payment("acme-0001", 7950, date(2026, 12, 20))])
    assert settlement_rows(account)[1] == (
        "20 Dec 2026",
        "Credit carried forward to the next document",
        "",
        "$20.00",
    )


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        (DocumentKind.CREDIT, "It reduces the amount due on acme-0001."),
        (
            DocumentKind.DEBIT,
            "You approved it. Please pay by 1 January 2027. Quote reference acme-0002.",
        ),
    ],
)
def test_a_note_names_its_invoice_and_what_it_does(kind: DocumentKind, effect: str) -> None:
    note = replace(CREDIT, kind=kind, period="2026-11-15")
    result = note_sheet(note, document(2, kind), STATEMENT, "Clinic GmbH")
    for text in (to_html(result), pdf_text(result)):
        assert f"{kind.capitalize()} acme-0002" in text
        assert "on invoice acme-0001, November 2026" in text
        assert effect in text
        for fact in ("$20.00", "$3.80", "$23.80", "The guide", "Clinic GmbH", "7ffwzp2npa6a"):
            assert fact in text
        assert "Too small" in text
        assert "Revenue from 15 November 2026" in text
        assert ("Example Bank" in text) is (kind is DocumentKind.DEBIT)
