"""The statement: all that a client pays for one month, campaign by campaign, in one currency.

Amounts are minor units. A statement is printed as an invoice unless the client's file says that the
agency writes its invoices elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from capture.billing.lines import LinePrice
from capture.campaign.client import Client, VatCategory
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
    # For e-invoices; see `capture.campaign.e_invoicing` for the forms.
    country: str = ""
    city: str = ""
    postcode: str = ""
    vat_id: str = ""
    legal_id: str = ""
    electronic_address: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Agency:
    """The agency and its bank details."""

    party: Party
    payment: tuple[str, ...] = ()
    """Printed lines with the bank and the account."""
    iban: str = ""
    bic: str = ""


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
    document: str = "invoice"
    """What a closed month is printed as: `invoice` or `statement`."""
    line_reference: str = "lead_id"
    """How the printed lines name a lead: `lead_id`, `company` or `initials`."""
    vat_category: str = ""
    """A value of `VatCategory`; empty if the client's file leaves it open."""
    vat_reason_code: str = ""
    buyer_reference: str = ""
    iban: str = ""
    bic: str = ""

    def vat(self, net: int, currency: str) -> int:
        """The tax on a sum, in minor units, rounded half to even (rule 24)."""
        return percent_of(net, Decimal(self.vat_rate), currency)

    def due_on(self, issued_on: date) -> date:
        """The day by which a document issued on a day has to be paid."""
        return issued_on + timedelta(days=self.payment_days)

    def as_data(self) -> dict[str, Any]:
        """The fields as JSON values; those for e-invoices only if they are set.

        So a statement that was closed without them is drawn again as it was.
        """
        data = asdict(self)
        for side in ("supplier", "customer"):
            data[side] = _without_unset(data[side])
        return _without_unset(data)

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
        customer=Party(
            client.legal_name,
            client.address,
            client.tax_id,
            country=client.country,
            city=client.city,
            postcode=client.postcode,
            vat_id=client.vat_id,
            legal_id=client.legal_id,
            electronic_address=client.electronic_address or f"EM:{client.contacts.bills[0]}",
        ),
        purchase_order=client.purchase_order,
        vat_rate=f"{client.vat_rate.normalize():f}",
        vat_note=client.vat_note,
        payment_days=client.payment_days,
        payment=agency.payment,
        document=client.document,
        line_reference=client.line_reference,
        vat_category=client.vat_category or (VatCategory.STANDARD if client.vat_rate else ""),
        vat_reason_code=client.vat_reason_code,
        buyer_reference=client.buyer_reference,
        iban=agency.iban,
        bic=agency.bic,
    )


_E_INVOICE_KEYS: Final = (
    "country city postcode vat_id legal_id electronic_address email phone "
    "vat_category vat_reason_code buyer_reference iban bic"
)
_E_INVOICE_FIELDS: Final = frozenset(_E_INVOICE_KEYS.split())


def _without_unset(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value or name not in _E_INVOICE_FIELDS}


def _party(data: Mapping[str, Any]) -> Party:
    return Party(**{**data, "address": tuple(data["address"])})


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
    price: LinePrice
    """How the amount is computed."""
    amount: int
    """Minor units, net of tax; 0 if free."""
    free_over_cap: bool
    """Whether it is free because it would have crossed the money cap (rule 9)."""
    late: bool
    """Whether it fell due in an earlier month that was closed already; its dates are its own."""
    met: Sequence[MetCriterion]
    entered: bool = False
    """Whether the agency entered the acceptance or the billable event for the client (rule 41)."""
    by_silence: bool = False
    """Whether silence accepted the lead at the deadline (rule 12)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of a campaign's leads without a line, so that the client can check the statement."""

    in_review: int
    """Billable leads received by the month's end and still without a decision at closing."""
    over_cap_refused: int
    """Received in the month over a lead cap and refused (rule 8)."""
    over_cap_free: int
    """Received in the month over a lead cap and delivered free of charge (rule 8)."""


@dataclass(frozen=True, slots=True)
class ParkedLead:
    """A lead whose lines could not be computed. It is billed later, once the cause is removed."""

    lead_id: str
    reason: str
    """A plain code, which the frozen statement shows to the client."""
    detail: str = field(default="", compare=False)
    """Kind and place of the error, for the agency; empty once the month is closed."""


@dataclass(frozen=True, slots=True)
class StatementPart:
    """The lines of one campaign."""

    campaign: str
    title: str
    """The campaign's title when the month was closed."""
    model: str
    """The price model, which never changes (rule 17)."""
    time_zone: str
    """The campaign's time zone, which decides its months and days."""
    lines: Sequence[StatementLine]
    counts: Counts
    parked: Sequence[ParkedLead] = ()

    @property
    def total(self) -> int:
        """The sum of the lines, net of tax."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class Statement:
    """A client's month in one currency. Amounts are minor units; those of lines are net of tax."""

    number: str
    """Empty for a preview."""
    client: str
    month: str
    currency: str
    parts: Sequence[StatementPart]
    """The campaigns with lines or counts, by slug."""
    parties: Parties
    issued_on: date
    """The day of closing in `time_zone`."""
    time_zone: str
    """The zone of the document's own days: that of the client's first campaign by slug."""
    brought_forward: int
    """The client's earlier credit, as zero or a negative amount (rule 27)."""
    closed_at: datetime
    last_event: int
    """Sequence of the last event that it includes."""
    chain_head: str
    """Hash of that event: the head of the chain at that time."""

    def title_of(self, campaign: str) -> str:
        """The title of a campaign that has a part, by its slug."""
        return next(part.title for part in self.parts if part.campaign == campaign)

    @property
    def lines(self) -> Sequence[StatementLine]:
        """The lines of all parts."""
        return [line for part in self.parts for line in part.lines]

    @property
    def total(self) -> int:
        """The sum of the lines, net of tax."""
        return sum(part.total for part in self.parts)

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
