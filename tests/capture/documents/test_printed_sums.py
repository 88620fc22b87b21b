"""Whoever multiplies what is printed gets what is printed: from the text of the PDF and the page.

The reader here knows only the text, and computes with decimals.
"""

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import pypdf
import pytest
from hypothesis import example, given, settings

from capture.billing.lines import LinePrice
from capture.billing.statement import Statement
from capture.documents.sheet import to_html, to_pdf
from capture.documents.statement_sheet import statement_sheet
from tests.capture.documents.statements import (
    DIGEST,
    PART,
    STATEMENT,
    TAXED,
    line,
    references_of,
    sold_line,
    statement_of,
    statements,
)

_EXACT: Final = Context(prec=100)
_MONEY: Final = r"-?(?:[A-Z]{3} |[$¥€])[\d,]+(?:\.\d+)?"
_PERCENT: Final = r"[\d.]+ %"
_PRICE: Final = rf"(?:{_MONEY} x {_MONEY} / {_MONEY}|{_PERCENT} of {_MONEY}|{_MONEY})"
_NOTE: Final = rf"(?:(?:revenue|first purchase)(?: {_MONEY}, refunded {_MONEY})?)?"
_FREE: Final = "no charge: monthly budget reached"
_ROW: Final = re.compile(
    rf"received \d+ \w+ \d{{4}} [^$¥€%]*? ?(?P<price>{_PRICE})"
    rf"(?: (?P<note>{_NOTE}(?:;? ?(?P<free>{_FREE}))?))? [A-Z]{{1,2}} (?P<amount>{_MONEY})"
)
_SUM: Final = re.compile(rf"Sum of (?P<count>\d+) lines? (?P<amount>{_MONEY})")


@dataclass(frozen=True)
class PrintedTotals:
    """The amounts of the totals; None where nothing is printed."""

    net: Decimal
    to_pay: Decimal
    vat_rate: Decimal | None
    vat: Decimal | None
    total: Decimal | None
    brought_forward: Decimal | None
    carried_forward: Decimal | None


def pdf_text(statement: Statement) -> str:
    """The text of the PDF on one line."""
    sheet = statement_sheet(statement, DIGEST, None, references_of(statement))
    pages = pypdf.PdfReader(io.BytesIO(to_pdf(sheet))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def html_text(statement: Statement) -> str:
    """The text of the page on one line."""
    page = to_html(statement_sheet(statement, DIGEST, None, references_of(statement)))
    body = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
    return " ".join(html.unescape(body).split())


def money(text: str) -> Decimal:
    """A printed amount."""
    return Decimal(re.sub(r"[^\d.-]", "", text))


def rounded(number: Decimal, printed: Decimal) -> Decimal:
    """Half to even, to as many digits as the printed amount has."""
    return number.quantize(printed, rounding=ROUND_HALF_EVEN, context=_EXACT)


def product(price: str) -> Decimal:
    """What the text of a price cell amounts to, before rounding."""
    if " % of " in price:
        percent, base = price.split(" % of ")
        return _EXACT.divide(_EXACT.multiply(Decimal(percent), money(base)), Decimal(100))
    rate, _, rest = price.partition(" x ")
    if not rest:
        return money(rate)
    base, sold = rest.split(" / ")
    return _EXACT.divide(_EXACT.multiply(money(rate), money(base)), money(sold))


def totals_of(text: str) -> PrintedTotals:
    """The totals, which are printed before the heading Payment."""

    def amount(label: str) -> Decimal | None:
        matches = list(re.finditer(rf" {label} (?P<amount>{_MONEY})", text))
        return money(matches[-1]["amount"]) if matches else None

    text = text[: text.index(" Payment ")]
    rate = re.search(rf"VAT ([\d.]+) % {_MONEY}", text)
    net, to_pay = amount(r"Net total of \d+ lines?"), amount("To pay")
    assert net is not None
    assert to_pay is not None
    return PrintedTotals(
        net,
        to_pay,
        Decimal(rate[1]) if rate else None,
        amount(r"VAT [\d.]+ %"),
        amount("Total"),
        amount("Credit brought forward"),
        amount("Credit carried forward"),
    )


def check_sums(text: str, statement: Statement) -> None:
    """Computes every printed amount from the text, and compares the lines' number."""
    lines_text = text[text.index(" Payment ") : text.index(" How to check this document ")]
    part_sums, start, line_count = [], 0, 0
    for printed_sum in _SUM.finditer(lines_text):
        amounts = []
        for row in _ROW.finditer(lines_text, start, printed_sum.start()):
            printed = money(row["amount"])
            expected = Decimal(0) if row["free"] else rounded(product(row["price"]), printed)
            assert printed == expected, row[0]
            amounts.append(printed)
        assert len(amounts) == int(printed_sum["count"])
        assert sum(amounts) == money(printed_sum["amount"])
        part_sums.append(sum(amounts))
        line_count += len(amounts)
        start = printed_sum.end()
    assert line_count == len(statement.lines)
    if len(part_sums) > 1:
        summary = text[: text.index(" Net total of ")]
        assert list(map(money, re.findall(rf", \d+ lines? ({_MONEY})", summary))) == part_sums
    check_totals(totals_of(text), Decimal(sum(part_sums)))


def check_totals(totals: PrintedTotals, net: Decimal) -> None:
    """Computes the totals from the sum of the parts."""
    assert totals.net == net
    total = net
    if totals.vat is not None:
        assert totals.vat_rate is not None
        assert totals.vat == rounded(net * totals.vat_rate / 100, totals.vat)
        total += totals.vat
    balance = total + (totals.brought_forward or 0)
    if totals.total is not None:
        assert totals.total == total
    assert totals.to_pay == max(Decimal(0), balance)
    assert (totals.carried_forward or 0) == max(Decimal(0), -balance)


HALVES = statement_of(
    line(price=LinePrice(50)),
    sold_line("won", LinePrice(1, "", 2, 1)),  # half a cent is 0
    sold_line("won", LinePrice(3, "", 2, 1)),  # one cent and a half are 2
    sold_line("revenue", LinePrice(None, "12.5", 100, 0)),
    sold_line("revenue", LinePrice(None, "33.333", 300, 1)),
    parties=replace(TAXED, vat_rate="7.5"),
)


@pytest.mark.parametrize("read", [pdf_text, html_text])
@given(statement=statements())
@example(statement=HALVES)
@example(statement=replace(HALVES, brought_forward=-10))
@settings(max_examples=30, deadline=None)
def test_whoever_multiplies_what_is_printed_gets_what_is_printed(
    read: Callable[[Statement], str], statement: Statement
) -> None:
    check_sums(read(statement), statement)


def test_the_largest_amounts_are_printed_in_full() -> None:
    most = 10**15
    lines = [
        sold_line("won", LinePrice(most, "", most, 1), lead_id="7ffwzp2npa6b"),
        sold_line("revenue", LinePrice(None, "33.333", most, 7), lead_id="7ffwzp2npa6c"),
    ]
    for currency in ("USD", "JPY", "KWD"):
        statement = statement_of(*lines, currency=currency)
        for text in (pdf_text(statement), html_text(statement)):
            check_sums(text, statement)


def test_a_reader_notices_a_wrong_amount() -> None:
    text = pdf_text(STATEMENT)
    wrong = replace(STATEMENT, parts=[replace(PART, lines=[replace(PART.lines[0], amount=4999)])])
    check_sums(text, STATEMENT)
    with pytest.raises(AssertionError):
        check_sums(pdf_text(wrong), wrong)
