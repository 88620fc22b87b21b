"""Imports a CSV table of outcomes, such as a CRM exports: every new row, or none.

It takes two steps, to keep the write transaction short. First `sort_rows` compares the rows with
a view of the ledger. Then `import_rows` records the new ones in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.billing.history import lead_history, split_by_month
from capture.billing.reversals import is_billable_period
from capture.campaign.model import Campaign
from capture.csv_table import Columns, Table, in_order, read_table
from capture.errors import FileErrors, NotFound, Problem, Refused
from capture.lead.events import EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import (
    Fact,
    facts_of,
    find_recorded_outcome,
    is_already_known,
    record_once,
)
from capture.outcomes.rows import Cells, LeadFacts, LeadLookup, RowDefaults, load_lead_facts

MAX_NEW: Final = 10_000
"""New outcomes in one import. One transaction records them all; visitors wait about two seconds."""


@dataclass(frozen=True, slots=True)
class ImportedOutcome:
    """The result of one row."""

    line: int
    lead_id: str
    kind: EventKind
    occurred_at: datetime
    meeting_at: datetime | None
    known: bool
    """Recorded earlier, or the same as what silence decided."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A row with an outcome that the ledger does not have yet."""

    line: int
    outcome: Outcome
    facts: frozenset[Fact]


@dataclass(frozen=True, slots=True)
class SortedRows:
    """The rows of a table: recorded already, new, or faulty."""

    where: str
    already_recorded: Sequence[ImportedOutcome]
    new: Sequence[OutcomeRow]
    problems: Sequence[Problem]
    has_faulty: Mapping[str, int]
    """The first faulty line of a lead, by its id."""


def sort_rows(
    reading: ReadTransaction, table: Table, defaults: RowDefaults, now: datetime
) -> SortedRows:
    """Finds each row's lead, reads its cells, and separates new outcomes from recorded ones."""
    lookup = LeadLookup(reading)
    known: list[ImportedOutcome] = []
    new: list[OutcomeRow] = []
    problems: list[Problem] = []
    faulty: dict[str, int] = {}
    lines: dict[tuple[str, frozenset[Fact]], int] = {}
    changed: set[str] = set()
    for line, row in table.rows(problems):
        cells = Cells(row, defaults)
        found, outcome = _read_row(lookup, cells, now)
        lead_id = "" if found is None else found.lead.lead_id
        if found is not None and outcome is not None:
            facts = facts_of(outcome, found.terms)
            first = lines.setdefault((lead_id, facts), line)
            if first != line and not outcome.reference:
                cells.faults.append(
                    f"the same as line {first}; delete one, or if it happened twice, give each its "
                    "own time, and write yes under again in the second"
                )
            elif _is_known(outcome, facts, found, now, alone=lead_id not in changed):
                known.append(_imported_outcome(line, outcome, known=True))
            else:
                new.append(OutcomeRow(line, outcome, facts))
                changed.add(lead_id)
        if cells.faults and lead_id:
            faulty.setdefault(lead_id, line)
        problems += [Problem(table.where, line, problem) for problem in cells.faults]
    return SortedRows(table.where, known, new, problems, faulty)


def import_rows(
    records: WriteTransaction, rows: SortedRows, now: datetime
) -> list[ImportedOutcome]:
    """Records the new rows in the file's order; returns the result of every row.

    To be run by `Ledger.transact`. Raises one `FileErrors` with all faulty rows; the transaction
    must then be rolled back.
    """
    problems, faulty = list(rows.problems), dict(rows.has_faulty)
    if len(rows.new) > MAX_NEW:
        fix = f"at most {MAX_NEW} at once: split the file into parts, each with the heading"
        problems.append(Problem(rows.where, None, f"{len(rows.new)} new outcomes; {fix}"))
        raise FileErrors(in_order(problems))
    used = list(rows.already_recorded)
    previous: dict[str, LeadFacts | None] = {}
    for one in rows.new:
        lead_id = one.outcome.lead_id
        try:
            known = _is_known_now(records, one, previous, now)
            if not known:
                record_once(records, one.outcome, now)
            used.append(_imported_outcome(one.line, one.outcome, known=known))
        except (Refused, NotFound) as refused:
            problems.append(
                Problem(rows.where, one.line, _with_first_fault(str(refused), one, faulty))
            )
            faulty.setdefault(lead_id, one.line)
    if problems:
        raise FileErrors(in_order(problems))
    return sorted(used, key=lambda row: row.line)


