"""A proposed debit note in words, for the client who approves or declines it (rule 27)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from capture.closing.credit import billed_line
from capture.closing.debit import Proposal
from capture.closing.documents import day_in_zone
from capture.documents.agreement.model import day
from capture.ledger.protocol import ReadTransaction
from capture.letters.render import moment_in_words
from capture.money import show_money
from capture.text import words_of_code

_STATES = {
    "open": "Waits for you",
    "approved": "Your company approved it",
    "declined": "Your company declined it",
}


@dataclass(frozen=True, slots=True)
class DebitView:
    """One debit as a page shows it to the client."""

    id: str
    document: str
    """What it corrects: `invoice acme-0001`."""
    lead_id: str
    period: str
    amount: str
    reason: str
    """The agency's code in words: `wrong rate`."""
    proposed: str
    state: str
    explanation: str
    is_open: bool
    approving: str
    declining: str


def debit_view(
    reading: ReadTransaction, proposal: Proposal, now: datetime, zone: ZoneInfo | None = None
) -> DebitView:
    """The proposal for its client, as of `now`. `zone` is that of times; None: the document's."""
    billed = billed_line(reading, proposal.statement, proposal.lead_id, proposal.period)
    statement = billed.statement
    currency = proposal.currency
    amount = show_money(proposal.amount, currency)
    vat = billed.vat_on(proposal.amount)
    tax = f" plus {show_money(vat, currency)} VAT" if vat else ""
    due = day(statement.parties.due_on(day_in_zone(statement.time_zone, now)))
    return DebitView(
        id=proposal.id,
        document=f"{statement.parties.document} {proposal.statement}",
        lead_id=proposal.lead_id,
        period=proposal.period,
        amount=f"{amount}{tax}",
        reason=words_of_code(proposal.reason),
        proposed=moment_in_words(proposal.proposed_at, zone or ZoneInfo(statement.time_zone)),
        state=_STATES[proposal.stage],
        explanation=_explanation(proposal),
        is_open=proposal.stage == "open",
        approving=f"Approving issues a debit note of {amount}{tax}, due on {due}. It cannot be "
        "undone here.",
        declining="Declining changes nothing on the document, and costs nothing.",
    )


def _explanation(proposal: Proposal) -> str:
    match proposal.stage:
        case "open":
            return "You owe nothing of it until you approve it. Silence approves nothing."
        case "declined":
            return "The document stays as it is."
    return f"The debit note {proposal.number} was issued."
