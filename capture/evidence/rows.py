"""Facts to the rows of an evidence file."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from capture.campaign import Campaign
from capture.closing import Correction
from capture.evidence.gathered import Chained, GatheredLead
from capture.evidence.tables import UTM
from capture.lead import show_time
from capture.ledger import Frozen
from capture.money import from_minor
from capture.statement import Statement, StatementLine

Cell = str | int | None
Row = dict[str, Cell]

ERASED = "erased"


def statement_row(frozen: Frozen, bill: Statement) -> Row:
    """The statement as it was frozen."""
    return {
        "number": frozen.number,
        "client": frozen.client,
        "campaign": frozen.campaign,
        "month": frozen.month,
        "currency": bill.currency,
        "model": bill.model,
        "lines": len(bill.lines),
        "total": _amount(bill.total, bill.currency),
        "total_minor": bill.total,
        "closed_at": show_time(frozen.closed_at),
        "last_event": bill.seen,
        "chain_head": bill.head,
        "sha256": frozen.sha256,
        "json": frozen.json,
    }


def version_row(campaign: Campaign) -> Row:
    """A campaign version: the whole agreement as it stood."""
    return {"version": campaign.version, "campaign": campaign.slug, "text": campaign.text}


def consent_row(campaign: Campaign) -> Row:
    """The words that stood beside the box."""
    return {"version": campaign.version, "wording": campaign.consent}


def line_row(bill: Statement, line: StatementLine) -> Row:
    """One line of the bill."""
    return {
        "lead_id": line.lead_id,
        "period": line.period,
        "statement": bill.number,
        "campaign_version": line.version,
        "paid_for": line.event,
        "happened_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "base_minor": line.base,
        "amount": _amount(line.amount, bill.currency),
        "amount_minor": line.amount,
        "currency": bill.currency,
        "free": int(line.free),
        "late": int(line.late),
        "entered": int(line.entered),
    }


def lead_row(found: GatheredLead) -> Row:
    """Where the lead stood, and the consent or the lawful basis that it has (rule 35)."""
    lead = found.lead
    return {
        "lead_id": lead.lead_id,
        "campaign": lead.campaign,
        "campaign_version": lead.version,
        "consent_given": int(lead.consent_given),
        "consent_version": lead.consent_version,
        "basis": lead.basis,
        "source": lead.source,
        "received_at": show_time(lead.received_at),
        "review": lead.review,
        "review_ends_at": _time(lead.deadline),
        "accepted_at": _time(lead.accepted_at),
        "appointment": lead.appointment,
        "sale": lead.sale,
        "answers": ERASED if found.dossier is None else "kept",
    }


def answer_rows(found: GatheredLead, campaign: Campaign) -> Iterator[Row]:
    """A row each; a multiple choice gives one for each choice. Nothing once erased."""
    if found.dossier is None:
        return
    unverified = found.dossier.unverified
    given = {**found.dossier.answers, **unverified}
    for name in [*campaign.fields, *(name for name in given if name not in campaign.fields)]:
        answer = given.get(name, ())
        label = campaign.fields[name].label if name in campaign.fields else ""
        for number, value in enumerate(answer if isinstance(answer, tuple) else (answer,), 1):
            yield {
                "lead_id": found.lead.lead_id,
                "field": name,
                "number": number,
                "label": label,
                "value": str(value),
                "verified": int(name not in unverified),
            }


def verdict_rows(found: GatheredLead) -> Iterator[Row]:
    """Each criterion in words and how it was met; value and reason while they are kept."""
    judged, reasons = ({}, {}) if found.dossier is None else _kept(found)
    for number, criterion in enumerate(found.verdict["criteria"], 1):
        yield {
            "lead_id": found.lead.lead_id,
            "criterion": criterion["id"],
            "number": number,
            "rule": criterion["rule"],
            "value": judged.get(criterion["id"]),
            "met": int(criterion["passed"]),
            "reason": reasons.get(criterion["id"]),
        }


def touch_rows(found: GatheredLead) -> Iterator[Row]:
    """The article that brought the lead. No referrer and no click id: they may tell of others."""
    if found.dossier is None:
        return
    touches = {"first": found.dossier.first_touch, "last": found.dossier.last_touch}
    for which, touch in touches.items():
        if touch:
            yield {
                "lead_id": found.lead.lead_id,
                "which": which,
                "path": _path(touch.get("path")),
                "visited_at": touch.get("time"),
                **{name: touch.get(name) for name in UTM},
            }


def event_row(one: Chained) -> Row:
    """An event with its place in the chain."""
    event = one.recorded.event
    return {
        "sequence": one.recorded.sequence,
        "lead_id": event.lead_id,
        "campaign": event.campaign,
        "kind": event.kind.value,
        "occurred_at": show_time(event.occurred_at),
        "recorded_at": show_time(event.recorded_at),
        "actor": event.actor.value,
        "data": one.data,
        "left_out": ", ".join(one.left_out),
        "before": one.before,
        "hash": one.recorded.hash,
    }


def correction_row(one: Correction) -> Row:
    """A credit or debit note on one of the lines."""
    return {
        "number": one.number,
        "kind": one.kind.value,
        "statement": one.statement,
        "lead_id": one.lead_id,
        "period": one.period,
        "amount": _amount(one.amount, one.currency),
        "amount_minor": one.amount,
        "vat_minor": one.vat,
        "currency": one.currency,
        "reason": one.reason,
        "issued_at": show_time(one.issued_at),
    }


def _kept(found: GatheredLead) -> tuple[Mapping[str, str], Mapping[str, str]]:
    dossier = found.dossier
    return ({}, {}) if dossier is None else (dossier.judged, dossier.reasons)


def _path(given: str | None) -> str | None:
    """A visitor's script may send anything as a path: what follows it in an address is cut."""
    return given and given.partition("?")[0].partition("#")[0]


def _amount(minor: int, currency: str) -> str:
    return str(from_minor(minor, currency))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
