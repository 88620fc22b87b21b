"""What a person does to messages of the outbox: send one again, give one up."""

from datetime import datetime

from capture.errors import Hint, NotFound, Refused
from capture.lead.events import EventKind
from capture.ledger.administration import record_act
from capture.ledger.messages import Message, MessageState
from capture.ledger.protocol import ReadTransaction, WriteTransaction


def find_message(reading: ReadTransaction, message_id: int) -> Message:
    """The message with this id. Raises `NotFound`."""
    message = reading.outbox.get(message_id)
    if message is None:
        raise NotFound(f"no message {message_id}", Hint.MESSAGES)
    return message


def send_again(records: WriteTransaction, message_id: int, now: datetime, by: str) -> None:
    """Makes a failed or dropped message due now, with all its attempts again.

    `by` is the person who does it, here and below. Raises `NotFound`, or `Refused` for a message in
    another state.
    """
    message = find_message(records, message_id)
    if not records.outbox.retry(message_id, now):
        raise Refused(
            f"message {message_id} is {message.state}; only a failed or dropped one is sent again"
        )
    record_act(records, EventKind.MESSAGE_RETRIED, by, now, message=message_id)


def send_failed_again(records: WriteTransaction, message_id: int, now: datetime, by: str) -> int:
    """Makes all failed messages to the recipient of a message due now. Returns their number."""
    number = retry_failed(records, find_message(records, message_id).recipient, now)
    if number:
        record_act(records, EventKind.MESSAGE_RETRIED, by, now, message=message_id, messages=number)
    return number


def retry_failed(records: WriteTransaction, recipient: str, now: datetime) -> int:
    """Makes all failed messages to a recipient due now, as part of an act. Returns their number."""
    failed = records.outbox.select(MessageState.FAILED, recipient=recipient)
    return sum(records.outbox.retry(message.id, now) for message in failed)


def give_up(records: WriteTransaction, message_id: int, now: datetime, by: str) -> None:
    """Drops a message that is not sent: it waits, is being sent, or failed.

    Raises `NotFound`, or `Refused` for one that was sent or dropped.
    """
    message = find_message(records, message_id)
    if not records.outbox.drop(message_id, now, "dropped by hand", even_failed=True):
        raise Refused(f"message {message_id} is {message.state} and cannot be dropped")
    record_act(records, EventKind.MESSAGE_DROPPED, by, now, message=message_id)
