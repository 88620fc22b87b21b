"""Types of values in the API's requests, with their JSON Schema."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

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
