"""Types for the values in campaign, client and costs files.

They are stricter than pydantic's own: `"48"` is not a number, `1` is not true, and `"2026-01-01"`
in quotes is not a date.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
    WrapSerializer,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from capture.text import is_blank


class StrictModel(BaseModel):
    """Base of all models: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_INNER = r"[^\x00-\x1f\x7f-\x9f\ufffe\uffff]"
"""No control character, and none of the two that XML forbids."""
_OUTER = r"[^\x00-\x20\x7f-\x9f\ufffe\uffff]"
ONE_LINE = rf"^{_OUTER}({_INNER}*{_OUTER})?$"
NAME = r"^[a-z][a-z0-9_]{0,39}$"
CODE = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
ACCOUNT_CODE = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,19})?$"
"""The code of an account in the agency's books, or empty."""
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

NO_LINE = rf"^({_OUTER}({_INNER}*{_OUTER})?)?$"
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]*$"


def _check_visible(text: str) -> str:
    if text and is_blank(text):
        raise PydanticCustomError("no_visible", "has no visible character")
    return text


_VISIBLE = AfterValidator(_check_visible)

Line = Annotated[str, StringConstraints(pattern=ONE_LINE), _VISIBLE]
"""Text on one line, no surrounding spaces; no control characters, as some goes to mail headers."""

OptionalLine = Annotated[str, StringConstraints(pattern=NO_LINE), _VISIBLE]
"""A `Line`, or empty."""

Text = Annotated[str, StringConstraints(pattern=TEXT)]
"""One or more lines; no control characters except line breaks and tabs."""

Month = Annotated[str, StringConstraints(pattern=MONTH)]
"""A month such as `2026-11`."""

Integer = Annotated[int, Strict()]
Boolean = Annotated[bool, Strict()]
Day = Annotated[date, Strict()]


_QUOTED = r"^[0-9]+(\.[0-9]+)?$"


def _number_schema(**limits: float) -> WithJsonSchema:
    """The JSON Schema of an exact number: `50.00`, or the same in quotes."""
    quoted = {"type": "string", "pattern": _QUOTED}
    return WithJsonSchema({"anyOf": [{"type": "number", **limits}, quoted]})


def _check_plain_number(value: object) -> object:
    """Refuses what `Decimal` also accepts: 1_000, and digits of other scripts."""
    if isinstance(value, str) and not re.fullmatch(_QUOTED, value):
        raise PydanticKnownError("decimal_parsing")
    return value


_PLAIN = BeforeValidator(_check_plain_number)


Money = Annotated[
    Decimal,
    _PLAIN,
    Field(gt=0, le=1_000_000_000),
    _number_schema(exclusiveMinimum=0, maximum=1_000_000_000),
]
"""Major units. The limit is below `capture.money.LARGEST` in every currency."""

Percent = Annotated[Decimal, _PLAIN, Field(ge=0, le=100), _number_schema(minimum=0, maximum=100)]
Share = Annotated[
    Decimal, _PLAIN, Field(gt=0, le=100), _number_schema(exclusiveMinimum=0, maximum=100)
]
"""Percent above zero: a share of zero is not a price."""

Key = TypeVar("Key")
Value = TypeVar("Value")
FrozenMapping = Annotated[
    Mapping[Key, Value],
    AfterValidator(MappingProxyType),
    WrapSerializer(lambda table, write: write(dict(table))),  # pydantic cannot serialize a proxy
]
"""A read-only table in the order of the file."""


# Number ranges: "51-200" is 51 to 200, "1001+" has no upper end. A visitor chooses text and a
# criterion compares numbers; only this part converts one to the other.

_GROUPING_SPACE = re.compile(r"(?<=[0-9])[\u00a0\u202f\u2009](?=[0-9]{3}(?![0-9]))")
_NUMBER = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})"
_UNIT = r"(?: (?:employees|people|staff|persons|seats|users))?"
_DASH = r"(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|\u2212| to )"

Range = tuple[int, int | None]

_FORMS: tuple[tuple[re.Pattern[str], Callable[[list[int]], Range]], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (_NUMBER + _UNIT, lambda n: (n[0], n[0])),
        (rf"{_NUMBER} ?{_DASH} ?{_NUMBER}{_UNIT}", lambda n: (n[0], n[1])),
        (rf"(?:between|from) {_NUMBER} (?:and|to) {_NUMBER}{_UNIT}", lambda n: (n[0], n[1])),
        (rf"{_NUMBER} ?\+{_UNIT}", lambda n: (n[0], None)),
        (rf"{_NUMBER}{_UNIT} (?:or|and) (?:more|over|above|up)", lambda n: (n[0], None)),
        (rf"(?:at least|from|>=|\u2265) ?{_NUMBER}{_UNIT}", lambda n: (n[0], None)),
        (rf"(?:more than|over|above|>) ?{_NUMBER}{_UNIT}", lambda n: (n[0] + 1, None)),
        (rf"{_NUMBER}{_UNIT} (?:or|and) (?:less|fewer|under|below)", lambda n: (0, n[0])),
        (rf"(?:up to|at most|no more than|<=|\u2264) ?{_NUMBER}{_UNIT}", lambda n: (0, n[0])),
        (rf"(?:under|below|less than|fewer than|<) ?{_NUMBER}{_UNIT}", lambda n: (0, n[0] - 1)),
    )
)


def number_range(text: str) -> Range | None:
    """The first and last whole number of a range written as text, both included.

    Reads "51-200", "51 to 200", "1,001+", "under 50", "more than 1000" and "10". The last number
    is None if the range has no upper end. Returns None for other text and for empty ranges.
    """
    words = " ".join(_GROUPING_SPACE.sub(",", text).lower().split())
    for pattern, meaning in _FORMS:
        if found := pattern.fullmatch(words):
            low, high = meaning([int(group.replace(",", "")) for group in found.groups()])
            return (low, high) if high is None or low <= high else None
    return None
