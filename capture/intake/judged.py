"""What is written of a judgement at the door, at receipt and after a correction alike."""

from datetime import datetime
from typing import Any, Final

from capture.intake.door import Arrival, Outcome
from capture.lead import Actor, Event, Kind
from capture.qualification import Verdict

RECOGNISED: Final = frozenset({Kind.QUALIFIED, Kind.DISQUALIFIED, Kind.UNCONFIRMED})
"""Only these are ever looked for again; spam, duplicates and the like block nothing (rule 2)."""


def judged_event(lead_id: str, arrival: Arrival, outcome: Outcome, at: datetime) -> Event:
    """Where the lead stands behind the door, and why."""
    data = {**outcome.why, "verdict": _record(arrival.verdict)}
    return Event(arrival.campaign.slug, lead_id, outcome.kind, at, at, Actor.SYSTEM, data)


def _record(verdict: Verdict) -> dict[str, Any]:
    """The verdict without what the visitor gave, which stays in the dossier (rule 31)."""
    return {
        "passed": verdict.passed,
        "rule_data": verdict.rule_data,
        "criteria": [
            {"id": result.id, "rule": result.rule, "passed": result.passed}
            for result in verdict.criteria
        ],
    }
