"""A dispatcher with a clock of its own and a real mail server, for the tests of sending."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from capture.delivery.context import DeliveryContext
from capture.delivery.dispatch import Delivery, Dispatcher
from capture.delivery.mail import Sender
from capture.delivery.plan import queue_messages
from capture.delivery.smtp import Security, SmtpServer, SmtpTransport
from capture.intake.receive import receive_submission
from capture.lead.model import Lead
from capture.ledger.messages import Attempt, Channel, Message, NewMessage
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.letters.letter import Letter
from capture.review.acts import find_lead
from tests.capture.delivery.mail_server import MailServer
from tests.capture.delivery.planning import BY_MAIL, LEADS, context
from tests.samples import NOW, submission

MINUTE = timedelta(minutes=1)
SENDER = Sender("Northgate Leads", "leads@agency.example")
Start = Callable[..., MailServer]


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def compose(
    reading: ReadTransaction, work: DeliveryContext, message: Message, now: datetime
) -> Letter | str:
    """A letter that names its message."""
    del reading, work, now
    return Letter(message.key, message.kind, f"<p>{message.kind}</p>")


def no_webhook(work: DeliveryContext, message: Message, now: datetime) -> Attempt:
    del work, now
    return Attempt(f"taken: {message.kind}", 200, "ok")


@contextmanager
def dispatcher(
    ledger: Ledger, server: MailServer, clock: Clock, **parts: object
) -> Iterator[Dispatcher]:
    smtp = SmtpServer("localhost", server.port, Security.NONE)
    with closing(SmtpTransport(smtp, SENDER.address, timeout=5)) as mail:
        made = Dispatcher(
            context=context(ledger, BY_MAIL),
            sender=SENDER,
            mail=mail,
            queue_messages=queue_messages,
            compose=compose,
            send_webhook=no_webhook,
            clock=clock,
            random=lambda: 0.5,
        )
        yield replace(made, **parts)


def run(ledger: Ledger, server: MailServer, clock: Clock, **parts: object) -> list[Delivery]:
    """One pass; the letters to the agency are left out."""
    with dispatcher(ledger, server, clock, **parts) as made:
        return [done for done in made.run() if done.message.kind != "month_ready"]


def receive(ledger: Ledger, local: str = "ann", at: datetime = NOW) -> str:
    """Receives a lead whose address is at a domain of its own."""
    sent = submission(BY_MAIL, email=f"{local}@{local}.example")
    return ledger.transact(lambda records: receive_submission(records, BY_MAIL, sent, at)).lead_id


def find(ledger: Ledger, lead_id: str) -> Lead:
    return ledger.read(lambda reading: find_lead(reading, lead_id))


def guide(ledger: Ledger) -> Message:
    (message,) = ledger.read(lambda reading: reading.outbox.select(kind="guide"))
    return message


def queue(ledger: Ledger, **changes: object) -> None:
    message = NewMessage(
        key="one",
        channel=Channel.MAIL,
        kind="statement",
        recipient=LEADS,
        queued_at=NOW,
        due_at=NOW,
        client="acme",
    )
    ledger.transact(lambda records: records.outbox.queue(replace(message, **changes)))
