"""Risk signals: why a lead that passes every criterion is held back from the client.

Each signal has a weight in the campaign file. A lead is quarantined if its weights add up to
`hold_at` (rule 36 of docs/rules.md). No signal is proof, and none uses a third party.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from capture.campaign.quarantine import Quarantine
from capture.intake.arrival import Arrival
from capture.intake.submission import HONEYPOT
from capture.ledger.protocol import ReadTransaction


@dataclass(frozen=True, slots=True)
class RiskSignal:
    """One reason to doubt that a lead is a real person."""

    name: str
    """Its key in the campaign file's table `quarantine`."""
    weight: int
    details: Mapping[str, int] = field(default_factory=dict)
    """Numbers that explain it, such as how many leads came within the hour."""


def risk_signals(reading: ReadTransaction, arrival: Arrival) -> tuple[RiskSignal, ...]:  # noqa: ARG001
    """All risk signals of a submission, in the order of the campaign file."""
    weights = arrival.campaign.quarantine
    signals = []
    if HONEYPOT in arrival.submission.spam_signals:
        signals.append(RiskSignal("honeypot", weights.honeypot))
    return tuple(signals)


def is_held(terms: Quarantine, signals: Iterable[RiskSignal]) -> bool:
    """Whether the weights add up, so that the lead is quarantined."""
    if not terms.enabled:
        return False
    total = sum(signal.weight for signal in signals)
    return total >= terms.hold_at


def as_data(signals: Iterable[RiskSignal]) -> list[dict[str, Any]]:
    """The signals as an event stores them."""
    return [{"name": signal.name, "weight": signal.weight, **signal.details} for signal in signals]
