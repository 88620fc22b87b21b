"""A burst does not count leads that other signals quarantine (rule 36)."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from tests.capture.intake.simulated import Crowd, Visit, in_order

START = datetime(2026, 10, 26, 9, tzinfo=UTC)
WAY = {"path": "/articles/"}
ROBOTS, PEOPLE = 40, 8


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only, and a long one")
    yield ledger
    ledger.close()


def visits(crowd: Crowd, style: str, number: int, minutes: int, network: str = "") -> list[Visit]:
    """Visits from the same source, one after the other within a day."""
    step = timedelta(minutes=minutes)
    return [
        crowd.visit(style, START + (count + 1) * step, crowd.person(), WAY, network=network)
        for count in range(number)
    ]


def stages(ledger: Ledger, crowd: Crowd, *styles: list[Visit]) -> Counter[tuple[str, str]]:
    """The number of leads of each style in each stage."""
    all_visits = in_order(*(iter(style) for style in styles))
    lead_ids = [
        ledger.transact(
            lambda records, visit=visit: receive_submission(
                records, crowd.terms, visit.submission, visit.at
            )
        ).lead_id
        for visit in all_visits
    ]
    leads = ledger.read(lambda reading: [reading.leads.get(lead_id) for lead_id in lead_ids])
    return Counter(
        (visit.style, lead.review) for visit, lead in zip(all_visits, leads, strict=True) if lead
    )


def test_people_from_the_same_source_as_robots_of_one_network_pass(ledger: Ledger) -> None:
    crowd = Crowd(3)
    robots = visits(crowd, "robot", ROBOTS, 30, network=crowd.network())
    people = visits(crowd, "person", PEOPLE, 140)
    counts = stages(ledger, crowd, robots, people)
    assert counts["robot", "qualified"] == 0
    assert counts["person", "qualified"] == PEOPLE


def test_robots_that_share_only_their_source_are_a_burst(ledger: Ledger) -> None:
    crowd = Crowd(3)
    counts = stages(ledger, crowd, visits(crowd, "robot", ROBOTS, 30))
    assert counts["robot", "qualified"] == 0


def test_a_lead_of_a_burst_counts_although_it_is_in_quarantine(ledger: Ledger) -> None:
    crowd = Crowd(3)
    stages(ledger, crowd, visits(crowd, "robot", ROBOTS, 30))
    held = [
        recorded.event
        for recorded in ledger.read(lambda reading: list(reading.events.select()))
        if recorded.event.kind is EventKind.QUARANTINED
    ]
    assert max(event.data["signals"][0]["leads"] for event in held) > ROBOTS // 2
