"""What a backtest finds. "Then" is the verdict that was given, "now" what the draft would say."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from capture.campaign.model import Answer, Campaign
from capture.qualification.criteria import qualify
from capture.qualification.verdict import CriterionResult


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many leads went from one verdict to another, or stayed."""

    qualified_then: bool
    qualified_now: bool
    leads: int
    rejected: int
    """Those among them that the client rejected."""


@dataclass(frozen=True, slots=True)
class CriterionCount:
    """How one criterion came out then and now. A changed wording has a row of its own."""

    id: str
    rule_then: str | None
    """None: it was no criterion then, so that nothing is known of then and no flip is counted."""
    rule_now: str | None
    """None: the draft has no such criterion."""
    leads: int
    met_then: int | None
    met_now: int | None
    no_longer_met: int | None
    newly_met: int | None
    not_asked: int
    """Not met now, because the form of then did not ask for it."""
    not_offered: int
    """Not met now, with an answer among those that the draft's form does not offer."""


@dataclass(frozen=True, slots=True)
class DecidingCriterion:
    """A criterion by which a verdict changes, with the reason in words."""

    id: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangedLead:
    """A lead whose verdict would be another."""

    lead_id: str
    received_at: datetime
    stage: str
    """Where it stands in review."""
    qualified_now: bool
    deciding: tuple[DecidingCriterion, ...]
    """What it fails now; or, if it qualifies now, what it failed then."""


@dataclass(frozen=True, slots=True)
class MonthBill:
    """The leads received in one month that could cost something, and what they would cost.

    Amounts are in minor units; None where they cannot be known.
    """

    month: str
    leads_then: int
    leads_now: int
    amount_then: int | None
    amount_now: int | None

    @property
    def difference(self) -> int | None:
        """What the draft adds to the bill."""
        if self.amount_then is None or self.amount_now is None:
            return None
        return self.amount_now - self.amount_then


@dataclass(frozen=True, slots=True)
class Bill:
    """The bill's two sides, and on what they rest."""

    currency: str
    """The draft's."""
    months: Sequence[MonthBill]
    """By the month of receipt in the campaign's zone, in order."""
    total: MonthBill
    assumed: str
    """One line: what is taken for granted on both sides."""
    unknown: str
    """Why there are no amounts; empty if there are."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """All that was found."""

    judged: int
    """Leads whose verdict of then is compared with the draft's."""
    erased: int
    """Judged leads whose answers are gone, so that it cannot be told."""
    left_out: Mapping[str, int]
    """Leads that were not judged by the criteria alone, by what they are: test, spam ..."""
    older_lists: int
    """Judged leads whose verdict rests on other free-mail lists and titles than today's."""
    verdicts: Sequence[VerdictCount]
    criteria: Sequence[CriterionCount]
    """In the draft's order, then what it no longer asks."""
    bill: Bill
    changed: Sequence[ChangedLead]
    """The newest first; no more of them than were asked for."""

    @property
    def changes(self) -> int:
        """How many verdicts would change."""
        return sum(
            count.leads for count in self.verdicts if count.qualified_then != count.qualified_now
        )


# One lead, criterion by criterion: the verdict of then beside the draft's. Pure.


NOT_ASKED: Final = "not asked then"
NOT_OFFERED: Final = "not offered now"


@dataclass(frozen=True, slots=True)
class CriterionComparison:
    """One criterion of one lead. None on a side that has no such criterion."""

    id: str
    rule_then: str | None
    met_then: bool | None
    rule_now: str | None
    met_now: bool | None
    reason: str = ""
    """Why it is met now, or not."""
    flaw: str = ""
    """NOT_ASKED or NOT_OFFERED: why the old answer does not fit the draft's question."""


class Comparer:
    """A draft, made ready to be laid beside many verdicts."""

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
        """In the draft's order, then what it no longer asks.

        `verdict` is as its event holds it; `asked` are the fields of the form of then.
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
                    _why(now, flaw),
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


def _why(now: CriterionResult, flaw: str) -> str:
    if flaw == NOT_ASKED:
        return NOT_ASKED
    return f"{now.reason}; {flaw}" if flaw else now.reason


def deciding_criteria(
    outcomes: list[CriterionComparison], *, qualified_now: bool
) -> Iterator[DecidingCriterion]:
    """What a lead whose verdict changes fails now; or what it failed then and no longer does."""
    for one in outcomes:
        if not qualified_now and one.met_now is False:
            yield DecidingCriterion(one.id, str(one.rule_now), one.reason)
        elif qualified_now and one.met_then is False:
            reason = one.reason if one.rule_now else "no longer a criterion"
            yield DecidingCriterion(one.id, str(one.rule_now or one.rule_then), reason)
