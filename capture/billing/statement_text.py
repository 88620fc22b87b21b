"""A statement as canonical JSON (rule 26), and its fingerprint.

The JSON holds no personal data. It is what is frozen by its SHA-256 and redrawn by `verify`; every
other form of a statement is a view of it.
"""

import json
from datetime import date
from hashlib import sha256
from typing import Any, Final

from capture.billing.statement import Counts, Met, Parties, Statement, StatementLine
from capture.lead.events import parse_time, show_time
from capture.text import canonical

FORMAT: Final = 1
"""Version of the JSON's shape; an older statement is always redrawn in its own."""


def to_json(statement: Statement) -> str:
    """The canonical text that is frozen."""
    return canonical(
        {
            "format": FORMAT,
            "number": statement.number,
            "client": statement.client,
            "campaign": statement.campaign,
            "month": statement.month,
            "time_zone": statement.time_zone,
            "currency": statement.currency,
            "model": statement.model,
            "lines": [_line(line) for line in statement.lines],
            "total": statement.total,
            "vat": statement.vat,
            "gross": statement.gross,
            "brought_forward": statement.brought_forward,
            "to_pay": statement.to_pay,
            "issued_on": statement.issued_on.isoformat(),
            "due_on": statement.due_on.isoformat(),
            "parties": statement.parties.as_data(),
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
    said = json.loads(text)
    return Statement(
        number=said["number"],
        client=said["client"],
        campaign=said["campaign"],
        month=said["month"],
        time_zone=said["time_zone"],
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
                entered=line["entered"],
            )
            for line in said["lines"]
        ],
        counts=Counts(said["in_review"], said["over_cap_refused"], said["over_cap_free"]),
        parties=Parties.from_data(said["parties"]),
        issued_on=date.fromisoformat(said["issued_on"]),
        brought_forward=said["brought_forward"],
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
        "entered": line.entered,
        "met": [{"id": met.id, "rule": met.rule} for met in line.met],
    }
