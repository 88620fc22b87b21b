"""Whom we bill (rule 30): the client's own record, one file in clients/."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from capture.campaign.kinds import LANGUAGE, Line, MaybeLine, Percent, Terms, Whole

Email = Annotated[Line, Field(max_length=254)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]


class Contacts(Terms):
    """Who is written to, by what it is about."""

    notices: tuple[Email, ...] = Field(
        default=(), description="E-mail addresses that are told of each qualified lead."
    )
    bills: tuple[Email, ...] = Field(
        min_length=1, description="E-mail addresses that get statements and credit notes."
    )


class ClientFile(Terms):
    """The record of one client: what a statement must show, and whom to write to."""

    name: Line = Field(max_length=120, description="What people call them; shown in lists.")
    legal_name: Line = Field(max_length=200, description="The name that a bill is made out to.")
    address: tuple[Annotated[Line, Field(max_length=120)], ...] = Field(
        min_length=1, max_length=8, description="Postal address, line by line, without the name."
    )
    tax_id: MaybeLine = Field(
        default="", max_length=60, description="VAT or tax number, as printed."
    )
    purchase_order: MaybeLine = Field(
        default="", max_length=60, description="Their order number, printed on each statement."
    )
    vat_rate: Percent = Field(
        default=Decimal(0), description="VAT in percent, added to each statement."
    )
    vat_note: MaybeLine = Field(
        default="", max_length=300, description="Why no VAT, or whose: such as reverse charge."
    )
    payment_days: Whole = Field(
        default=30, ge=0, le=365, description="Days from a statement's date until it is due."
    )
    contacts: Contacts
    languages: tuple[Language, ...] = Field(
        default=("en",), min_length=1, description="Best first, such as en or de-AT."
    )


class Client(ClientFile):
    """A client file that was read and found sound."""

    slug: str = Field(description="The file's name without .toml; campaigns name it.")
