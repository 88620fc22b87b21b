"""Rules for form fields: names, choices, autocomplete, e-mail, and split ranges."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final

from capture.campaign.model import FieldType, FormField
from capture.campaign.problems import Finding, join_words, show_value, suggestion
from capture.campaign.rules.draft import Draft
from capture.campaign.value_types import NAME, Range


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The autocomplete tokens of the HTML standard, section 4.10.18.7 "Autofill".
_CONTACT: Final = _split(
    """
    tel tel-country-code tel-national tel-area-code tel-local tel-local-prefix tel-local-suffix
    tel-extension email impp
    """
)
AUTOFILL_FIELDS: Final = _CONTACT | _split(
    """
    name honorific-prefix given-name additional-name family-name honorific-suffix nickname username
    new-password current-password one-time-code organization-title organization street-address
    address-line1 address-line2 address-line3 address-level4 address-level3 address-level2
    address-level1 country country-name postal-code cc-name cc-given-name cc-additional-name
    cc-family-name cc-number cc-exp cc-exp-month cc-exp-year cc-csc cc-type transaction-currency
    transaction-amount language bday bday-day bday-month bday-year sex url photo
    """
)
_CONTACT_KINDS: Final = _split("home work mobile fax pager")


def is_autocomplete(text: str) -> bool:
    """Whether the text is a valid autocomplete value: `off`, or a token such as `work email`."""
    if text in ("on", "off"):
        return True
    *prefixes, token = text.split(" ")
    if prefixes and prefixes[-1] in _CONTACT_KINDS and token in _CONTACT:
        prefixes.pop()
    if prefixes and prefixes[-1] in ("shipping", "billing"):
        prefixes.pop()
    if prefixes and prefixes[-1].startswith("section-"):
        prefixes.pop()
    return token in AUTOFILL_FIELDS and not prefixes


_TEXT: Final = (FieldType.TEXT,)
_STANDARD_FIELD_TYPES: Final[Mapping[str, tuple[FieldType, ...]]] = {
    "full_name": _TEXT,
    "email": (FieldType.EMAIL,),
    "company": _TEXT,
    "job_title": (FieldType.TEXT, FieldType.CHOICE),
    "company_size": (FieldType.CHOICE, FieldType.INTEGER),
    "industry": (FieldType.CHOICE, FieldType.MULTIPLE_CHOICE, FieldType.TEXT),
    "country": (FieldType.COUNTRY,),
    "phone": (FieldType.PHONE,),
    "message": (FieldType.LONG_TEXT, FieldType.TEXT),
}
"""The types that a standard field may have: its name means the same in every campaign."""

WTFORMS_NAMES: Final = frozenset(
    (
        *("Meta", "data", "errors", "form_errors", "meta", "populate_obj"),
        *("post_process", "process", "validate", "csrf_token"),
    )
)
"""Names that WTForms uses itself; listed here because loading WTForms slows every build."""
_OWN_NAMES: Final = frozenset(("homepage", "consent"))
_EXPORT_COLUMNS: Final = frozenset(
    (
        *("lead_id", "campaign", "campaign_version", "received_at", "billable_at"),
        *("amount", "currency", "verdict", "first_touch", "last_touch"),
    )
)
_CHOICE_TYPES: Final = (FieldType.CHOICE, FieldType.MULTIPLE_CHOICE)
_TYPES_WITHOUT_LENGTH: Final = (*_CHOICE_TYPES, FieldType.COUNTRY, FieldType.INTEGER)


def form_findings(draft: Draft) -> Iterator[Finding]:
    """All mistakes in the form's fields, one finding each."""
    for name in (*draft.fields, *sorted(draft.malformed)):
        if reason := _name_problem(name):
            yield Finding(("fields", name), reason)
    for name, field in draft.fields.items():
        yield from _field_findings(name, field)
    yield from _email_findings(draft)


def _name_problem(name: str) -> str:
    if name.startswith(("_", "gp_")) or name in _OWN_NAMES:
        return f"`{name}` is a name that Gatepost uses itself; choose another"
    if name in WTFORMS_NAMES:
        return f"a field named `{name}` would break the form; choose another name"
    if name in _EXPORT_COLUMNS:
        return f"`{name}` is already a column of every export; choose another name"
    if not re.search(NAME, name):
        return (
            "a field's name has small letters, digits and underscores, begins with a letter and "
            "has at most 40 characters, such as job_title"
        )
    return ""


