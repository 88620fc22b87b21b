"""A draft on past leads, in counts that show a pusher nothing about persons (rule 40).

Only answers to choice, country and number fields are looked at. A count is shown rounded to tens,
and only where one lead more or less never shows unless at least 20 leads stand on both sides.
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
"""The kinds of fields whose answers are not somebody's own words."""
_TENS: Final = 10
_LEAST: Final = 30
"""What a count and its complement must be once they are rounded. So both are 25 at least, and the
ledger with one lead less, of which nothing is told, still has 24 and no fewer than rule 40 asks."""


@dataclass(frozen=True, slots=True)
class VerdictShift:
    """Leads that the draft would judge differently, looking at counted answers alone. Exact."""

    leads: int
    lost: int
    """They met what they were asked then, and not what the draft asks."""
    won: int
    """The other way round."""


def verdict_shift(reading: Reading, draft: Campaign, leads: Iterable[Judged]) -> VerdictShift:
    """Counts leads as `Reading.judged` gives them."""
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
    """The fields that the draft judges and of which nothing is counted."""
    fields = {rule.field or name for name, rule in draft.criteria.items()}
    return sorted(name for name in fields if not _is_counted(draft, name))


def rounded_count(count: int, leads: int) -> int | None:
    """The count to the nearest ten; None if it, or what is left of `leads`, is too small to say."""
    if min(_to_tens(count), _to_tens(leads - count)) < _LEAST:
        return None
    return _to_tens(count)


def round_to_tens(leads: int) -> int:
    """The number of all leads, beside a count that may be told."""
    return _to_tens(leads)


def _to_tens(count: int) -> int:
    return (count + _TENS // 2) // _TENS * _TENS


def _met(
    outcomes: Iterable[CriterionComparison], terms: Campaign, draft: Campaign
) -> tuple[bool, bool]:
    """Whether all that counts was met then, and is met now.

    The draft's word on what kind a field is counts only together with that of the form which was
    answered: or a pusher would call names a choice.
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
