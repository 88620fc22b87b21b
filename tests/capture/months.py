"""Closes and previews months of a client with one currency, for tests."""

from datetime import datetime

from capture.billing.statement import Parties, Statement
from capture.closing.close import close_month, preview_statements
from capture.closing.documents import find_closed_statement
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import ClosedStatement
from tests.samples import PARTIES


def close_one(  # noqa: PLR0913 - those of `close_month`
    records: WriteTransaction,
    month: str,
    now: datetime,
    *,
    client: str = "acme",
    parties: Parties = PARTIES,
    empty_statement: bool = False,
) -> ClosedStatement | None:
    """Closes the month; its statement, or None if it has none."""
    (closing,) = close_month(
        records, client, parties, month, now, empty_statement=empty_statement, by=BY_GATEPOST
    )
    return find_closed_statement(records, closing.number) if closing.number else None


def preview_one(
    reading: ReadTransaction,
    month: str,
    as_of: datetime,
    *,
    client: str = "acme",
    parties: Parties = PARTIES,
) -> Statement:
    """The only statement of the month as it would be at a time."""
    (statement,) = preview_statements(reading, client, parties, month, as_of)
    return statement
