"""What a campaign file may say, as frozen and validated facts.

The JSON Schema for editors is generated from `CampaignFile`, so each description here is what a
writer reads in the editor. `Campaign` is a file that was read: with its slug, version and text.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from capture.campaign.kinds import (
    LANGUAGE,
    SLUG_PATTERN,
    Boolean,
    Day,
    FrozenMapping,
    Integer,
    Line,
    Money,
    OptionalLine,
    Percent,
    Share,
    Terms,
    Text,
)


class FieldType(StrEnum):
    """What a visitor may type into a field, and how it is checked at the door."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    INTEGER = "integer"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    COUNTRY = "country"
    LONG_TEXT = "long_text"


class FormField(Terms):
    """One field of the form, in the order of the file."""

    label: Line = Field(max_length=120, description="What the visitor reads.")
    type: FieldType = Field(default=FieldType.TEXT, description="How the answer is checked.")
    help: OptionalLine = Field(default="", max_length=300, description="A hint below the label.")
    required: Boolean = Field(default=True, description="Whether the visitor must answer.")
    choices: tuple[Annotated[Line, Field(max_length=200)], ...] = Field(
        default=(), description="For choice and multiple_choice: the answers offered, in order."
    )
    autocomplete: str = Field(
        default="",
        description="The HTML autocomplete token, such as `organization`: browsers fill it in.",
    )
    max_length: Integer | None = Field(
        default=None, ge=1, le=10_000, description="Most characters taken; 200, long text 4000."
    )


class Criterion(Terms):
    """One box that a lead must tick. Exactly one operator each, so each has its own sentence."""

    field: str | None = Field(
        default=None, description="The form field it judges; by default the criterion's own name."
    )
    equal: Line | Integer | None = Field(default=None, description="The answer is exactly this.")
    one_of: tuple[Line, ...] | None = Field(default=None, min_length=1, description="Any of these.")
    none_of: tuple[Line, ...] | None = Field(
        default=None, min_length=1, description="None of these."
    )
    at_least: Integer | None = Field(default=None, description="This number or more.")
    at_most: Integer | None = Field(default=None, description="This number or less.")
    between: tuple[Integer, Integer] | None = Field(default=None, description="Both ends included.")
    contains_any: tuple[Line, ...] | None = Field(
        default=None, min_length=1, description="At least one of these is chosen or mentioned."
    )
    contains_all: tuple[Line, ...] | None = Field(
        default=None, min_length=1, description="All of these are chosen or mentioned."
    )
    matches: tuple[Line, ...] | None = Field(
        default=None,
        min_length=1,
        description="Job titles, word by word; VP and Vice President are the same.",
    )
    business_email: Literal[True] | None = Field(
        default=None, description="Not free-mail, not disposable, not a role account."
    )
    country_in: tuple[Line, ...] | None = Field(
        default=None, min_length=1, description="ISO 3166 codes of two letters: US, DE."
    )

    @cached_property
    def operator(self) -> str:
        """The name of the one operator that is set."""
        return next(name for name in OPERATORS if getattr(self, name) is not None)

    @cached_property
    def operand(self) -> Any:
        """What the operator compares with."""
        return getattr(self, self.operator)


OPERATORS = tuple(name for name in Criterion.model_fields if name != "field")


class PriceModel(StrEnum):
    """What the agency is paid for."""

    CPL = "cpl"
    CPAP = "cpap"
    CPA = "cpa"
    REVENUE_SHARE = "revenue_share"


class Price(Terms):
    """What a billable event costs, net of tax, in the campaign's currency."""

    model: PriceModel = Field(description="cpl, cpap, cpa or revenue_share.")
    rate: Money | None = Field(default=None, description="Flat, in major units: 50.00.")
    percent: Share | None = Field(
        default=None, description="Of the first purchase (cpa) or of revenue."
    )
    billable: Literal["accepted", "scheduled", "held", "won", "revenue"] = Field(
        description="The event that pays: cpl accepted; cpap scheduled or held; cpa won; "
        "revenue_share revenue."
    )
    months: Integer | None = Field(
        default=None, ge=1, le=120, description="revenue_share: how many months from won count."
    )
    refund_days: Integer = Field(
        default=0,
        ge=0,
        le=366,
        description="cpa: a refund within so many days of won is given back. revenue_share: a "
        "refund in full gives back the periods that start in so many days before it.",
    )


class Notice(StrEnum):
    """How the client is told of a qualified lead. `none`: the window starts at qualification."""

    NONE = "none"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Review(Terms):
    """The time in which the client may reject; silence accepts."""

    hours: Integer = Field(default=48, ge=1, le=720, description="Length of the window.")
    working_days: Boolean = Field(
        default=False, description="The clock stands still on weekends and on `holidays`."
    )
    holidays: tuple[Day, ...] = Field(default=(), description="Days on which it stands still.")
    reasons: FrozenMapping[str, Line] = Field(
        min_length=1, description="Code to sentence: why the client may reject a lead."
    )
    notice: Notice = Field(default=Notice.NONE, description="none, email or webhook.")


