"""A rejection whose reason contradicts the lead's own answer, so the client is asked about it once.

A campaign's reasons are free codes. A code is about a criterion if it contains the criterion's
name or its field's name (`not_industry`), or if it names a size (`too_small`) and exactly one
criterion limits a number on that side. The reason contradicts the answer if the lead passed the
criterion. The client may still reject: it may know better than the form.
"""

from collections.abc import Mapping
from typing import Final

from capture.campaign.model import Answer, Campaign, Criterion
from capture.qualification.verdict import words

_TOO_LITTLE: Final = frozenset({"small", "smaller", "few", "fewer", "little", "less", "low"})
_TOO_MUCH: Final = frozenset({"big", "bigger", "large", "larger", "many", "more", "high"})
_LOWER_LIMITS: Final = frozenset({"at_least", "between"})
_UPPER_LIMITS: Final = frozenset({"at_most", "between"})
_NO_PROOF: Final = frozenset({"business_email"})
"""Operators that say nothing about what a reason disputes: an address may be invalid all the
same."""


def contradicted_field(
    terms: Campaign, reason: str, passed: Mapping[str, bool], answers: Mapping[str, Answer]
) -> str | None:
    """The field whose answer contradicts the reason; None if there is none.

    `passed`: by criterion, whether the lead met it.
    """
    name = _criterion_of(terms, reason)
    if name is None or not passed.get(name):
        return None
    field = _field(name, terms.criteria[name])
    return field if field in answers else None


def _criterion_of(terms: Campaign, reason: str) -> str | None:
    """The criterion that the code of a reason is about."""
    code = frozenset(words(reason))
    judged = {
        name: criterion
        for name, criterion in terms.criteria.items()
        if criterion.operator not in _NO_PROOF
    }
    for name, criterion in judged.items():
        if code.issuperset(words(name)) or code.issuperset(words(_field(name, criterion))):
            return name
    for size, limits in ((_TOO_LITTLE, _LOWER_LIMITS), (_TOO_MUCH, _UPPER_LIMITS)):
        if code & size:
            limited = [name for name, criterion in judged.items() if criterion.operator in limits]
            return limited[0] if len(limited) == 1 else None
    return None


def _field(name: str, criterion: Criterion) -> str:
    return criterion.field or name
