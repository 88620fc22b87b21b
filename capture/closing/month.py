"""A month's billable leads with their answers, for the export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from capture.closing.documents import Closing, closings_of, earlier_months
from capture.closing.drawing import DueLine, DueLines, Wanted, draw_lines
from capture.ledger import Dossier, Reading
from capture.terms import kept_campaign


@dataclass(frozen=True, slots=True)
class BillableLead:
    """One line of a month, with all that the client needs to check it."""

    due: DueLine
    dossier: Dossier | None
    """None once the person's data was erased."""


@dataclass(frozen=True, slots=True)
class DrawnMonth:
    """A campaign's month as it stands at a time."""

    campaign: str
    lines: DueLines
    """In their order, without what the cap on money made free."""
    fields: Sequence[str]
    """Form fields of every version that was kept by then, the oldest first."""

    def leads(self, reading: Reading) -> Iterator[BillableLead]:
        """Each line with its lead's answers, which are read one by one.

        In the same look at the ledger in which the month was drawn.
        """
        for due in self.lines:
            yield BillableLead(due, reading.people.dossier(due.line.lead_id))


def draw_month(reading: Reading, slug: str, month: str, as_of: datetime) -> DrawnMonth:
    """The billable leads of a month such as `2026-11`, seen as of an aware time.

    They are those of its statement: with late ones of earlier months that are closed, without what
    is billed already; of a closed month, what was closed. `as_of` cuts on recorded time (rule 28);
    in the future it shows what silence will have accepted by then. The same ledger, month and time
    always draw the same lines.
    """
    closings = closings_of(reading, slug)
    closing = closings.get(month)
    if closing is None or closing.closed_at > as_of:
        closed, billed = (
            earlier_months(closings, month, as_of),
            reading.statements.billed_before(slug, month),
        )
        wanted = Wanted(slug, month, as_of, until=as_of, closed=closed, billed=billed)
    else:
        wanted = _as_closed(reading, closing)
    lines = draw_lines(reading, wanted)
    return DrawnMonth(slug, lines.paid(), _fields(reading, wanted, lines))


def _as_closed(reading: Reading, closing: Closing) -> Wanted:
    """What its statement was drawn from."""
    slug, month, at = closing.campaign, closing.month, closing.closed_at
    closed = earlier_months(closings_of(reading, slug), month, at)
    billed, last = reading.statements.billed_before(slug, month), closing.last_event
    return Wanted(slug, month, at, None, last, closed, billed, closing.number)


def _fields(reading: Reading, wanted: Wanted, lines: DueLines) -> list[str]:
    kept = reading.campaigns.versions(wanted.campaign, wanted.as_of)
    versions = dict.fromkeys([*kept, *lines.versions()])
    terms = (kept_campaign(reading, wanted.campaign, version) for version in versions)
    fields = (name for one in terms for name in one.fields)
    return list(dict.fromkeys(fields))
