"""Runs a backtest: judges past leads by the draft, one by one, and adds up what changes.

Memory holds counts and changed leads only.
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
    Bill,
    ChangedLead,
    Comparer,
    CriterionComparison,
    CriterionCount,
    MonthBill,
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


_Row = tuple[str, str | None, str | None]
"""A criterion's id, its rule then and its rule now."""
_Came = tuple[bool | None, bool | None, str]
"""Met then, met now, and the flaw."""


class CriteriaTally:
    """Adds up comparisons. Its size depends on the number of wordings, not of leads."""

    def __init__(self, draft: Campaign) -> None:
        self._places = {name: place for place, name in enumerate(draft.criteria)}
        self._seen: dict[_Row, Counter[_Came]] = {}

    def add(self, outcomes: Iterable[CriterionComparison]) -> None:
        """Counts the criteria of one lead."""
        for one in outcomes:
            row = one.id, one.rule_then, one.rule_now
            counts = self._seen.get(row)
            if counts is None:
                counts = self._seen[row] = Counter()
            counts[one.met_then, one.met_now, one.flaw] += 1

    def counts(self) -> list[CriterionCount]:
        """In the draft's order, then dropped criteria; within each in order of first use."""
        rows = sorted(
            self._seen.items(), key=lambda row: self._places.get(row[0][0], len(self._places))
        )
        return [_criterion_count(row, counts) for row, counts in rows]


def _criterion_count(row: _Row, counts: Counter[_Came]) -> CriterionCount:
    def leads(which: Callable[[_Came], bool]) -> int:
        return sum(number for came, number in counts.items() if which(came))

    name, then, now = row
    both = then is not None and now is not None
    return CriterionCount(
        id=name,
        rule_then=then,
        rule_now=now,
        leads=counts.total(),
        met_then=leads(lambda came: came[0] is True) if then is not None else None,
        met_now=leads(lambda came: came[1] is True) if now is not None else None,
        no_longer_met=leads(lambda came: came[:2] == (True, False)) if both else None,
        newly_met=leads(lambda came: came[:2] == (False, True)) if both else None,
        not_asked=leads(lambda came: came[2] == NOT_ASKED),
        not_offered=leads(lambda came: came[2] == NOT_OFFERED),
    )


# The effect on the bill, in minor units.


_PAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": "the client accepts every lead that qualifies",
        "scheduled": "every lead that qualifies is accepted and leads to an appointment, so this "
        "is the most that it could be",
        "held": "every lead that qualifies is accepted and leads to an appointment that is held, "
        "so this is the most that it could be",
        "won": "every lead that qualifies is accepted and becomes a customer, so this is the most "
        "that it could be",
        "revenue": "every lead that qualifies could become a customer",
    }
)
"""The assumption, by billable event."""

_CAPS: Final = (
    "duplicates and caps are not run again, and what a cap refused or made free costs nothing"
)


class BillTally:
    """Adds up the bill then and now, by month of receipt."""

    def __init__(self, draft: Campaign) -> None:
        self._draft = draft
        self._rate = _rate(draft)
        self._unknown = _unknown(draft, draft)
        self._known: dict[str, int] = {}
        """The rate of each version of then, in minor units."""
        self._leads_then: Counter[str] = Counter()
        self._leads_now: Counter[str] = Counter()
        self._amount_then: Counter[str] = Counter()

    def add(self, lead: Lead, terms: Campaign, *, then: bool, now: bool) -> None:
        """Adds a judged lead under the terms of its receipt (rule 16), with both verdicts."""
        if terms.version not in self._known:
            self._known[terms.version] = _rate(terms)
            self._unknown = self._unknown or _unknown(terms, self._draft)
        if lead.free_over_cap or lead.review == "over_cap":  # rule 8
            return
        if then:
            self._leads_then[lead.month] += 1
            self._amount_then[lead.month] += self._known[terms.version]
        if now:
            self._leads_now[lead.month] += 1

    def bill(self) -> Bill:
        """The bill of all leads added so far."""
        months = sorted({*self._leads_then, *self._leads_now})
        return Bill(
            currency=self._draft.currency,
            months=[self._month(month, month) for month in months],
            total=self._month("all", *months),
            assumed=f"{_PAYS[self._draft.price.billable]}; {_CAPS}",
            unknown=self._unknown,
        )

    def _month(self, name: str, *months: str) -> MonthBill:
        leads_now = sum(self._leads_now[month] for month in months)
        known = not self._unknown
        return MonthBill(
            name,
            leads_then=sum(self._leads_then[month] for month in months),
            leads_now=leads_now,
            amount_then=sum(self._amount_then[month] for month in months) if known else None,
            amount_now=leads_now * self._rate if known else None,
        )


