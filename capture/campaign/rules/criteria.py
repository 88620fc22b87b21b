"""Rules for criteria: each fits its field, can be met, and is unambiguous."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from babel.core import get_global

from capture.campaign.model import OPERATORS, Criterion, FieldType, FormField
from capture.campaign.problems import Finding, KeyPath, join_words, suggestion
from capture.campaign.rules.draft import Draft
from capture.campaign.rules.form import Spans, accepted_choices, split_choices, split_message
from capture.campaign.value_types import NAME, number_range
from capture.countries import countries

NUMERIC: Final = ("at_least", "at_most", "between")
_EXACT: Final = ("equal", "one_of", "none_of")
_CONTENTS: Final = ("contains_any", "contains_all")
OPERATORS_BY_TYPE: Final[Mapping[FieldType, tuple[str, ...]]] = {
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
    """The operators that are set; a valid criterion has exactly one."""
    return [operator for operator in OPERATORS if getattr(criterion, operator) is not None]


def spans_of(field: FormField) -> Spans | None:
    """The number range of each choice; None if a choice is not a number."""
    spans = {choice: number_range(choice) for choice in field.choices}
    complete = {choice: span for choice, span in spans.items() if span is not None}
    return complete if len(complete) == len(spans) else None


def unsatisfiable_findings(draft: Draft) -> Iterator[Finding]:
    """Choice fields where no choice meets all criteria, so that no lead could qualify."""
    possible: dict[str, set[str]] = {}
    for name, criterion in draft.criteria.items():
        field_name = criterion.field or name
        field = draft.fields.get(field_name)
        if field is None or field.type is not FieldType.CHOICE or not field.choices:
            continue
        choices = possible.setdefault(field_name, set(field.choices))
        accepted = _accepted_choices(criterion, field)
        if accepted is None:
            continue
        if choices and not choices & accepted:
            others = " together with the criteria above" if accepted else ""
            yield Finding(
                ("criteria", name),
                f"no choice of `{field_name}` can meet it{others}, so no lead would ever qualify; "
                f"the choices are {join_words(field.choices)}",
            )
        possible[field_name] = choices & accepted


def _accepted_choices(criterion: Criterion, field: FormField) -> set[str] | None:
    """The choices that meet the criterion; None if it has another mistake."""
    operators = operators_of(criterion)
    spans = spans_of(field)
    if len(operators) != 1 or operators[0] not in OPERATORS_BY_TYPE[FieldType.CHOICE]:
        return None
    operator, operand = operators[0], getattr(criterion, operators[0])
    if operator in NUMERIC:
        is_reversed = operator == "between" and operand[0] > operand[1]
        if spans is None or is_reversed or split_choices(operator, operand, spans):
            return None
        return set(accepted_choices(operator, operand, spans))
    words = {operand} if operator == "equal" else set(operand)
    if not words <= set(field.choices):
        return None
    return set(field.choices) - words if operator == "none_of" else words


def criteria_findings(draft: Draft) -> Iterator[Finding]:
    """All mistakes in the criteria, one finding each."""
    for name, criterion in draft.criteria.items():
        if not re.search(NAME, name):
            yield Finding(
                ("criteria", name),
                "a criterion's name has small letters, digits and underscores, begins with a "
                "letter and has at most 40 characters, such as decision_maker",
            )
        yield from _criterion_findings(name, criterion, draft)
    yield from unsatisfiable_findings(draft)


def _criterion_findings(name: str, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    at = ("criteria", name)
    operators = operators_of(criterion)
    if not operators:
        yield Finding(at, f"has no rule; add one of {', '.join(OPERATORS)}")
    if len(operators) > 1:
        yield Finding(
            at,
            f"has several rules ({', '.join(operators)}); give each a criterion of its own, "
            f'with field = "{criterion.field or name}"',
        )
    field_name = criterion.field or name
    if field_name in draft.malformed:
        return
    field = draft.fields.get(field_name)
    if field is None:
        if draft.fields:
            yield _no_such_field(name, criterion, draft)
        return
    if not field.required:
        # A blank answer neither meets nor fails the rule, so agency and client could disagree.
        yield Finding(
            at,
            f"checks the field `{field_name}`, which may be left blank; "
            f"remove required = false from [fields.{field_name}]",
        )
    for operator in operators:
        yield from _operator_findings((*at, operator), criterion, operator, field)


def _no_such_field(name: str, criterion: Criterion, draft: Draft) -> Finding:
    if criterion.field is not None:
        hint = suggestion(criterion.field, draft.fields) or _field_list(draft)
        return Finding(("criteria", name, "field"), f"the form has no such field{hint}")
    hint = suggestion(name, draft.fields) or '; name one with field = "..."' + _field_list(draft)
    return Finding(("criteria", name), f"the form has no field `{name}`{hint}")


def _field_list(draft: Draft) -> str:
    return f"; the fields are {', '.join(draft.fields)}"


def _operator_findings(
    at: KeyPath, criterion: Criterion, operator: str, field: FormField
) -> Iterator[Finding]:
    fitting = OPERATORS_BY_TYPE[field.type]
    operand = getattr(criterion, operator)
    if operator not in fitting:
        instead = f"use {', '.join(fitting)}" if fitting else "no rule does; check another field"
        yield Finding(at, f"does not fit a field of type {field.type}; {instead}")
    elif operator in NUMERIC:
        yield from _number_findings(at, operator, operand, field)
    elif operator == "country_in":
        yield from _each(at, operand, _country_problem)
    elif operator == "matches":
        yield from _each(at, operand, _no_word_problem)
    elif operator == "equal":
        if problem := _word_problem(field)(operand):
            yield Finding(at, problem)
    elif operator != "business_email":
        yield from _each(at, operand, _word_problem(field))


def _each(
    at: KeyPath, operand: Collection[str], fault_of: Callable[[str], str]
) -> Iterator[Finding]:
    """A finding for each entry of a list that is wrong or repeated."""
    seen: set[str] = set()
    for number, entry in enumerate(operand):
        if entry.casefold() in seen:
            yield Finding((*at, number), "is listed twice; keep one")
        elif problem := fault_of(entry):
            yield Finding((*at, number), problem)
        seen.add(entry.casefold())


def _word_problem(field: FormField) -> Callable[[Any], str]:
    def problem(value: Any) -> str:
        if field.type is FieldType.INTEGER:
            return "" if isinstance(value, int) else "must be a whole number without quotes"
        if not isinstance(value, str):
            return "must be text in quotes"
        if field.choices and value not in field.choices:
            hint = suggestion(value, field.choices) or f"; they are {join_words(field.choices)}"
            return f"is none of the field's choices{hint}"
        return "" if field.choices else _no_word_problem(value)

    return problem


def _no_word_problem(text: str) -> str:
    """Text is compared word by word, so punctuation alone would never match."""
    return "" if any(map(str.isalnum, text)) else "has no word; write one"


def _country_problem(code: str) -> str:
    if code in countries():
        return ""
    by_name = {name: code for code, name in countries().items()}
    aliases = get_global("territory_aliases").get(code.upper(), [])
    meant = code.upper() if code.upper() in countries() else next(iter(aliases), None)
    if meant is None:
        meant = next((by_name[name] for name in by_name if name.lower() == code.lower()), None)
    hint = f"; did you mean `{meant}`?" if meant else "; write two capital letters such as US or DE"
    return f"is not an ISO 3166 country code{hint}"


def _number_findings(
    at: KeyPath, operator: str, operand: Any, field: FormField
) -> Iterator[Finding]:
    if operator == "between" and operand[0] > operand[1]:
        yield Finding(at, f"is in the wrong order; write [{operand[1]}, {operand[0]}]")
        return
    if field.type is FieldType.INTEGER:
        return
    spans = spans_of(field)
    if spans is None:
        words = [choice for choice in field.choices if number_range(choice) is None]
        yield Finding(
            at,
            f"needs choices that are numbers, and {join_words(words)} is not; write choices such "
            'as "51-200" or "1001+", or use one_of',
        )
    elif split_choices(operator, operand, spans):
        yield Finding(at, split_message(operator, operand, spans))
