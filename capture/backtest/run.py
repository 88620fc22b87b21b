"""Runs a backtest: judges past leads by the draft, one by one, and counts what changes.

Only counts and changed leads are kept in memory.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from capture.backtest.findings import (
    NOT_ASKED,
    NOT_OFFERED,
    Backtest,
    ChangedLead,
    Comparer,
    CriterionComparison,
    CriterionCount,
    Estimate,
    MonthEstimate,
    VerdictCount,
    deciding_criteria,
)
from capture.campaign.model import Campaign, FieldType
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import JudgedLead
from capture.money import to_minor
from capture.qualification.verdict import RULE_DATA_VERSION

# Counts of each criterion, then and now.


_Rules = tuple[str, str | None, str | None]
"""A criterion's id, its rule then and its rule now."""
_Result = tuple[bool | None, bool | None, str]
"""Whether a criterion was met then, whether it is met now, and the mismatch."""


class CriteriaTally:
    """Counts comparisons. Its size depends on the number of rule texts, not of leads."""

    def __init__(self, draft: Campaign) -> None:
        self._positions = {name: position for position, name in enumerate(draft.criteria)}
        self._results: dict[_Rules, Counter[_Result]] = {}

    def add(self, comparisons: Iterable[CriterionComparison]) -> None:
        """Counts the criteria of one lead."""
        for comparison in comparisons:
            rules = comparison.id, comparison.rule_then, comparison.rule_now
            results = self._results.setdefault(rules, Counter())
            results[comparison.met_then, comparison.met_now, comparison.mismatch] += 1

    def counts(self) -> list[CriterionCount]:
        """In the draft's order, then dropped criteria; texts of one criterion by first use."""
        last = len(self._positions)
        ordered = sorted(self._results, key=lambda rules: self._positions.get(rules[0], last))
        return [_criterion_count(rules, self._results[rules]) for rules in ordered]


def _criterion_count(rules: _Rules, results: Counter[_Result]) -> CriterionCount:
    def count_leads(is_counted: Callable[[_Result], bool]) -> int:
        return sum(leads for result, leads in results.items() if is_counted(result))

    criterion, then, now = rules
    in_both = then is not None and now is not None
    return CriterionCount(
        id=criterion,
        rule_then=then,
        rule_now=now,
        leads=results.total(),
        met_then=count_leads(lambda result: result[0] is True) if then is not None else None,
        met_now=count_leads(lambda result: result[1] is True) if now is not None else None,
        no_longer_met=count_leads(lambda result: result[:2] == (True, False)) if in_both else None,
        newly_met=count_leads(lambda result: result[:2] == (False, True)) if in_both else None,
        not_asked=count_leads(lambda result: result[2] == NOT_ASKED),
        not_offered=count_leads(lambda result: result[2] == NOT_OFFERED),
    )


# The estimated amounts, in minor units.


_ASSUMPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": "the client accepts every lead that qualifies",
        "scheduled": "every lead that qualifies is accepted and has an appointment, so this is the "
        "maximum",
        "held": "every lead that qualifies is accepted and has an appointment that is held, so "
        "this is the maximum",
        "won": "every lead that qualifies is accepted and becomes a customer, so this is the "
        "maximum",
        "revenue": "every lead that qualifies could become a customer",
    }
)
"""The assumption, by billable event."""

_CAPS_ASSUMPTION: Final = (
    "duplicates and caps are not checked again, and what a cap refused or made free costs nothing"
)


class EstimateTally:
    """Adds up the estimated amounts then and now, by month of receipt."""

    def __init__(self, draft: Campaign) -> None:
        self._draft = draft
        self._rate_now = _rate(draft)
        self._unknown = _unknown_reason(draft, draft)
        self._rates_then: dict[str, int] = {}
        """The rate by campaign version."""
        self._leads_then: Counter[str] = Counter()
        self._leads_now: Counter[str] = Counter()
        self._amount_then: Counter[str] = Counter()

    def add(self, lead: Lead, terms: Campaign, *, then: bool, now: bool) -> None:
        """Adds a judged lead under the terms of its receipt (rule 16), with both verdicts."""
        if terms.version not in self._rates_then:
            self._rates_then[terms.version] = _rate(terms)
            self._unknown = self._unknown or _unknown_reason(terms, self._draft)
        if lead.free_over_cap or lead.review == "over_cap":  # rule 8
            return
        if then:
            self._leads_then[lead.month] += 1
            self._amount_then[lead.month] += self._rates_then[terms.version]
        if now:
            self._leads_now[lead.month] += 1

    def estimate(self) -> Estimate:
        """The estimate for all leads added so far."""
        months = sorted({*self._leads_then, *self._leads_now})
        return Estimate(
            currency=self._draft.currency,
            months=[self._month(month, month) for month in months],
            total=self._month("all", *months),
            assumed=f"{_ASSUMPTIONS[self._draft.price.billable]}; {_CAPS_ASSUMPTION}",
            unknown=self._unknown,
        )

    def _month(self, name: str, *months: str) -> MonthEstimate:
        leads_now = sum(self._leads_now[month] for month in months)
        is_known = not self._unknown
        return MonthEstimate(
            name,
            leads_then=sum(self._leads_then[month] for month in months),
            leads_now=leads_now,
            amount_then=sum(self._amount_then[month] for month in months) if is_known else None,
            amount_now=leads_now * self._rate_now if is_known else None,
        )


