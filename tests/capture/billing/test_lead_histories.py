"""Lead histories with amounts calculated by hand, billed by the product and by the oracle.

Each history runs through a client with one campaign, and through a client with three: there, up to
three histories whose months close at the same times share documents.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import cycle
from operator import attrgetter
from pathlib import Path
from typing import Final, Protocol

import pytest

from capture.errors import Refused
from tests.capture.billing.history_table import (
    Entry,
    amount_of,
    format_credit,
    format_line,
    read_entries,
)
from tests.capture.billing.oracle import Credit, Month, Oracle
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_history import Refusal
from tests.capture.billing.product import MEMORY_FOLDER, Product, month_of

ENTRIES: Final = read_entries()
SLUGS: Final = ("demo", "guide", "talk")


class Billing(Protocol):
    """Applies acts; gives months and credits. Leads have the names of the table."""

    def apply(self, act: Act) -> None: ...
    def closed_months(self) -> Sequence[Month]: ...
    def credit_notes(self) -> Sequence[Credit]: ...


class OracleBilling(Oracle):
    """The oracle as `Billing`."""

    def closed_months(self) -> Sequence[Month]:
        return list(self.months.values())

    def credit_notes(self) -> Sequence[Credit]:
        return self.credits


class ProductBilling:
    """The product as `Billing`."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.ids: dict[str, str] = {}

    def apply(self, act: Act) -> None:
        lead = self.product.apply(replace(act, lead=self.ids.get(act.lead, "")))
        if act.kind == "submitted" and lead is not None:
            self.ids[act.lead] = lead.lead_id

    def closed_months(self) -> Sequence[Month]:
        months = [month_of(statement) for statement in self.product.statements.values()]
        for month in months:
            for part in month.parts.values():
                part.lines = [replace(line, lead=self.name(line.lead)) for line in part.lines]
        return months

    def credit_notes(self) -> Sequence[Credit]:
        return [replace(credit, lead=self.name(credit.lead)) for credit in self.product.credits()]

    def name(self, lead_id: str) -> str:
        return next(name for name, known_id in self.ids.items() if known_id == lead_id)


Start = Callable[[Mapping[str, Entry]], Billing]


@pytest.fixture(params=["product", "oracle"])
def start_billing(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts billing under the terms of entries; the product's documents are checked at the end."""
    products: list[Product] = []
    with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as folder:

        def start(entries: Mapping[str, Entry]) -> Billing:
            campaigns = {slug: entry.terms for slug, entry in entries.items()}
            if request.param == "oracle":
                return OracleBilling(campaigns)
            products.append(Product(Path(folder), campaigns))
            return ProductBilling(products[0])

        yield start
        for product in products:
            assert product.faults() == []
            product.ledger.close()


def play(billing: Billing, entries: Mapping[str, Entry]) -> None:
    """Applies the acts of all entries in order of time. A month closes once for all of them."""
    acts = [
        (replace(act, campaign=slug, lead=f"{slug} {act.lead}"), act in entry.refused)
        for index, (slug, entry) in enumerate(entries.items())
        for act in entry.acts
        if act.kind != "closed" or index == 0
    ]
    for act, is_refused in sorted(acts, key=lambda pair: pair[0].at):
        if is_refused:
            with pytest.raises((Refused, Refusal)):
                billing.apply(act)
        else:
            billing.apply(act)


def check(billing: Billing, entries: Mapping[str, Entry]) -> None:
    """Compares lines and credits of each campaign, and the sum of each document, with the table."""
    months = billing.closed_months()
    for slug, entry in entries.items():
        lines = [
            format_line(
                month.month, replace(line, lead=line.lead.removeprefix(f"{slug} ")), entry.terms
            )
            for month in months
            if slug in month.parts
            for line in month.parts[slug].lines
        ]
        assert lines == entry.lines, entry.explanation
        credit_notes = [
            format_credit(replace(credit, lead=credit.lead.removeprefix(f"{slug} ")), entry.terms)
            for credit in billing.credit_notes()
            if credit.lead.startswith(f"{slug} ")
        ]
        assert credit_notes == entry.credits
    for month in months:
        lines = [line for entry in entries.values() for line in entry.lines]
        amounts = [amount_of(line) for line in lines if line.startswith(month.month)]
        decimals = next(iter(entries.values())).terms.decimals
        assert Decimal(month.total).scaleb(-decimals) == sum(amounts)


@pytest.mark.parametrize("entry", ENTRIES, ids=attrgetter("name"))
def test_a_lead_costs_the_amount_calculated_by_hand(entry: Entry, start_billing: Start) -> None:
    entries = {"guide": entry}
    billing = start_billing(entries)
    play(billing, entries)
    check(billing, entries)


def three_campaigns() -> list[Mapping[str, Entry]]:
    """All entries, by three that close at the same times; the last of a kind are repeated."""
    groups: dict[object, list[Entry]] = {}
    for entry in ENTRIES:
        closes = [(act.at, act.month) for act in entry.acts if act.kind == "closed"]
        groups.setdefault((entry.terms.currency, *closes), []).append(entry)
    few_entries = [
        group[start : start + len(SLUGS)]
        for group in groups.values()
        for start in range(0, len(group), len(SLUGS))
    ]
    return [dict(zip(SLUGS, cycle(few), strict=False)) for few in few_entries]


def names(entries: Mapping[str, Entry]) -> str:
    return ", ".join(dict.fromkeys(entry.name for entry in entries.values()))


@pytest.mark.parametrize("entries", three_campaigns(), ids=names)
def test_it_costs_the_same_beside_two_other_campaigns_of_the_client(
    entries: Mapping[str, Entry], start_billing: Start
) -> None:
    billing = start_billing(entries)
    play(billing, entries)
    check(billing, entries)


def test_there_are_a_hundred_histories_and_each_has_an_explanation() -> None:
    assert len(ENTRIES) == len({entry.name for entry in ENTRIES}) >= 100
    assert all(len(entry.explanation) > 40 for entry in ENTRIES)
