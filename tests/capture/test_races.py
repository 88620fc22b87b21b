"""Two processes do the same at once, many times from a starting barrier: one outcome each time.

To the one who comes second it is the same result, or a clear answer. A round has a campaign or a
lead of its own; all rounds share one SQLite file.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from capture.billing.statement import Statement
from capture.campaign.model import Campaign
from capture.closing.close import close_month, read_statement
from capture.closing.redrawing import check_documents
from capture.errors import Refused
from capture.intake.import_leads import Origin, import_leads, read_lead_rows
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import ClosedStatement
from capture.outcomes.import_outcomes import import_rows, read_outcomes, sort_rows
from capture.outcomes.rows import RowDefaults
from capture.review import Act, record_silent_acceptances, reject
from tests.long import rounds
from tests.processes import PROCESSES
from tests.samples import CAMPAIGN, NOW, PARTIES, campaign, submission

pytestmark = [pytest.mark.slow, pytest.mark.long]

KEY = b"a key for tests only"
ROUNDS = range(rounds(50, 2000))
DEADLINE = NOW + timedelta(hours=48)
JUST_BEFORE = DEADLINE - timedelta(microseconds=1)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
"""November is over, and the windows of its leads with it."""


@dataclass(frozen=True)
class Start:
    """What every process is given."""

    url: str
    leads: Sequence[str]
    barrier: Barrier
    answers: Any
    """A queue of (which process, its answers)."""


Contestant = Callable[[Ledger, int, str], str]
"""What one process does in a round, given its number and its lead: what it was answered."""


def terms(number: int) -> Campaign:
    """A campaign of its own for a round."""
    return campaign(text=CAMPAIGN.replace("The guide", f"Guide {number}"), slug=f"guide-{number}")


def close(records: WriteTransaction, number: int, now: datetime) -> ClosedStatement:
    return close_month(records, terms(number), PARTIES, "2026-11", now)


class Track:
    """One ledger with a lead for each round."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = open_ledger(url, KEY)
        self.leads = self.ledger.transact(lambda records: [self._lead(records, n) for n in ROUNDS])

    @staticmethod
    def _lead(records: WriteTransaction, number: int) -> str:
        sent = submission(terms(number), email=f"p{number}@c{number}.example")
        return receive_submission(records, terms(number), sent, NOW).lead_id

    def race(self, *contestants: Contestant) -> list[tuple[str, ...]]:
        """What each was answered, round by round."""
        barrier, answers = PROCESSES.Barrier(len(contestants)), PROCESSES.Queue()
        start = Start(self.url, self.leads, barrier, answers)
        processes = [
            PROCESSES.Process(target=_run, args=(start, number, one))
            for number, one in enumerate(contestants)
        ]
        for process in processes:
            process.start()
        found = dict(start.answers.get(timeout=120) for _ in processes)
        for process in processes:
            process.join()
        assert all(len(answered) == len(ROUNDS) for answered in found.values()), found
        return list(zip(*(found[number] for number in sorted(found)), strict=True))

    def lead(self, number: int) -> Lead:
        found = self.ledger.read(lambda reading: reading.leads.get(self.leads[number]))
        assert found is not None
        return found

    def bill(self, statement: str) -> Statement:
        found = self.ledger.read(lambda reading: reading.statements.get(statement))
        assert found is not None
        return read_statement(found)

    def kinds(self, number: int) -> list[EventKind]:
        events = self.ledger.read(lambda r: list(r.events.select(lead_id=self.leads[number])))
        return [one.event.kind for one in events]


def _run(start: Start, name: int, act: Contestant) -> None:
    ledger, found = open_ledger(start.url, KEY), []
    try:
        for number in ROUNDS:
            start.barrier.wait(60)
            try:
                found.append(act(ledger, number, start.leads[number]))
            except Refused as refused:
                found.append(f"refused: {refused}")
    except Exception as error:
        found.append(f"failed: {error!r}")
        start.barrier.abort()
        raise
    finally:
        start.answers.put((name, found))
        ledger.close()


@pytest.fixture
def track(tmp_path: Path) -> Iterator[Track]:
    track = Track(f"sqlite:///{tmp_path}/ledger.db")
    yield track
    assert track.ledger.verify().problems == ()
    assert track.ledger.read(check_documents) == []
    track.ledger.close()


