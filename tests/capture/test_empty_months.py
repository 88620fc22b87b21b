"""A month with nothing to bill is closed without a document (rules 25 to 27 of docs/rules.md)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.closing.charged_lines import draw_month
from capture.closing.checks import check_documents
from capture.closing.documents import documents_of
from capture.closing.months import closed_months
from capture.errors import Refused
from capture.intake.receive import receive_submission
from capture.ledger import open_ledger
from capture.ledger.types import ClosedStatement
from capture.review.acts import reject
from tests.capture.desk import Desk
from tests.capture.months import close_one, preview_one
from tests.samples import NOW, submission

DECEMBER, JANUARY, FEBRUARY = (
    datetime(2026 + month // 12, month % 12 + 1, 9, tzinfo=UTC) for month in (11, 12, 13)
)


def close(desk: Desk, month: str, at: datetime, *, empty: bool = False) -> ClosedStatement | None:
    return desk.ledger.transact(
        lambda records: close_one(records, month, at, empty_statement=empty)
    )


def receive_lead(desk: Desk, at: datetime, **answers: str) -> str:
    new_submission = submission(desk.terms, **answers)
    return desk.ledger.transact(
        lambda records: receive_submission(records, desk.terms, new_submission, at)
    ).lead_id


@pytest.fixture
def empty_november(desk: Desk) -> Desk:
    """November has a lead that was rejected, December one that silence accepts."""
    desk.act(reject, receive_lead(desk, NOW), NOW, "too_small")
    receive_lead(desk, datetime(2026, 12, 10, tzinfo=UTC), email="bob@other.example")
    return desk


def test_a_month_with_nothing_to_bill_has_no_document_and_no_number(empty_november: Desk) -> None:
    assert close(empty_november, "2026-11", DECEMBER) is None
    assert empty_november.ledger.read(documents_of) == []
    december = close(empty_november, "2026-12", JANUARY)
    assert december is not None
    assert december.number == "acme-0001"
    assert empty_november.ledger.read(check_documents) == []


def test_a_month_without_a_statement_is_closed(empty_november: Desk) -> None:
    close(empty_november, "2026-11", DECEMBER)
    assert close(empty_november, "2026-11", JANUARY) is None
    (closing,) = empty_november.ledger.read(closed_months)
    assert (closing.client, closing.currency, closing.month) == ("acme", "USD", "2026-11")
    assert (closing.titles, closing.number) == ({"guide": "The guide"}, "")
    with pytest.raises(Refused, match="2026-11 is closed: it had nothing to bill, so it has no st"):
        empty_november.ledger.read(lambda reading: preview_one(reading, "2026-11", JANUARY))
    lines = empty_november.ledger.read(
        lambda reading: list(draw_month(reading, "guide", "2026-11", JANUARY).lines)
    )
    assert lines == []


def test_months_without_statements_close_in_order(empty_november: Desk) -> None:
    with pytest.raises(Refused, match="2026-11 is still open"):
        close(empty_november, "2026-12", JANUARY)


def test_an_empty_statement_is_drawn_on_request(empty_november: Desk) -> None:
    november = close(empty_november, "2026-11", DECEMBER, empty=True)
    assert november is not None
    assert november.number == "acme-0001"
    assert close(empty_november, "2026-11", JANUARY) == november
    assert empty_november.ledger.read(check_documents) == []


def test_a_month_closed_without_a_statement_gets_none_later(empty_november: Desk) -> None:
    close(empty_november, "2026-11", DECEMBER)
    with pytest.raises(Refused, match="2026-11 is closed already, without a statement"):
        close(empty_november, "2026-11", JANUARY, empty=True)


def test_a_late_line_of_an_empty_month_is_on_the_next_statement(desk: Desk) -> None:
    receive_lead(desk, datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert close(desk, "2026-11", datetime(2026, 12, 1, 12, tzinfo=UTC)) is None
    december = close(desk, "2026-12", JANUARY)
    assert december is not None
    assert december.number == "acme-0001"
    assert desk.ledger.read(check_documents) == []


def test_check_documents_reports_a_month_that_was_closed_without_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/apart.db", b"a key for tests only"))
    receive_lead(desk, NOW)
    monkeypatch.setattr("capture.closing.close.has_no_lines", lambda _: True)
    assert close(desk, "2026-11", DECEMBER) is None
    monkeypatch.undo()
    assert desk.ledger.read(check_documents) == [
        "acme, 2026-11, USD: closed without a statement, but there is something to bill"
    ]
