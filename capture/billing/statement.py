"""What a client owes for one campaign and one month, as facts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from capture.campaign.model import Client
from capture.money import percent_of

# Who bills whom, and how it is paid (rule 30): frozen with each statement.


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a bill, as it is printed."""

    name: str
    address: tuple[str, ...] = ()
    """Line by line, without the name."""
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Agency:
    """Who we are, and where to pay us."""

    party: Party
    payment: tuple[str, ...] = ()
    """Bank and account, line by line."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Both sides of a statement, its tax and its terms of payment."""

    supplier: Party
    customer: Party
    purchase_order: str
    vat_rate: str
    """In percent, as text that is no float: `19` or `7.5`."""
    vat_note: str
    payment_days: int
    payment: tuple[str, ...]

    def vat(self, net: int, currency: str) -> int:
        """The tax on a sum, in minor units, rounded half to even (rule 24)."""
        return percent_of(net, Decimal(self.vat_rate), currency)

    def due_on(self, issued_on: date) -> date:
        """By when a document of a day is to be paid."""
        return issued_on + timedelta(days=self.payment_days)

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `as_data` gave, read back."""
        return cls(
            **{
                **data,
                "supplier": _party(data["supplier"]),
                "customer": _party(data["customer"]),
                "payment": tuple(data["payment"]),
            }
        )


def build_parties(agency: Agency, client: Client) -> Parties:
    """Both sides as the agency's settings and the client's record have them now."""
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
    """One criterion that the lead met, in the words of its verdict."""

    id: str
    rule: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One lead on the bill, or one period of its revenue."""

    lead_id: str
    period: str
    """First day of the period of revenue; empty where a lead is paid once."""
    version: str
    """The campaign version that judged it."""
    received_at: datetime
    event: str
    """What pays: accepted, scheduled, held, won or revenue."""
    event_at: datetime
    due_at: datetime
    base: int | None
    """What a percentage is taken of, in minor units; None under a flat rate."""
    amount: int
    """Minor units; 0 when free."""
    free_over_cap: bool
    """It would have crossed the cap on money (rule 9)."""
    late: bool
    """It fell due in a month that was closed already, and stands here with its own date."""
    met: Sequence[MetCriterion]
    entered: bool = False
    """The agency entered for the client that it accepts, or what pays (rule 41)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Leads of the campaign that are not on the bill, for the client's own check."""

    in_review: int
    """Received by the month's end, to be paid for, and not decided when it was closed."""
    over_cap_refused: int
    over_cap_free: int
    """Received in the month over a lead cap (rule 8)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A month's bill. Amounts are minor units in one currency; those of lines are net of tax."""

    number: str
    """Empty for a preview."""
    client: str
    campaign: str
    month: str
    time_zone: str
    """The campaign's: its month and days are cut there."""
    currency: str
    model: str
    lines: Sequence[StatementLine]
    counts: Counts
    parties: Parties
    issued_on: date
    """The day of its closing in the campaign's zone."""
    brought_forward: int
    """What the client had to its credit before, nought or less (rule 27)."""
    closed_at: datetime
    last_event: int
    """Number of the last event that it saw."""
    chain_head: str
    """Hash of that event: the chain's head."""

    @property
    def total(self) -> int:
        """The sum of its lines, net of tax."""
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
        """What is left to pay once the client's credit is used up."""
        return max(0, self.gross + self.brought_forward)

    @property
    def credit_left(self) -> int:
        """What this bill did not use up of the client's credit."""
        return max(0, -self.gross - self.brought_forward)

    @property
    def due_on(self) -> date:
        """By when it is to be paid."""
        return self.parties.due_on(self.issued_on)
