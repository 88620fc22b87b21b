"""One lead, criterion by criterion: the verdict of then beside the draft's. Pure."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from capture.backtest.findings import Deciding
from capture.campaign import Answer, Campaign
from capture.qualification import CriterionResult, qualify

NOT_ASKED: Final = "not asked then"
NOT_OFFERED: Final = "not offered now"


@dataclass(frozen=True, slots=True)
class Compared:
    """One criterion of one lead. None on a side that has no such criterion."""

    id: str
    rule_then: str | None
    met_then: bool | None
    rule_now: str | None
    met_now: bool | None
    why: str = ""
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
    ) -> list[Compared]:
        """In the draft's order, then what it no longer asks.

        `verdict` is as its event holds it; `asked` are the fields of the form of then.
        """
        then = {criterion["id"]: criterion for criterion in verdict["criteria"]}
        found = []
        for now in qualify(self._draft, answers).criteria:
            was = then.pop(now.id, None)
            flaw = "" if now.passed else self._flaw(now, asked)
            found.append(
                Compared(
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
            Compared(was["id"], was["rule"], was["passed"], None, None) for was in then.values()
        )
        return found

    def _flaw(self, now: CriterionResult, asked: Container[str]) -> str:
        field = self._fields[now.id]
        if now.value is None:
            return "" if field in asked else NOT_ASKED
        offered = self._offered.get(field)
        given = now.value if isinstance(now.value, tuple) else (now.value,)
        return NOT_OFFERED if offered and not offered.issuperset(given) else ""


def _why(now: CriterionResult, flaw: str) -> str:
    if flaw == NOT_ASKED:
        return NOT_ASKED
    return f"{now.reason}; {flaw}" if flaw else now.reason


def deciding(outcomes: list[Compared], *, qualified_now: bool) -> Iterator[Deciding]:
    """What a lead whose verdict changes fails now; or what it failed then and no longer does."""
    for one in outcomes:
        if not qualified_now and one.met_now is False:
            yield Deciding(one.id, str(one.rule_now), one.why)
        elif qualified_now and one.met_then is False:
            why = one.why if one.rule_now else "no longer a criterion"
            yield Deciding(one.id, str(one.rule_now or one.rule_then), why)
