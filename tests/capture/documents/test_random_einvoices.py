"""Random e-invoices are valid in both formats, and their sums are those of the statement."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.billing.account import DocumentKind
from capture.billing.statement import Statement
from capture.closing.credit import Correction
from capture.documents.einvoice import note_einvoice, statement_einvoice
from capture.documents.en16931 import EInvoice, Syntax, to_xml
from capture.money import from_minor
from tests.capture.documents.einvoices import (
    EU_PARTIES,
    TAXES,
    ReadInvoice,
    read_xml,
    rule_problems,
    schema_problems,
    taxed,
)
from tests.capture.documents.statements import (
    CREDIT,
    DIGEST,
    document,
    references_of,
    statements,
)
from tests.long import rounds

_MOST_LINES = 20
_documents = settings(
    max_examples=rounds(80, 5000),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
_few_documents = settings(_documents, max_examples=rounds(16, 1000))

pytestmark = [pytest.mark.slow, pytest.mark.long]


@st.composite
def invoices(draw: st.DrawFn) -> Statement:
    """A random statement whose currency, parties and lines allow an e-invoice."""
    statement = draw(
        statements().filter(
            lambda each: each.currency != "KWD" and 0 < len(each.lines) <= _MOST_LINES
        )
    )
    category = draw(st.sampled_from(list(TAXES)))
    parties = taxed(category, replace(EU_PARTIES, vat_note=draw(st.sampled_from(["", "A note."]))))
    if category == "standard":
        parties = replace(parties, vat_rate=draw(st.sampled_from(["19", "7.5", "20", "7.125"])))
    if draw(st.booleans()):
        parties = replace(parties, iban="", bic="")
    return replace(statement, parties=parties)


@st.composite
def documents(draw: st.DrawFn) -> tuple[EInvoice, ReadInvoice]:
    """An invoice or a note, and the sums that a reader of its XML must find."""
    statement = draw(invoices())
    currency = statement.currency
    kind = draw(st.sampled_from([None, DocumentKind.CREDIT, DocumentKind.DEBIT]))
    if kind is None:
        einvoice = statement_einvoice(statement, DIGEST, references_of(statement))
        sums = (statement.total, statement.vat, statement.gross, statement.to_pay)
        number, corrects = statement.number, ""
    else:
        note = draw(_notes(statement, kind))
        gross = note.amount + note.vat
        issued = replace(document(2, kind), net=note.amount, vat=note.vat, currency=currency)
        einvoice = note_einvoice(note, issued, statement)
        sums = (note.amount, note.vat, gross, gross)
        number, corrects = note.number, statement.number
    net, tax, total, due = (from_minor(amount, currency) for amount in sums)
    code = {None: "380", DocumentKind.CREDIT: "381", DocumentKind.DEBIT: "383"}[kind]
    expected = ReadInvoice(
        code, number, (), net, net, tax, total, total - due, due, (corrects,) if corrects else ()
    )
    return einvoice, expected


@st.composite
def _notes(draw: st.DrawFn, statement: Statement, kind: DocumentKind) -> Correction:
    """A note on a line. Its tax is the difference of two rounded totals."""
    part = draw(st.sampled_from([part for part in statement.parts if part.lines]))
    line = draw(st.sampled_from(list(part.lines)))
    amount = draw(st.integers(1, max(1, line.amount)))
    vat, currency = statement.parties.vat, statement.currency
    return replace(
        CREDIT,
        kind=kind,
        campaign=part.campaign,
        lead_id=line.lead_id,
        period=line.period,
        amount=amount,
        vat=vat(statement.total + amount, currency) - vat(statement.total, currency),
        currency=currency,
    )


def check_sums(xml: bytes, expected: ReadInvoice) -> None:
    """Whoever multiplies and adds up what is in the XML gets its sums, which are the expected."""
    read = read_xml(xml)
    assert replace(read, lines=()) == expected
    for line in read.lines:
        assert line.quantity * line.price == line.net
        assert line.price >= 0
    assert sum((line.net for line in read.lines), Decimal(0)) == read.net
    assert read.net + read.tax == read.total
    assert read.total - read.prepaid == read.due


@given(documents())
@_documents
def test_random_documents_are_valid_in_both_formats_and_by_the_rules_for_ubl(
    case: tuple[EInvoice, ReadInvoice],
) -> None:
    einvoice, expected = case
    syntaxes: tuple[Syntax, ...] = ("cii", "ubl")
    for syntax in syntaxes:
        xml = to_xml(einvoice, syntax)
        assert schema_problems(xml) == []
        check_sums(xml, expected)
    assert rule_problems(xml) == []


@given(documents())
@_few_documents
def test_random_documents_are_valid_by_the_rules_for_cii(
    case: tuple[EInvoice, ReadInvoice],
) -> None:
    einvoice, expected = case
    xml = to_xml(einvoice, "cii")
    check_sums(xml, expected)
    assert rule_problems(xml) == []
