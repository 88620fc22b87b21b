"""The dispatcher: queues what follows from the events, sends what is due, records the results.

A message is claimed, sent outside any transaction, and recorded. So it is sent at least once: a
dispatcher that dies in between leaves a claim that expires, and the message is sent again. Several
dispatchers may run: a claim is longer than any attempt, so none sends what another one is sending.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from capture.delivery.attempts import DeliveryError, PermanentFailure
from capture.delivery.context import DeliveryContext
from capture.delivery.event_messages import withdrawal_after_notice
from capture.delivery.mail import MailTransport, Sender, build_email
from capture.delivery.smtp import AddressRefused
from capture.errors import GatepostError, Unavailable
from capture.ledger.messages import VISITOR, Attempt, Channel, Message, MessageState
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import email_of
from capture.letters.letter import Letter
from capture.review.acts import is_unnotified, notify_client_of
from capture.review.bounce import record_bounce

CLAIM: Final = timedelta(minutes=15)
"""How long a claimed message belongs to its dispatcher. An e-mail takes at most ten answers of the
mail server, each within 30 seconds; a webhook takes 10 seconds."""

RETRY_DELAYS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
"""After each temporary failure; after the last one the message is failed."""
_JITTER: Final = 0.1
"""A delay is longer by up to this part of it, so that messages that failed together spread out."""

_MOST_CLAIMS: Final = 20
"""A message that was claimed more often has ended its dispatchers, or never came to a result."""
_CLOCK_INTERVAL: Final = timedelta(seconds=30)
"""How often a dispatcher looks for messages that follow from the clock. It looks for those that
follow from events in every pass."""

_SLOW: Final = timedelta(seconds=2)
"""An attempt that takes longer is slow: all other messages wait meanwhile."""
_SHARE: Final = 10
"""A slow receiver gets one tenth of the time while other messages are due."""

_ERASURE_INTERVAL: Final = timedelta(days=1)
"""How often a dispatcher looks for personal data that is old enough to be erased."""

_FILES_INTERVAL: Final = timedelta(hours=1)
"""How often a dispatcher looks for files of the desk that are old enough to be deleted."""

_NOTICES: Final = frozenset({"lead_to_review", "leads_digest"})
"""Letters that notify the client of their leads, so that the review windows start (rule 11 of
docs/rules.md). `webhooks.send` records what a webhook notifies of."""

_NO_ADDRESS: Final = "the person's address was erased"
_NO_CONTACT: Final = "the address is no longer in the client's file"

log = logging.getLogger(__name__)

QueueMessages = Callable[[DeliveryContext, datetime], int]
"""Queues the messages that follow from new events and from the clock; returns their number."""
Compose = Callable[[ReadTransaction, DeliveryContext, Message, datetime], Letter | str]
"""The letter of a message, or the reason to drop it."""
EraseOldData = Callable[[datetime], int]
"""Erases personal data by age; returns the number of leads."""
DeleteOldFiles = Callable[[datetime], int]
"""Deletes the files of the desk's old exports; returns how many exports."""
SendWebhook = Callable[[DeliveryContext, Message, datetime], Attempt]
"""Sends a webhook. Raises `DeliveryError`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that was attempted, and what became of it."""

    message: Message
    state: MessageState
    """`waiting` if it will be tried again."""
    result: str
    due_at: datetime | None = None
    """When it will be tried again."""


class _Dropped(Exception):
    """The message is not sent; its text is the reason."""


