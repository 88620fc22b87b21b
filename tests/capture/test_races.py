"""Two processes do the same at the same time, in many rounds: each round has one result.

The slower process gets the same result or a clear refusal. Each round has a campaign or a lead of
its own; all rounds share one SQLite file.
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
from capture.closing.checks import check_documents
from capture.closing.close import read_statement
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
from capture.review.acts import Act, record_silent_acceptances, reject
from tests.capture.months import close_one
from tests.long import rounds
from tests.processes import PROCESSES
from tests.samples import CAMPAIGN, NOW, campaign, submission
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.long]

KEY = b"a key for tests only"
ROUNDS = range(rounds(50, 2000))
DEADLINE = NOW + timedelta(hours=48)
JUST_BEFORE = DEADLINE - timedelta(microseconds=1)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
"""November and the review windows of its leads have ended."""


@dataclass(frozen=True)
class Start:
    """The input of every process."""

    url: str
    leads: Sequence[str]
    barrier: Barrier
    answers: Any
    """A queue of (number of the process, its answers)."""


Contestant = Callable[[Ledger, int, str], str]
"""The work of one process in a round, for the number of the round and its lead: its answer."""


def terms(number: int) -> Campaign:
    """A campaign of its own, with a client of its own, for a round."""
    text = CAMPAIGN.replace("The guide", f"Guide {number}").replace('"acme"', f'"acme{number}"')
    return campaign(text=text, slug=f"guide-{number}")


def close(records: WriteTransaction, number: int, now: datetime) -> ClosedStatement:
    return close_one(records, "2026-11", now, client=terms(number).client)


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
        """The answers of all contestants, round by round."""
        barrier, answers = PROCESSES.Barrier(len(contestants)), PROCESSES.Queue()
        start = Start(self.url, self.leads, barrier, answers)
        processes = [
            PROCESSES.Process(target=_run, args=(start, number, contestant))
            for number, contestant in enumerate(contestants)
        ]
        for process in processes:
            process.start()
        answers_of = dict(start.answers.get(timeout=HANG_SECONDS) for _ in processes)
        for process in processes:
            process.join()
        assert all(len(given) == len(ROUNDS) for given in answers_of.values()), answers_of
        return list(zip(*(answers_of[number] for number in sorted(answers_of)), strict=True))

    def lead(self, number: int) -> Lead:
        lead = self.ledger.read(lambda reading: reading.leads.get(self.leads[number]))
        assert lead is not None
        return lead

    def statement(self, number: str) -> Statement:
        closed = self.ledger.read(lambda reading: reading.statements.get(number))
        assert closed is not None
        return read_statement(closed)

    def kinds(self, number: int) -> list[EventKind]:
        events = self.ledger.read(lambda r: list(r.events.select(lead_id=self.leads[number])))
        return [recorded.event.kind for recorded in events]


def _run(start: Start, name: int, act: Contestant) -> None:
    ledger, answers = open_ledger(start.url, KEY), []
    try:
        for number in ROUNDS:
            start.barrier.wait(60)
            try:
                answers.append(act(ledger, number, start.leads[number]))
            except Refused as refused:
                answers.append(f"refused: {refused}")
    except Exception as error:
        answers.append(f"failed: {error!r}")
        start.barrier.abort()
        raise
    finally:
        start.answers.put((name, answers))
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


def accepts_by_silence(ledger: Ledger, number: int, _: str) -> str:
    slug = terms(number).slug
    silent = ledger.transact(lambda records: record_silent_acceptances(records, DEADLINE, slug))
    return "accepted" if silent else "nothing"


def imports_leads(ledger: Ledger, number: int, _: str) -> str:
    lines = [f"Q{row},q{number}@c{row}.example,101+" for row in range(3)]
    table = "\n".join(["full_name,email,company_size", *lines]).encode()
    rows = read_lead_rows(table, "x", campaign())
    origin = Origin("event", "consent", "Ada")
    imported = ledger.transact(lambda records: import_leads(records, campaign(), origin, rows, NOW))
    return str(sum(not lead.is_known for lead in imported))


def imports_outcomes(ledger: Ledger, _: int, lead_id: str) -> str:
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
    imported = ledger.transact(lambda records: import_rows(records, rows, DECEMBER))
    return str(sum(not outcome.known for outcome in imported))


def test_two_closes_of_a_month_give_one_statement(track: Track) -> None:
    answers = track.race(closes, closes)
    assert [first for first, second in answers if first != second] == []
    numbers = [first.split()[0] for first, _ in answers]
    assert numbers == [f"acme{number}-0001" for number in ROUNDS]
    assert len(track.ledger.read(lambda reading: list(reading.statements.select()))) == len(ROUNDS)


def test_either_a_rejection_or_silence_decides(track: Track) -> None:
    for number, (rejection, silence) in enumerate(track.race(rejects, accepts_by_silence)):
        review = track.lead(number).review
        if review == "rejected":
            assert (rejection, silence) == ("rejected", "nothing")
        else:
            assert (review, silence) == ("accepted", "accepted")
            assert rejection.endswith(
                "review is accepted, so rejected is refused; allowed now: withdrawn"
            )
        assert track.kinds(number)[2:] == [EventKind(review)]


def test_a_lead_rejected_while_the_month_closes_is_not_billed(track: Track) -> None:
    answers = track.race(rejects, closes)
    for number, (rejection, closing) in enumerate(answers):
        review = track.lead(number).review
        billed = (
            0 if closing == "nothing to bill" else len(track.statement(closing.split()[0]).lines)
        )
        assert billed == (review == "accepted")
        assert rejection == "rejected" or "review is accepted, so rejected" in rejection
        assert (rejection == "rejected") == (review == "rejected")


def test_two_imports_of_a_table_of_leads_store_it_once(track: Track) -> None:
    answers = track.race(imports_leads, imports_leads)
    assert {tuple(sorted(round_)) for round_ in answers} == {("0", "3")}
    leads = track.ledger.read(lambda reading: list(reading.leads.select()))
    assert len(leads) == 4 * len(ROUNDS)


def test_two_imports_of_a_table_of_outcomes_record_it_once(track: Track) -> None:
    answers = track.race(imports_outcomes, imports_outcomes)
    assert {tuple(sorted(round_)) for round_ in answers} == {("0", "4")}
    parts = [EventKind.SCHEDULED, EventKind.HELD, EventKind.WON, EventKind.REFUNDED]
    assert all(track.kinds(number)[2:] == parts for number in ROUNDS)
