"""Prices in words: the same phrase in agreement, report, commands and printed documents."""

import pytest

from capture.billing.lines import LinePrice
from capture.documents.price_words import campaign_price, price_of_lines
from tests.capture.documents.conftest import CLIENT, PRICE, agreement_on, full_text, terms
from tests.capture.documents.statements import LINE, line, sold_line

PRICES = [
    (PRICE, "$50.00 per accepted lead (CPL)"),
    (
        'model = "cpap"\nrate = 250\nbillable = "scheduled"',
        "$250.00 per appointment scheduled (CPAp)",
    ),
    ('model = "cpap"\nrate = 250\nbillable = "held"', "$250.00 per appointment held (CPAp)"),
    (
        'model = "cpa"\nrate = 500\nbillable = "won"\nrefund_days = 30',
        "$500.00 per customer won (CPA)",
    ),
    (
        'model = "cpa"\npercent = 10\nbillable = "won"\nrefund_days = 30',
        "10 % of first purchase (CPA)",
    ),
    (
        'model = "revenue_share"\npercent = 12.50\nbillable = "revenue"\nmonths = 12',
        "12.5 % of revenue for 12 months (revenue share)",
    ),
]


@pytest.mark.parametrize(("price", "words"), PRICES)
def test_a_price_names_its_unit_and_its_model(price: str, words: str) -> None:
    assert campaign_price(terms((PRICE, price))) == words


@pytest.mark.parametrize(("price", "words"), PRICES)
def test_the_agreement_says_how_documents_write_the_price(price: str, words: str) -> None:
    text = full_text(agreement_on((PRICE, price)))
    assert f"On documents and reports the price reads: {words}." in text


def test_different_prices_of_the_lines_are_named_once_each() -> None:
    lines = [LINE, LINE, line(price=LinePrice(6250))]
    assert price_of_lines("cpl", lines, "USD") == "$50.00 and $62.50 per accepted lead (CPL)"
    sales = [
        sold_line("won", LinePrice(20000, "", 100000, 25000)),
        sold_line("won", LinePrice(None, "10", 85000)),
    ]
    assert price_of_lines("cpa", sales, "USD") == (
        "$200.00 per customer won and 10 % of first purchase (CPA)"
    )


@pytest.mark.parametrize("kind", ["invoice", "statement"])
def test_the_agreement_names_the_monthly_document(kind: str) -> None:
    client = CLIENT.model_copy(update={"document": kind})
    text = full_text(agreement_on(client=client))
    assert f"has one {kind} over all campaigns of the client in USD." in text