def _rate(campaign: Campaign) -> int:
    """The fixed price in minor units; 0 for a percentage, when no amount is shown."""
    rate = campaign.price.rate
    return 0 if rate is None else to_minor(rate, campaign.currency)


def _unknown(terms: Campaign, draft: Campaign) -> str:
    """Why the amounts cannot be known; empty if they can."""
    if terms.price.rate is None or draft.price.rate is None:
        return "a percentage is paid, and what these people would have bought cannot be known"
    if terms.currency != draft.currency:
        return f"{terms.currency} and {draft.currency} are never added up (rule 29)"
    if terms.price.billable != draft.price.billable:
        return (
            f"{terms.price.billable} paid then and {draft.price.billable} would now: how often "
            "one follows from the other cannot be known"
        )
    return ""


JUDGED: Final = frozenset({"qualified", "accepted", "rejected", "disqualified", "over_cap"})
"""Stages of leads that the criteria decided, not an earlier check at the gate."""


def backtest(
    reading: ReadTransaction,
    draft: Campaign,
    leads: Iterable[JudgedLead],
    now: datetime,
    keep: int | None = None,
) -> Backtest:
    """Compares the draft with the verdicts that `leads` were given.

    `leads` come from `reading.leads.judged`, the oldest first. `keep` is how many changed leads to
    name, the newest first; None names all.
    """
    tally = _Tally(draft)
    changed: deque[ChangedLead] = deque(maxlen=keep)
    terms: dict[str, Campaign] = {}
    for one in leads:
        version = one.lead.version
        if version not in terms:
            terms[version] = saved_campaign(reading, one.lead.campaign, version)
        if (found := tally.add(one, terms[version])) is not None:
            changed.append(_changed_lead(one.lead, found, now))
    changed.reverse()
    return tally.result(tuple(changed))


class _Tally:
    def __init__(self, draft: Campaign) -> None:
        self._comparer = Comparer(draft)
        self._bill = BillTally(draft)
        self._left_out: Counter[str] = Counter()
        self._erased = 0
        self._older_lists = 0
        self._verdicts: Counter[tuple[bool, bool]] = Counter()
        self._rejected: Counter[tuple[bool, bool]] = Counter()
        self._criteria = CriteriaTally(draft)

    def add(self, one: JudgedLead, terms: Campaign) -> list[CriterionComparison] | None:
        """Counts a lead; returns its comparisons if its verdict changes."""
        lead, verdict = one.lead, one.verdict
        if lead.test or verdict is None or lead.review not in JUDGED:
            self._left_out["test" if lead.test else lead.review] += 1
            return None
        if one.answers is None:
            self._erased += 1
            return None
        self._older_lists += verdict["rule_data"] != RULE_DATA_VERSION
        outcomes = self._comparer.outcomes(verdict, one.answers, terms.fields)
        then, now = verdict["passed"], _qualifies(outcomes)
        self._verdicts[then, now] += 1
        self._rejected[then, now] += lead.review == "rejected"
        self._criteria.add(outcomes)
        self._bill.add(lead, terms, then=then, now=now)
        return None if then == now else outcomes

    def result(self, changed: tuple[ChangedLead, ...]) -> Backtest:
        return Backtest(
            judged=self._verdicts.total(),
            erased=self._erased,
            left_out=dict(sorted(self._left_out.items())),
            older_lists=self._older_lists,
            verdicts=[
                VerdictCount(*way, self._verdicts[way], self._rejected[way])
                for way in ((True, True), (True, False), (False, True), (False, False))
            ],
            criteria=self._criteria.counts(),
            bill=self._bill.bill(),
            changed=changed,
        )


def _qualifies(outcomes: Iterable[CriterionComparison]) -> bool:
    """Whether every criterion of the draft is met."""
    return all(one.met_now is not False for one in outcomes)


def _changed_lead(lead: Lead, outcomes: list[CriterionComparison], now: datetime) -> ChangedLead:
    qualified_now = _qualifies(outcomes)
    return ChangedLead(
        lead.lead_id,
        lead.received_at,
        lead.review_at(now),
        qualified_now,
        tuple(deciding_criteria(outcomes, qualified_now=qualified_now)),
    )


# A draft on past leads, as rounded counts that reveal nothing about a person (rule 40).
#
# Whoever pushes a draft to git sees them. Only answers to choice, country and number fields are
# used. A count is rounded to tens, and shown only if both the count and its complement are large
# enough that at least 20 leads are on both sides.


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


def verdict_shift(
    reading: ReadTransaction, draft: Campaign, leads: Iterable[JudgedLead]
) -> VerdictShift:
    """Counts the leads, which come from `reading.leads.judged`."""
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
