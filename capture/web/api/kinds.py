"""Kinds of value in requests: what may be typed, and the same as JSON Schema."""

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
from capture.outcomes import REFERENCE

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS: Final = re.compile(r"-?\d{1,9}", re.ASCII)


class Asked(BaseModel):
    """What a request says: frozen, strict, and with no name that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def read_time(given: object) -> object:
    """RFC 3339 with its offset, to UTC. What is no text is left for pydantic to refuse."""
    if isinstance(given, datetime) or given is None:
        return given
    if not isinstance(given, str) or not _TIME.fullmatch(given):
        raise ValueError("write a time with its offset, such as 2026-12-01T10:00:00-05:00")
    try:
        return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def read_day(given: object) -> object:
    """A full date of RFC 3339."""
    if isinstance(given, date) or given is None:
        return given
    if not isinstance(given, str) or not _DAY.fullmatch(given):
        raise ValueError("write a date, such as 2026-12-01")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ValueError("there is no such date") from None


def _written(pattern: str, words: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Text of a form, refused in words instead of by the pattern that programs read."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(words)
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern})


def read_number(given: object) -> object:
    """A whole number as a query has it: digits alone."""
    if isinstance(given, str):
        if not _DIGITS.fullmatch(given):
            raise ValueError("write a whole number")
        return int(given)
    return given


def read_whole(given: object) -> object:
    """`3.0` is a whole number in JSON Schema, and is 3 here."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Time = Annotated[
    datetime, BeforeValidator(read_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
Day = Annotated[
    date, BeforeValidator(read_day), WithJsonSchema({"type": "string", "format": "date"})
]
Month = Annotated[
    str,
    *_written(r"^[0-9]{4}-(0[1-9]|1[0-2])$", "write a month, such as 2026-11"),
]
Amount = Annotated[
    str,
    *_written(
        r"^([1-9][0-9]{0,11}(\.[0-9]{1,4})?|0\.[0-9]{0,3}[1-9][0-9]{0,3})$",
        "write an amount above nought as text, such as 12000.00",
    ),
    Field(
        description="Net of tax, in major units, as text: `12000.00`. Never more decimals than "
        "the currency has."
    ),
]
Currency = Annotated[
    str,
    *_written(r"^[A-Z]{3}$", "write the currency's code, such as USD"),
    Field(description="ISO 4217. No other than the lead's own is taken."),
]
Person = Annotated[
    str,
    StringConstraints(max_length=120),
    AfterValidator(cleaned_line),
    Field(description="Who did it, at the client's; the token's name by default."),
]
Remark = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(cleaned_text),
    Field(description="What to say about it: for the agency's eyes."),
]
Reference = Annotated[
    str,
    *_written(rf"^{REFERENCE}$", "write 1 to 80 letters, digits and signs of . _ : / # + = -"),
    Field(
        description="The id that your own system gave this very fact (the payment, the refund, the "
        "meeting; not the deal). Under it the same outcome of that type is recorded once, however "
        "it arrives; another one is refused."
    ),
]
Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60),
    Field(description="A code of the campaign's list; the lead shows them in `reasons`."),
]
