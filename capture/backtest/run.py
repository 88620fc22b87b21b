"""The use case: streams past leads by the draft, and holds no more than counts and what changed."""

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from capture.backtest.billing import BillTally
from capture.backtest.comparing import Compared, Comparer, deciding
from capture.backtest.criteria import CriteriaTally
from capture.backtest.findings import Backtest, ChangedLead, VerdictCount
from capture.campaign import Campaign
from capture.lead import Lead
from capture.ledger import Judged, Reading
from capture.qualification import RULE_DATA_VERSION
from capture.terms import kept_campaign

JUDGED: Final = frozenset({"qualified", "accepted", "rejected", "disqualified", "over_cap"})
"""Where a lead stands whom the criteria judged, and nothing before them at the door."""


def backtest(
    reading: Reading,
    draft: Campaign,
    leads: Iterable[Judged],
    now: datetime,
    keep: int | None = None,
) -> Backtest:
    """Lays the draft beside the verdicts that `leads` were given.

    `leads` come as `Reading.judged` gives them; `keep` is how many changed leads are named, the
    newest of them, or None for all.
    """
    tally = _Tally(draft)
    changed: deque[ChangedLead] = deque(maxlen=keep)
    terms: dict[str, Campaign] = {}
    for one in leads:
        version = one.lead.version
        if version not in terms:
            terms[version] = kept_campaign(reading, one.lead.campaign, version)
        if (found := tally.add(one, terms[version])) is not None:
            changed.append(_named(one.lead, found, now))
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

    def add(self, one: Judged, terms: Campaign) -> list[Compared] | None:
        """Counts a lead; its criteria if its verdict changes."""
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


def _qualifies(outcomes: Iterable[Compared]) -> bool:
    """Every criterion that the draft has is met."""
    return all(one.met_now is not False for one in outcomes)


def _named(lead: Lead, outcomes: list[Compared], now: datetime) -> ChangedLead:
    qualified_now = _qualifies(outcomes)
    return ChangedLead(
        lead.lead_id,
        lead.received_at,
        lead.review_at(now),
        qualified_now,
        tuple(deciding(outcomes, qualified_now=qualified_now)),
    )
