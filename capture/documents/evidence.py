"""Writes the evidence for one statement to an SQLite file, in batches of leads."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from capture.billing.statement import Statement, StatementLine
from capture.billing.statement_text import parse_statement
from capture.campaign.model import Campaign
from capture.closing.credit import Correction, corrections_of
from capture.documents.evidence_tables import (
    UTM,
    ChainedEvent,
    GatheredLead,
    account_events,
    gather_lead,
    make_tables,
)
from capture.errors import Refused
from capture.files import atomic_write
from capture.lead.events import show_time
from capture.ledger.facts import ClosedStatement
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.money import from_minor
from capture.text import count_noun

# The table `read_me`: contents, how to check them, what is left out.


def read_me(
    closed_statement: ClosedStatement, bill: Statement, leads: int, erased: int
) -> list[tuple[str, str]]:
    """Topics and texts, in order. No date, so that the same statement gives the same bytes."""
    return [
        (
            "What this is",
            f"The evidence for statement {closed_statement.number}: {bill.campaign}, "
            f"{bill.month}, for "
            f"{bill.client}. It holds {count_noun(leads, 'lead')} of that statement's lines and "
            "nobody else's, each as it stood when the statement was drawn. Begin with the view "
            "`bill`; `why_qualified` shows each lead's criteria.",
        ),
        (
            "Amounts and times",
            "Columns that end in _minor are whole numbers of the currency's minor unit, net of "
            "tax; the column beside them says the same in the currency. Times are UTC (ISO 8601).",
        ),
        (
            "Check the statement",
            "The SHA-256 of statement.json, as UTF-8, is statement.sha256: the one printed on the "
            "statement. Its lines are the rows of `lines`.",
        ),
        (
            "Check the terms",
            "A campaign version is the SHA-256 of campaign_versions.text, as UTF-8.",
        ),
        (
            "Check the consents",
            "leads.consent_given is 1 where the visitor ticked the box beside the wording in "
            "`consents`. Where no consent was given, leads.basis says on which lawful basis the "
            "agency keeps the person's data and passed them on. Where answers.verified is 0, the "
            "value is optional contact data as typed, which could not be verified.",
        ),
        (
            "Check the events",
            "The hash of an event is the SHA-256 of its `text` in the view `hashed_events`, as "
            "UTF-8: the hash before it, a line feed, and the event as canonical JSON. So nothing "
            "in it can be changed without changing every hash after it, up to the chain's head "
            "that the statement names. Events of other leads stand between these; the agency "
            "shows with `gatepost verify` that the chain is whole.",
        ),
        (
            "Events left short",
            "Where events.left_out is not empty, what it names in the event's data points to "
            "other leads and was left out, so that event's hash cannot be computed here. In data, "
            "`by` stands for a person of yours or of the agency, as a keyed hash.",
        ),
        (
            "Who spoke",
            "In events, actor is who recorded it: client is your own word, by your token. What the "
            "agency entered for you has the actor agency and, in data, `on_behalf_of` and until "
            "when you could object (`final_at`). lines.entered says which lines rest on that.",
        ),
        (
            "Erased persons",
            f"Erased since, at the person's wish or by law: {erased} of "
            f"{count_noun(leads, 'lead')}. "
            "Their lines, verdicts and events are here, their answers are not. leads.answers "
            "says which.",
        ),
        (
            "Left out on purpose",
            "Leads that are not on the statement, notes, costs, one-time ids, and the keys by "
            "which duplicates are found. Of the visits that led here: no referrer and no click id.",
        ),
    ]


# Rows of the evidence tables.


Cell = str | int | None
Row = dict[str, Cell]

ERASED = "erased"


def statement_row(closed_statement: ClosedStatement, bill: Statement) -> Row:
    """The closed statement."""
    return {
        "number": closed_statement.number,
        "client": closed_statement.client,
        "campaign": closed_statement.campaign,
        "month": closed_statement.month,
        "currency": bill.currency,
        "model": bill.model,
        "lines": len(bill.lines),
        "total": _amount(bill.total, bill.currency),
        "total_minor": bill.total,
        "closed_at": show_time(closed_statement.closed_at),
        "last_event": bill.last_event,
        "chain_head": bill.chain_head,
        "sha256": closed_statement.sha256,
        "json": closed_statement.json,
    }


def version_row(campaign: Campaign) -> Row:
    """A campaign version with the text of its file."""
    return {"version": campaign.version, "campaign": campaign.slug, "text": campaign.text}


def consent_row(campaign: Campaign) -> Row:
    """The consent text that the form showed."""
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
        "free_over_cap": int(line.free_over_cap),
        "late": int(line.late),
        "entered": int(line.entered),
    }


def lead_row(found: GatheredLead) -> Row:
    """The lead's stages, and its consent or lawful basis (rule 35)."""
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
        "answers": ERASED if found.personal_data is None else "kept",
    }


