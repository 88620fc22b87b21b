"""Many decisions on leads: each is an act of its own, and a refused one does not undo the others.

A decision that is recorded already with the same content changes nothing, so a list of decisions
can be sent again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.campaign.problems import show_value, suggestion
from capture.csv_table import Columns, read_table
from capture.errors import FileErrors, GatepostError, Problem, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import Act, accept, check_name, current_review, find_lead, reject
from capture.text import trim_invisible

KINDS: Final[Mapping[str, EventKind]] = {
    "accept": EventKind.ACCEPTED,
    "reject": EventKind.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """An acceptance, or a rejection with its reason, by one person on one lead."""

    act: Act
    kind: EventKind
    """ACCEPTED or REJECTED."""
    reason: str = ""
    """A reason of the lead's campaign version; empty for an acceptance."""


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The result of a decision."""

    lead: Lead
    """As it is now."""
    known: Event | None = None
    """The event that recorded the same before; nothing was written then."""

    @property
    def is_known(self) -> bool:
        """Whether it was recorded before."""
        return self.known is not None


def decide(records: WriteTransaction, decision: Decision, now: datetime) -> DecisionResult:
    """Records a decision, unless it is recorded already with the same content.

    Raises what `accept` and `reject` raise.
    """
    known = _recorded_event(records, decision)
    if known is not None:
        return DecisionResult(find_lead(records, decision.act.lead_id), known)
    if decision.kind is EventKind.ACCEPTED:
        return DecisionResult(accept(records, decision.act, now))
    return DecisionResult(reject(records, decision.act, decision.reason, now))


def _recorded_event(reading: ReadTransaction, decision: Decision) -> Event | None:
    """The event of the decision that holds now, if it has the same kind, reason and note.

    A decision without a note equals one with a note. What the client decided itself covers the same
    entry by the agency, but not the reverse (rule 41 of docs/rules.md).
    """
    act = decision.act
    lead = find_lead(reading, act.lead_id)
    is_entered = decision.kind is EventKind.ACCEPTED and lead.entered and lead.review == "qualified"
    if lead.review != decision.kind.value and not is_entered:
        return None
    events = [recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)]
    last = current_review([event for event in events if not event.data.get("silence")])
    if last is None or last.kind is not decision.kind:
        return None
    if act.actor is Actor.CLIENT and last.actor is not Actor.CLIENT:
        return None
    notes = [
        note.text
        for note in reading.people.notes(lead.lead_id)
        if (note.kind, note.written_at) == (last.kind.value, last.recorded_at)
    ]
    note = trim_invisible(act.note)
    is_same = last.data.get("reason", "") == decision.reason and (not note or note in notes)
    return last if is_same else None


# A table of decisions.


MAX_ROWS: Final = 10_000
_COLUMNS: Final = ("lead_id", "decision", "reason", "note")
_HEADING: Final = Columns(
    names={name: name for name in _COLUMNS},
    required=("lead_id", "decision"),
    unknown="no column",
    place="in a table of decisions",
)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One row of a table of decisions."""

    line: int
    lead_id: str
    decision: str
    """`accept` or `reject`; the cell's text if it is neither."""
    reason: str
    note: str
    fault: str
    """Why the row cannot be recorded, and how to fix it; empty if it can."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """The result of one row."""

    row: DecisionRow
    result: DecisionResult | GatepostError
    """The error says why the row was refused."""


def read_decisions(content: bytes, where: str) -> list[DecisionRow]:
    """The rows of a CSV file. `where` is the file's name in messages.

    Raises one `FileErrors` for faults of the table: its heading, rows of a wrong width, its size. A
    fault of a single decision is in its row.
    """
    table = read_table(content, where, _HEADING)
    problems: list[Problem] = []
    rows = list(table.rows(problems))
    if not table:
        problems.append(Problem(where, None, "a heading but no decisions below it"))
    if len(table) > MAX_ROWS:
        fix = f"at most {MAX_ROWS} at once: split the file into parts, each with the heading"
        problems.append(Problem(where, None, f"{len(table)} decisions; {fix}"))
    if problems:
        raise FileErrors(problems)
    lines: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    read = [(line, {name: cell.strip() for name, cell in row.items()}) for line, row in rows]
    for line, cells in read:
        lines[cells["lead_id"]].setdefault(_content(cells), line)
    return [_read_row(line, cells, lines[cells["lead_id"]]) for line, cells in read]


def record_decisions(
    records: WriteTransaction, rows: Sequence[DecisionRow], by: str, now: datetime
) -> list[RowResult]:
    """Records rows as the agency's entries for the client (rule 41), each on its own.

    Returns the result of each row, in their order. Raises `Refused` without a name.
    """
    check_name(by)
    return [_record_row(records, row, by, now) for row in rows]


def _record_row(records: WriteTransaction, row: DecisionRow, by: str, now: datetime) -> RowResult:
    if row.fault:
        return RowResult(row, Refused(row.fault))
    act = Act(row.lead_id, by, Actor.AGENCY, row.note)
    decision = Decision(act, KINDS[row.decision], row.reason)
    return RowResult(row, records.attempt(lambda records: decide(records, decision, now)))


def _read_row(
    line: int, cells: Mapping[str, str], lines: Mapping[tuple[str, str], int]
) -> DecisionRow:
    """`lines`: the first line of each different decision on the same lead."""
    lead_id, (decision, reason) = cells["lead_id"], _content(cells)
    fault = ""
    if not lead_id:
        fault = "lead_id: name the lead"
    elif decision not in KINDS:
        fix = suggestion(decision, KINDS) or "; write accept or reject"
        fault = f"decision = {show_value(decision)}: no such decision{fix}"
    elif (decision == "reject") != bool(reason):
        fault = "reason: reject needs a code of the campaign's reasons, accept takes none"
    elif len(lines) > 1:
        numbers = " and ".join(map(str, sorted(lines.values())))
        fault = f"lead {lead_id}: lines {numbers} decide it differently; keep one"
    return DecisionRow(line, lead_id, decision, reason, cells.get("note", ""), fault)


def _content(cells: Mapping[str, str]) -> tuple[str, str]:
    """Decision and reason."""
    return cells["decision"].casefold(), cells.get("reason", "")
