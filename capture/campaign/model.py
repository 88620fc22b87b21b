"""The model of a campaign file: frozen and validated.

The JSON Schema for editors is generated from `CampaignFile`, so writers see the descriptions in
their editor. A `Campaign` is a file that was read; it has its version and text.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from capture.campaign.quarantine import Quarantine
from capture.campaign.value_types import (
    SLUG_PATTERN,
    Boolean,
    Day,
    FrozenMapping,
    Integer,
    Line,
    Money,
    OptionalLine,
    Share,
    StrictModel,
    Text,
)


class FieldType(StrEnum):
    """The type of a form field: what a visitor may enter, and how it is checked."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    INTEGER = "integer"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    COUNTRY = "country"
    LONG_TEXT = "long_text"


class FormField(StrictModel):
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


class Criterion(StrictModel):
    """One condition that a lead must meet. It has exactly one operator, and so one sentence."""

    field: str | None = Field(
        default=None,
        description="The form field that it checks; by default the criterion's own name.",
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
        """The value that the operator compares the answer with."""
        return getattr(self, self.operator)


OPERATORS = tuple(name for name in Criterion.model_fields if name != "field")


class PriceModel(StrEnum):
    """The event that the agency is paid for."""

    CPL = "cpl"
    CPAP = "cpap"
    CPA = "cpa"
    REVENUE_SHARE = "revenue_share"


class Price(StrictModel):
    """The price of a billable event, net of tax, in the campaign's currency."""

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
        description="cpa: a refund within this number of days after won is credited. "
        "revenue_share: a full refund credits the periods that start within this number of days "
        "before it.",
    )


class Notice(StrEnum):
    """How the client is notified of a lead. `none`: the window starts at qualification."""

    NONE = "none"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Review(StrictModel):
    """The time in which the client may reject; silence accepts."""

    hours: Integer = Field(default=48, ge=1, le=720, description="Length of the window.")
    working_days: Boolean = Field(
        default=False, description="Weekends and `holidays` do not count."
    )
    holidays: tuple[Day, ...] = Field(default=(), description="Days that do not count.")
    reasons: FrozenMapping[str, Line] = Field(
        min_length=1, description="Code to sentence: why the client may reject a lead."
    )
    notice: Notice = Field(default=Notice.NONE, description="none, email or webhook.")


class Confirm(StrEnum):
    """Whether a lead waits until its person has proved the e-mail address."""

    NONE = "none"
    EMAIL = "email"


class DuplicateKey(StrEnum):
    """What makes two submissions the same lead."""

    EMAIL = "email"
    PHONE = "phone"
    COMPANY_DOMAIN = "company_domain"


class Duplicates(StrictModel):
    """When a new lead is a duplicate of one that the client has already."""

    keys: tuple[DuplicateKey, ...] = Field(
        default=(DuplicateKey.EMAIL,), min_length=1, description="Any match makes a duplicate."
    )
    window: Annotated[Integer, Field(ge=1, le=3650)] | Literal["for ever"] = Field(
        default="for ever", description="How many days an earlier lead counts, or `for ever`."
    )
    scope: Literal["campaign", "client"] = Field(
        default="campaign",
        description="Compare within this campaign, or within all of the client's campaigns.",
    )


class Caps(StrictModel):
    """The most that the client takes in a month of the campaign's zone."""

    leads_a_month: Integer | None = Field(default=None, ge=1, description="Qualified leads.")
    leads_a_company: Integer | None = Field(
        default=None, ge=1, description="Qualified leads a month from one company domain."
    )
    money_a_month: Money | None = Field(default=None, description="In major units.")
    over: Literal["refuse", "free"] = Field(
        default="refuse", description="Over a lead cap: not delivered, or delivered free of charge."
    )


class Reporting(StrictModel):
    """The reports that the agency promises to send to the client."""

    every: Literal["month", "week"] = Field(
        default="month",
        description="month: on the first day of each month, on the month before. week: also each "
        "Monday, on the month so far.",
    )


class CampaignFile(StrictModel):
    """The complete agreement with one client: form, criteria, price and review window."""

    title: Line = Field(max_length=120, description="Heading of the form's page.")
    summary: Text = Field(
        default="", max_length=400, description="What the visitor gets, in a sentence or two."
    )
    client: str = Field(
        description="The client that we bill: the name of a file in clients/, without .toml."
    )
    currency: str = Field(description="ISO 4217, such as USD.")
    time_zone: str = Field(description="IANA name such as America/New_York; cuts days and months.")
    opens: Day | None = Field(default=None, description="First day on which the form is open.")
    closes: Day | None = Field(default=None, description="Last day on which the form is open.")
    kind: Literal["gated", "demo"] = Field(description="gated gives a file; demo asks for a call.")
    button: OptionalLine = Field(
        default="",
        max_length=60,
        description="The text of the button; by default it depends on the kind.",
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
    confirm: Confirm = Field(
        default=Confirm.NONE,
        description="email: a lead counts only once its person has opened a link in a letter.",
    )
    quarantine: Quarantine = Quarantine()
    duplicates: Duplicates = Duplicates()
    caps: Caps = Caps()
    reporting: Reporting | None = Field(
        default=None, description="Promises reports in the agreement; by default none."
    )


class Campaign(CampaignFile):
    """A campaign file that was read and is valid."""

    slug: str = Field(description="The file's name without .toml.")
    version: str = Field(description="SHA-256 of the file's bytes, in hex: what a lead cites.")
    text: str = Field(description="The file's text, stored once per version.")

    def __hash__(self) -> int:
        """By slug and version, so that a campaign can be the key of a cache."""
        return hash((self.slug, self.version))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which days and months start and end."""
        return ZoneInfo(self.time_zone)

    def is_open(self, now: datetime) -> bool:
        """Whether the file's dates say open at an aware time; a pause is not considered."""
        today = now.astimezone(self.zone).date()
        return (self.opens is None or self.opens <= today) and (
            self.closes is None or today <= self.closes
        )

    def next_opening_or_closing(self, now: datetime) -> datetime | None:
        """When the file's dates open or close the campaign next, in UTC; None if never."""
        today = now.astimezone(self.zone).date()
        days = []
        if self.opens is not None and self.opens > today:
            days.append(self.opens)
        if self.closes is not None and today <= self.closes < date.max:
            days.append(self.closes + timedelta(days=1))
        times = (datetime.combine(day, time.min, self.zone).astimezone(UTC) for day in days)
        return min(times, default=None)


Answer = str | int | tuple[str, ...]
"""The answer to one field; a multiple choice gives a tuple. An empty field has no answer."""

SLUG = re.compile(SLUG_PATTERN)
