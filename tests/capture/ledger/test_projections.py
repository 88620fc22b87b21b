"""Counts of leads, sums over customers and totals of statements agree with the events."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest

from capture.closing.checks import check_documents
from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.customers import CustomerSum, PaymentSum
from capture.ledger.statements import CorrectionSum
from capture.review.acts import accept, reject
from tests.capture.desk import SHARE, Desk
from tests.capture.ledger.test_due_projection import copy_ledger
from tests.capture.ledger.test_sqlite import plans_of
from tests.samples import NOW, submission

KEY = b"a key for tests only"
DAY = timedelta(days=1)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
FIRST = date(2026, 11, 23)
TABLES_OF_MIGRATIONS = {
    "count_leads_and_sales": (
        *("month_counts", "day_counts", "customers", "payments_by_month", "payments_by_day"),
        "statement_totals",
    ),
    "count_visits": ("page_sums", "page_rejections"),
    "list_open_lines": ("open_lines",),
}
TABLES = tuple(chain.from_iterable(TABLES_OF_MIGRATIONS.values()))


def sell(desk: Desk, months: int = 3) -> Lead:
    """A customer who paid 300.00 in advance for some months."""
    lead = desk.take(SHARE)
    desk.client(lead, EventKind.WON, NOW, amount=Decimal(300))
    desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(300), period=FIRST, months=months)
    return lead


def take_test_lead(desk: Desk) -> str:
    sent = replace(submission(SHARE), test=True)
    created = desk.ledger.transact(lambda records: receive_submission(records, SHARE, sent, NOW))
    return created.lead_id


def reject_lead(desk: Desk, email: str) -> None:
    sent = submission(SHARE, email=email)
    created = desk.ledger.transact(lambda records: receive_submission(records, SHARE, sent, NOW))
    desk.act(reject, created.lead_id, NOW, "too_small")


def customer_sums(desk: Desk, now: datetime) -> list[CustomerSum]:
    return list(
        desk.ledger.read(
            lambda reading: reading.customers.sums([SHARE.slug], "2026-11", "2026-11", now)
        )
    )


def payments(desk: Desk, today: date) -> list[PaymentSum]:
    return list(desk.ledger.read(lambda reading: reading.customers.payments([SHARE.slug], today)))


def test_payments_count_from_their_day(desk: Desk) -> None:
    sell(desk)
    first = PaymentSum("2026-11", "2026-11", True, 10_000, 0, 1)
    second = PaymentSum("2026-11", "2026-12", True, 10_000, 0, 1)
    assert payments(desk, FIRST - DAY) == []
    assert payments(desk, FIRST) == [first]
    assert payments(desk, date(2026, 12, 22)) == [first]
    assert payments(desk, date(2026, 12, 23)) == [first, second]


def test_the_payments_of_a_refunded_sale_are_not_those_of_a_customer(desk: Desk) -> None:
    lead = sell(desk, months=1)
    desk.client(lead, EventKind.REFUNDED, NOW + DAY, amount=Decimal(300))
    refunded = PaymentSum("2026-11", "2026-11", False, 30_000, 30_000, 1)
    assert payments(desk, DECEMBER.date()) == [refunded]
    assert customer_sums(desk, DECEMBER) == []
    assert desk.ledger.verify().problems == ()


def test_days_of_a_customer_count_until_they_leave_without_their_absence(desk: Desk) -> None:
    lead = sell(desk)
    assert customer_sums(desk, NOW - DAY) == [CustomerSum("2026-11", 1, 0, 0)]
    assert customer_sums(desk, NOW + 10 * DAY) == [CustomerSum("2026-11", 1, 0, 10)]
    desk.client(lead, EventKind.CHURNED, NOW + 10 * DAY)
    assert customer_sums(desk, NOW + 90 * DAY) == [CustomerSum("2026-11", 1, 1, 10)]
    desk.client(lead, EventKind.WON, NOW + 15 * DAY, amount=Decimal(1))
    assert customer_sums(desk, NOW + 20 * DAY) == [CustomerSum("2026-11", 1, 0, 15)]
    assert desk.ledger.verify().problems == ()


def test_test_leads_are_in_no_sum(desk: Desk) -> None:
    lead_id = take_test_lead(desk)
    desk.client(desk.act(accept, lead_id, NOW), EventKind.WON, NOW, amount=Decimal(300))
    assert customer_sums(desk, DECEMBER) == []
    assert payments(desk, DECEMBER.date()) == []
    assert desk.ledger.verify().problems == ()


def tables_of(path: Path) -> list[object]:
    with closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES]


def test_a_ledger_from_before_the_projections_gets_them(desk: Desk, tmp_path: Path) -> None:
    sell(desk)
    desk.take(SHARE, email="bob@other.example")
    reject_lead(desk, "bea@third.example")
    take_test_lead(desk)
    desk.close("2026-11", DECEMBER)
    path = copy_ledger(tmp_path) / "ledger.db"
    expected = tables_of(path)
    assert all(expected)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for migration in TABLES_OF_MIGRATIONS:
            db.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (migration,))
        for name in TABLES:
            db.execute(f"DROP TABLE {name}")
    with closing(open_ledger(f"sqlite:///{path}", KEY)) as migrated:
        assert migrated.verify().problems == ()
        assert migrated.read(check_documents) == []
    counted = [[row for row in rows if row[-1] != 0] for rows in expected[:2]]  # type: ignore[attr-defined]
    assert tables_of(path) == [*counted, *expected[2:]]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE month_counts SET leads = leads + 1", "the counts of leads by month"),
        (
            "UPDATE month_counts SET sale = 'lost' WHERE sale = 'won'",
            "the counts of leads by month",
        ),
        ("DELETE FROM day_counts", "the counts of leads by day"),
        ("UPDATE customers SET since = since - 1", "its rows in the tables of customers"),
        (
            "INSERT INTO customers SELECT 'x', campaign, month, since, days FROM customers",
            "the table of customers: it has rows of no customer",
        ),
        ("UPDATE payments_by_month SET bought = 1", "the sums of payments by month"),
        ("UPDATE payments_by_day SET by_customers = 0", "the sums of payments by day"),
        ("UPDATE statement_totals SET total = 1", "statement acme-0001: its total of guide"),
        ("DELETE FROM statement_totals", "statement acme-0001: its total of guide"),
        ("UPDATE page_sums SET revenue = revenue + 1", "the counts of leads and payments by page"),
        ("UPDATE page_sums SET page = x'00'", "the counts of leads and payments by page"),
        (
            "INSERT INTO page_rejections SELECT month, touch, page, campaign, 'x', 1"
            " FROM page_sums",
            "the counts of rejected leads by page",
        ),
        ("UPDATE leads SET article = x'00'", "its article in the list of leads"),
        (
            "DELETE FROM search_words WHERE word = (SELECT min(word) FROM search_words)",
            "the words by which a search finds it differ from its answers",
        ),
        (
            "INSERT INTO search_words SELECT word, received, 'x' FROM search_words LIMIT 1",
            "the list of words: it has words of no lead",
        ),
    ],
)
def test_verify_reports_a_count_or_a_sum_that_differs(
    desk: Desk, tmp_path: Path, damage: str, problem: str
) -> None:
    sell(desk)
    desk.close("2026-11", DECEMBER)
    path = copy_ledger(tmp_path) / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(damage)
    with closing(open_ledger(f"sqlite:///{path}", KEY)) as damaged:
        problems = [*damaged.verify().problems, *damaged.read(check_documents)]
    (line,) = problems
    assert problem in line


def test_notes_add_up_by_statement_and_campaign(desk: Desk) -> None:
    lead = sell(desk, months=1)
    desk.close("2026-11", DECEMBER)
    for amount in (1, 2):
        desk.credit(lead, amount=Decimal(amount))
    assert desk.ledger.read(lambda reading: reading.statements.corrections()) == [
        CorrectionSum("acme-0001", SHARE.slug, 300, 0)
    ]


def test_sums_over_notes_and_account_events_of_a_kind_use_an_index(
    desk: Desk, tmp_path: Path
) -> None:
    lead = sell(desk, months=1)
    desk.close("2026-11", DECEMBER)
    desk.credit(lead, amount=Decimal(1))
    url = f"sqlite:///{tmp_path}/ledger.db"
    (notes,) = plans_of(url, lambda reading: reading.statements.corrections())
    assert "USING INDEX events_of_account_by_kind (kind=?)" in str(notes)
    (closings,) = plans_of(url, lambda reading: list(reading.events.of_account(EventKind.CLOSED)))
    assert "USING INDEX events_of_account_by_kind (kind=? AND sequence>?)" in str(closings)
    (totals,) = plans_of(url, lambda reading: list(reading.statements.totals()))
    assert "statement_totals USING PRIMARY KEY (number=?)" in str(totals)


def test_sums_over_customers_use_an_index(desk: Desk, tmp_path: Path) -> None:
    sell(desk)
    url = f"sqlite:///{tmp_path}/ledger.db"
    (sums,) = plans_of(
        url, lambda reading: reading.customers.sums([SHARE.slug], "2026-11", "2026-12", DECEMBER)
    )
    assert "USING COVERING INDEX customers_by_month (campaign=? AND month>? AND month<?)" in str(
        sums
    )
    (paid,) = plans_of(url, lambda reading: reading.customers.payments([SHARE.slug], FIRST))
    assert "payments_by_month USING PRIMARY KEY (campaign=?)" in str(paid)
    assert "payments_by_day USING PRIMARY KEY (campaign=? AND paid>?)" in str(paid)
