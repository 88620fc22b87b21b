"""A draft on past leads, as rounded counts that reveal nothing about a person (rule 40).

Whoever pushes a draft to git sees them. Only answers to choice, country and number fields are
used. A count is rounded to tens, and shown only if both the count and its complement are large
enough that at least 20 leads are on both sides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from capture.backtest.findings import Comparer, CriterionComparison
from capture.backtest.run import JUDGED
from capture.campaign.model import Campaign, FieldType
from capture.ledger.facts import Judged
from capture.ledger.protocol import Reading
from capture.ledger.terms import saved_campaign

COUNTED: Final = frozenset(
    {FieldType.CHOICE, FieldType.MULTIPLE_CHOICE, FieldType.COUNTRY, FieldType.INTEGER}
)
"""Field types whose answers are not free text."""
_TENS: Final = 10
_LEAST: Final = 30
"""Least value of a rounded count and of its rounded complement. So both are at least 25, and with
one lead fewer still 24, which is more than the 20 that rule 40 asks for."""


@dataclass(frozen=True, slots=True)
class VerdictShift:
    """Leads that the draft would judge differently, by counted answers alone. Not rounded."""

    leads: int
    lost: int
    """They met the counted criteria then, and do not meet those of the draft."""
    won: int
    """They did not meet the counted criteria then, and meet those of the draft."""


def verdict_shift(reading: Reading, draft: Campaign, leads: Iterable[Judged]) -> VerdictShift:
    """Counts the leads, which come from `Reading.judged`."""
    comparer, terms = Comparer(draft), dict[str, Campaign]()
    seen = lost = won = 0
    for one in leads:
        if one.lead.test or one.verdict is None or one.lead.review not in JUDGED:
            continue
        if one.answers is None:
            continue
        version = one.lead.version
        if version not in terms:
            terms[version] = saved_campaign(reading, one.lead.campaign, version)
        outcomes = comparer.outcomes(one.verdict, one.answers, terms[version].fields)
        then, now = _met(outcomes, terms[version], draft)
        seen, lost, won = seen + 1, lost + (then and not now), won + (now and not then)
    return VerdictShift(seen, lost, won)


def uncounted_fields(draft: Campaign) -> list[str]:
    """The fields that the draft judges but whose answers are not counted."""
    fields = {rule.field or name for name, rule in draft.criteria.items()}
    return sorted(name for name in fields if not _is_counted(draft, name))


def rounded_count(count: int, leads: int) -> int | None:
    """The count to the nearest ten; None if it, or the rest of `leads`, is too small to show."""
    if min(_to_tens(count), _to_tens(leads - count)) < _LEAST:
        return None
    return _to_tens(count)


def round_to_tens(leads: int) -> int:
    """The number of all leads to the nearest ten, beside a count that may be shown."""
    return _to_tens(leads)


def _to_tens(count: int) -> int:
    return (count + _TENS // 2) // _TENS * _TENS


def _met(
    outcomes: Iterable[CriterionComparison], terms: Campaign, draft: Campaign
) -> tuple[bool, bool]:
    """Whether all counted criteria were met then, and are met now.

    A field counts only if both the draft and the form of then give it a counted type. Otherwise a
    draft could call a field of names a choice, and so reveal names.
    """
    then = now = True
    for one in outcomes:
        asked, judged = _field(terms, one.id), _field(draft, one.id)
        if one.met_then is False and _is_counted(terms, asked):
            then = False
        was_counted = judged not in terms.fields or _is_counted(terms, judged)
        if one.met_now is False and was_counted and _is_counted(draft, judged):
            now = False
    return then, now


def _field(campaign: Campaign, criterion: str) -> str:
    rule = campaign.criteria.get(criterion)
    return (rule.field if rule else None) or criterion


def _is_counted(campaign: Campaign, field: str) -> bool:
    asked = campaign.fields.get(field)
    return asked is not None and asked.type in COUNTED
