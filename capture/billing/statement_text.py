"""A statement as canonical JSON (rule 26 of docs/rules.md), and its fingerprint.

The JSON holds no personal data. It is stored with its SHA-256, and `verify` draws it again. All
other formats of a statement are generated from it.
"""

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final

from capture.billing.lines import LinePrice
from capture.billing.statement import (
    Counts,
    MetCriterion,
    ParkedLead,
    Parties,
    Statement,
    StatementLine,
    StatementPart,
)
from capture.lead.events import parse_time, show_time
from capture.text import canonical

FORMAT: Final = 1
"""Version of the JSON format. An older statement is drawn again in its own format."""


def statement_json(statement: Statement) -> str:
    """The canonical JSON of a statement."""
    return canonical(
        {
            "format": FORMAT,
            "number": statement.number,
            "client": statement.client,
            "month": statement.month,
            "currency": statement.currency,
            "parts": [_part(part) for part in statement.parts],
            "total": statement.total,
            "vat": statement.vat,
            "gross": statement.gross,
            "brought_forward": statement.brought_forward,
            "to_pay": statement.to_pay,
            "issued_on": statement.issued_on.isoformat(),
            "due_on": statement.due_on.isoformat(),
            "time_zone": statement.time_zone,
            "parties": statement.parties.as_data(),
            "closed_at": show_time(statement.closed_at),
            "last_event": statement.last_event,
            "chain_head": statement.chain_head,
        }
    )


def fingerprint(text: str) -> str:
    """SHA-256 of a statement's canonical JSON, in hex."""
    return sha256(text.encode()).hexdigest()


def parse_statement(text: str) -> Statement:
    """The statement from the text that `statement_json` wrote."""
    data = json.loads(text)
    return Statement(
        number=data["number"],
        client=data["client"],
        month=data["month"],
        currency=data["currency"],
        parts=[_part_from(part) for part in data["parts"]],
        parties=Parties.from_data(data["parties"]),
        issued_on=date.fromisoformat(data["issued_on"]),
        time_zone=data["time_zone"],
        brought_forward=data["brought_forward"],
        closed_at=parse_time(data["closed_at"]),
        last_event=data["last_event"],
        chain_head=data["chain_head"],
    )


def _part(part: StatementPart) -> dict[str, Any]:
    return {
        "campaign": part.campaign,
        "title": part.title,
        "model": part.model,
        "time_zone": part.time_zone,
        "lines": [_line(line) for line in part.lines],
        "total": part.total,
        "in_review": part.counts.in_review,
        "over_cap_refused": part.counts.over_cap_refused,
        "over_cap_free": part.counts.over_cap_free,
        "parked": [{"lead_id": lead.lead_id, "reason": lead.reason} for lead in part.parked],
    }


def _part_from(data: Mapping[str, Any]) -> StatementPart:
    return StatementPart(
        campaign=data["campaign"],
        title=data["title"],
        model=data["model"],
        time_zone=data["time_zone"],
        lines=[_line_from(line) for line in data["lines"]],
        counts=Counts(data["in_review"], data["over_cap_refused"], data["over_cap_free"]),
        parked=[ParkedLead(lead["lead_id"], lead["reason"]) for lead in data["parked"]],
    )


def _line(line: StatementLine) -> dict[str, Any]:
    price = line.price
    return {
        "lead_id": line.lead_id,
        "period": line.period,
        "campaign_version": line.version,
        "received_at": show_time(line.received_at),
        "event": line.event,
        "event_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "rate": price.rate,
        "percent": price.percent,
        "sold": price.sold,
        "refunded": price.refunded,
        "amount": line.amount,
        "free_over_cap": line.free_over_cap,
        "late": line.late,
        "entered": line.entered,
        "by_silence": line.by_silence,
        "met": [{"id": met.id, "rule": met.rule} for met in line.met],
    }


def _line_from(data: Mapping[str, Any]) -> StatementLine:
    return StatementLine(
        lead_id=data["lead_id"],
        period=data["period"],
        version=data["campaign_version"],
        received_at=parse_time(data["received_at"]),
        event=data["event"],
        event_at=parse_time(data["event_at"]),
        due_at=parse_time(data["due_at"]),
        price=LinePrice(data["rate"], data["percent"], data["sold"], data["refunded"]),
        amount=data["amount"],
        free_over_cap=data["free_over_cap"],
        late=data["late"],
        met=[MetCriterion(met["id"], met["rule"]) for met in data["met"]],
        entered=data["entered"],
        by_silence=data["by_silence"],
    )
