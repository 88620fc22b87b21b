"""The model of a client file, frozen and validated (rule 30 of docs/rules.md).

There is one file in clients/ for each client that we bill. The JSON Schema for editors is generated
from `ClientFile`. A `Client` is a file that was read.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from capture.campaign.value_types import (
    ACCOUNT_CODE,
    LANGUAGE,
    Integer,
    Line,
    OptionalLine,
    Percent,
    StrictModel,
)

Email = Annotated[Line, Field(max_length=254)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]


class Contacts(StrictModel):
    """The e-mail addresses of the client, by subject."""

    notices: tuple[Email, ...] = Field(
        default=(), description="E-mail addresses that are notified of each qualified lead."
    )
    bills: tuple[Email, ...] = Field(
        min_length=1, description="E-mail addresses that get statements and credit notes."
    )
    reports: Annotated[tuple[Email, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="E-mail addresses that get the reports; by default those of `bills`.",
    )

    @property
    def report_recipients(self) -> tuple[str, ...]:
        """The addresses that get the reports that a campaign file promises."""
        return self.reports or self.bills


class VatCategory(StrEnum):
    """How a client's invoices are taxed, in words; the codes of UNTDID 5305 behind them."""

    STANDARD = "standard"
    ZERO = "zero"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    EXPORT = "export"
    NOT_SUBJECT = "not_subject"


class ClientFile(StrictModel):
    """The record of one client: the details on a statement, and the addresses for mail."""

    name: Line = Field(max_length=120, description="The everyday name; shown in lists.")
    legal_name: Line = Field(max_length=200, description="The name that a bill is made out to.")
    address: tuple[Annotated[Line, Field(max_length=120)], ...] = Field(
        min_length=1, max_length=8, description="Postal address, line by line, without the name."
    )
    tax_id: OptionalLine = Field(
        default="", max_length=60, description="VAT or tax number, as printed."
    )
    country: OptionalLine = Field(
        default="", description="E-invoices: code of the country (ISO 3166), such as DE."
    )
    city: OptionalLine = Field(
        default="",
        max_length=120,
        description="E-invoices: city. The lines of `address` above it are the street.",
    )
    postcode: OptionalLine = Field(
        default="", max_length=20, description="E-invoices: postal code."
    )
    vat_id: OptionalLine = Field(
        default="",
        max_length=20,
        description="E-invoices: VAT id with its country code and without spaces.",
    )
    legal_id: OptionalLine = Field(
        default="", max_length=60, description="E-invoices: number in the register of companies."
    )
    electronic_address: OptionalLine = Field(
        default="",
        max_length=120,
        description="E-invoices: scheme (code list EAS) and id, such as 9930:DE123456789; "
        "by default EM and the first of contacts.bills.",
    )
    buyer_reference: OptionalLine = Field(
        default="", max_length=60, description="E-invoices: a reference that the client asks for."
    )
    purchase_order: OptionalLine = Field(
        default="", max_length=60, description="Their order number, printed on each statement."
    )
    vat_rate: Percent = Field(
        default=Decimal(0), description="VAT in percent, added to each statement."
    )
    vat_note: OptionalLine = Field(
        default="",
        max_length=300,
        description="Why no VAT is charged, or who pays it, such as reverse charge.",
    )
    vat_category: VatCategory | None = Field(
        default=None,
        description="E-invoices: standard, zero, exempt, reverse_charge, export or not_subject; "
        "by default standard if vat_rate is above 0.",
    )
    vat_reason_code: OptionalLine = Field(
        default="",
        max_length=40,
        description="E-invoices: code for vat_note (code list VATEX), such as VATEX-EU-AE.",
    )
    document: Literal["invoice", "statement"] = Field(
        default="invoice",
        description="What a closed month is: our invoice, or a statement for an invoice that is "
        "written elsewhere.",
    )
    line_reference: Literal["lead_id", "company", "initials"] = Field(
        default="lead_id",
        description="How printed lines name a lead: by its id, its company or the initials.",
    )
    debtor_account: Annotated[str, StringConstraints(pattern=ACCOUNT_CODE)] = Field(
        default="",
        description="The client's account in our books, for the accounting journal; by default "
        "the setting RECEIVABLES_ACCOUNT.",
    )
    payment_days: Integer = Field(
        default=30, ge=0, le=365, description="Days from a statement's date until it is due."
    )
    notice_frequency: Literal["each", "daily"] = Field(
        default="each",
        description='For campaigns with notice = "email". each: a letter for each qualified lead. '
        "daily: one letter each morning with all new ones.",
    )
    contacts: Contacts
    languages: tuple[Language, ...] = Field(
        default=("en",), min_length=1, description="Best first, such as en or de-AT."
    )


class Client(ClientFile):
    """A client file that was read and is valid."""

    slug: str = Field(description="The file's name without .toml; campaigns name it.")