def closes(ledger: Ledger, number: int, _: str) -> str:
    closed_statement = ledger.transact(lambda records: close(records, number, DECEMBER))
    return (
        ("nothing to bill")
        if closed_statement is None
        else (f"{closed_statement.number} {closed_statement.sha256}")
    )


def rejects(ledger: Ledger, _: int, lead_id: str) -> str:
    act = Act(lead_id, "Carol", Actor.CLIENT)
    lead = ledger.transact(lambda records: reject(records, act, "too_small", JUST_BEFORE))
    return lead.review


def lapses(ledger: Ledger, number: int, _: str) -> str:
    slug = terms(number).slug
    silent = ledger.transact(lambda records: record_silent_acceptances(records, DEADLINE, slug))
    return "accepted" if silent else "nothing"


def brings_leads(ledger: Ledger, number: int, _: str) -> str:
    lines = [f"Q{one},q{number}@c{one}.example,101+" for one in range(3)]
    table = "\n".join(["full_name,email,company_size", *lines]).encode()
    rows = read_lead_rows(table, "x", campaign())
    origin = Origin("event", "consent")
    results = ledger.transact(lambda records: import_leads(records, campaign(), origin, rows, NOW))
    return str(sum(not one.known for one in results))


def brings_outcomes(ledger: Ledger, _: int, lead_id: str) -> str:
    lines = [
        "scheduled,2026-11-24T09:00,2026-11-26T10:00,",
        "held,2026-11-26T11:00,,",
        "won,2026-11-27T09:00,,1200.00",
        "refunded,2026-11-28T09:00,,100.00",
    ]
    heading = "lead_id,outcome,on,at,amount"
    content = "\n".join([heading, *(f"{lead_id},{line}" for line in lines)]).encode()
    table, defaults = read_outcomes(content, "x"), RowDefaults("Ada", Actor.AGENCY)
    rows = ledger.read(lambda reading: sort_rows(reading, table, defaults, DECEMBER))
    used = ledger.transact(lambda records: import_rows(records, rows, DECEMBER))
    return str(sum(not one.known for one in used))


def test_a_month_that_two_close_is_one_statement_and_numbers_have_no_gap(track: Track) -> None:
    answers = track.race(closes, closes)
    assert [first for first, second in answers if first != second] == []
    numbers = [first.split()[0] for first, _ in answers]
    assert numbers == [f"acme-{number + 1:04d}" for number in ROUNDS]
    assert len(track.ledger.read(lambda reading: list(reading.statements.select()))) == len(ROUNDS)


def test_of_a_rejection_and_silence_one_decides(track: Track) -> None:
    for number, (rejection, silence) in enumerate(track.race(rejects, lapses)):
        review = track.lead(number).review
        if review == "rejected":
            assert (rejection, silence) == ("rejected", "nothing")
        else:
            assert (review, silence) == ("accepted", "accepted")
            assert rejection.endswith(
                "review is accepted, so rejected is refused; allowed now: withdrawn"
            )
        assert track.kinds(number)[2:] == [EventKind(review)]


def test_what_is_rejected_while_the_month_closes_is_not_billed(track: Track) -> None:
    answers = track.race(rejects, closes)
    for number, (rejection, closing) in enumerate(answers):
        review = track.lead(number).review
        billed = 0 if closing == "nothing to bill" else len(track.bill(closing.split()[0]).lines)
        assert billed == (review == "accepted")
        assert rejection == "rejected" or "review is accepted, so rejected" in rejection
        assert (rejection == "rejected") == (review == "rejected")


def test_a_table_of_leads_that_two_bring_is_taken_once(track: Track) -> None:
    answers = track.race(brings_leads, brings_leads)
    assert {tuple(sorted(round_)) for round_ in answers} == {("0", "3")}
    leads = track.ledger.read(lambda reading: list(reading.leads.select()))
    assert len(leads) == 4 * len(ROUNDS)


def test_a_table_of_outcomes_that_two_bring_is_taken_once(track: Track) -> None:
    answers = track.race(brings_outcomes, brings_outcomes)
    assert {tuple(sorted(round_)) for round_ in answers} == {("0", "4")}
    parts = [EventKind.SCHEDULED, EventKind.HELD, EventKind.WON, EventKind.REFUNDED]
    assert all(track.kinds(number)[2:] == parts for number in ROUNDS)
