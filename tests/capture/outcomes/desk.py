"""A ledger with methods to import tables of outcomes, and sample rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from capture.campaign.model import Answer, Campaign
from capture.errors import FileErrors
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.dry_run import dry_run_of
from capture.ledger.protocol import Ledger
from capture.outcomes.import_outcomes import ImportedOutcome, import_rows, read_outcomes, sort_rows
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.outcomes.rows import RowDefaults
from capture.review.acts import find_lead
from tests.samples import CAMPAIGN, NOW, campaign, submission

DAY = timedelta(days=1)
LATER = NOW + 20 * DAY
HEADING = "email,outcome,on,at,amount,period,months,reason,from,note"
ANN = "ann@clinic.example"
SCHEDULED = f"{ANN},scheduled,2026-11-24T09:00,2026-11-26T10:00"
HELD = f"{ANN},held,2026-11-26T11:00"
WON = f"{ANN},won,2026-12-01T09:00,,1200.00"
REFUND = f"{ANN},refunded,2026-12-02T09:00,,100.00"
CPL = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
SHARE = campaign(
    text=CAMPAIGN.replace(
        CPL, 'model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"'
    )
)


class Desk:
    """A ledger, with methods to receive leads and to import tables of outcomes."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def receive_lead(
        self, terms: Campaign | None = None, at: datetime = NOW, **answers: Answer
    ) -> str:
        terms = terms or campaign()
        post = submission(terms, **answers)
        return self.ledger.transact(
            lambda records: receive_submission(records, terms, post, at)
        ).lead_id

    def import_table(
        self,
        *rows: str,
        heading: str = HEADING,
        side: Actor = Actor.AGENCY,
        slug: str = "guide",
        at: datetime = LATER,
        dry_run: bool = False,
    ) -> list[ImportedOutcome]:
        cells = heading.count(",")
        lines = [row + "," * (cells - row.count(",")) for row in rows]
        table = read_outcomes("\n".join([heading, *lines]).encode(), "crm.csv")
        defaults = RowDefaults("Ada", side, slug)
        sorted_rows = self.ledger.read(lambda reading: sort_rows(reading, table, defaults, at))
        if dry_run:
            return dry_run_of(self.ledger, lambda records: import_rows(records, sorted_rows, at))
        return self.ledger.transact(lambda records: import_rows(records, sorted_rows, at))

    def faults(self, *rows: str, **options: Any) -> list[str]:
        """The messages of an import that is refused and writes nothing."""
        old_head = self.head()
        with pytest.raises(FileErrors) as error:
            self.import_table(*rows, **options)
        assert self.head() == old_head
        return [str(problem).removeprefix("crm.csv:") for problem in error.value.problems]

    def head(self) -> int:
        """The number of the last event."""
        return self.ledger.read(lambda reading: reading.events.head()[0])

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def report(self, lead_id: str, kind: EventKind, at: datetime, **fields: object) -> None:
        outcome = Outcome(lead_id, kind, Actor.AGENCY, "Ada", at, **fields)  # type: ignore[arg-type]
        self.ledger.transact(lambda records: record_once(records, outcome, at))


def known(imported: Sequence[ImportedOutcome]) -> list[bool]:
    """Of each row: whether its outcome was known already."""
    return [outcome.known for outcome in imported]
