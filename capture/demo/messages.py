"""The letters and webhooks of the last days, without a mail server and without a network.

The dispatcher's own planner queues them. Instead of sending, this module records answers such as
receivers give: most take a message, some refuse it, and one webhook is out of order for some hours.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from capture.delivery.context import DeliveryContext
from capture.delivery.dispatch import CLAIM
from capture.delivery.endpoints import NewEndpoint, SecretBox, add_endpoint
from capture.delivery.plan import queue_messages
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.messages import VISITOR, Attempt, Channel, Message
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import is_unnotified, notify_client_of

_HOUR: Final = timedelta(hours=1)
_ENDPOINTS: Final = {
    "harbor": "https://crm.harbor-cloud.example/hooks/leads",
    "linden": "https://hooks.linden-payroll.example/gatepost",
}
_BROKEN: Final = "harbor"
"""The client whose webhook is out of order."""
_BROKEN_HOURS: Final = (44, 26)
"""From when to when, in hours before the end of the year."""
_BUSY_HOURS: Final = 5
"""In these last hours it answers that it is busy, and is tried again later."""
_SHARE_OF_WRONG_ADDRESSES: Final = 0.04
_UNDER_WAY: Final = 1
"""What is queued in the last hours of the year still waits to be sent."""

_TAKEN: Final = Attempt("", 200, "ok")
_BROKEN_ANSWER: Final = Attempt(
    "it answered 500", 500, "Internal Server Error: no space left on device"
)
_BUSY_ANSWER: Final = Attempt("it answered 503", 503, "Service Unavailable: back in a few minutes")
_LETTER_TAKEN: Final = Attempt("", 250, "2.0.0 Ok: queued")
_NO_SUCH_MAILBOX: Final = Attempt(
    "the recipient was refused (SMTP 550 5.1.1)", 550, "5.1.1 The e-mail account does not exist"
)


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of the demonstration."""

    context: DeliveryContext
    chance: random.Random
    end: datetime
    """The end of the year."""

    def begin(self, now: datetime) -> None:
        """Adds the webhooks. Events before `now` lead to no message."""
        ledger, box = self.context.ledger, SecretBox(self.context.webhook_key)

        def begin(records: WriteTransaction) -> None:
            for client, url in _ENDPOINTS.items():
                add_endpoint(records, box, NewEndpoint(client, url), now, by=BY_GATEPOST)
            last, _ = records.events.head(now)
            records.outbox.save_last_planned_event(last)

        ledger.transact(begin)

    def deliver(self, now: datetime) -> None:
        """Queues what follows from new events, and records what became of what is due.

        Does nothing in an hour without events, to save time.
        """
        if now < self.end and not self.context.ledger.read(_has_new_events):
            return
        queue_messages(self.context, now)
        if now <= self.end - _UNDER_WAY * _HOUR:
            self.context.ledger.transact(partial(self._record, now=now))

    def _record(self, records: WriteTransaction, now: datetime) -> None:
        for message in records.outbox.claim(now, now + CLAIM, limit=1000):
            at = now + timedelta(seconds=self.chance.randint(1, 50))
            if message.channel is Channel.WEBHOOK:
                self._record_webhook(records, message, at)
            elif message.recipient == VISITOR and self._draws(_SHARE_OF_WRONG_ADDRESSES):
                records.outbox.record_failed(message, at, _NO_SUCH_MAILBOX)
            else:
                records.outbox.record_sent(message, at, _LETTER_TAKEN)
                lead = records.leads.get(message.lead_id)
                if message.kind == "lead_to_review" and lead is not None and is_unnotified(lead):
                    notify_client_of(records, [lead], at)

    def _record_webhook(self, records: WriteTransaction, message: Message, at: datetime) -> None:
        hours_left = (self.end - at) / _HOUR
        if message.client == _BROKEN and _BROKEN_HOURS[1] < hours_left < _BROKEN_HOURS[0]:
            records.outbox.record_failed(message, at, _BROKEN_ANSWER)
        elif message.client == _BROKEN and hours_left < _BUSY_HOURS:
            records.outbox.record_retry(message, self.end + 2 * _HOUR, _BUSY_ANSWER)
        else:
            records.outbox.record_sent(message, at, _TAKEN)

    def _draws(self, share: float) -> bool:
        return self.chance.random() < share


def _has_new_events(reading: ReadTransaction) -> bool:
    return reading.events.head()[0] > reading.outbox.last_planned_event()
