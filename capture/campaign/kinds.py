"""The kinds of value that files of ours hold: stricter than pydantic's own, so that nothing is
guessed. `"48"` is no number, `1` is no yes, and `"2026-01-01"` in quotes is no date.
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


class Terms(BaseModel):
    """Frozen, and strict about keys: a misspelt key is an error, never a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ONE_LINE = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
NAME = r"^[a-z][a-z0-9_]{0,39}$"
CODE = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

NO_LINE = r"^([^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?)?$"
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def _check_visible(text: str) -> str:
    if text and is_blank(text):
        raise PydanticCustomError("no_visible", "has no visible character")
    return text


_VISIBLE = AfterValidator(_check_visible)

Line = Annotated[str, StringConstraints(pattern=ONE_LINE), _VISIBLE]
"""Text on one line: no control characters (mail headers carry some of it), no spaces around."""

OptionalLine = Annotated[str, StringConstraints(pattern=NO_LINE), _VISIBLE]
"""The same, or empty."""

Text = Annotated[str, StringConstraints(pattern=TEXT)]
"""Several lines perhaps; no control characters beside line breaks and tabs."""

Month = Annotated[str, StringConstraints(pattern=MONTH)]
"""Such as `2026-11`."""

Integer = Annotated[int, Strict()]
Boolean = Annotated[bool, Strict()]
Day = Annotated[date, Strict()]


_QUOTED = r"^[0-9]+(\.[0-9]+)?$"


def _amount(**limits: float) -> WithJsonSchema:
    """What an editor should take for an exact number: `50.00`, or the same in quotes."""
    quoted = {"type": "string", "pattern": _QUOTED}
    return WithJsonSchema({"anyOf": [{"type": "number", **limits}, quoted]})


def _check_quoted(value: object) -> object:
    """`Decimal` itself would also read 1_000 and the digits of other scripts."""
    if isinstance(value, str) and not re.fullmatch(_QUOTED, value):
        raise PydanticKnownError("decimal_parsing")
    return value


_PLAIN = BeforeValidator(_check_quoted)


Money = Annotated[
    Decimal,
    _PLAIN,
    Field(gt=0, le=1_000_000_000),
    _amount(exclusiveMinimum=0, maximum=1_000_000_000),
]
"""Major units. In no currency is the limit over `capture.money.LARGEST`."""

Percent = Annotated[Decimal, _PLAIN, Field(ge=0, le=100), _amount(minimum=0, maximum=100)]
Share = Annotated[Decimal, _PLAIN, Field(gt=0, le=100), _amount(exclusiveMinimum=0, maximum=100)]
"""Percent too; a share of nothing would be no price."""

Key = TypeVar("Key")
Value = TypeVar("Value")
FrozenMapping = Annotated[
    Mapping[Key, Value],
    AfterValidator(MappingProxyType),
    WrapSerializer(lambda table, write: write(dict(table))),  # pydantic cannot write a proxy
]
"""A table that nobody can change after it was read, in the order of the file."""


# The numbers that the words of a choice stand for: "51-200" is 51 to 200, "1001+" has no end.
#
# A visitor chooses words and a criterion compares numbers; this is the one place that joins them.


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
    """First and last whole number that the words take, both included; no last one gives None.

    "51-200", "51 to 200", "1,001+", "under 50", "more than 1000" and "10" are numbers; other
    words, and ranges that hold no number, give None.
    """
    words = " ".join(_GROUPING_SPACE.sub(",", text).lower().split())
    for pattern, meaning in _FORMS:
        if found := pattern.fullmatch(words):
            low, high = meaning([int(group.replace(",", "")) for group in found.groups()])
            return (low, high) if high is None or low <= high else None
    return None
