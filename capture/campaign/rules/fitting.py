"""Which operators fit which type of field, and which numbers a field's choices stand for."""

from collections.abc import Mapping
from typing import Final

from capture.campaign.model import OPERATORS, Criterion, FieldType, FormField
from capture.campaign.ranges import number_range
from capture.campaign.rules.split import Spans

NUMERIC: Final = ("at_least", "at_most", "between")
_EXACT: Final = ("equal", "one_of", "none_of")
_CONTENTS: Final = ("contains_any", "contains_all")
FITTING: Final[Mapping[FieldType, tuple[str, ...]]] = {
    FieldType.TEXT: (*_EXACT, *_CONTENTS, "matches"),
    FieldType.LONG_TEXT: _CONTENTS,
    FieldType.EMAIL: ("business_email",),
    FieldType.PHONE: (),
    FieldType.URL: (),
    FieldType.INTEGER: ("equal", *NUMERIC),
    FieldType.CHOICE: (*_EXACT, *NUMERIC),
    FieldType.MULTIPLE_CHOICE: (*_CONTENTS, "none_of"),
    FieldType.COUNTRY: ("country_in",),
}


def operators_of(criterion: Criterion) -> list[str]:
    """The operators that are set; a sound criterion has one."""
    return [operator for operator in OPERATORS if getattr(criterion, operator) is not None]


def spans_of(field: FormField) -> Spans | None:
    """Numbers of each choice; None if some choice is made of words."""
    spans = {choice: number_range(choice) for choice in field.choices}
    whole = {choice: span for choice, span in spans.items() if span is not None}
    return whole if len(whole) == len(spans) else None
