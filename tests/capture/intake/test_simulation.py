"""A week of robots and people: crude robots go into quarantine, people pass (rule 36)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.intake.receive import receive_submission
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from tests.capture.intake.simulated import DAY, HOUR, Crowd, Visit, in_order

START = datetime(2026, 10, 26, tzinfo=UTC)
PEOPLE = ("person", "colleague", "neighbour")
HELD = ("quarantined", "held_back")
ROBOTS = (
    "flood",
    "human speed",
    "slow",
    "one network",
    "one phone",
    "one text",
    "counted",
    "one name",
)


@dataclass(frozen=True)
class Week:
    """The review stages of a week's leads by style, immediately after its last lead."""

    ledger: Ledger
    stages: Mapping[str, Sequence[str]]

    def share(self, styles: Sequence[str], *stages: str) -> float:
        """The share of the styles' leads that are in one of the stages."""
        all_stages = [stage for style in styles for stage in self.stages[style]]
        return sum(stage in stages for stage in all_stages) / len(all_stages)


@pytest.fixture(scope="module", params=[(1, 7), (2, 0)], ids=["with a past", "a new campaign"])
def week(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Week]:
    """The week of a seed, after some days with people only."""
    seed, past = request.param
    crowd, monday = Crowd(seed), START + past * DAY
    visits = in_order(
        crowd.people(START, past + 7, 25),
        crowd.colleagues(monday + DAY + 14 * HOUR, 12),
        crowd.colleagues(monday + 2 * DAY + 14 * HOUR, 5),
        crowd.neighbours(monday, 5),
        crowd.robots(monday + 9 * HOUR),
    )
    folder: Path = tmp_path_factory.mktemp("week")
    ledger = open_ledger(f"sqlite:///{folder}/ledger.db", b"a key for tests only, and a long one")

    def receive_all(records: WriteTransaction) -> Mapping[str, Sequence[str]]:
        ids = defaultdict(list)
        for visit in visits:
            ids[visit.style].append(_receive(records, crowd, visit))
        stages = defaultdict(list)
        for style, lead_ids in ids.items():
            for lead_id in lead_ids:
                lead = records.leads.get(lead_id)
                assert lead is not None
                stages[style].append(lead.review_at(visits[-1].at))
        return stages

    yield Week(ledger, ledger.transact(receive_all))
    ledger.close()


def _receive(records: WriteTransaction, crowd: Crowd, visit: Visit) -> str:
    return receive_submission(records, crowd.terms, visit.submission, visit.at).lead_id


@pytest.mark.parametrize("style", ROBOTS)
def test_crude_robots_are_quarantined(week: Week, style: str) -> None:
    assert week.share([style], "qualified", "accepted") == 0
    assert week.share([style], *HELD) > 0.9  # the rest are duplicates


@pytest.mark.parametrize("style", ["colleague", "neighbour"])
def test_colleagues_and_neighbours_pass(week: Week, style: str) -> None:
    assert week.share([style], *HELD) == 0


def test_under_one_percent_of_the_people_go_into_quarantine(week: Week) -> None:
    assert week.share(PEOPLE, *HELD) < 0.01


def test_the_ledger_is_valid_afterwards(week: Week) -> None:
    assert week.ledger.verify().problems == ()