class DuplicateKey(StrEnum):
    """What makes two people the same lead."""

    EMAIL = "email"
    PHONE = "phone"
    COMPANY_DOMAIN = "company_domain"


class Duplicates(Terms):
    """When a new lead is one that the client has already."""

    keys: tuple[DuplicateKey, ...] = Field(
        default=(DuplicateKey.EMAIL,), min_length=1, description="Any match makes a duplicate."
    )
    window: Annotated[Integer, Field(ge=1, le=3650)] | Literal["for ever"] = Field(
        default="for ever", description="Days that an earlier lead counts, or `for ever`."
    )
    scope: Literal["campaign", "client"] = Field(
        default="campaign", description="Look at this campaign, or at all of the client's."
    )


class Caps(Terms):
    """How much the client will take in a month, cut in the campaign's zone."""

    leads_a_month: Integer | None = Field(default=None, ge=1, description="Qualified leads.")
    leads_a_company: Integer | None = Field(
        default=None, ge=1, description="Qualified leads a month from one company domain."
    )
    money_a_month: Money | None = Field(default=None, description="In major units.")
    over: Literal["refuse", "free"] = Field(
        default="refuse", description="Over a lead cap: not delivered, or delivered for nothing."
    )


class CampaignFile(Terms):
    """The whole agreement with one client: the form, the definition, the price, the window."""

    title: Line = Field(max_length=120, description="Heading of the form's page.")
    summary: Text = Field(
        default="", max_length=400, description="What the visitor gets, in a sentence or two."
    )
    client: str = Field(description="Whom we bill: the name of a file in clients/.")
    currency: str = Field(description="ISO 4217, such as USD.")
    time_zone: str = Field(description="IANA name such as America/New_York; cuts days and months.")
    opens: Day | None = Field(default=None, description="First day on which the form is open.")
    closes: Day | None = Field(default=None, description="Last day on which the form is open.")
    kind: Literal["gated", "demo"] = Field(description="gated gives a file; demo asks for a call.")
    button: OptionalLine = Field(
        default="",
        max_length=60,
        description="The words on the button; by default they follow from the kind.",
    )
    assets: tuple[Annotated[Line, Field(max_length=120)], ...] = Field(
        default=(), description="gated: names of files in content/gated/ that the visitor gets."
    )
    consent: Text = Field(min_length=1, max_length=2000, description="What the visitor agrees to.")
    fields: FrozenMapping[str, FormField] = Field(
        min_length=1, description="The form's fields, in order."
    )
    criteria: FrozenMapping[str, Criterion] = Field(
        min_length=1, description="Every one must be met, or the lead is not qualified."
    )
    price: Price
    review: Review
    duplicates: Duplicates = Duplicates()
    caps: Caps = Caps()


class Campaign(CampaignFile):
    """A campaign file that was read and found sound."""

    slug: str = Field(description="The file's name without .toml.")
    version: str = Field(description="SHA-256 of the file's bytes, in hex: what a lead cites.")
    text: str = Field(description="The file itself, kept once per version.")

    def __hash__(self) -> int:
        """By file and version, so that what is made from a campaign can be kept by it."""
        return hash((self.slug, self.version))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which days and months are cut."""
        return ZoneInfo(self.time_zone)

    def is_open(self, now: datetime) -> bool:
        """Whether the door is open at an aware time, by the file's dates (a pause is apart)."""
        today = now.astimezone(self.zone).date()
        return (self.opens is None or self.opens <= today) and (
            self.closes is None or today <= self.closes
        )

    def next_turn(self, now: datetime) -> datetime | None:
        """When the door next opens or closes by the file's dates: UTC; None if it stays so."""
        today = now.astimezone(self.zone).date()
        days = []
        if self.opens is not None and self.opens > today:
            days.append(self.opens)
        if self.closes is not None and today <= self.closes < date.max:
            days.append(self.closes + timedelta(days=1))
        turns = (datetime.combine(day, time.min, self.zone).astimezone(UTC) for day in days)
        return min(turns, default=None)


Answer = str | int | tuple[str, ...]
"""What a visitor gave for one field; a multiple choice gives a tuple. No answer: no entry."""

SLUG = re.compile(SLUG_PATTERN)


# Whom we bill (rule 30): the client's own record, one file in clients/.


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
    tax_id: OptionalLine = Field(
        default="", max_length=60, description="VAT or tax number, as printed."
    )
    purchase_order: OptionalLine = Field(
        default="", max_length=60, description="Their order number, printed on each statement."
    )
    vat_rate: Percent = Field(
        default=Decimal(0), description="VAT in percent, added to each statement."
    )
    vat_note: OptionalLine = Field(
        default="", max_length=300, description="Why no VAT, or whose: such as reverse charge."
    )
    payment_days: Integer = Field(
        default=30, ge=0, le=365, description="Days from a statement's date until it is due."
    )
    contacts: Contacts
    languages: tuple[Language, ...] = Field(
        default=("en",), min_length=1, description="Best first, such as en or de-AT."
    )


class Client(ClientFile):
    """A client file that was read and found sound."""

    slug: str = Field(description="The file's name without .toml; campaigns name it.")
