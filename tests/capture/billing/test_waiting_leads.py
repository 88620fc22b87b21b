"""Statements of months with unconfirmed, quarantined and ended leads.

See rules 7, 8, 26, 35 and 36 of docs/rules.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from capture.billing.statement import Counts
from capture.lead.model import Lead
from capture.review.acts import find_lead
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_history import Terms
from tests.capture.billing.product import Product

TERMS: Final = Terms("cpl", "accepted", rate=5000)
START: Final = datetime(2026, 11, 3, 15, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)


class Office:
    """A client with one campaign. Acts are an hour apart."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.now = START

    def act(self, kind: str, lead: str = "", **details: Any) -> None:
        self.now += HOUR
        self.product.apply(Act(self.now, kind, lead=lead, **details))

    def submit(self, name: str) -> str:
        """The lead's id."""
        self.now += HOUR
        email = f"{name}@{name}.example"
        lead = self.product.apply(Act(self.now, "submitted", email=email, answer="101+"))
        assert lead is not None
        return lead.lead_id

    def lead(self, lead_id: str) -> Lead:
        return self.product.ledger.read(lambda reading: find_lead(reading, lead_id))

    def close_november(self) -> Counts:
        self.now = datetime(2026, 12, 2, tzinfo=UTC)
        self.act("closed", month="2026-11", even_if_empty=True)
        return self.product.statements["USD", "2026-11"].parts[0].counts


Start = Callable[..., Office]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an office under some terms. At the end its documents are drawn again and checked."""
    products: list[Product] = []

    def start(**terms: Any) -> Office:
        products.append(Product(tmp_path, {"guide": replace(TERMS, **terms)}))
        return Office(products[0])

    yield start
    assert products[0].faults() == []
    products[0].ledger.close()


def test_a_free_lead_is_counted_only_after_its_delivery(start: Start) -> None:
    office = start(leads_a_month=1, over="free", confirm=True)
    first, waiting, free = map(office.submit, ("ann", "bob", "cy"))
    office.act("confirmed", first)
    office.act("confirmed", free)
    assert office.lead(waiting).free_over_cap
    assert office.close_november() == Counts(in_review=0, over_cap_refused=0, over_cap_free=1)


@pytest.mark.parametrize("ending", ["released", "discarded", "consent_withdrawn"])
def test_a_closed_month_counts_a_lead_that_was_in_review_at_the_close(
    start: Start, ending: str
) -> None:
    office = start(leads_a_month=1, notice=True)
    lead = office.submit("ann")
    assert office.close_november().in_review == 1
    office.act("held_back", lead)
    late = office.now.replace(day=30, month=11)
    office.product.apply(Act(late, "submitted", email="bob@bob.example", answer="101+"))
    office.act(ending, lead)
    assert office.lead(lead).review == {"released": "over_cap"}.get(ending, ending)
    assert not office.lead(lead).notified


def test_a_withdrawal_after_the_end_of_the_link_finds_the_lead_expired(start: Start) -> None:
    office = start(confirm=True)
    lead = office.submit("ann")
    office.now += timedelta(days=7)
    office.act("consent_withdrawn", lead)
    assert office.lead(lead).review == "expired"
    assert office.lead(lead).consent_withdrawn
