"""Imports a CSV table of outcomes, such as a CRM exports: every new row, or none.

It takes two steps, so that the write transaction is short. First `sort_rows` compares the rows
with the ledger in a read transaction. Then `import_rows` records the new ones in one transaction.
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
    is_decided_by_silence,
    record_once,
)
from capture.outcomes.rows import Cells, LeadFacts, LeadLookup, RowDefaults, load_lead_facts

# Reading the table: its columns and its size.


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
    required=("outcome", "on"),
    unknown="no column",
    place="in a table of outcomes",
)


def read_outcomes(content: bytes, where: str) -> Table:
    """The rows of a CSV file. Raises one `FileErrors` with all mistakes in the table.

    `where` is the file's name in messages.
    """
    table = read_table(content, where, _HEADING)
    if not {"lead_id", "email"} & set(table.columns):
        raise FileErrors([Problem(where, None, "no column names the lead; add lead_id or email")])
    if not table:
        raise FileErrors([Problem(where, None, "a heading but no outcomes below it")])
    if len(table) > MAX_ROWS:
        fix = f"at most {MAX_ROWS} at once: split the file into parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} outcomes; {fix}")])
    return table


# Sorting the rows, and recording the new ones.


MAX_NEW: Final = 10_000
"""New outcomes in one import. One transaction records them all; it takes about two seconds."""


@dataclass(frozen=True, slots=True)
class ImportedOutcome:
    """The result of one row."""

    line: int
    lead_id: str
    kind: EventKind
    occurred_at: datetime
    meeting_at: datetime | None
    known: bool
    """Whether it was recorded before, or silence decided the same."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A row with an outcome that the ledger does not have yet."""

    line: int
    outcome: Outcome
    facts: frozenset[Fact]


@dataclass(frozen=True, slots=True)
class SortedRows:
    """The rows of a table: recorded already, new, or faulty."""

    file: str
    already_recorded: Sequence[ImportedOutcome]
    new: Sequence[OutcomeRow]
    problems: Sequence[Problem]
    first_faulty_lines: Mapping[str, int]
    """By lead id: the number of its first faulty line."""


def sort_rows(
    reading: ReadTransaction, table: Table, defaults: RowDefaults, now: datetime
) -> SortedRows:
    """Finds each row's lead, reads its cells, and separates new outcomes from recorded ones."""
    lookup = LeadLookup(reading)
    known: list[ImportedOutcome] = []
    new: list[OutcomeRow] = []
    problems: list[Problem] = []
    first_faulty_lines: dict[str, int] = {}
    lines: dict[tuple[str, frozenset[Fact]], int] = {}
    changed_leads: set[str] = set()
    for line, row in table.rows(problems):
        cells = Cells(row, defaults)
        lead_facts, outcome = _read_row(lookup, cells, now)
        lead_id = "" if lead_facts is None else lead_facts.lead.lead_id
        if lead_facts is not None and outcome is not None:
            facts = facts_of(outcome, lead_facts.terms)
            first_line = lines.setdefault((lead_id, facts), line)
            if first_line != line and not outcome.reference:
                cells.faults.append(
                    f"the same as line {first_line}; delete one, or if it happened twice, give "
                    "each its own time, and write yes under again in the second"
                )
            elif _is_known(
                outcome, facts, lead_facts, now, is_first_change=lead_id not in changed_leads
            ):
                known.append(_imported_outcome(line, outcome, known=True))
            else:
                new.append(OutcomeRow(line, outcome, facts))
                changed_leads.add(lead_id)
        if cells.faults and lead_id:
            first_faulty_lines.setdefault(lead_id, line)
        problems += [Problem(table.where, line, problem) for problem in cells.faults]
    return SortedRows(table.where, known, new, problems, first_faulty_lines)


def import_rows(
    records: WriteTransaction, rows: SortedRows, now: datetime
) -> list[ImportedOutcome]:
    """Records the new rows in the file's order; returns the result of every row.

    Run it in `Ledger.transact`. Raises one `FileErrors` with all faulty rows; the transaction must
    then be rolled back.
    """
    problems, first_faulty_lines = list(rows.problems), dict(rows.first_faulty_lines)
    if len(rows.new) > MAX_NEW:
        fix = f"at most {MAX_NEW} at once: split the file into parts, each with the heading"
        problems.append(Problem(rows.file, None, f"{len(rows.new)} new outcomes; {fix}"))
        raise FileErrors(in_order(problems))
    results = list(rows.already_recorded)
    facts_by_lead: dict[str, LeadFacts | None] = {}
    for row in rows.new:
        try:
            known = _is_known_now(records, row, facts_by_lead, now)
            if not known:
                record_once(records, row.outcome, now)
            results.append(_imported_outcome(row.line, row.outcome, known=known))
        except (Refused, NotFound) as error:
            message = _with_first_fault(str(error), row, first_faulty_lines)
            problems.append(Problem(rows.file, row.line, message))
            first_faulty_lines.setdefault(row.outcome.lead_id, row.line)
    if problems:
        raise FileErrors(in_order(problems))
    return sorted(results, key=lambda result: result.line)


