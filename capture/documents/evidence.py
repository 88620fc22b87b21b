"""Writes the evidence for one statement to an SQLite file, in batches of leads."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from capture.billing.statement import Statement, StatementLine, StatementPart
from capture.billing.statement_text import parse_statement
from capture.campaign.model import Campaign
from capture.closing.credit import Correction, corrections_of
from capture.documents.evidence_read_me import read_me
from capture.documents.evidence_tables import (
    UTM,
    ChainLink,
    LeadEvidence,
    account_events,
    lead_evidence,
    make_tables,
)
from capture.errors import Refused
from capture.files import atomic_write
from capture.lead.events import show_time
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import ClosedStatement
from capture.money import from_minor

Cell = str | int | None
Row = dict[str, Cell]

ERASED = "erased"

_APPLICATION: Final = 0x47504556
"""SQLite's application id, which marks evidence files."""
_APPLICATION_ID_OFFSET: Final = 68
_BATCH_SIZE: Final = 500


def write_evidence(reading: ReadTransaction, closed_statement: ClosedStatement, path: Path) -> int:
    """Writes the complete file to `path`, or nothing. Returns the number of leads in it.

    The same ledger and statement give the same bytes. Raises `Refused` if it cannot be written.
    """
    with (
        _refusing_errors(path),
        atomic_write(path) as draft,
        closing(sqlite3.connect(draft)) as connection,
    ):
        # A draft that fails is deleted, so it needs no journal.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        db = Database(connection, execute_plugins=False)
        with db.atomic():
            make_tables(db)
            return _fill(db, reading, closed_statement)


def is_evidence(path: Path) -> bool:
    """Whether the file is an evidence file, which a new one may replace."""
    with path.open("rb") as file:
        header = file.read(_APPLICATION_ID_OFFSET + 4)
    return header.startswith(b"SQLite format 3\0") and header[_APPLICATION_ID_OFFSET:] == (
        _APPLICATION.to_bytes(4, "big")
    )


def _fill(db: Database, reading: ReadTransaction, closed_statement: ClosedStatement) -> int:
    statement = parse_statement(closed_statement.json)
    lead_ids = list(dict.fromkeys(line.lead_id for line in statement.lines))
    terms: dict[tuple[str, str], Campaign] = {}
    consents: dict[tuple[str, str], Campaign] = {}
    erased = 0
    for batch in _batches(lead_ids):
        leads = [lead_evidence(reading, lead_id, statement.last_event) for lead_id in batch]
        for lead in (evidence.lead for evidence in leads):
            for version in (lead.version, lead.consent_version):
                if version is not None and (lead.campaign, version) not in terms:
                    campaign = saved_campaign(reading, lead.campaign, version)
                    terms[lead.campaign, version] = campaign
            if lead.consent_version is not None:
                key = lead.campaign, lead.consent_version
                consents[key] = terms[key]
        _insert_leads(db, leads, terms)
        erased += sum(evidence.personal_data is None for evidence in leads)
    _insert(db, "statement", [statement_row(closed_statement, statement)])
    _insert(db, "parts", map(part_row, statement.parts))
    lines = (line_row(statement, part, line) for part in statement.parts for line in part.lines)
    _insert(db, "lines", lines)
    _insert(db, "campaign_versions", map(version_row, terms.values()))
    _insert(db, "consents", map(consent_row, consents.values()))
    _insert(db, "events", map(event_row, account_events(reading, closed_statement.number)))
    notes = (note for note in corrections_of(reading) if note.statement == closed_statement.number)
    _insert(db, "corrections", map(correction_row, notes))
    _insert(db, "read_me", _read_me_rows(closed_statement, statement, len(lead_ids), erased))
    return len(lead_ids)


def _insert_leads(
    db: Database, leads: list[LeadEvidence], terms: Mapping[tuple[str, str], Campaign]
) -> None:
    _insert(db, "leads", map(lead_row, leads))
    answers = (
        answer_rows(evidence, terms[evidence.lead.campaign, evidence.lead.version])
        for evidence in leads
    )
    _insert(db, "answers", chain.from_iterable(answers))
    _insert(db, "verdicts", chain.from_iterable(map(verdict_rows, leads)))
    _insert(db, "touches", chain.from_iterable(map(touch_rows, leads)))
    events = chain.from_iterable(evidence.events for evidence in leads)
    _insert(db, "events", map(event_row, events))


def _read_me_rows(
    closed_statement: ClosedStatement, statement: Statement, leads: int, erased: int
) -> Iterator[Row]:
    for number, (topic, text) in enumerate(read_me(closed_statement, statement, leads, erased), 1):
        yield {"number": number, "topic": topic, "text": text}


def _insert(db: Database, table: str, rows: Iterable[Row]) -> None:
    db.table(table).insert_all(rows)


