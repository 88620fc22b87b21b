"""Forty lives whose amounts were worked out by hand, billed by the product and by the oracle."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from capture.errors import Refused
from tests.capture.billing.oracle import Credit, Line, Oracle
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_life import Refusal
from tests.capture.billing.product import Product, lines_of
from tests.capture.billing.table import Entry, entries, shown_credit, shown_line

LIVES = entries()


class Book(Protocol):
    """Takes acts and returns lines and credits."""

    def does(self, act: Act) -> None: ...
    def lines(self) -> Mapping[str, list[Line]]: ...
    def given_back(self) -> list[Credit]: ...


class Rules(Oracle):
    """The oracle's book."""

    def lines(self) -> Mapping[str, list[Line]]:
        return {month: bill.lines for month, bill in self.months.items()}

    def given_back(self) -> list[Credit]:
        return self.credits


class Ledger:
    """The product's book; leads have the names of the table."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.ids: dict[str, str] = {}

    def does(self, act: Act) -> None:
        lead = self.product.does(replace(act, lead=self.ids.get(act.lead, "")))
        if act.what == "submitted" and lead is not None:
            self.ids[act.lead] = lead.lead_id

    def lines(self) -> Mapping[str, list[Line]]:
        return {
            month: [replace(line, lead=self.name(line.lead)) for line in lines_of(bill)]
            for month, bill in self.product.bills.items()
        }

    def given_back(self) -> list[Credit]:
        return [replace(one, lead=self.name(one.lead)) for one in self.product.credits()]

    def name(self, lead_id: str) -> str:
        return next(name for name, known in self.ids.items() if known == lead_id)


@pytest.fixture(params=["product", "oracle"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Entry], Book]]:
    """A new book under a life's terms; the product's is proven afterwards."""
    opened: list[Product] = []

    def open_book(history: Entry) -> Book:
        if request.param == "oracle":
            return Rules(history.terms)
        opened.append(Product(tmp_path, history.terms))
        return Ledger(opened[0])

    yield open_book
    for product in opened:
        assert product.faults() == []
        product.ledger.close()


@pytest.mark.parametrize("life", LIVES, ids=[life.name for life in LIVES])
def test_a_life_costs_the_amount_worked_out_by_hand(
    life: Entry, book: Callable[[Entry], Book]
) -> None:
    kept = book(life)
    for act in life.acts:
        if act in life.refused:
            with pytest.raises((Refused, Refusal)):
                kept.does(act)
        else:
            kept.does(act)
    bills = [
        shown_line(month, line, life.terms)
        for month, lines in kept.lines().items()
        for line in lines
    ]
    assert bills == life.bills, life.because
    assert [shown_credit(one, life.terms) for one in kept.given_back()] == life.credits


def test_there_are_forty_lives_and_each_has_a_reason() -> None:
    assert len(LIVES) == len({history.name for history in LIVES}) >= 40
    assert all(len(history.because) > 40 for history in LIVES)
