"""A month is drawn from the few leads that it is about, and as if it were drawn from all."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.closing.redrawing import check_documents
from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import ReadTransaction
from capture.review import (
    record_held_meetings,
    record_lapses,
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


def same(desk: Desk, months: Sequence[str], moments: Sequence[datetime]) -> None:
    def look(reading: ReadTransaction) -> None:
        for month in months:
            for moment in moments:
                assert_drawn_as_from_every_lead(reading, "guide", month, moment)

    desk.ledger.read(look)


def come(desk: Desk, terms: Campaign, count: int, at: datetime = NOW) -> list[str]:
    """So many leads of which nobody has said anything yet."""
    desk.terms = terms
    sent = [submission(terms, email=f"ann@clinic{one}-{at:%m%d}.example") for one in range(count)]
    return desk.ledger.transact(
        lambda records: [receive_submission(records, terms, one, at).lead_id for one in sent]
    )


def test_a_month_seen_later_is_what_was_seen_then(desk: Desk) -> None:
    first, second, third, _ = come(desk, FREE, 4)
    moments = [NOW, NOW + DAY, NOW + 2 * DAY, DECEMBER, JANUARY, FEBRUARY]
    seen = {moment: exported(desk, "2026-11", moment) for moment in moments[:4]}
    desk.act(reject, second, NOW + DAY + timedelta(seconds=1), "too_small")
    same(desk, MONTHS, moments)
    for month, now in zip(MONTHS, moments[3:], strict=True):
        desk.close(month, now)
        same(desk, MONTHS, moments)
    assert exported(desk, "2026-11", NOW) == seen[NOW] == []
    assert set(exported(desk, "2026-11", NOW + 2 * DAY)) == {first, third}


@pytest.mark.parametrize(
    "terms", [BOOKED, HELD, WON, SHARE], ids=["booked", "held", "won", "share"]
)
def test_what_is_said_of_a_lead_later_changes_nothing_of_a_month_seen_before(
    desk: Desk, terms: Campaign
) -> None:
    lead, _ = desk.take(terms), come(desk, terms, 2, NOW + DAY)
    if terms in {BOOKED, HELD}:
        desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + 2 * DAY)
    else:
        desk.client(lead, EventKind.WON, NOW, amount=Decimal(300))
    if terms is SHARE:
        first = date(2026, 11, 23)
        desk.client(lead, EventKind.REVENUE, NOW + DAY, amount=Decimal(300), period=first, months=3)
    moments = [NOW, NOW + 2 * DAY, NOW + 6 * DAY, DECEMBER, JANUARY, FEBRUARY]
    same(desk, MONTHS, moments)
    desk.close("2026-11", DECEMBER)
    same(desk, MONTHS, moments)
    if terms in {WON, SHARE}:
        month = {"period": date(2026, 11, 23)} if terms is SHARE else {}
        desk.client(lead, EventKind.REFUNDED, DECEMBER + DAY, amount=Decimal(100), **month)
    desk.close("2026-12", JANUARY)
    same(desk, MONTHS, moments)


LOOKS: Mapping[str, Callable[[Desk], object]] = {
    "preview": lambda desk: desk.bill("2026-12", JANUARY),
    "export": lambda desk: exported(desk, "2026-12", JANUARY),
    "lapsed": lambda desk: desk.ledger.read(lambda one: silently_accepted(one, JANUARY)),
    "waiting": lambda desk: desk.ledger.read(lambda one: unnotified_leads(one, desk.terms)),
    "lapses": lambda desk: desk.ledger.transact(lambda one: record_lapses(one, JANUARY)),
    "meetings": lambda desk: desk.ledger.transact(lambda one: record_held_meetings(one, JANUARY)),
    "close": lambda desk: desk.close("2026-12", JANUARY),
}


def test_leads_that_are_billed_already_cost_the_next_month_nothing(tmp_path: Path) -> None:
    few, many = (billed(tmp_path / f"{count}.db", count) for count in (3, 200))
    for what, look in LOOKS.items():
        base, more = (steps(desk, look) for desk in (few, many))
        assert more < 1.2 * base + 10, what


def test_a_closed_month_is_exported_from_its_own_leads(tmp_path: Path) -> None:
    desk = billed(tmp_path / "one.db", 3)
    base = steps(desk, lambda desk: exported(desk, "2026-11", JANUARY))
    come(desk, desk.terms, 60, DECEMBER + DAY)
    desk.close("2026-12", JANUARY)
    more = steps(desk, lambda desk: exported(desk, "2026-11", JANUARY))
    assert more < 1.3 * base + 20


def test_statements_are_all_proven_in_one_walk(tmp_path: Path) -> None:
    desk = billed(tmp_path / "one.db", 60)
    base = steps(desk, lambda desk: desk.ledger.read(check_documents))
    for number in range(1, 12):
        month = f"{2026 + (number + 10) // 12}-{(number + 10) % 12 + 1:02d}"
        desk.close(month, DECEMBER + 31 * number * DAY)
    more = steps(desk, lambda desk: desk.ledger.read(check_documents))
    assert more < 2 * base


def billed(path: Path, count: int) -> Desk:
    """So many leads, all of them on November's statement."""
    desk = Desk(open_ledger(f"sqlite:///{path}", b"a key for tests only"))
    come(desk, campaign(), count)
    desk.close("2026-11", DECEMBER)
    return desk


def steps(desk: Desk, look: Callable[[Desk], object]) -> int:
    """How many steps SQLite's machine takes, in tens: the same on every machine."""
    used: list[None] = []
    connection = desk.ledger._connection()[0].conn  # type: ignore[attr-defined]
    connection.set_progress_handler(lambda: used.append(None), 10)
    look(desk)
    connection.set_progress_handler(None, 0)
    return len(used)
