"""Takes a table of outcomes: all that is new in it, in one transaction, or nothing.

Two steps, so that the site's visitors wait for no more than is written: first the rows are sorted
out on a view of the ledger, however many are known already; then the new ones are recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.billing.history import life_of, split
from capture.billing.reversals import counts
from capture.campaign.model import Campaign
from capture.csv_table import Columns, Table, in_order, read_table
from capture.errors import FileErrors, NotFound, Problem, Refused
from capture.lead.events import Kind
from capture.ledger.protocol import Reading, Records
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import Fact, facts_of, known_outcome, record, says_nothing_new
from capture.outcomes.rows import Cells, History, Teller, Whose, history

MOST_NEW: Final = 10_000
"""One transaction records them all, and the site's visitors wait for it: two seconds or so."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one row."""

    line: int
    lead_id: str
    kind: Kind
    occurred_at: datetime
    meeting_at: datetime | None
    known: bool
    """It was recorded before, or silence has said the same."""


@dataclass(frozen=True, slots=True)
class Said:
    """A row that says something of a lead that is not known yet."""

    line: int
    outcome: Outcome
    facts: frozenset[Fact]


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a table, told apart."""

    where: str
    known: Sequence[Taken]
    new: Sequence[Said]
    problems: Sequence[Problem]
    faulty: Mapping[str, int]
    """The first faulty line of a lead, by its id."""


def sort_out(reading: Reading, table: Table, teller: Teller, now: datetime) -> Sorted:
    """Finds each row's lead, reads its cells, and tells the new from what is known already."""
    whose = Whose(reading)
    known: list[Taken] = []
    new: list[Said] = []
    problems: list[Problem] = []
    faulty: dict[str, int] = {}
    lines: dict[tuple[str, frozenset[Fact]], int] = {}
    changed: set[str] = set()
    for line, row in table.rows(problems):
        cells = Cells(row, teller)
        found, said = _read(whose, cells, now)
        lead_id = "" if found is None else found.lead.lead_id
        if found is not None and said is not None:
            facts = facts_of(said, found.terms)
            first = lines.setdefault((lead_id, facts), line)
            if first != line and not said.reference:
                cells.faults.append(
                    f"the same as line {first}; leave one, or if it happened twice, give each its "
                    "own time, and the second yes under again"
                )
            elif _is_known(said, facts, found, now, alone=lead_id not in changed):
                known.append(_taken(line, said, known=True))
            else:
                new.append(Said(line, said, facts))
                changed.add(lead_id)
        if cells.faults and lead_id:
            faulty.setdefault(lead_id, line)
        problems += [Problem(table.where, line, fault) for fault in cells.faults]
    return Sorted(table.where, known, new, problems, faulty)


def take(records: Records, rows: Sorted, now: datetime) -> list[Taken]:
    """Records what is new, in the file's order, for `Ledger.transact`; every row's fate.

    Raises one `FileErrors` with every faulty row, and then nothing is to be written.
    """
    problems, faulty = list(rows.problems), dict(rows.faulty)
    if len(rows.new) > MOST_NEW:
        mend = f"at most {MOST_NEW} at once: cut the file in parts, each with the heading"
        problems.append(Problem(rows.where, None, f"{len(rows.new)} new outcomes; {mend}"))
        raise FileErrors(in_order(problems))
    taken = list(rows.known)
    befores: dict[str, History | None] = {}
    for one in rows.new:
        lead_id = one.outcome.lead_id
        try:
            known = _is_known_now(records, one, befores, now)
            if not known:
                record(records, one.outcome, now)
            taken.append(_taken(one.line, one.outcome, known=known))
        except (Refused, NotFound) as refused:
            problems.append(Problem(rows.where, one.line, _told(str(refused), one, faulty)))
            faulty.setdefault(lead_id, one.line)
    if problems:
        raise FileErrors(in_order(problems))
    return sorted(taken, key=lambda row: row.line)


def _read(whose: Whose, cells: Cells, now: datetime) -> tuple[History | None, Outcome | None]:
    """The row's lead and what it says; every fault of its cells is noted in them."""
    terms = whose.terms(cells)
    if terms is None:
        return None, None
    on = cells.on(terms)
    found = None if on is None else whose.lead(cells, terms, on)
    if found is None:
        cells.outcome("", on or now, terms)
        return None, None
    return found, cells.outcome(found.lead.lead_id, on or now, found.terms)


def _is_known(
    said: Outcome, facts: frozenset[Fact], found: History, now: datetime, *, alone: bool
) -> bool:
    """`alone`: no row above changes the lead, so that what silence has said stands."""
    if _is_recorded(said, facts, found):
        return True
    return alone and says_nothing_new(said, found.lead, found.silent, now)


def _is_recorded(said: Outcome, facts: frozenset[Fact], found: History) -> bool:
    """To the second; what has a reference of its own is no fact under another one (rule 38)."""
    return facts <= (found.unreferenced if said.reference else found.facts)


def _is_known_now(
    records: Records, one: Said, befores: dict[str, History | None], now: datetime
) -> bool:
    """Whether somebody recorded it since the rows were sorted out, or silence has said it."""
    lead_id = one.outcome.lead_id
    if lead_id not in befores:
        befores[lead_id] = history(records, lead_id)
    before = befores[lead_id]
    if before is not None and _is_recorded(one.outcome, one.facts, before):
        return True
    if known_outcome(records, one.outcome) is not None:
        return True
    current = history(records, lead_id) if one.outcome.kind is Kind.HELD else None
    return current is not None and says_nothing_new(one.outcome, current.lead, current.silent, now)


def _told(refusal: str, one: Said, faulty: Mapping[str, int]) -> str:
    first = faulty.get(one.outcome.lead_id, one.line)
    if first >= one.line:
        return refusal
    return f"{refusal} (line {first} of the same lead is faulty; mend that first)"


def _taken(line: int, said: Outcome, *, known: bool) -> Taken:
    return Taken(line, said.lead_id, said.kind, said.occurred_at, said.meeting_at, known)


# A CSV table of what a CRM or a sales list says became of leads.


MOST_ROWS: Final = 100_000

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
    """Raises one `FileErrors` for what is no table, or with every mistake of its heading."""
    table = read_table(content, where, _HEADING)
    if not {"lead_id", "email"} & set(table.columns):
        raise FileErrors([Problem(where, None, "no column says whose outcome: lead_id or email")])
    if not table:
        raise FileErrors([Problem(where, None, "a heading and no outcomes below it")])
    if len(table) > MOST_ROWS:
        mend = f"at most {MOST_ROWS} at once: cut the file in parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} outcomes; {mend}")])
    return table


# What an outcome does not change, though whoever records it may think so: said at once.


def remarks(reading: Reading, terms: Campaign, outcome: Outcome) -> list[str]:
    """A sentence for each, on an outcome that was recorded just now. `terms` are the lead's."""
    life = life_of(one.event for one in reading.events.select(lead_id=outcome.lead_id))
    said = []
    if terms.price.billable == "revenue" and outcome.kind is Kind.REVENUE and outcome.period:
        days = split(0, outcome.period, outcome.months)
        unpaid = [day.isoformat() for day in days if not counts(day, life, terms)]
        if unpaid:
            said.append(
                f"No share is paid for months that begin on {', '.join(unpaid)}: they lie after "
                "the term or a refund in full, or the customer was away."
            )
    late = outcome.kind in {Kind.CANCELLED, Kind.MOVED} and life.missed is not None
    if terms.price.billable == "scheduled" and late:
        said.append(
            "The booking stays charged: it was not cancelled or moved before its meeting's time."
        )
    return said
