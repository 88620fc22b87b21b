"""A definition that no choice can meet would never bring a lead: it is a mistake."""

from collections.abc import Iterator

from capture.campaign.model import Criterion, FieldType, FormField
from capture.campaign.problems import Finding, listed
from capture.campaign.rules.draft import Draft
from capture.campaign.rules.fitting import FITTING, NUMERIC, operators_of, spans_of
from capture.campaign.rules.split import split_choices, taken


def never_met_findings(draft: Draft) -> Iterator[Finding]:
    """A choice field on which no answer meets all its criteria: nothing would ever qualify."""
    left: dict[str, set[str]] = {}
    for name, criterion in draft.criteria.items():
        judged = criterion.field or name
        field = draft.fields.get(judged)
        if field is None or field.type is not FieldType.CHOICE or not field.choices:
            continue
        before = left.setdefault(judged, set(field.choices))
        met = _meeting(criterion, field)
        if met is None:
            continue
        if before and not before & met:
            others = " beside the criteria above" if met else ""
            yield Finding(
                ("criteria", name),
                f"no choice of `{judged}` can meet it{others}, so no lead would ever qualify; "
                f"the choices are {listed(field.choices)}",
            )
        left[judged] = before & met


def _meeting(criterion: Criterion, field: FormField) -> set[str] | None:
    """The choices that meet the criterion; None if something else is wrong with it already."""
    given = operators_of(criterion)
    spans = spans_of(field)
    if len(given) != 1 or given[0] not in FITTING[FieldType.CHOICE]:
        return None
    operator, operand = given[0], getattr(criterion, given[0])
    if operator in NUMERIC:
        backwards = operator == "between" and operand[0] > operand[1]
        if spans is None or backwards or split_choices(operator, operand, spans):
            return None
        return set(taken(operator, operand, spans))
    words = {operand} if operator == "equal" else set(operand)
    if not words <= set(field.choices):
        return None
    return set(field.choices) - words if operator == "none_of" else words
