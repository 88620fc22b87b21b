"""A fifth of the week of `bench.quarantine`: robots are not billed, and people pass."""

import pytest

from bench.crowd import PEOPLE, ROBOTS
from bench.quarantine import BILLABLE, QUARANTINED, Table, share, simulate

CRUDE = sorted(ROBOTS.keys() - {"headless browser"})
"""All styles except a browser with script in home networks, which only a mailbox can reveal."""


@pytest.fixture(scope="module", params=[False, True], ids=["confirm none", "confirm email"])
def confirm(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def week(confirm: bool) -> Table:
    return simulate(3, confirm=confirm, scale=0.2)


def test_under_one_percent_of_the_people_are_quarantined(week: Table) -> None:
    assert sum(week[kind].total() for kind in PEOPLE) >= 38
    assert share(week, PEOPLE, QUARANTINED) < 0.01


def test_silence_bills_under_one_percent_of_the_robots(week: Table, confirm: bool) -> None:
    """Without proof of the address this is true only for crude robots."""
    styles = ROBOTS if confirm else CRUDE
    assert sum(week[style].total() for style in styles) >= 160
    assert share(week, styles, BILLABLE) < 0.01


def test_silence_bills_most_people(week: Table) -> None:
    """Some people do not confirm, and some are over the cap of their company."""
    assert share(week, PEOPLE, BILLABLE) > 0.8
