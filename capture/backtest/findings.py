"""The results of a backtest, and the comparison of one lead's verdicts. Pure.

"Then" is the verdict that was given, "now" the verdict of the draft.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from capture.campaign.model import Answer, Campaign
from capture.qualification.criteria import qualify
from capture.qualification.verdict import CriterionResult


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many leads changed from one verdict to another, or kept it."""

    qualified_then: bool
    qualified_now: bool
    leads: int
    rejected: int
    """How many of them the client rejected."""


@dataclass(frozen=True, slots=True)
class CriterionCount:
    """The results of one criterion then and now. A changed wording is counted separately."""

    id: str
    rule_then: str | None
    """None: it was no criterion then, so changes cannot be counted."""
    rule_now: str | None
    """None: the draft has no such criterion."""
    leads: int
    met_then: int | None
    met_now: int | None
    no_longer_met: int | None
    newly_met: int | None
    not_asked: int
    """Not met now, because the form did not ask for it then."""
    not_offered: int
    """Not met now, with an answer that the draft's form does not offer."""


@dataclass(frozen=True, slots=True)
class DecidingCriterion:
    """A criterion that changes a verdict, with the reason in words."""

    id: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangedLead:
    """A lead whose verdict would change."""

    lead_id: str
    received_at: datetime
    stage: str
    """Its stage in review."""
    qualified_now: bool
    deciding: tuple[DecidingCriterion, ...]
    """The criteria that it fails now; or, if it qualifies now, those that it failed then."""


@dataclass(frozen=True, slots=True)
class MonthBill:
    """The leads received in one month that could be billed, and what they would cost.

    Amounts are in minor units; None if they cannot be known.
    """

    month: str
    leads_then: int
    leads_now: int
    amount_then: int | None
    amount_now: int | None

    @property
    def difference(self) -> int | None:
        """What the draft adds to the bill, in minor units."""
        if self.amount_then is None or self.amount_now is None:
            return None
        return self.amount_now - self.amount_then


@dataclass(frozen=True, slots=True)
class Bill:
    """The bill then and now, and its assumptions."""

    currency: str
    """The draft's."""
    months: Sequence[MonthBill]
    """By the month of receipt in the campaign's zone, in order."""
    total: MonthBill
    assumed: str
    """The assumption for both sides, in one line."""
    unknown: str
    """Why there are no amounts; empty if there are some."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """All results of a backtest."""

    judged: int
    """Leads whose verdict is compared with the draft's."""
    erased: int
    """Judged leads whose answers were erased, so the draft cannot judge them."""
    left_out: Mapping[str, int]
    """Leads that were not judged by the criteria alone, counted by stage: test, spam ..."""
    older_lists: int
    """Judged leads whose verdict used earlier lists of free-mail domains and job titles."""
    verdicts: Sequence[VerdictCount]
    criteria: Sequence[CriterionCount]
    """In the draft's order, then criteria that it no longer has."""
    bill: Bill
    changed: Sequence[ChangedLead]
    """The newest first, limited to the number asked for."""

    @property
    def changes(self) -> int:
        """How many verdicts would change."""
        return sum(
            count.leads for count in self.verdicts if count.qualified_then != count.qualified_now
        )


# The comparison of one lead, criterion by criterion.


NOT_ASKED: Final = "not asked then"
NOT_OFFERED: Final = "not offered now"


@dataclass(frozen=True, slots=True)
class CriterionComparison:
    """One criterion of one lead. None if a side has no such criterion."""

    id: str
    rule_then: str | None
    met_then: bool | None
    rule_now: str | None
    met_now: bool | None
    reason: str = ""
    """Why it is met or not met now."""
    flaw: str = ""
    """NOT_ASKED or NOT_OFFERED: why the old answer does not fit the draft's question."""


class Comparer:
    """Compares a draft with the verdicts of many leads."""

    def __init__(self, draft: Campaign) -> None:
        self._draft = draft
        self._fields = {name: rule.field or name for name, rule in draft.criteria.items()}
        self._offered = {name: frozenset(field.choices) for name, field in draft.fields.items()}

    def outcomes(
        self,
        verdict: Mapping[str, Any],
        answers: Mapping[str, Answer],
        asked: Container[str],
    ) -> list[CriterionComparison]:
        """One comparison for each criterion: in the draft's order, then those that it dropped.

        `verdict` is the data of its event; `asked` are the fields of the form then.
        """
        then = {criterion["id"]: criterion for criterion in verdict["criteria"]}
        found = []
        for now in qualify(self._draft, answers).criteria:
            was = then.pop(now.id, None)
            flaw = "" if now.passed else self._flaw(now, asked)
            found.append(
                CriterionComparison(
                    now.id,
                    None if was is None else was["rule"],
                    None if was is None else was["passed"],
                    now.rule,
                    now.passed,
                    _reason(now, flaw),
                    flaw,
                )
            )
        found += (
            CriterionComparison(was["id"], was["rule"], was["passed"], None, None)
            for was in then.values()
        )
        return found

    def _flaw(self, now: CriterionResult, asked: Container[str]) -> str:
        field = self._fields[now.id]
        if now.value is None:
            return "" if field in asked else NOT_ASKED
        offered = self._offered.get(field)
        value = now.value if isinstance(now.value, tuple) else (now.value,)
        return NOT_OFFERED if offered and not offered.issuperset(value) else ""


def _reason(now: CriterionResult, flaw: str) -> str:
    if flaw == NOT_ASKED:
        return NOT_ASKED
    return f"{now.reason}; {flaw}" if flaw else now.reason


def deciding_criteria(
    outcomes: list[CriterionComparison], *, qualified_now: bool
) -> Iterator[DecidingCriterion]:
    """The criteria that decide a changed verdict: failed now, or failed then and no longer."""
    for one in outcomes:
        if not qualified_now and one.met_now is False:
            yield DecidingCriterion(one.id, str(one.rule_now), one.reason)
        elif qualified_now and one.met_then is False:
            reason = one.reason if one.rule_now else "no longer a criterion"
            yield DecidingCriterion(one.id, str(one.rule_now or one.rule_then), reason)