def _field_findings(name: str, field: FormField) -> Iterator[Finding]:
    path = ("fields", name)
    if field.type in _CHOICE_TYPES and not field.choices:
        yield Finding(
            (*path, "choices"), f'is missing: type {field.type} needs choices = ["a", "b"]'
        )
    if field.type not in _CHOICE_TYPES and field.choices:
        yield Finding(
            (*path, "choices"),
            f'a field of type {field.type} has none; write type = "choice" or remove them',
        )
    for number, choice in enumerate(field.choices):
        if choice.casefold() in {earlier.casefold() for earlier in field.choices[:number]}:
            yield Finding((*path, "choices", number), "is offered twice; keep one")
    if field.max_length is not None and field.type in _TYPES_WITHOUT_LENGTH:
        yield Finding(
            (*path, "max_length"), f"has no effect on a field of type {field.type}; remove it"
        )
    if field.autocomplete and not is_autocomplete(field.autocomplete):
        yield Finding(
            (*path, "autocomplete"),
            "is not a token of the HTML standard" + suggestion(field.autocomplete, AUTOFILL_FIELDS),
        )
    if name in _STANDARD_FIELD_TYPES and field.type not in _STANDARD_FIELD_TYPES[name]:
        known = join_words((str(kind) for kind in _STANDARD_FIELD_TYPES[name]), " or ")
        yield Finding(
            (*path, "type"),
            f"`{name}` means the same in every campaign: write type = {known}"
            ", or name the field differently",
        )


def _email_findings(draft: Draft) -> Iterator[Finding]:
    if "email" in draft.malformed or not draft.fields:
        return
    email = draft.fields.get("email")
    if email is None:
        yield Finding(
            ("fields", "email"), 'is missing; each form needs a field `email` of type = "email"'
        )
    elif not email.required:
        yield Finding(
            ("fields", "email", "required"),
            "every lead needs an e-mail address; remove this line",
        )


# Ranges: a number in a criterion must not split a choice. Only a part of its numbers would qualify.

Spans = Mapping[str, Range]
"""Each choice with its number range."""


def contains_span(operator: str, operand: Any, span: Range) -> bool | None:
    """Whether the operator accepts every number of a span; None if it accepts only some."""
    least, most = _bounds(operator, operand)
    low, high = span
    last = math.inf if high is None else high
    if low > most or last < least:
        return False
    return True if least <= low and last <= most else None


def accepted_choices(operator: str, operand: Any, spans: Spans) -> list[str]:
    """The choices that the criterion accepts completely."""
    return [choice for choice, span in spans.items() if contains_span(operator, operand, span)]


def split_choices(operator: str, operand: Any, spans: Spans) -> list[str]:
    """The choices that the criterion would split."""
    return [
        choice for choice, span in spans.items() if contains_span(operator, operand, span) is None
    ]


def split_message(operator: str, operand: Any, spans: Spans) -> str:
    """The message for a criterion that splits choices: other bounds, or other choices."""
    split = split_choices(operator, operand, spans)
    bounds = [
        f"{operator} = {show_value(other)} (accepts "
        f"{join_words(accepted_choices(operator, other, spans))})"
        for other in unsplit_bounds(operator, operand, spans)
    ]
    offers = [
        f"{join_words(cut_choices(operator, operand, spans[choice]), ' and ')} instead of "
        f"{show_value(choice)}"
        for choice in split
    ]
    fixes = [f"use {' or '.join(bounds)}"] if bounds else []
    fixes.append(f"offer {', and '.join(offers)}")
    noun = "choice" if len(split) == 1 else "choices"
    return f"would split the {noun} {join_words(split, ' and ')}; {', or '.join(fixes)}"


def unsplit_bounds(operator: str, operand: Any, spans: Spans) -> list[Any]:
    """The nearest operands that split no choice: at most one below and one above."""
    lows = sorted({low for low, _ in spans.values()})
    highs = sorted({high for _, high in spans.values() if high is not None})
    if operator == "between":
        pairs = [(low, high) for low, high in product(lows, highs) if low <= high]
        fitting = _not_splitting(operator, pairs, spans)
        return sorted(sorted(fitting, key=lambda pair: _distance(pair, operand))[:2])
    fitting = _not_splitting(operator, lows if operator == "at_least" else highs, spans)
    below = [bound for bound in fitting if bound < operand]
    above = [bound for bound in fitting if bound > operand]
    return below[-1:] + above[:1]


def _not_splitting(operator: str, operands: Iterable[Any], spans: Spans) -> list[Any]:
    return [operand for operand in operands if not split_choices(operator, operand, spans)]


def _distance(pair: tuple[int, int], other: tuple[int, int]) -> int:
    return abs(pair[0] - other[0]) + abs(pair[1] - other[1])


def _bounds(operator: str, operand: Any) -> tuple[float, float]:
    if operator == "between":
        low, high = operand
        return low, high
    return (operand, math.inf) if operator == "at_least" else (-math.inf, operand)


def cut_choices(operator: str, operand: Any, span: Range) -> list[str]:
    """The span as new choices, split where the criterion splits it."""
    least, most = _bounds(operator, operand)
    low, high = span
    last = math.inf if high is None else high
    cuts = [int(least)] if low < least <= last else []
    cuts += [int(most) + 1] if low <= most < last else []
    return [
        _range_text(start, end)
        for start, end in zip([low, *cuts], [*(cut - 1 for cut in cuts), high], strict=True)
    ]


def _range_text(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"
