"""What a client owes for one campaign and one month, as facts and as canonical JSON (rule 26).

The JSON holds no personal data. It is what is frozen by its SHA-256 and redrawn by `verify`; every
other form of a statement is a view of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from capture.canonical import canonical
from capture.lead import parse_time, show_time

FORMAT: Final = 1
"""Version of the JSON's shape; an older statement is always redrawn in its own."""


@dataclass(frozen=True, slots=True)
class Met:
    """One criterion that the lead met, in the words of its verdict."""

    id: str
    rule: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One lead on the bill, or one period of its revenue."""

    lead_id: str
    period: str
    """First day of the period of revenue; empty where a lead is paid once."""
    version: str
    """The campaign version that judged it."""
    received_at: datetime
    event: str
    """What pays: accepted, scheduled, held, won or revenue."""
    event_at: datetime
    due_at: datetime
    base: int | None
    """What a percentage is taken of, in minor units; None under a flat rate."""
    amount: int
    """Minor units; 0 when free."""
    free: bool
    """It would have crossed the cap on money (rule 9)."""
    late: bool
    """It fell due in a month that was closed already, and stands here with its own date."""
    met: Sequence[Met]


@dataclass(frozen=True, slots=True)
class Counts:
    """Leads of the campaign that are not on the bill, for the client's own check."""

    in_review: int
    """Qualified and not decided when the month was closed: they belong to a later one."""
    over_cap_refused: int
    over_cap_free: int
    """Received in the month over a lead cap (rule 8)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A month's bill. Amounts are minor units, net of tax, in one currency."""

    number: str
    """Empty for a preview."""
    client: str
    campaign: str
    month: str
    currency: str
    model: str
    lines: Sequence[StatementLine]
    counts: Counts
    closed_at: datetime
    seen: int
    """Number of the last event that it saw."""
    head: str
    """Hash of that event: the chain's head."""

    @property
    def total(self) -> int:
        """The sum of its lines."""
        return sum(line.amount for line in self.lines)


def to_json(statement: Statement) -> str:
    """The canonical text that is frozen."""
    return canonical(
        {
            "format": FORMAT,
            "number": statement.number,
            "client": statement.client,
            "campaign": statement.campaign,
            "month": statement.month,
            "currency": statement.currency,
            "model": statement.model,
            "lines": [_line(line) for line in statement.lines],
            "total": statement.total,
            "in_review": statement.counts.in_review,
            "over_cap_refused": statement.counts.over_cap_refused,
            "over_cap_free": statement.counts.over_cap_free,
            "closed_at": show_time(statement.closed_at),
            "last_event": statement.seen,
            "chain_head": statement.head,
        }
    )


def fingerprint(text: str) -> str:
    """SHA-256 of a statement's canonical JSON, in hex."""
    return sha256(text.encode()).hexdigest()


def read_json(text: str) -> Statement:
    """What `to_json` wrote, read back."""
    return from_json(json.loads(text))


def from_json(said: dict[str, Any]) -> Statement:
    """What `to_json` said, read back."""
    return Statement(
        number=said["number"],
        client=said["client"],
        campaign=said["campaign"],
        month=said["month"],
        currency=said["currency"],
        model=said["model"],
        lines=[
            StatementLine(
                lead_id=line["lead_id"],
                period=line["period"],
                version=line["campaign_version"],
                received_at=parse_time(line["received_at"]),
                event=line["event"],
                event_at=parse_time(line["event_at"]),
                due_at=parse_time(line["due_at"]),
                base=line["base"],
                amount=line["amount"],
                free=line["free"],
                late=line["late"],
                met=[Met(met["id"], met["rule"]) for met in line["met"]],
            )
            for line in said["lines"]
        ],
        counts=Counts(said["in_review"], said["over_cap_refused"], said["over_cap_free"]),
        closed_at=parse_time(said["closed_at"]),
        seen=said["last_event"],
        head=said["chain_head"],
    )


def _line(line: StatementLine) -> dict[str, Any]:
    return {
        "lead_id": line.lead_id,
        "period": line.period,
        "campaign_version": line.version,
        "received_at": show_time(line.received_at),
        "event": line.event,
        "event_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "base": line.base,
        "amount": line.amount,
        "free": line.free,
        "late": line.late,
        "met": [{"id": met.id, "rule": met.rule} for met in line.met],
    }
