"""A month is drawn from few selected leads, with the same result as from all leads."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.closing.checks import check_documents
from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import ReadTransaction
from capture.review.acts import (
    record_held_meetings,
    record_silent_acceptances,
    reject,
    silently_accepted,
    unnotified_leads,
)
from tests.capture.desk import BOOKED, DAY, HELD, SHARE, WON, Desk, exported
from tests.capture.whole_fold import assert_drawn_as_from_every_lead
from tests.samples import NOW, campaign, submission

DECEMBER, JANUARY, FEBRUARY = NOW + 9 * DAY, NOW + 40 * DAY, NOW + 71 * DAY
FREE = campaign('[caps]\nleads_a_month = 3\nover = "free"')
MONTHS = ("2026-11", "2026-12", "2027-01")


def check_selection(desk: Desk, months: Sequence[str], moments: Sequence[datetime]) -> None:
    def check(reading: ReadTransaction) -> None:
        for month in months:
            for moment in moments:
                assert_drawn_as_from_every_lead(reading, "guide", month, moment)

    desk.ledger.read(check)


def receive_leads(desk: Desk, terms: Campaign, count: int, at: datetime = NOW) -> list[str]:
    """Receives new leads; returns their ids."""
    desk.terms = terms
    submissions = [
        submission(terms, email=f"ann@clinic{number}-{at:%m%d}.example") for number in range(count)
    ]
    return desk.ledger.transact(
        lambda records: [
            receive_submission(records, terms, item, at).lead_id for item in submissions
        ]
    )


def test_an_export_as_of_an_earlier_time_does_not_change_later(desk: Desk) -> None:
    first, second, third, _ = receive_leads(desk, FREE, 4)
    moments = [NOW, NOW + DAY, NOW + 2 * DAY, DECEMBER, JANUARY, FEBRUARY]
    exports = {moment: exported(desk, "2026-11", moment) for moment in moments[:4]}
    desk.act(reject, second, NOW + DAY + timedelta(seconds=1), "too_small")
    check_selection(desk, MONTHS, moments)
    for month, now in zip(MONTHS, moments[3:], strict=True):
        desk.close(month, now)
        check_selection(desk, MONTHS, moments)
    assert exported(desk, "2026-11", NOW) == exports[NOW] == []
    assert set(exported(desk, "2026-11", NOW + 2 * DAY)) == {first, third}


@pytest.mark.parametrize(
    "terms", [BOOKED, HELD, WON, SHARE], ids=["booked", "held", "won", "share"]
)
def test_later_outcomes_of_a_lead_do_not_change_a_month_as_of_an_earlier_time(
    desk: Desk, terms: Campaign
) -> None:
    lead, _ = desk.take(terms), receive_leads(desk, terms, 2, NOW + DAY)
    if terms in {BOOKED, HELD}:
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + 2 * DAY)
    else:
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(300))
    if terms is SHARE:
        first = date(2026, 11, 23)
        desk.client(lead, EventKind.REVENUE, NOW + DAY, amount=Decimal(300), period=first, months=3)
    moments = [NOW, NOW + 2 * DAY, NOW + 6 * DAY, DECEMBER, JANUARY, FEBRUARY]
    check_selection(desk, MONTHS, moments)
    desk.close("2026-11", DECEMBER)
    check_selection(desk, MONTHS, moments)
    if terms in {WON, SHARE}:
        month = {"period": date(2026, 11, 23)} if terms is SHARE else {}
        desk.client(lead, EventKind.REFUNDED, DECEMBER + DAY, amount=Decimal(100), **month)
    desk.close("2026-12", JANUARY)
    check_selection(desk, MONTHS, moments)


ACTIONS: Mapping[str, Callable[[Desk], object]] = {
    "preview": lambda desk: desk.bill("2026-12", JANUARY),
    "export": lambda desk: exported(desk, "2026-12", JANUARY),
    "lapsed": lambda desk: desk.ledger.read(lambda reading: silently_accepted(reading, JANUARY)),
    "waiting": lambda desk: desk.ledger.read(lambda reading: unnotified_leads(reading, desk.terms)),
    "lapses": lambda desk: desk.ledger.transact(
        lambda records: record_silent_acceptances(records, JANUARY)
    ),
    "meetings": lambda desk: desk.ledger.transact(
        lambda records: record_held_meetings(records, JANUARY)
    ),
    "close": lambda desk: desk.close("2026-12", JANUARY),
}


def test_billed_leads_do_not_slow_down_the_next_month(tmp_path: Path) -> None:
    few, many = (desk_with_statement(tmp_path / f"{count}.db", count) for count in (3, 200))
    for name, action in ACTIONS.items():
        base, more = (sqlite_steps(desk, action) for desk in (few, many))
        assert more < 1.2 * base + 10, name


def test_the_export_of_a_closed_month_reads_only_its_own_leads(tmp_path: Path) -> None:
    desk = desk_with_statement(tmp_path / "one.db", 3)
    base = sqlite_steps(desk, lambda desk: exported(desk, "2026-11", JANUARY))
    receive_leads(desk, desk.terms, 60, DECEMBER + DAY)
    desk.close("2026-12", JANUARY)
    more = sqlite_steps(desk, lambda desk: exported(desk, "2026-11", JANUARY))
    assert more < 1.3 * base + 20


def test_the_check_of_twelve_statements_reads_the_events_once(tmp_path: Path) -> None:
    desk = desk_with_statement(tmp_path / "one.db", 60)
    base = sqlite_steps(desk, lambda desk: desk.ledger.read(check_documents))
    for number in range(1, 12):
        month = f"{2026 + (number + 10) // 12}-{(number + 10) % 12 + 1:02d}"
        desk.close(month, DECEMBER + 31 * number * DAY)
    more = sqlite_steps(desk, lambda desk: desk.ledger.read(check_documents))
    assert more < 2 * base


def desk_with_statement(path: Path, count: int) -> Desk:
    """A desk with `count` leads, all of them on November's statement."""
    desk = Desk(open_ledger(f"sqlite:///{path}", b"a key for tests only"))
    receive_leads(desk, campaign(), count)
    desk.close("2026-11", DECEMBER)
    return desk


def sqlite_steps(desk: Desk, action: Callable[[Desk], object]) -> int:
    """The steps of SQLite's virtual machine, in tens; they are the same on every machine."""
    tens: list[None] = []
    connection = desk.ledger._connection()[0].conn  # type: ignore[attr-defined]
    connection.set_progress_handler(lambda: tens.append(None), 10)
    action(desk)
    connection.set_progress_handler(None, 0)
    return len(tens)
