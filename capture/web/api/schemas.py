"""The API's schemas: types of values in requests, with JSON Schema, and the lead in answers."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from capture.form.text import cleaned_line, cleaned_text
from capture.outcomes.record import REFERENCE

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS: Final = re.compile(r"-?\d{1,9}", re.ASCII)


class RequestModel(BaseModel):
    """The base of requests: frozen, strict, unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def read_time(value: object) -> object:
    """A time with an offset (RFC 3339), converted to UTC. Raises ValueError."""
    if isinstance(value, datetime) or value is None:
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("write a time with its offset, such as 2026-12-01T10:00:00-05:00")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def read_day(value: object) -> object:
    """A date (RFC 3339, full-date). Raises ValueError."""
    if isinstance(value, date) or value is None:
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("write a date, such as 2026-12-01")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such date") from None


def _with_pattern(pattern: str, words: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Text that must match a pattern. The JSON Schema has the pattern, the error has the words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(words)
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern})


def read_number(value: object) -> object:
    """A whole number in a query: digits only. Raises ValueError."""
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise ValueError("write a whole number")
        return int(value)
    return value


def read_integer(value: object) -> object:
    """`3.0` becomes 3: in JSON Schema it is a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Time = Annotated[
    datetime, BeforeValidator(read_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
Day = Annotated[
    date, BeforeValidator(read_day), WithJsonSchema({"type": "string", "format": "date"})
]
Month = Annotated[
    str,
    *_with_pattern(r"^[0-9]{4}-(0[1-9]|1[0-2])$", "write a month, such as 2026-11"),
]
Amount = Annotated[
    str,
    *_with_pattern(
        r"^([1-9][0-9]{0,11}(\.[0-9]{1,4})?|0\.[0-9]{0,3}[1-9][0-9]{0,3})$",
        "write an amount above zero as text, such as 12000.00",
    ),
    Field(
        description="Net of tax, in major units, as text: `12000.00`. Not more decimals than the "
        "currency has."
    ),
]
Currency = Annotated[
    str,
    *_with_pattern(r"^[A-Z]{3}$", "write the currency's code, such as USD"),
    Field(description="ISO 4217. It must be the lead's currency."),
]
Person = Annotated[
    str,
    StringConstraints(max_length=120),
    AfterValidator(cleaned_line),
    Field(description="The person of the client who did it; the token's name by default."),
]
Remark = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(cleaned_text),
    Field(description="A note that the agency can read."),
]
Reference = Annotated[
    str,
    *_with_pattern(rf"^{REFERENCE}$", "write 1 to 80 letters, digits and signs of . _ : / # + = -"),
    Field(
        description="The id of this fact in your own system (of the payment, the refund or the "
        "meeting; not of the deal). An outcome of that type is recorded once under it, by whatever "
        "way it arrives; a different one under the same id is refused."
    ),
]
Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60),
    Field(description="A code of the campaign's list; the lead has the list in `reasons`."),
]


# A lead as its client sees it. It contains no other lead's verdict, no note of the agency, and no
# hash.

Stage = Literal["qualified", "accepted", "rejected"]
Entered = Literal["accepted", "rejected"]
MeetingStage = Literal["none", "scheduled", "held", "no_show", "cancelled", "objected"]
SaleStage = Literal["none", "won", "lost", "churned", "refunded", "objected"]


class ResponseModel(BaseModel):
    """The base of answers: frozen, only declared names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CriterionSchema(ResponseModel):
    """One criterion of the verdict."""

    id: str
    rule: str = Field(description="The criterion in words.")
    met: bool
    reason: str = Field(description="In words; empty after the person's data was erased.")


class ConsentSchema(ResponseModel):
    """What permits the delivery of this lead: the person's consent, or another lawful basis."""

    given: bool = Field(description="The person ticked the consent box of the form.")
    version: str | None = Field(
        description="The campaign version whose consent text was shown; null: no form was shown."
    )
    basis: str | None = Field(
        description="The lawful basis that the agency recorded where no consent was given."
    )


class TouchSchema(ResponseModel):
    """A visit that led to this lead. Null: not known."""

    path: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None


class AppointmentSchema(ResponseModel):
    """The meeting."""

    stage: MeetingStage
    meeting_at: str | None = Field(description="When it begins or was planned to begin, in UTC.")
    deemed_held_at: str | None = Field(
        description="When silence counts it as held, if no outcome is recorded before."
    )


class SaleSchema(ResponseModel):
    """The sale, net of tax, in the lead's currency."""

    stage: SaleStage
    amount: str | None = Field(description="Of the purchase, in major units; null: not won.")
    refunded: str = Field(description="Refunded so far, in major units.")


class EventSchema(ResponseModel):
    """One event of the lead. Null: does not apply."""

    type: str
    occurred_at: str = Field(description="When it happened, in UTC.")
    recorded_at: str = Field(description="When it was recorded, in UTC.")
    source: Literal["visitor", "client", "agency", "system"] = Field(
        description="The party that recorded it."
    )
    on_behalf_of: Literal["client"] | None = Field(
        description="`client`: the agency entered it for you; null: `source` acted for itself."
    )
    silence: bool = Field(description="Silence decided it, at the end of a window.")
    reason: str | None
    meeting_at: str | None
    amount: str | None = Field(description="In major units of the lead's currency.")
    period: str | None = Field(description="The first day of the revenue's period.")
    reference: str | None = Field(description="The id of this fact in your own system.")
    final_at: str | None = Field(
        description="Until this time you may object: to an outcome with no_show or objected, to a "
        "review with accepted or rejected; null: it is final."
    )
    cause: str | None = Field(
        description="Of `accepted`: the type of your outcome that implied the acceptance; null: "
        "you accepted it directly."
    )


class LeadSchema(ResponseModel):
    """A qualified lead. Times are UTC, RFC 3339."""

    id: str
    campaign: str
    campaign_version: str = Field(description="SHA-256 of the campaign file that judges it.")
    received_at: str
    month: str = Field(description="Month of receipt, in the campaign's time zone.")
    stage: Stage = Field(description="Stage of the review now; silence accepts at the deadline.")
    deadline: str | None = Field(description="Reject the lead before this time, or it is accepted.")
    accepted_at: str | None
    silence_never_accepts: bool = Field(
        description="Silence never accepts this lead; only you can accept it."
    )
    entered: Entered | None = Field(
        description="The agency entered this review for you: until `deadline` you may object, "
        "with `rejected` or `accepted`. Null: it did not, or the time is over."
    )
    disputed: bool = Field(
        description="The agency disputes your rejection; record `settled` to agree."
    )
    free_over_cap: bool = Field(description="The lead came over the cap and is never billed.")
    currency: str = Field(description="ISO 4217; every amount of this lead is in it.")
    reasons: dict[str, str] = Field(
        description="The reasons for which you may reject it: code to sentence."
    )
    answers: dict[str, str | int | list[str]] | None = Field(
        description="The person's answers, by field; null after erasure."
    )
    unverified: dict[str, str] | None = Field(
        description="Optional contact data that looks wrong, as typed, by field; not in `answers`."
    )
    consent: ConsentSchema
    verdict: list[CriterionSchema]
    first_touch: TouchSchema
    last_touch: TouchSchema
    appointment: AppointmentSchema
    sale: SaleSchema
    events: list[EventSchema]