@dataclass(kw_only=True)
class Dispatcher:
    """Sends the messages of one ledger."""

    context: DeliveryContext
    sender: Sender
    mail: MailTransport
    queue_messages: QueueMessages
    compose: Compose
    send_webhook: SendWebhook
    clock: Callable[[], datetime]
    random: Callable[[], float]
    """A number from 0 to 1 for the jitter of a retry."""
    erase_old_data: EraseOldData = lambda now: 0  # noqa: ARG005 - erases nothing
    delete_old_files: DeleteOldFiles = lambda now: 0  # noqa: ARG005 - deletes nothing
    _planned_at: datetime | None = None
    _erased_at: datetime | None = None
    _files_deleted_at: datetime | None = None
    _slow_until: dict[str, datetime] = field(default_factory=dict)
    """By slow webhook endpoint: the time until which its messages are sent after all others."""

    def run(self) -> Iterator[Delivery]:
        """One pass: queues what follows, then sends one due message after the other.

        The caller may stop between two messages. Raises `Unavailable` if the ledger fails.
        """
        self._queue()
        self._erase()
        self._delete_files()
        try:
            while self._is_due():
                for message in self._claim():
                    started = self.clock()
                    delivery = self._deliver(message)
                    time = self.clock() - started
                    yield delivery
                    self._note_time(message, time)
        finally:
            self.mail.close()

    def next_due(self) -> datetime | None:
        """When the next message is due; None if none waits."""
        return self.context.ledger.read(lambda reading: reading.outbox.next_due())

    def _is_due(self) -> bool:
        """Whether a message is due. A dispatcher without work only reads."""
        due = self.next_due()
        return due is not None and due <= self.clock()

    def _queue(self) -> None:
        """Queues new messages. No error stops those that are queued, unless the ledger fails."""
        now = self.clock()
        if not _is_time(self._planned_at, _CLOCK_INTERVAL, now) and not self.context.ledger.read(
            _has_new_events
        ):
            return
        self._planned_at = now
        try:
            self.queue_messages(self.context, now)
        except Unavailable:
            raise
        except GatepostError as error:
            log.error("no new messages are queued: %s", error)
        except Exception as error:
            log.error("no new messages are queued: unexpected error\n%s", _stack_of(error))

    def _note_time(self, message: Message, time: timedelta) -> None:
        """After a slow attempt, queues the messages that are due meanwhile, to send them first."""
        if time <= _SLOW:
            return
        if message.channel is Channel.WEBHOOK:
            self._slow_until[message.recipient] = self.clock() + (_SHARE - 1) * time
        self._queue()

    def _erase(self) -> None:
        """Erases old personal data once a day. An error does not stop the messages."""
        now = self.clock()
        if not _is_time(self._erased_at, _ERASURE_INTERVAL, now):
            return
        self._erased_at = now
        try:
            number = self.erase_old_data(now)
        except GatepostError as error:
            log.error("old personal data was not erased; the next try is in a day: %s", error)
        except Exception as error:
            log.error("old personal data was not erased: unexpected error\n%s", _stack_of(error))
        else:
            if number:
                log.warning("the personal data of %d leads was erased by age", number)

    def _delete_files(self) -> None:
        """Deletes old files of the desk once an hour. An error does not stop the messages."""
        now = self.clock()
        if not _is_time(self._files_deleted_at, _FILES_INTERVAL, now):
            return
        self._files_deleted_at = now
        try:
            self.delete_old_files(now)
        except GatepostError as error:
            log.error("old files of the desk were not deleted, try again in an hour: %s", error)

    def _claim(self) -> list[Message]:
        """The next due message, claimed. One at a time, so that a crash repeats no other one."""
        now = self.clock()
        self._slow_until = {name: end for name, end in self._slow_until.items() if end > now}
        last = tuple(self._slow_until)
        return list(
            self.context.ledger.transact(
                lambda records: records.outbox.claim(now, now + CLAIM, limit=1, last=last)
            )
        )

    def _deliver(self, message: Message) -> Delivery:
        try:
            attempt = self._send(message)
        except _Dropped as dropped:
            return self._drop(message, str(dropped))
        except PermanentFailure as failure:
            return self._fail(message, failure)
        except DeliveryError as failure:
            return self._retry(message, failure.attempt)
        except Unavailable:
            raise
        except GatepostError as error:
            return self._retry(message, Attempt(_one_line(str(error))))
        except Exception as error:
            log.error(
                "message %d (%s): unexpected error\n%s", message.id, message.kind, _stack_of(error)
            )
            return self._retry(message, Attempt(f"unexpected error: {type(error).__name__}"))
        return self._record_sent(message, _without_personal_data(message, attempt))

    def _send(self, message: Message) -> Attempt:
        if message.attempts > _MOST_CLAIMS:
            result = f"{_MOST_CLAIMS} attempts came to no result; the dispatcher's log may say why"
            raise PermanentFailure(Attempt(result))
        if message.channel is Channel.WEBHOOK:
            return self.send_webhook(self.context, message, self.clock())
        now = self.clock()

        def write_letter(reading: ReadTransaction) -> tuple[str, Letter | str | OSError]:
            address = ""
            try:
                address = self._address(reading, message)
                return address, self.compose(reading, self.context, message, now)
            except OSError as error:  # of a template or another file; not of the ledger
                return address, error

        address, letter = self.context.ledger.read(write_letter)
        if isinstance(letter, OSError):
            raise letter
        if isinstance(letter, str):
            raise _Dropped(letter)
        email = build_email(letter, self.sender, address, message.key, now)
        return self.mail.send(email, message.id, now)

    def _address(self, reading: ReadTransaction, message: Message) -> str:
        """The address to send to. Raises `_Dropped` if the message has no recipient any more."""
        if message.recipient == VISITOR:
            address = email_of(reading.people.personal_data(message.lead_id))
            if not address:
                raise _Dropped(_NO_ADDRESS)
            return address
        if message.client and message.recipient not in self._known_addresses(message.client):
            raise _Dropped(_NO_CONTACT)
        return message.recipient

    def _known_addresses(self, client: str) -> set[str]:
        """The addresses in a client's file, and the agency's own."""
        addresses = {self.context.agency.party.email}
        file = self.context.catalogue().clients.get(client)
        if file is not None:
            contacts = file.contacts
            addresses |= {*contacts.notices, *contacts.bills, *contacts.report_recipients}
        return addresses

    def _record_sent(self, message: Message, attempt: Attempt) -> Delivery:
        now = self.clock()

        def record(records: WriteTransaction) -> bool:
            is_recorded = records.outbox.record_sent(message, now, attempt)
            # Recorded also if somebody dropped the letter meanwhile: it has arrived. A lead whose
            # data was erased is in no digest, so nobody was notified of it.
            leads = [
                records.leads.get(lead_id)
                for lead_id in _leads_of_notice(message)
                if records.people.personal_data(lead_id) is not None
            ]
            new = [lead for lead in leads if lead is not None and is_unnotified(lead)]
            notify_client_of(records, new, now)
            for lead in leads:
                if lead is not None and lead.review == "consent_withdrawn":  # while it was sent
                    records.outbox.queue(withdrawal_after_notice(records, message, lead, now))
            return is_recorded

        # `webhooks.send` drops a message itself.
        state = MessageState.SENT if self.context.ledger.transact(record) else MessageState.DROPPED
        return Delivery(message, state, attempt.result)

    def _fail(self, message: Message, failure: PermanentFailure) -> Delivery:
        now, attempt = self.clock(), _without_personal_data(message, failure.attempt)

        def record(records: WriteTransaction) -> None:
            records.outbox.record_failed(message, now, attempt)
            if isinstance(failure, AddressRefused) and message.recipient == VISITOR:
                record_bounce(records, message.lead_id, now, attempt.status)

        self.context.ledger.transact(record)
        return Delivery(message, MessageState.FAILED, attempt.result)

    def _retry(self, message: Message, attempt: Attempt) -> Delivery:
        attempt = _without_personal_data(message, attempt)
        if message.attempts > len(RETRY_DELAYS):
            return self._fail(message, PermanentFailure(attempt))
        delay = RETRY_DELAYS[max(1, message.attempts) - 1]
        due_at = self.clock() + delay * (1 + _JITTER * self.random())
        self.context.ledger.transact(
            lambda records: records.outbox.record_retry(message, due_at, attempt)
        )
        return Delivery(message, MessageState.WAITING, attempt.result, due_at)

    def _drop(self, message: Message, reason: str) -> Delivery:
        now = self.clock()
        self.context.ledger.transact(lambda records: records.outbox.drop(message.id, now, reason))
        return Delivery(message, MessageState.DROPPED, reason)


def _is_time(last: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Whether the interval since the last time is over, or the clock was set back."""
    return last is None or not last <= now < last + interval


def _has_new_events(reading: ReadTransaction) -> bool:
    return reading.events.head()[0] > reading.outbox.last_planned_event()


def _leads_of_notice(message: Message) -> list[str]:
    """The leads of which the message notifies the client."""
    if message.kind not in _NOTICES:
        return []
    return list(message.data.get("leads", ())) or [message.lead_id]


def _without_personal_data(message: Message, attempt: Attempt) -> Attempt:
    """The attempt without the server's text, which may repeat a visitor's address."""
    return replace(attempt, answer="") if message.recipient == VISITOR else attempt


def _stack_of(error: Exception) -> str:
    """Where the error was raised, without its text, which may hold personal data."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())
