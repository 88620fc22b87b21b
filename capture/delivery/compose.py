"""Writes the letter of a message, from the ledger as it is when the message is sent.

Much may have changed since the message was queued. So each letter is written anew at each attempt,
or the message is dropped: the lead was decided, its data erased, an address taken off a file.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from capture.delivery.agency_letters import (
    campaign_ends,
    cap_nearly_reached,
    failed_deliveries,
    missing_files,
    month_ready,
    quarantine_digest,
    spam_digest,
)
from capture.delivery.context import DeliveryContext
from capture.delivery.document_letters import debit_to_approve, report, statement
from capture.delivery.lead_letters import (
    lead_released,
    lead_to_review,
    leads_digest,
    meeting_question,
    review_warning,
)
from capture.delivery.privacy_letters import consent_withdrawn, own_data
from capture.delivery.request import Dropped, Request
from capture.delivery.user_letters import passphrase_link
from capture.delivery.visitor_letters import confirmation, guide
from capture.errors import NotFound
from capture.ledger.messages import VISITOR, Message
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import email_of
from capture.letters.letter import Letter
from capture.privacy.withdraw import are_letters_blocked

WRITERS: Final[Mapping[str, Callable[[Request], Letter]]] = {
    "guide": guide,
    "confirmation": confirmation,
    "own_data": own_data,
    "lead_to_review": lead_to_review,
    "lead_released": lead_released,
    "leads_digest": leads_digest,
    "review_warning": review_warning,
    "meeting_question": meeting_question,
    "consent_withdrawn": consent_withdrawn,
    "statement": statement,
    "report": report,
    "debit_to_approve": debit_to_approve,
    "passphrase_link": passphrase_link,
    "spam_digest": spam_digest,
    "quarantine_digest": quarantine_digest,
    "failed_deliveries": failed_deliveries,
    "cap_nearly_reached": cap_nearly_reached,
    "campaign_ends": campaign_ends,
    "missing_files": missing_files,
    "month_ready": month_ready,
}
"""By kind of message: the function that finds its facts and writes its letter."""


def compose(
    reading: ReadTransaction, context: DeliveryContext, message: Message, now: datetime
) -> Letter | str:
    """The letter, or the reason to drop the message.

    Raises `DeliveryError` if the letter cannot be written now, but perhaps later.
    """
    write = WRITERS.get(message.kind)
    if write is None:
        return f"there is no letter of the kind {message.kind}"
    try:
        if message.recipient == VISITOR:
            _check_wanted(reading, message)
        return write(Request(reading, context, message, now))
    except Dropped as dropped:
        return str(dropped)
    except NotFound as error:
        return f"what it is about is gone: {error}"


def _check_wanted(reading: ReadTransaction, message: Message) -> None:
    """Raises `Dropped` if the person said that the form of this campaign was not theirs."""
    address = email_of(reading.people.personal_data(message.lead_id))
    if address and are_letters_blocked(reading, message.campaign, address):
        raise Dropped("the owner of the address did not send this form and wants no letters")
