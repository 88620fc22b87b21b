"""A ledger into which the tests import tables of outcomes."""

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

    def take(self, terms: Campaign | None = None, at: datetime = NOW, **answers: Answer) -> str:
        terms = terms or campaign()
        sent = submission(terms, **answers)
        return self.ledger.transact(
            lambda records: receive_submission(records, terms, sent, at)
        ).lead_id

    def import_table(
        self,
        *rows: str,
        heading: str = HEADING,
        side: Actor = Actor.AGENCY,
        slug: str = "guide",
        at: datetime = LATER,
        dry: bool = False,
    ) -> list[ImportedOutcome]:
        cells = heading.count(",")
        lines = [row + "," * (cells - row.count(",")) for row in rows]
        table = read_outcomes("\n".join([heading, *lines]).encode(), "crm.csv")
        defaults = RowDefaults("Ada", side, slug)
        found = self.ledger.read(lambda reading: sort_rows(reading, table, defaults, at))
        if dry:
            return dry_run_of(self.ledger, lambda records: import_rows(records, found, at))
        return self.ledger.transact(lambda records: import_rows(records, found, at))

    def faults(self, *rows: str, **more: Any) -> list[str]:
        before = self.head()
        with pytest.raises(FileErrors) as refused:
            self.import_table(*rows, **more)
        assert self.head() == before
        return [str(problem).removeprefix("crm.csv:") for problem in refused.value.problems]

    def head(self) -> int:
        return self.ledger.read(lambda reading: reading.events.head()[0])

    def lead(self, lead_id: str) -> Lead:
        found = self.ledger.read(lambda reading: reading.leads.get(lead_id))
        assert found is not None
        return found

    def report(self, lead_id: str, kind: EventKind, at: datetime, **more: object) -> None:
        outcome = Outcome(lead_id, kind, Actor.AGENCY, "Ada", at, **more)  # type: ignore[arg-type]
        self.ledger.transact(lambda records: record_once(records, outcome, at))


def known(imported: Sequence[ImportedOutcome]) -> list[bool]:
    return [one.known for one in imported]
