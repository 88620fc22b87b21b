"""The client's answer to a proposed debit note through a contact's link.

Only the client itself may answer (rule 41 of docs/rules.md).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from capture.closing.debit import DebitAnswer, answer_debit, find_proposal
from capture.ledger.protocol import ReadTransaction
from capture.web.desk.debit_view import DebitView, debit_view
from capture.web.review.access import TOO_LATE, Refusal, Visitor, typed_note
from capture.web.services import services


def context(visitor: Visitor, debit_id: str, now: datetime) -> dict[str, object]:
    """The values of the debit's page. Raises `NotFound`."""
    client = visitor.client_slug

    def read(reading: ReadTransaction) -> DebitView:
        return debit_view(reading, find_proposal(reading, client, debit_id), now)

    return {"debit": services().ledger.read(read)}


def _approve(visitor: Visitor, debit_id: str, now: datetime) -> Refusal | None:
    return _answer(visitor, debit_id, "approved", now)


def _decline(visitor: Visitor, debit_id: str, now: datetime) -> Refusal | None:
    return _answer(visitor, debit_id, "declined", now)


def _answer(visitor: Visitor, debit_id: str, answer: DebitAnswer, now: datetime) -> Refusal | None:
    """Records the answer. The same answer again changes nothing."""
    client, address, note = visitor.client_slug, visitor.address, typed_note()
    is_recorded = services().ledger.transact(
        lambda records: answer_debit(records, client, debit_id, answer, address, now, note)
    )
    return None if is_recorded else Refusal(409, TOO_LATE)


ACTIONS: Final[Mapping[str, Callable[[Visitor, str, datetime], Refusal | None]]] = {
    "approve": _approve,
    "decline": _decline,
}
"""What each button of the page does."""