def _rate(campaign: Campaign) -> int:
    """The fixed price in minor units; 0 for a percentage, for which no amount is shown."""
    rate = campaign.price.rate
    return 0 if rate is None else to_minor(rate, campaign.currency)


def _unknown_reason(terms: Campaign, draft: Campaign) -> str:
    """The reason why amounts are unknown; empty if they are known."""
    if terms.price.rate is None or draft.price.rate is None:
        return "the price is a percentage, and what these people would have bought is unknown"
    if terms.currency != draft.currency:
        return f"{terms.currency} and {draft.currency} are never added up (rule 29)"
    if terms.price.billable != draft.price.billable:
        return (
            f"the billable event was {terms.price.billable} then and is {draft.price.billable} "
            "now: how often one follows the other is unknown"
        )
    return ""


# The backtest.


_JUDGED_STAGES: Final = frozenset(
    {"qualified", "accepted", "rejected", "held_back", "disqualified", "over_cap"}
)
"""Stages of leads that the criteria judged. Other leads were decided by an earlier check of the
gate, or it is unknown whether a real person sent them."""


def backtest(
    reading: ReadTransaction,
    draft: Campaign,
    leads: Iterable[JudgedLead],
    now: datetime,
    keep: int | None = None,
) -> Backtest:
    """Compares the verdicts of `leads` with those of the draft.

    `leads` come from `reading.leads.judged`, the oldest first. The result lists the `keep` newest
    changed leads; all if it is None.
    """
    tally = _Tally(draft)
    changed: deque[ChangedLead] = deque(maxlen=keep)
    terms: dict[str, Campaign] = {}
    for judged_lead in leads:
        lead = judged_lead.lead
        if lead.version not in terms:
            terms[lead.version] = saved_campaign(reading, lead.campaign, lead.version)
        comparisons = tally.add(judged_lead, terms[lead.version])
        if comparisons is not None:
            changed.append(_changed_lead(lead, comparisons, now))
    changed.reverse()
    return tally.result(tuple(changed))


class _Tally:
    """Counts the leads of a backtest."""

    def __init__(self, draft: Campaign) -> None:
        self._comparer = Comparer(draft)
        self._estimate = EstimateTally(draft)
        self._left_out: Counter[str] = Counter()
        self._erased = 0
        self._older_lists = 0
        self._verdicts: Counter[tuple[bool, bool]] = Counter()
        self._rejected: Counter[tuple[bool, bool]] = Counter()
        self._criteria = CriteriaTally(draft)

    def add(self, judged_lead: JudgedLead, terms: Campaign) -> list[CriterionComparison] | None:
        """Counts a lead; returns its comparisons if its verdict changes."""
        lead, verdict, answers = judged_lead.lead, judged_lead.verdict, judged_lead.answers
        if verdict is None or not _is_decided_by_criteria(judged_lead):
            self._left_out["test" if lead.test else lead.review] += 1
            return None
        if answers is None:
            self._erased += 1
            return None
        self._older_lists += verdict["rule_data"] != RULE_DATA_VERSION
        comparisons = self._comparer.compare(verdict, answers, terms.fields)
        then, now = verdict["passed"], _qualifies(comparisons)
        self._verdicts[then, now] += 1
        self._rejected[then, now] += lead.review == "rejected"
        self._criteria.add(comparisons)
        self._estimate.add(lead, terms, then=then, now=now)
        return None if then == now else comparisons

    def result(self, changed: tuple[ChangedLead, ...]) -> Backtest:
        return Backtest(
            judged=self._verdicts.total(),
            erased=self._erased,
            left_out=dict(sorted(self._left_out.items())),
            older_lists=self._older_lists,
            verdicts=[
                VerdictCount(*pair, self._verdicts[pair], self._rejected[pair])
                for pair in ((True, True), (True, False), (False, True), (False, False))
            ],
            criteria=self._criteria.counts(),
            bill=self._estimate.estimate(),
            changed=changed,
        )


