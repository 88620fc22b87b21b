"""Lead histories with amounts calculated by hand, billed by the product and by the oracle."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from capture.errors import Refused
from tests.capture.billing.history_table import Entry, format_credit, format_line, read_entries
from tests.capture.billing.oracle import Credit, Line, Oracle
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_history import Refusal
from tests.capture.billing.product import Product, lines_of

ENTRIES = read_entries()


class Billing(Protocol):
    """Applies acts; gives lines and credits."""

    def apply(self, act: Act) -> None: ...
    def lines(self) -> Mapping[str, list[Line]]: ...
    def credit_notes(self) -> list[Credit]: ...


class OracleBilling(Oracle):
    """The oracle as `Billing`."""

    def lines(self) -> Mapping[str, list[Line]]:
        return {name: month.lines for name, month in self.months.items()}

    def credit_notes(self) -> list[Credit]:
        return self.credits


class ProductBilling:
    """The product as `Billing`; leads have the names of the table."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.ids: dict[str, str] = {}

    def apply(self, act: Act) -> None:
        lead = self.product.apply(replace(act, lead=self.ids.get(act.lead, "")))
        if act.kind == "submitted" and lead is not None:
            self.ids[act.lead] = lead.lead_id

    def lines(self) -> Mapping[str, list[Line]]:
        return {
            month: [replace(line, lead=self.name(line.lead)) for line in lines_of(statement)]
            for month, statement in self.product.statements.items()
        }

    def credit_notes(self) -> list[Credit]:
        return [replace(credit, lead=self.name(credit.lead)) for credit in self.product.credits()]

    def name(self, lead_id: str) -> str:
        return next(name for name, known_id in self.ids.items() if known_id == lead_id)


@pytest.fixture(params=["product", "oracle"])
def start_billing(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[Entry], Billing]]:
    """Starts billing under an entry's terms; the product's documents are checked at the end."""
    products: list[Product] = []

    def start(entry: Entry) -> Billing:
        if request.param == "oracle":
            return OracleBilling(entry.terms)
        products.append(Product(tmp_path, entry.terms))
        return ProductBilling(products[0])

    yield start
    for product in products:
        assert product.faults() == []
        product.ledger.close()


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_a_lead_costs_the_amount_calculated_by_hand(
    entry: Entry, start_billing: Callable[[Entry], Billing]
) -> None:
    billing = start_billing(entry)
    for act in entry.acts:
        if act in entry.refused:
            with pytest.raises((Refused, Refusal)):
                billing.apply(act)
        else:
            billing.apply(act)
    lines = [
        format_line(month, line, entry.terms)
        for month, month_lines in billing.lines().items()
        for line in month_lines
    ]
    assert lines == entry.lines, entry.explanation
    credit_notes = [format_credit(credit, entry.terms) for credit in billing.credit_notes()]
    assert credit_notes == entry.credits


def test_there_are_forty_histories_and_each_has_an_explanation() -> None:
    assert len(ENTRIES) == len({entry.name for entry in ENTRIES}) >= 40
    assert all(len(entry.explanation) > 40 for entry in ENTRIES)
