"""The results of a backtest, and the comparison of one lead's verdicts, without side effects.

"Then" means the verdict that the lead has, "now" the verdict by the draft.
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
    """The number of leads with one pair of verdicts, then and now."""

    qualified_then: bool
    qualified_now: bool
    leads: int
    rejected: int
    """The number of these leads that the client rejected."""


@dataclass(frozen=True, slots=True)
class CriterionCount:
    """The results of one criterion then and now; each pair of rule texts is counted separately."""

    id: str
    rule_then: str | None
    """The text of the rule then; None if it was no criterion, so changes cannot be counted."""
    rule_now: str | None
    """The text of the rule now; None if the draft has no such criterion."""
    leads: int
    met_then: int | None
    met_now: int | None
    no_longer_met: int | None
    newly_met: int | None
    not_asked: int
    """Leads that do not meet it now, because the form did not ask for it then."""
    not_offered: int
    """Leads that do not meet it now, with an answer that the draft's form does not offer."""


@dataclass(frozen=True, slots=True)
class DecidingCriterion:
    """A criterion that decides a changed verdict, with the reason."""

    id: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangedLead:
    """A lead whose verdict would change."""

    lead_id: str
    received_at: datetime
    stage: str
    """The stage of its review."""
    qualified_now: bool
    deciding: tuple[DecidingCriterion, ...]
    """Criteria that it does not meet now; if it qualifies now, those that it did not meet then."""


@dataclass(frozen=True, slots=True)
class MonthEstimate:
    """The leads received in one month that could be billed, and their estimated amounts.

    Amounts are minor units; None if they are unknown.
    """

    month: str
    leads_then: int
    leads_now: int
    amount_then: int | None
    amount_now: int | None

    @property
    def difference(self) -> int | None:
        """The amount now minus the amount then, in minor units; None if unknown."""
        if self.amount_then is None or self.amount_now is None:
            return None
        return self.amount_now - self.amount_then


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated amounts then and now, with their assumption."""

    currency: str
    """The draft's currency."""
    months: Sequence[MonthEstimate]
    """By month of receipt in the campaign's time zone, in order."""
    total: MonthEstimate
    assumed: str
    """The assumption for then and now, in one line."""
    unknown: str
    """The reason why amounts are unknown; empty if they are known."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """The complete result of a backtest."""

    judged: int
    """Leads that the draft judged."""
    erased: int
    """Leads that the draft cannot judge, because their answers were erased."""
    left_out: Mapping[str, int]
    """Leads that the criteria did not decide, counted by stage; `test` for test leads."""
    older_lists: int
    """Judged leads whose verdict then used older lists of free-mail domains and job titles."""
    verdicts: Sequence[VerdictCount]
    criteria: Sequence[CriterionCount]
    """In the draft's order, then criteria that it no longer has."""
    bill: Estimate
    changed: Sequence[ChangedLead]
    """The newest first, up to the requested number."""

    @property
    def changes(self) -> int:
        """The number of verdicts that would change."""
        return sum(
            count.leads for count in self.verdicts if count.qualified_then != count.qualified_now
        )


# The comparison of one lead, criterion by criterion.


NOT_ASKED: Final = "not asked then"
NOT_OFFERED: Final = "not offered now"


@dataclass(frozen=True, slots=True)
class CriterionComparison:
    """One criterion of one lead; None where then or now has no such criterion."""

    id: str
    rule_then: str | None
    met_then: bool | None
    rule_now: str | None
    met_now: bool | None
    reason: str = ""
    """The reason why it is met or not met now."""
    mismatch: str = ""
    """`NOT_ASKED` or `NOT_OFFERED` if the old answer does not fit the draft's form; else empty."""


class Comparer:
    """Compares the verdicts of leads with those of a draft."""

    def __init__(self, draft: Campaign) -> None:
        self._draft = draft
        self._fields = {name: rule.field or name for name, rule in draft.criteria.items()}
        self._choices = {name: frozenset(field.choices) for name, field in draft.fields.items()}

    def compare(
        self,
        verdict: Mapping[str, Any],
        answers: Mapping[str, Answer],
        form_fields: Container[str],
    ) -> list[CriterionComparison]:
        """One comparison for each criterion: in the draft's order, then those that it dropped.

        `verdict` is the verdict's event data; `form_fields` are the fields of the form then.
        """
        results_then = {result["id"]: result for result in verdict["criteria"]}
        comparisons = []
        for now in qualify(self._draft, answers).criteria:
            then = results_then.pop(now.id, None)
            mismatch = "" if now.passed else self._mismatch(now, form_fields)
            comparisons.append(
                CriterionComparison(
                    id=now.id,
                    rule_then=None if then is None else then["rule"],
                    met_then=None if then is None else then["passed"],
                    rule_now=now.rule,
                    met_now=now.passed,
                    reason=_reason(now, mismatch),
                    mismatch=mismatch,
                )
            )
        comparisons += (
            CriterionComparison(
                id=then["id"],
                rule_then=then["rule"],
                met_then=then["passed"],
                rule_now=None,
                met_now=None,
            )
            for then in results_then.values()
        )
        return comparisons

    def _mismatch(self, now: CriterionResult, form_fields: Container[str]) -> str:
        field = self._fields[now.id]
        if now.value is None:
            return "" if field in form_fields else NOT_ASKED
        choices = self._choices.get(field)
        values = now.value if isinstance(now.value, tuple) else (now.value,)
        return NOT_OFFERED if choices and not choices.issuperset(values) else ""


def _reason(now: CriterionResult, mismatch: str) -> str:
    if mismatch == NOT_ASKED:
        return NOT_ASKED
    return f"{now.reason}; {mismatch}" if mismatch else now.reason


def deciding_criteria(
    comparisons: list[CriterionComparison], *, qualified_now: bool
) -> Iterator[DecidingCriterion]:
    """The criteria that decide a changed verdict.

    They are not met now or, if the lead qualifies now, were not met then.
    """
    for comparison in comparisons:
        if not qualified_now and comparison.met_now is False:
            yield DecidingCriterion(comparison.id, str(comparison.rule_now), comparison.reason)
        elif qualified_now and comparison.met_then is False:
            rule = comparison.rule_now or comparison.rule_then
            reason = comparison.reason if comparison.rule_now else "no longer a criterion"
            yield DecidingCriterion(comparison.id, str(rule), reason)
