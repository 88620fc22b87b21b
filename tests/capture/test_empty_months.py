"""A month with nothing to bill is closed without a document (rules 25 to 27)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.closing.close import close_month, draw_month, preview_statement
from capture.closing.documents import closed_months, documents_of
from capture.closing.redrawing import check_documents
from capture.errors import Refused
from capture.intake.receive import receive_submission
from capture.ledger import open_ledger
from capture.ledger.types import ClosedStatement
from capture.review import reject
from tests.capture.desk import Desk
from tests.samples import NOW, PARTIES, submission

DECEMBER, JANUARY, FEBRUARY = (
    datetime(2026 + n // 12, n % 12 + 1, 9, tzinfo=UTC) for n in (11, 12, 13)
)


def close(desk: Desk, month: str, at: datetime, *, empty: bool = False) -> ClosedStatement | None:
    return desk.ledger.transact(
        lambda records: close_month(records, desk.terms, PARTIES, month, at, empty_statement=empty)
    )


def received(desk: Desk, at: datetime, **answers: str) -> str:
    sent = submission(desk.terms, **answers)
    return desk.ledger.transact(
        lambda records: receive_submission(records, desk.terms, sent, at)
    ).lead_id


@pytest.fixture
def quiet(desk: Desk) -> Desk:
    """November has a lead that was rejected, December one that silence accepts."""
    desk.act(reject, received(desk, NOW), NOW, "too_small")
    received(desk, datetime(2026, 12, 10, tzinfo=UTC), email="bob@other.example")
    return desk


def test_nothing_to_bill_makes_no_document_and_takes_no_number(quiet: Desk) -> None:
    assert close(quiet, "2026-11", DECEMBER) is None
    assert quiet.ledger.read(documents_of) == []
    december = close(quiet, "2026-12", JANUARY)
    assert december is not None
    assert december.number == "acme-0001"
    assert quiet.ledger.read(check_documents) == []


def test_the_month_is_closed_all_the_same(quiet: Desk) -> None:
    close(quiet, "2026-11", DECEMBER)
    assert close(quiet, "2026-11", JANUARY) is None
    assert [(one.campaign, one.month, one.number) for one in quiet.ledger.read(closed_months)] == [
        ("guide", "2026-11", "")
    ]
    with pytest.raises(Refused, match="2026-11 is closed: it had nothing to bill, so it has no st"):
        quiet.ledger.read(
            lambda reading: preview_statement(reading, quiet.terms, PARTIES, "2026-11", JANUARY)
        )
    drawn = quiet.ledger.read(
        lambda reading: list(draw_month(reading, "guide", "2026-11", JANUARY).lines)
    )
    assert drawn == []


def test_months_still_close_in_order(quiet: Desk) -> None:
    with pytest.raises(Refused, match="2026-11 is still open"):
        close(quiet, "2026-12", JANUARY)


def test_a_statement_of_zero_is_drawn_where_somebody_asks_for_one(quiet: Desk) -> None:
    november = close(quiet, "2026-11", DECEMBER, empty=True)
    assert november is not None
    assert november.number == "acme-0001"
    assert close(quiet, "2026-11", JANUARY) == november
    assert quiet.ledger.read(check_documents) == []


def test_a_month_closed_without_a_statement_gets_none_later(quiet: Desk) -> None:
    close(quiet, "2026-11", DECEMBER)
    with pytest.raises(Refused, match="2026-11 is closed already, without a statement"):
        close(quiet, "2026-11", JANUARY, empty=True)


def test_a_late_line_of_an_empty_month_stands_on_the_next_statement_rule_25(desk: Desk) -> None:
    received(desk, datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert close(desk, "2026-11", datetime(2026, 12, 1, 12, tzinfo=UTC)) is None
    december = close(desk, "2026-12", JANUARY)
    assert december is not None
    assert december.number == "acme-0001"
    assert desk.ledger.read(check_documents) == []


def test_verify_finds_a_month_that_was_closed_without_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/apart.db", b"a key for tests only"))
    received(desk, NOW)
    monkeypatch.setattr("capture.closing.close.has_nothing_to_bill", lambda _: True)
    assert close(desk, "2026-11", DECEMBER) is None
    monkeypatch.undo()
    assert desk.ledger.read(check_documents) == [
        "guide, 2026-11: closed without a statement, but there is something to bill"
    ]