def _is_decided_by_criteria(judged_lead: JudgedLead) -> bool:
    lead = judged_lead.lead
    has_verdict = judged_lead.verdict is not None
    return has_verdict and not lead.test and lead.review in _JUDGED_STAGES


def _qualifies(comparisons: Iterable[CriterionComparison]) -> bool:
    """Whether every criterion of the draft is met."""
    return all(comparison.met_now is not False for comparison in comparisons)


def _changed_lead(lead: Lead, comparisons: list[CriterionComparison], now: datetime) -> ChangedLead:
    qualified_now = _qualifies(comparisons)
    return ChangedLead(
        lead.lead_id,
        lead.received_at,
        lead.review_at(now),
        qualified_now,
        tuple(deciding_criteria(comparisons, qualified_now=qualified_now)),
    )


# Rounded counts of a draft on past leads, which reveal nothing about a person.
#
# Rule 40 of docs/rules.md. A person who pushes a draft to git sees them. Only answers to choice,
# country and number fields are used. A count is rounded to tens, and shown only if the count and
# its complement are both large enough that at least 20 leads are on each side.


_COUNTED_TYPES: Final = frozenset(
    {FieldType.CHOICE, FieldType.MULTIPLE_CHOICE, FieldType.COUNTRY, FieldType.INTEGER}
)
"""Field types whose answers are not free text."""
_ROUNDING: Final = 10
_MIN_ROUNDED: Final = 30
"""Minimum of a rounded count and of its rounded complement. So both are at least 25, and with one
lead fewer still 24, which is more than the 20 that rule 40 requires."""


@dataclass(frozen=True, slots=True)
class VerdictShift:
    """Exact counts of leads that the draft would judge differently, by counted answers alone."""

    leads: int
    """All judged leads."""
    lost: int
    """Leads that met the counted criteria then, and do not meet those of the draft."""
    won: int
    """Leads that did not meet the counted criteria then, and meet those of the draft."""


def verdict_shift(
    reading: ReadTransaction, draft: Campaign, leads: Iterable[JudgedLead]
) -> VerdictShift:
    """Counts leads that come from `reading.leads.judged`."""
    comparer, terms = Comparer(draft), dict[str, Campaign]()
    count = lost = won = 0
    for judged_lead in leads:
        lead, verdict, answers = judged_lead.lead, judged_lead.verdict, judged_lead.answers
        if verdict is None or answers is None or not _is_decided_by_criteria(judged_lead):
            continue
        if lead.version not in terms:
            terms[lead.version] = saved_campaign(reading, lead.campaign, lead.version)
        comparisons = comparer.compare(verdict, answers, terms[lead.version].fields)
        then, now = _meets_counted_criteria(comparisons, terms[lead.version], draft)
        count += 1
        lost += then and not now
        won += now and not then
    return VerdictShift(count, lost, won)


def uncounted_fields(draft: Campaign) -> list[str]:
    """The fields of the draft's criteria whose answers are not counted."""
    fields = {rule.field or name for name, rule in draft.criteria.items()}
    return sorted(field for field in fields if not _is_counted(draft, field))


def rounded_count(count: int, leads: int) -> int | None:
    """The count to the nearest ten; None if it, or the rest of `leads`, is too small to show."""
    if min(round_to_tens(count), round_to_tens(leads - count)) < _MIN_ROUNDED:
        return None
    return round_to_tens(count)


def round_to_tens(count: int) -> int:
    """The count to the nearest ten."""
    return (count + _ROUNDING // 2) // _ROUNDING * _ROUNDING


def _meets_counted_criteria(
    comparisons: Iterable[CriterionComparison], terms: Campaign, draft: Campaign
) -> tuple[bool, bool]:
    """Whether all counted criteria were met then, and whether they are met now.

    A field counts only if it has a counted type both in the draft and in the form then. Otherwise
    a draft could declare the name field as a choice, and so reveal names.
    """
    then = now = True
    for comparison in comparisons:
        field_then, field_now = _field(terms, comparison.id), _field(draft, comparison.id)
        if comparison.met_then is False and _is_counted(terms, field_then):
            then = False
        was_counted = field_now not in terms.fields or _is_counted(terms, field_now)
        if comparison.met_now is False and was_counted and _is_counted(draft, field_now):
            now = False
    return then, now


def _field(campaign: Campaign, criterion: str) -> str:
    rule = campaign.criteria.get(criterion)
    return (rule.field if rule else None) or criterion


def _is_counted(campaign: Campaign, field: str) -> bool:
    form_field = campaign.fields.get(field)
    return form_field is not None and form_field.type in _COUNTED_TYPES
