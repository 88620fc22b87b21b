"""Who bills whom, and how it is paid (rule 30): frozen with each statement."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from capture.campaign import Client
from capture.money import percent_of


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
    def from_data(cls, said: Mapping[str, Any]) -> Self:
        """What `as_data` gave, read back."""
        return cls(
            **{
                **said,
                "supplier": _party(said["supplier"]),
                "customer": _party(said["customer"]),
                "payment": tuple(said["payment"]),
            }
        )


def parties(agency: Agency, client: Client) -> Parties:
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


def _party(said: Mapping[str, Any]) -> Party:
    return Party(said["name"], tuple(said["address"]), said["tax_id"])
