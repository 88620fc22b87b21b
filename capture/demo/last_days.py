"""What waits for somebody at the end of the year: proposals, late payments, forms that look alike.

Each function returns a step of the year: the use case that a person or the service calls.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from capture.closing.credit import BilledLine, CorrectionRequest, billed_line, issue_credit
from capture.closing.debit import approve_debit, proposals_of, propose_debit
from capture.ledger.protocol import ReadTransaction, WriteTransaction

_DAY: Final = timedelta(days=1)
NETWORK: Final = "203.0.113.7"
"""From here come several forms within an hour, so that they go into quarantine."""
FORMS_OF_NETWORK: Final = 7
UNPAID: Final = "harbor"
"""The client that has left a statement unpaid."""
WAITING: Final = "orchard"
"""The client whose last month is over and not closed yet."""


class Step(Protocol):
    """One thing that happens. It may have become impossible; then nothing of it is recorded."""

    def __call__(self, records: WriteTransaction, now: datetime) -> object: ...


def is_left_unpaid(client: str, closed_at: datetime, end: datetime) -> bool:
    """Whether a statement is not paid: one of `UNPAID`, which is overdue at the end of the year."""
    return client == UNPAID and end - 63 * _DAY < closed_at <= end - 32 * _DAY


def corrections(end: datetime, agency: str, client: str) -> Sequence[tuple[datetime, Step]]:
    """Credit and debit notes, and a debit that waits for its client. With the times."""

    def credit(records: WriteTransaction, now: datetime) -> None:
        if line := _last_line(records, "orchard"):
            issue_credit(records, _request(line, "goodwill", Decimal(5)), agency, now)

    def propose(records: WriteTransaction, now: datetime) -> None:
        if line := _last_line(records, "harbor"):
            propose_debit(records, _request(line, "larger_company", Decimal(35)), agency, now)

    def approve(records: WriteTransaction, now: datetime) -> None:
        for open_one in proposals_of(records, "harbor"):
            line = billed_line(records, open_one.statement, open_one.lead_id, open_one.period)
            approve_debit(records, line, client, now)

    return (
        (end - 52 * _DAY, propose),
        (end - 51 * _DAY, approve),
        (end - 45 * _DAY, credit),
        (end - 1.6 * _DAY, propose),
    )


def _request(line: BilledLine, reason: str, amount: Decimal) -> CorrectionRequest:
    billed = line.line
    return CorrectionRequest(line.statement.number, billed.lead_id, reason, billed.period, amount)


def _last_line(reading: ReadTransaction, client: str) -> BilledLine | None:
    """The first line of the client's last statement that has lines."""
    for statement in reversed(list(reading.statements.select(client))):
        for lead_id, period in reading.statements.lines(statement.number):
            return billed_line(reading, statement.number, lead_id, period)
    return None
