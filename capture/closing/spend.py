"""What a client spends: billed, by statement or debit note, less credited (rule 29)."""

from collections.abc import Iterator
from dataclasses import dataclass

from capture.account import DocumentKind
from capture.closing.correction import corrections_of
from capture.ledger import Reading
from capture.statement import read_json


@dataclass(frozen=True, slots=True)
class Spent:
    """One line of one document. Amounts are minor units, net of tax, and not below nought."""

    client: str
    campaign: str
    month: str
    """Of the statement, or of the statement that is corrected: a credit mends its own month."""
    lead_id: str
    currency: str
    billed: int = 0
    credited: int = 0


def spend_of(reading: Reading, client: str | None = None) -> Iterator[Spent]:
    """Every line that was billed or credited, of one client or of all; statement by statement."""
    months: dict[str, str] = {}
    yield from _billed(reading, client, months)
    yield from _corrected(reading, client, months)


def _billed(reading: Reading, client: str | None, months: dict[str, str]) -> Iterator[Spent]:
    for frozen in reading.statements.select(client):
        months[frozen.number] = frozen.month
        bill = read_json(frozen.json)
        for line in bill.lines:
            yield Spent(
                bill.client,
                bill.campaign,
                bill.month,
                line.lead_id,
                bill.currency,
                billed=line.amount,
            )


def _corrected(reading: Reading, client: str | None, months: dict[str, str]) -> Iterator[Spent]:
    for one in corrections_of(reading, client):
        is_credit = one.kind is DocumentKind.CREDIT
        yield Spent(
            one.client,
            one.campaign,
            months[one.statement],
            one.lead_id,
            one.currency,
            billed=0 if is_credit else one.amount,
            credited=one.amount if is_credit else 0,
        )