def answer_rows(found: GatheredLead, campaign: Campaign) -> Iterator[Row]:
    """One row per answer, and per choice of a multiple choice. None if the data was erased."""
    if found.personal_data is None:
        return
    unverified = found.personal_data.unverified
    raw = {**found.personal_data.answers, **unverified}
    for name in [*campaign.fields, *(name for name in raw if name not in campaign.fields)]:
        answer = raw.get(name, ())
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
    """One row per criterion; value and reason only while the personal data is kept."""
    judged, reasons = ({}, {}) if found.personal_data is None else _kept(found)
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
    """First and last visit, without referrer and click id, which may identify other people."""
    if found.personal_data is None:
        return
    touches = {"first": found.personal_data.first_touch, "last": found.personal_data.last_touch}
    for which, touch in touches.items():
        if touch:
            yield {
                "lead_id": found.lead.lead_id,
                "which": which,
                "path": _path(touch.get("path")),
                "visited_at": touch.get("time"),
                **{name: touch.get(name) for name in UTM},
            }


def event_row(one: ChainedEvent) -> Row:
    """An event with its hash and the hash before it."""
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
    personal_data = found.personal_data
    return ({}, {}) if personal_data is None else (personal_data.judged, personal_data.reasons)


def _path(value: str | None) -> str | None:
    """The path without query and fragment, which browsers may send with it."""
    return value and value.partition("?")[0].partition("#")[0]


def _amount(minor: int, currency: str) -> str:
    return str(from_minor(minor, currency))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)


_APPLICATION: Final = 0x47504556
"""SQLite's application id, which marks evidence files."""
_APPLICATION_AT: Final = 68
_AT_ONCE: Final = 500


def write_evidence(reading: ReadTransaction, closed_statement: ClosedStatement, path: Path) -> int:
    """Writes the complete file to `path`, or nothing. Returns the number of leads in it.

    The same ledger and statement give the same bytes. Raises `Refused` if it cannot be written.
    """
    with (
        _explained_errors(path),
        atomic_write(path) as draft,
        closing(sqlite3.connect(draft)) as connection,
    ):
        # A draft that fails is deleted, so it needs no journal.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        db = Database(connection)
        with db.atomic():
            make_tables(db)
            return _fill(db, reading, closed_statement)


def is_evidence(path: Path) -> bool:
    """Whether the file is an evidence file, which a new one may replace."""
    with path.open("rb") as file:
        head = file.read(_APPLICATION_AT + 4)
    return head.startswith(b"SQLite format 3\0") and head[_APPLICATION_AT:] == (
        _APPLICATION.to_bytes(4, "big")
    )


def _fill(db: Database, reading: ReadTransaction, closed_statement: ClosedStatement) -> int:
    bill = parse_statement(closed_statement.json)
    lead_ids = list(dict.fromkeys(line.lead_id for line in bill.lines))
    terms: dict[str, Campaign] = {}
    consents: dict[str, Campaign] = {}
    erased = 0
    for batch in _batches(lead_ids):
        leads = [gather_lead(reading, lead_id, bill.last_event) for lead_id in batch]
        for one in leads:
            shown = one.lead.consent_version
            for version in (one.lead.version, shown):
                if version is not None and version not in terms:
                    terms[version] = saved_campaign(reading, one.lead.campaign, version)
            if shown is not None:
                consents[shown] = terms[shown]
        _insert_leads(db, leads, terms)
        erased += sum(one.personal_data is None for one in leads)
    _insert(db, "statement", [statement_row(closed_statement, bill)])
    _insert(db, "lines", (line_row(bill, line) for line in bill.lines))
    _insert(db, "campaign_versions", map(version_row, terms.values()))
    _insert(db, "consents", map(consent_row, consents.values()))
    _insert(db, "events", map(event_row, account_events(reading, closed_statement.number)))
    notes = (one for one in corrections_of(reading) if one.statement == closed_statement.number)
    _insert(db, "corrections", map(correction_row, notes))
    _insert(db, "read_me", _read_me(closed_statement, bill, len(lead_ids), erased))
    return len(lead_ids)


def _insert_leads(db: Database, leads: list[GatheredLead], terms: dict[str, Campaign]) -> None:
    _insert(db, "leads", map(lead_row, leads))
    answers = (answer_rows(one, terms[one.lead.version]) for one in leads)
    _insert(db, "answers", chain.from_iterable(answers))
    _insert(db, "verdicts", chain.from_iterable(map(verdict_rows, leads)))
    _insert(db, "touches", chain.from_iterable(map(touch_rows, leads)))
    events = chain.from_iterable(one.events for one in leads)
    _insert(db, "events", map(event_row, events))


def _read_me(
    closed_statement: ClosedStatement, bill: Statement, leads: int, erased: int
) -> Iterator[Row]:
    for number, (topic, text) in enumerate(read_me(closed_statement, bill, leads, erased), 1):
        yield {"number": number, "topic": topic, "text": text}


def _insert(db: Database, table: str, found: Iterable[Row]) -> None:
    db.table(table).insert_all(found)


def _batches(lead_ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(lead_ids)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


@contextmanager
def _explained_errors(path: Path) -> Iterator[None]:
    """Turns errors of the evidence file into `Refused` with its name."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; name another file with -o") from None
    except sqlite3.OperationalError as error:  # the ledger is only read, this file written
        raise Refused(f"{path}: {error}; the file was not written; name another with -o") from None