def _batches(lead_ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(lead_ids)
    while batch := list(islice(remaining, _BATCH_SIZE)):
        yield batch


@contextmanager
def _refusing_errors(path: Path) -> Iterator[None]:
    """Turns errors of the evidence file into `Refused` with its name."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; choose another file") from None
    except sqlite3.OperationalError as error:  # the ledger is only read, this file written
        raise Refused(f"{path}: {error}; the file was not written; choose another") from None


# Rows of the evidence tables.


def statement_row(closed_statement: ClosedStatement, statement: Statement) -> Row:
    """The closed statement, with the canonical JSON under its hash."""
    return {
        "number": closed_statement.number,
        "client": closed_statement.client,
        "document": statement.parties.document,
        "month": closed_statement.month,
        "currency": statement.currency,
        "lines": len(statement.lines),
        "total": _amount(statement.total, statement.currency),
        "total_minor": statement.total,
        "closed_at": show_time(closed_statement.closed_at),
        "last_event": statement.last_event,
        "chain_head": statement.chain_head,
        "sha256": closed_statement.sha256,
        "json": closed_statement.json,
    }


def version_row(campaign: Campaign) -> Row:
    """A campaign version with the text of its file."""
    return {"version": campaign.version, "campaign": campaign.slug, "text": campaign.text}


def consent_row(campaign: Campaign) -> Row:
    """The consent text that the form showed."""
    return {
        "campaign": campaign.slug,
        "version": campaign.version,
        "wording": campaign.consent,
    }


def part_row(part: StatementPart) -> Row:
    """One campaign of the statement."""
    return {
        "campaign": part.campaign,
        "title": part.title,
        "model": part.model,
        "time_zone": part.time_zone,
        "lines": len(part.lines),
        "total_minor": part.total,
    }


def line_row(statement: Statement, part: StatementPart, line: StatementLine) -> Row:
    """One line of the statement."""
    return {
        "campaign": part.campaign,
        "lead_id": line.lead_id,
        "period": line.period,
        "statement": statement.number,
        "campaign_version": line.version,
        "paid_for": line.event,
        "happened_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "rate_minor": line.price.rate,
        "percent": line.price.percent,
        "sold_minor": line.price.sold,
        "refunded_minor": line.price.refunded,
        "amount": _amount(line.amount, statement.currency),
        "amount_minor": line.amount,
        "currency": statement.currency,
        "free_over_cap": int(line.free_over_cap),
        "late": int(line.late),
        "entered": int(line.entered),
        "by_silence": int(line.by_silence),
    }


def lead_row(evidence: LeadEvidence) -> Row:
    """The lead's stages, and its consent or lawful basis (rule 35 of docs/rules.md)."""
    lead = evidence.lead
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
        "answers": ERASED if evidence.personal_data is None else "kept",
    }


def answer_rows(evidence: LeadEvidence, campaign: Campaign) -> Iterator[Row]:
    """One row per answer, and per choice of a multiple choice. None if the data was erased."""
    if evidence.personal_data is None:
        return
    unverified = evidence.personal_data.unverified
    raw = {**evidence.personal_data.answers, **unverified}
    for name in [*campaign.fields, *(name for name in raw if name not in campaign.fields)]:
        answer = raw.get(name, ())
        label = campaign.fields[name].label if name in campaign.fields else ""
        for number, value in enumerate(answer if isinstance(answer, tuple) else (answer,), 1):
            yield {
                "lead_id": evidence.lead.lead_id,
                "field": name,
                "number": number,
                "label": label,
                "value": str(value),
                "verified": int(name not in unverified),
            }


def verdict_rows(evidence: LeadEvidence) -> Iterator[Row]:
    """One row per criterion; value and reason only while the personal data is kept."""
    values, reasons = _judged_values(evidence)
    for number, criterion in enumerate(evidence.verdict["criteria"], 1):
        yield {
            "lead_id": evidence.lead.lead_id,
            "criterion": criterion["id"],
            "number": number,
            "rule": criterion["rule"],
            "value": values.get(criterion["id"]),
            "met": int(criterion["passed"]),
            "reason": reasons.get(criterion["id"]),
        }


def touch_rows(evidence: LeadEvidence) -> Iterator[Row]:
    """First and last visit, without referrer and click id, which may identify other people."""
    if evidence.personal_data is None:
        return
    touches = {
        "first": evidence.personal_data.first_touch,
        "last": evidence.personal_data.last_touch,
    }
    for which, touch in touches.items():
        if touch:
            yield {
                "lead_id": evidence.lead.lead_id,
                "which": which,
                "path": _path(touch.get("path")),
                "visited_at": touch.get("time"),
                **{name: touch.get(name) for name in UTM},
            }


def event_row(link: ChainLink) -> Row:
    """An event with its hash and the hash before it."""
    event = link.recorded.event
    return {
        "sequence": link.recorded.sequence,
        "lead_id": event.lead_id,
        "campaign": event.campaign,
        "kind": event.kind.value,
        "occurred_at": show_time(event.occurred_at),
        "recorded_at": show_time(event.recorded_at),
        "actor": event.actor.value,
        "data": link.data,
        "left_out": ", ".join(link.left_out),
        "before": link.before,
        "hash": link.recorded.hash,
    }


def correction_row(note: Correction) -> Row:
    """A credit or debit note on one of the lines."""
    return {
        "number": note.number,
        "kind": note.kind.value,
        "statement": note.statement,
        "lead_id": note.lead_id,
        "period": note.period,
        "amount": _amount(note.amount, note.currency),
        "amount_minor": note.amount,
        "vat_minor": note.vat,
        "currency": note.currency,
        "reason": note.reason,
        "issued_at": show_time(note.issued_at),
    }


def _judged_values(evidence: LeadEvidence) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """By criterion: the judged values, and the reasons. Empty if the data was erased."""
    personal_data = evidence.personal_data
    return ({}, {}) if personal_data is None else (personal_data.judged, personal_data.reasons)


def _path(value: str | None) -> str | None:
    """The path without query and fragment, which may identify a person."""
    return value and value.partition("?")[0].partition("#")[0]


def _amount(minor: int, currency: str) -> str:
    return str(from_minor(minor, currency))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