def _read_row(
    lookup: LeadLookup, cells: Cells, now: datetime
) -> tuple[LeadFacts | None, Outcome | None]:
    """The row's lead and outcome. Faults of its cells are added to `cells.faults`."""
    terms = lookup.terms_of_row(cells)
    if terms is None:
        return None, None
    time = cells.occurred_at(terms)
    facts = None if time is None else lookup.lead_of_row(cells, terms, time)
    if facts is None:
        cells.outcome("", time or now, terms)  # for the faults of the other cells
        return None, None
    return facts, cells.outcome(facts.lead.lead_id, time or now, facts.terms)


def _is_known(
    outcome: Outcome,
    facts: frozenset[Fact],
    lead_facts: LeadFacts,
    now: datetime,
    *,
    is_first_change: bool,
) -> bool:
    """Whether the outcome is recorded, or silence decided the same.

    `is_first_change`: no row above changes the lead, so the decision by silence still applies.
    """
    if _is_recorded(outcome, facts, lead_facts):
        return True
    return is_first_change and is_decided_by_silence(
        outcome, lead_facts.lead, lead_facts.held_by_silence, now
    )


def _is_recorded(outcome: Outcome, facts: frozenset[Fact], lead_facts: LeadFacts) -> bool:
    """Whether the same facts, to the second, are recorded.

    A row with a reference is never the same as a fact under another reference (rule 38 of
    docs/rules.md).
    """
    return facts <= (lead_facts.unreferenced if outcome.reference else lead_facts.facts)


def _is_known_now(
    records: WriteTransaction,
    row: OutcomeRow,
    facts_by_lead: dict[str, LeadFacts | None],
    now: datetime,
) -> bool:
    """Whether it was recorded since the rows were sorted, or silence has decided the same.

    `facts_by_lead` keeps what the ledger had of each lead before this import changed it.
    """
    outcome = row.outcome
    lead_id = outcome.lead_id
    if lead_id not in facts_by_lead:
        facts_by_lead[lead_id] = load_lead_facts(records, lead_id)
    facts = facts_by_lead[lead_id]
    if facts is not None and _is_recorded(outcome, row.facts, facts):
        return True
    if find_recorded_outcome(records, outcome) is not None:
        return True
    current = load_lead_facts(records, lead_id) if outcome.kind is EventKind.HELD else None
    return current is not None and is_decided_by_silence(
        outcome, current.lead, current.held_by_silence, now
    )


def _with_first_fault(message: str, row: OutcomeRow, first_faulty_lines: Mapping[str, int]) -> str:
    """The message, and the lead's first faulty line if that is above: it may be the cause."""
    first_line = first_faulty_lines.get(row.outcome.lead_id, row.line)
    if first_line >= row.line:
        return message
    return f"{message} (line {first_line} of the same lead is faulty; fix that first)"


def _imported_outcome(line: int, outcome: Outcome, *, known: bool) -> ImportedOutcome:
    return ImportedOutcome(
        line, outcome.lead_id, outcome.kind, outcome.occurred_at, outcome.meeting_at, known
    )


# Remarks on an outcome that has less effect than a user may expect.


def outcome_remarks(reading: ReadTransaction, terms: Campaign, outcome: Outcome) -> list[str]:
    """Sentences about effects that the outcome just recorded does not have.

    `terms` are those of the lead.
    """
    history = lead_history(
        recorded.event for recorded in reading.events.select(lead_id=outcome.lead_id)
    )
    remarks = []
    if terms.price.billable == "revenue" and outcome.kind is EventKind.REVENUE and outcome.period:
        days = split_by_month(0, outcome.period, outcome.months)
        unpaid = [day.isoformat() for day in days if not is_billable_period(day, history, terms)]
        if unpaid:
            remarks.append(
                f"No share is paid for months that begin on {', '.join(unpaid)}: they lie after "
                "the term or a refund in full, or the customer was away."
            )
    is_late = outcome.kind in {EventKind.CANCELLED, EventKind.MOVED} and history.missed is not None
    if terms.price.billable == "scheduled" and is_late:
        remarks.append(
            "The booking stays charged: it was not cancelled or moved before its meeting's time."
        )
    return remarks
