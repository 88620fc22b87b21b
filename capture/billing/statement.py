"""The statement: the document of a closed month for one campaign. Amounts are minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from capture.campaign.model import Client
from capture.money import percent_of

# The parties and the terms of payment (rule 30 of docs/rules.md). Each statement stores those of
# the day of its close.


@dataclass(frozen=True, slots=True)
class Party:
    """The agency or the client, as printed on a statement."""

    name: str
    address: tuple[str, ...] = ()
    """Lines of the address, without the name."""
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Agency:
    """The agency and its bank details."""

    party: Party
    payment: tuple[str, ...] = ()
    """Printed lines with the bank and the account."""


@dataclass(frozen=True, slots=True)
class Parties:
    """The supplier and the customer of a statement, its tax and its terms of payment."""

    supplier: Party
    customer: Party
    purchase_order: str
    vat_rate: str
    """Percent as decimal text, such as `19` or `7.5`."""
    vat_note: str
    payment_days: int
    payment: tuple[str, ...]

    def vat(self, net: int, currency: str) -> int:
        """The tax on a sum, in minor units, rounded half to even (rule 24)."""
        return percent_of(net, Decimal(self.vat_rate), currency)

    def due_on(self, issued_on: date) -> date:
        """The day by which a document issued on a day has to be paid."""
        return issued_on + timedelta(days=self.payment_days)

    def as_data(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The parties from the result of `as_data`."""
        return cls(
            **{
                **data,
                "supplier": _party(data["supplier"]),
                "customer": _party(data["customer"]),
                "payment": tuple(data["payment"]),
            }
        )


def build_parties(agency: Agency, client: Client) -> Parties:
    """The parties from the agency's settings and the client's file."""
    return Parties(
        supplier=agency.party,
        customer=Party(client.legal_name, client.address, client.tax_id),
        purchase_order=client.purchase_order,
        vat_rate=f"{client.vat_rate.normalize():f}",
        vat_note=client.vat_note,
        payment_days=client.payment_days,
        payment=agency.payment,
    )


def _party(data: Mapping[str, Any]) -> Party:
    return Party(data["name"], tuple(data["address"]), data["tax_id"])


@dataclass(frozen=True, slots=True)
class MetCriterion:
    """A criterion that the lead passed, with its text from the verdict."""

    id: str
    rule: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a statement: a lead, or one period of a lead's revenue. Times are UTC."""

    lead_id: str
    period: str
    """First day of the period of revenue; empty for other price models."""
    version: str
    """The campaign version that judged the lead."""
    received_at: datetime
    event: str
    """The kind of the billable event: accepted, scheduled, held, won or revenue."""
    event_at: datetime
    due_at: datetime
    base: int | None
    """The amount that the percentage applies to, in minor units; None for a flat rate."""
    amount: int
    """Minor units, net of tax; 0 if free."""
    free_over_cap: bool
    """Whether it is free because it would have crossed the money cap (rule 9)."""
    late: bool
    """Whether it fell due in an earlier month that was closed already; its dates are its own."""
    met: Sequence[MetCriterion]
    entered: bool = False
    """Whether the agency entered the acceptance or the billable event for the client (rule 41)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of leads that are not on the statement, so that the client can check it."""

    in_review: int
    """Billable leads received by the month's end and still without a decision at closing."""
    over_cap_refused: int
    """Received in the month over a lead cap and refused (rule 8)."""
    over_cap_free: int
    """Received in the month over a lead cap and delivered free of charge (rule 8)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A month's statement. Amounts are minor units in one currency; those of lines net of tax."""

    number: str
    """Empty for a preview."""
    client: str
    campaign: str
    month: str
    time_zone: str
    """The campaign's time zone, which decides its months and days."""
    currency: str
    model: str
    lines: Sequence[StatementLine]
    counts: Counts
    parties: Parties
    issued_on: date
    """The day of closing in the campaign's time zone."""
    brought_forward: int
    """The client's earlier credit, as zero or a negative amount (rule 27)."""
    closed_at: datetime
    last_event: int
    """Sequence of the last event that it includes."""
    chain_head: str
    """Hash of that event: the head of the chain at that time."""

    @property
    def total(self) -> int:
        """The sum of the lines, net of tax."""
        return sum(line.amount for line in self.lines)

    @property
    def vat(self) -> int:
        """The tax on the total."""
        return self.parties.vat(self.total, self.currency)

    @property
    def gross(self) -> int:
        """The total with its tax."""
        return self.total + self.vat

    @property
    def to_pay(self) -> int:
        """The amount to pay after the client's credit is deducted; never negative."""
        return max(0, self.gross + self.brought_forward)

    @property
    def credit_left(self) -> int:
        """The client's credit that remains after this statement; never negative."""
        return max(0, -self.gross - self.brought_forward)

    @property
    def due_on(self) -> date:
        """The day by which it has to be paid."""
        return self.parties.due_on(self.issued_on)
