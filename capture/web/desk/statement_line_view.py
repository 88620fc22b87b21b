"""A line of a closed statement with its corrections, for the agency that corrects it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from capture.closing.credit import Correction, billed_line, signed_amount
from capture.closing.debit import Proposal, proposals_of
from capture.documents.statement_sheet import paid_for
from capture.ledger.protocol import ReadTransaction
from capture.money import from_minor


@dataclass(frozen=True, slots=True)
class StatementLineView:
    """One line. Amounts are minor units, net of tax."""

    number: str
    client: str
    lead_id: str
    period: str
    paid_for: str
    """In words: `Accepted by client`."""
    currency: str
    amount: int
    left: int
    """The amount with debit notes and without credit notes: the most that can be credited."""
    corrections: Sequence[tuple[Correction, int]]
    """Each note with its amount; that of a credit note is negative."""
    proposal: Proposal | None
    """The proposed debit that waits for the client's answer."""

    @property
    def left_decimal(self) -> Decimal:
        """The amount that is not credited yet, in major units, as the form shows it."""
        return from_minor(self.left, self.currency)


def statement_line_view(
    reading: ReadTransaction, number: str, lead_id: str, period: str
) -> StatementLineView:
    """The line. Raises `NotFound`, or `Refused` if a period is needed."""
    billed = billed_line(reading, number, lead_id, period)
    key = number, lead_id, billed.line.period
    proposals = [
        proposal
        for proposal in proposals_of(reading, billed.statement.client)
        if proposal.stage == "open"
        and (proposal.statement, proposal.lead_id, proposal.period) == key
    ]
    return StatementLineView(
        number=number,
        client=billed.statement.client,
        lead_id=lead_id,
        period=billed.line.period,
        paid_for=paid_for(billed.line),
        currency=billed.statement.currency,
        amount=billed.line.amount,
        left=billed.amount_left,
        corrections=[(note, signed_amount(note)) for note in billed.line_corrections],
        proposal=proposals[0] if proposals else None,
    )
