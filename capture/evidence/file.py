"""Writes the evidence of one statement into a file of its own, some leads at a time."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from capture.campaign import Campaign
from capture.closing import corrections_of
from capture.errors import Refused
from capture.evidence import rows
from capture.evidence.gathered import GatheredLead, account_events, gather_lead
from capture.evidence.read_me import read_me
from capture.evidence.tables import make_tables
from capture.ledger import Frozen, Reading
from capture.statement import Statement, read_json
from capture.terms import kept_campaign
from capture.whole_file import whole_file

_APPLICATION: Final = 0x47504556
"""SQLite's application id, at a fixed place of the file: it tells ours from any other."""
_APPLICATION_AT: Final = 68
_AT_ONCE: Final = 500


def write_evidence(reading: Reading, frozen: Frozen, path: Path) -> int:
    """Puts the file at `path`, whole or not at all; how many leads it holds.

    The same ledger and statement give the same bytes. Raises `Refused` if it cannot be written.
    """
    with (
        _told(path),
        whole_file(path) as draft,
        closing(sqlite3.connect(draft)) as connection,
    ):
        # A draft that fails is thrown away, so it needs no journal beside it.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        db = Database(connection)
        with db.atomic():
            make_tables(db)
            return _fill(db, reading, frozen)


def is_evidence(path: Path) -> bool:
    """Whether a file is an evidence file, which may be made again, and no other."""
    with path.open("rb") as file:
        head = file.read(_APPLICATION_AT + 4)
    return head.startswith(b"SQLite format 3\0") and head[_APPLICATION_AT:] == (
        _APPLICATION.to_bytes(4, "big")
    )


def _fill(db: Database, reading: Reading, frozen: Frozen) -> int:
    bill = read_json(frozen.json)
    lead_ids = list(dict.fromkeys(line.lead_id for line in bill.lines))
    terms: dict[str, Campaign] = {}
    consents: dict[str, Campaign] = {}
    erased = 0
    for batch in _batches(lead_ids):
        leads = [gather_lead(reading, lead_id, bill.seen) for lead_id in batch]
        for one in leads:
            shown = one.lead.consent_version
            for version in (one.lead.version, shown):
                if version is not None and version not in terms:
                    terms[version] = kept_campaign(reading, one.lead.campaign, version)
            if shown is not None:
                consents[shown] = terms[shown]
        _insert_leads(db, leads, terms)
        erased += sum(one.dossier is None for one in leads)
    _insert(db, "statement", [rows.statement_row(frozen, bill)])
    _insert(db, "lines", (rows.line_row(bill, line) for line in bill.lines))
    _insert(db, "campaign_versions", map(rows.version_row, terms.values()))
    _insert(db, "consents", map(rows.consent_row, consents.values()))
    _insert(db, "events", map(rows.event_row, account_events(reading, frozen.number)))
    notes = (one for one in corrections_of(reading) if one.statement == frozen.number)
    _insert(db, "corrections", map(rows.correction_row, notes))
    _insert(db, "read_me", _read_me(frozen, bill, len(lead_ids), erased))
    return len(lead_ids)


def _insert_leads(db: Database, leads: list[GatheredLead], terms: dict[str, Campaign]) -> None:
    _insert(db, "leads", map(rows.lead_row, leads))
    answers = (rows.answer_rows(one, terms[one.lead.version]) for one in leads)
    _insert(db, "answers", chain.from_iterable(answers))
    _insert(db, "verdicts", chain.from_iterable(map(rows.verdict_rows, leads)))
    _insert(db, "touches", chain.from_iterable(map(rows.touch_rows, leads)))
    events = chain.from_iterable(one.events for one in leads)
    _insert(db, "events", map(rows.event_row, events))


def _read_me(frozen: Frozen, bill: Statement, leads: int, erased: int) -> Iterator[rows.Row]:
    for number, (topic, text) in enumerate(read_me(frozen, bill, leads, erased), 1):
        yield {"number": number, "topic": topic, "text": text}


def _insert(db: Database, table: str, found: Iterable[rows.Row]) -> None:
    db.table(table).insert_all(found)


def _batches(lead_ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(lead_ids)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What fails at this file is said of this file, and not of the ledger."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; name another file with -o") from None
    except sqlite3.OperationalError as error:  # the ledger is only read, this file written
        raise Refused(f"{path}: {error}; nothing was left there; name another with -o") from None