def _read_row(
    lookup: LeadLookup, cells: Cells, now: datetime
) -> tuple[LeadFacts | None, Outcome | None]:
    """The row's lead and outcome. Faults of its cells are added to `cells.faults`."""
    terms = lookup.terms(cells)
    if terms is None:
        return None, None
    on = cells.on(terms)
    found = None if on is None else lookup.lead(cells, terms, on)
    if found is None:
        cells.outcome("", on or now, terms)
        return None, None
    return found, cells.outcome(found.lead.lead_id, on or now, found.terms)


def _is_known(
    outcome: Outcome, facts: frozenset[Fact], found: LeadFacts, now: datetime, *, alone: bool
) -> bool:
    """Whether the outcome is recorded, or silence decided the same.

    `alone`: no row above changes the lead, so a decision by silence still holds.
    """
    if _is_recorded(outcome, facts, found):
        return True
    return alone and is_already_known(outcome, found.lead, found.silent, now)


def _is_recorded(outcome: Outcome, facts: frozenset[Fact], found: LeadFacts) -> bool:
    """Whether the same facts, to the second, are recorded.

    A row with a reference is never the same as a fact under another reference (rule 38).
    """
    return facts <= (found.unreferenced if outcome.reference else found.facts)


def _is_known_now(
    records: WriteTransaction, one: OutcomeRow, previous: dict[str, LeadFacts | None], now: datetime
) -> bool:
    """Whether it was recorded since the rows were sorted, or silence has decided the same."""
    lead_id = one.outcome.lead_id
    if lead_id not in previous:
        previous[lead_id] = load_lead_facts(records, lead_id)
    before = previous[lead_id]
    if before is not None and _is_recorded(one.outcome, one.facts, before):
        return True
    if find_recorded_outcome(records, one.outcome) is not None:
        return True
    current = load_lead_facts(records, lead_id) if one.outcome.kind is EventKind.HELD else None
    return current is not None and is_already_known(one.outcome, current.lead, current.silent, now)


def _with_first_fault(refusal: str, one: OutcomeRow, faulty: Mapping[str, int]) -> str:
    first = faulty.get(one.outcome.lead_id, one.line)
    if first >= one.line:
        return refusal
    return f"{refusal} (line {first} of the same lead is faulty; fix that first)"


def _imported_outcome(line: int, outcome: Outcome, *, known: bool) -> ImportedOutcome:
    return ImportedOutcome(
        line, outcome.lead_id, outcome.kind, outcome.occurred_at, outcome.meeting_at, known
    )


# The table of outcomes: its columns and its size.


MAX_ROWS: Final = 100_000

COLUMNS: Final = (
    "lead_id",
    "email",
    "campaign",
    "outcome",
    "on",
    "at",
    "amount",
    "period",
    "months",
    "reason",
    "from",
    "note",
    "reference",
    "again",
)
_HEADING: Final = Columns(
    names={name: name for name in COLUMNS},
    needed=("outcome", "on"),
    unknown="no column",
    place="in a table of outcomes",
)


def read_outcomes(content: bytes, where: str) -> Table:
    """The rows of a CSV file. Raises one `FileErrors` with all that is wrong with the table."""
    table = read_table(content, where, _HEADING)
    if not {"lead_id", "email"} & set(table.columns):
        raise FileErrors([Problem(where, None, "no column names the lead; add lead_id or email")])
    if not table:
        raise FileErrors([Problem(where, None, "a heading but no outcomes below it")])
    if len(table) > MAX_ROWS:
        fix = f"at most {MAX_ROWS} at once: split the file into parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} outcomes; {fix}")])
    return table


# Remarks on an outcome that has less effect than a user may expect.


def outcome_remarks(reading: ReadTransaction, terms: Campaign, outcome: Outcome) -> list[str]:
    """Sentences on what the outcome just recorded does not change. `terms` are the lead's."""
    history = lead_history(one.event for one in reading.events.select(lead_id=outcome.lead_id))
    parts = []
    if terms.price.billable == "revenue" and outcome.kind is EventKind.REVENUE and outcome.period:
        days = split_by_month(0, outcome.period, outcome.months)
        unpaid = [day.isoformat() for day in days if not is_billable_period(day, history, terms)]
        if unpaid:
            parts.append(
                f"No share is paid for months that begin on {', '.join(unpaid)}: they lie after "
                "the term or a refund in full, or the customer was away."
            )
    late = outcome.kind in {EventKind.CANCELLED, EventKind.MOVED} and history.missed is not None
    if terms.price.billable == "scheduled" and late:
        parts.append(
            "The booking stays charged: it was not cancelled or moved before its meeting's time."
        )
    return parts
