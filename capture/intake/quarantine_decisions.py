"""Releases or discards many leads in quarantine, each on its own (rule 36 of docs/rules.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from capture.errors import GatepostError
from capture.lead.model import Lead
from capture.ledger.dry_run import dry_run_of
from capture.ledger.protocol import Ledger, WriteTransaction

_BATCH_SIZE: Final = 100
"""Leads in one transaction. Other writers wait until it ends."""

QuarantineAct = Callable[[WriteTransaction, str, str, datetime, str], Lead]
"""`release` or `discard` of `capture.intake.quarantine`."""


@dataclass(frozen=True, slots=True)
class QuarantineDecision:
    """What a person decides about leads in quarantine."""

    act: QuarantineAct
    by: str
    """The person's name."""
    note: str = ""


def decide(
    ledger: Ledger,
    decision: QuarantineDecision,
    ids: Sequence[str],
    clock: Callable[[], datetime],
    *,
    dry_run: bool = False,
) -> list[Lead | GatepostError]:
    """Decides each lead. Returns for each the lead, or the error that refused it.

    An error of one lead does not stop the others. A dry run writes nothing.
    """

    def record(
        records: WriteTransaction, part: Sequence[str], now: datetime
    ) -> list[Lead | GatepostError]:
        return [
            records.attempt(
                lambda attempt, lead_id=lead_id: decision.act(  # type: ignore[misc]
                    attempt, lead_id, decision.by, now, decision.note
                )
            )
            for lead_id in part
        ]

    if dry_run:
        return dry_run_of(ledger, partial(record, part=ids, now=clock()))
    results: list[Lead | GatepostError] = []
    for start in range(0, len(ids), _BATCH_SIZE):
        part = ids[start : start + _BATCH_SIZE]
        results += ledger.transact(partial(record, part=part, now=clock()))
    return results
