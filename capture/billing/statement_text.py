"""A statement as canonical JSON (rule 26 of docs/rules.md), and its fingerprint.

The JSON holds no personal data. It is stored with its SHA-256, and `verify` draws it again. All
other formats of a statement are generated from it.
"""

import json
from datetime import date
from hashlib import sha256
from typing import Any, Final

from capture.billing.statement import Counts, MetCriterion, Parties, Statement, StatementLine
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
            "campaign": statement.campaign,
            "month": statement.month,
            "time_zone": statement.time_zone,
            "currency": statement.currency,
            "model": statement.model,
            "lines": [_line_data(line) for line in statement.lines],
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
        campaign=data["campaign"],
        month=data["month"],
        time_zone=data["time_zone"],
        currency=data["currency"],
        model=data["model"],
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
                free_over_cap=line["free_over_cap"],
                late=line["late"],
                met=[MetCriterion(criterion["id"], criterion["rule"]) for criterion in line["met"]],
                entered=line["entered"],
            )
            for line in data["lines"]
        ],
        counts=Counts(data["in_review"], data["over_cap_refused"], data["over_cap_free"]),
        parties=Parties.from_data(data["parties"]),
        issued_on=date.fromisoformat(data["issued_on"]),
        brought_forward=data["brought_forward"],
        closed_at=parse_time(data["closed_at"]),
        last_event=data["last_event"],
        chain_head=data["chain_head"],
    )


def _line_data(line: StatementLine) -> dict[str, Any]:
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
        "free_over_cap": line.free_over_cap,
        "late": line.late,
        "entered": line.entered,
        "met": [{"id": criterion.id, "rule": criterion.rule} for criterion in line.met],
    }
