"""The columns `due_at` and `billed` of a lead's row (rule 33 of docs/rules.md)."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.closing.checks import check_documents
from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.types import DueState
from capture.review.acts import notify_client, reject, withdraw
from tests.capture.desk import BOOKED, DAY, HELD, SHARE, WON, Desk
from tests.samples import CAMPAIGN, NOW, campaign, submission

DECEMBER, JANUARY = NOW + 9 * DAY, NOW + 40 * DAY
WINDOW, SECOND = timedelta(hours=48), timedelta(seconds=1)
NOT_DUE = DueState(None, "")


def due_state(desk: Desk, lead_id: str) -> DueState:
    return desk.ledger.read(lambda reading: reading.statements.due_state(lead_id))


def submitted(desk: Desk, terms: Campaign, *, test: bool = False, **answers: str) -> str:
    """The id of a new lead without any review or outcome."""
    desk.terms = terms
    sent = replace(submission(terms, **answers), test=test)
    return desk.ledger.transact(
        lambda records: receive_submission(records, terms, sent, NOW)
    ).lead_id


def test_a_lead_in_review_is_due_at_the_end_of_its_window(desk: Desk) -> None:
    lead_id = submitted(desk, campaign())
    assert due_state(desk, lead_id) == DueState(NOW + WINDOW, "")
    desk.close("2026-11", DECEMBER)
    assert due_state(desk, lead_id) == DueState(None, "acme-0001")


def test_a_lead_without_notice_is_not_due_until_the_client_is_notified(desk: Desk) -> None:
    terms = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))
    lead_id = submitted(desk, terms)
    assert due_state(desk, lead_id) == NOT_DUE
    desk.ledger.transact(lambda records: notify_client(records, terms, NOW + DAY))
    assert due_state(desk, lead_id) == DueState(NOW + DAY + WINDOW, "")


def test_a_test_lead_and_a_free_lead_are_never_due(desk: Desk) -> None:
    terms = campaign('[caps]\nleads_a_month = 1\nover = "free"')
    assert due_state(desk, submitted(desk, terms, test=True)) == NOT_DUE
    submitted(desk, terms)
    assert due_state(desk, submitted(desk, terms, email="bob@other.example")) == NOT_DUE


def test_a_rejection_removes_the_due_time_and_its_undo_restores_it(desk: Desk) -> None:
    lead_id = submitted(desk, campaign())
    desk.act(reject, lead_id, NOW + DAY, "too_small")
    assert due_state(desk, lead_id) == NOT_DUE
    desk.act(withdraw, lead_id, NOW + DAY + SECOND)
    assert due_state(desk, lead_id) == DueState(NOW + WINDOW, "")


@pytest.mark.parametrize(
    ("terms", "due"), [(BOOKED, NOW + WINDOW), (HELD, NOW + DAY + WINDOW)], ids=["booked", "held"]
)
def test_a_meeting_is_due_when_it_becomes_final(desk: Desk, terms: Campaign, due: object) -> None:
    lead = desk.take(terms)
    desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + DAY)
    assert due_state(desk, lead.lead_id).due_at == due
    # From the time of the meeting on, a cancelled one is charged (rule 42).
    desk.report(lead, EventKind.CANCELLED, NOW + DAY - SECOND)
    assert due_state(desk, lead.lead_id) == NOT_DUE


def test_a_sale_is_due_until_it_is_refunded_in_full(desk: Desk) -> None:
    lead = desk.take(WON)
    desk.client(lead, EventKind.WON, NOW + DAY, amount=Decimal(100))
    assert due_state(desk, lead.lead_id) == DueState(NOW + DAY, "")
    desk.client(lead, EventKind.REFUNDED, NOW + 2 * DAY, amount=Decimal(100))
    assert due_state(desk, lead.lead_id) == NOT_DUE


def test_with_a_revenue_share_the_next_month_is_due_after_each_statement(desk: Desk) -> None:
    lead = desk.take(SHARE)
    desk.client(lead, EventKind.WON, NOW, amount=Decimal(300))
    first = date(2026, 11, 23)
    desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(300), period=first, months=3)
    states = [due_state(desk, lead.lead_id)]
    for month, now in (("2026-11", DECEMBER), ("2026-12", JANUARY)):
        desk.close(month, now)
        states.append(due_state(desk, lead.lead_id))
    assert [(state.due_at and f"{state.due_at:%m-%d}", state.billed) for state in states] == [
        ("11-23", ""),
        ("12-23", "acme-0001"),
        ("01-23", "acme-0002"),
    ]


def billed_and_unbilled_lead(desk: Desk) -> list[str]:
    """The ids of a billed lead with a further month to come, and of a lead without a line."""
    lead = desk.take(SHARE)
    desk.client(lead, EventKind.WON, NOW, amount=Decimal(300))
    first = date(2026, 11, 23)
    desk.client(lead, EventKind.REVENUE, NOW, amount=Decimal(300), period=first, months=3)
    desk.close("2026-11", DECEMBER)
    return [lead.lead_id, submitted(desk, SHARE, company_size="1-50")]


def run_sql(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.db")) as db:
        db.executescript(sql)


def copy_ledger(folder: Path) -> Path:
    """A copy of the ledger that a test may damage."""
    (folder / "copy").mkdir()
    run_sql(folder, f"VACUUM INTO '{folder}/copy/ledger.db'")
    return folder / "copy"


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE leads SET due_at = NULL", "has a due time that differs from its events"),
        ("UPDATE open_lines SET amount = amount + 1", "its lines that are not billed yet differ"),
        ("DELETE FROM open_lines", "its lines that are not billed yet differ"),
        (
            "INSERT INTO open_lines SELECT 'x', period, campaign, month, due_at, amount,"
            " received_at FROM open_lines",
            "the table of unbilled lines: has rows of no lead's line",
        ),
        ("UPDATE leads SET billed = ''", "does not name the statement that billed it last"),
        (
            "DROP TRIGGER statement_lines_never_deleted; DELETE FROM statement_lines;"
            "CREATE TRIGGER statement_lines_never_deleted BEFORE DELETE ON statement_lines"
            " BEGIN SELECT RAISE(ABORT, 'statement_lines only grows'); END;"
            "UPDATE leads SET billed = ''",
            "statement acme-0001: its line of lead",
        ),
        (
            "INSERT INTO statement_lines SELECT lead_id, '2027-02-23', number FROM statement_lines",
            "2027-02-23 is in the statement or in the table of billed lines only",
        ),
    ],
    ids=[
        *("due", "open amount", "no open line", "additional open line", "billed"),
        *("missing line", "additional line"),
    ],
)
def test_verify_reports_a_row_or_a_line_that_does_not_match(
    desk: Desk, tmp_path: Path, damage: str, problem: str
) -> None:
    billed_and_unbilled_lead(desk)
    copy = copy_ledger(tmp_path)
    run_sql(copy, damage)
    with closing(open_ledger(f"sqlite:///{copy}/ledger.db", b"a key for tests only")) as damaged:
        problems = [*damaged.verify().problems, *damaged.read(check_documents)]
    assert any(problem in line for line in problems), problems
