"""An endpoint, leads and the delivery of webhooks, for tests."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from capture.billing.statement import Agency, Party
from capture.campaign.catalogue import Catalogue
from capture.campaign.model import Campaign
from capture.delivery.context import DeliveryContext
from capture.delivery.endpoints import (
    NewEndpoint,
    NewSecret,
    SecretBox,
    add_endpoint,
    find_endpoint,
)
from capture.delivery.posting import Network
from capture.delivery.webhooks import messages_for_event
from capture.intake.receive import receive_submission
from capture.lead.model import Lead
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import Message, NewMessage
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.review.acts import find_lead
from capture.signed_links import LinkSigner
from tests.samples import CAMPAIGN, NOW, campaign, submission

KEY = b"a key for tests only"
BOX = SecretBox(KEY)
BEFORE = NOW - timedelta(days=1)
HOUR = timedelta(hours=1)
URL = "https://crm.acme.example/hook"
NOTIFIED = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "webhook"'))


def context(ledger: Ledger, **changes: Any) -> DeliveryContext:
    made = DeliveryContext(
        ledger=ledger,
        catalogue=lambda: Catalogue({}, {}),
        link_signer=LinkSigner(KEY, HOUR),
        service_url="https://leads.example",
        desk_url="https://desk.agency.example",
        site_url="https://journal.example",
        agency=Agency(Party("Northgate Leads")),
        templates=Path(),
        gated=Path(),
        webhook_key=KEY,
        network=Network(allow_loopback=True),
    )
    return replace(made, **changes)


def add(ledger: Ledger, url: str = URL, *, at: datetime = BEFORE) -> NewSecret:
    new = NewEndpoint("acme", url, allow_loopback=True)
    return ledger.transact(lambda records: add_endpoint(records, BOX, new, at, by=BY_GATEPOST))


def take(ledger: Ledger, terms: Campaign, *, at: datetime = NOW, test: bool = False) -> Lead:
    """A lead that has just qualified; nobody has decided on it."""
    sent = replace(submission(terms), test=test)
    created = ledger.transact(lambda records: receive_submission(records, terms, sent, at))
    return ledger.read(lambda reading: find_lead(reading, created.lead_id))


def messages_of(ledger: Ledger, *, after: int = 0, now: datetime = NOW) -> list[NewMessage]:
    """The webhooks of all events after a number."""

    def query(reading: ReadTransaction) -> list[NewMessage]:
        messages = []
        for recorded in list(reading.events.select(after=after)):
            lead_id = recorded.event.lead_id
            lead = None if lead_id is None else reading.leads.get(lead_id)
            messages += messages_for_event(reading, recorded, lead, now)
        return messages

    return ledger.read(query)


def types_of(ledger: Ledger, *, after: int = 0) -> list[str]:
    return [message.kind for message in messages_of(ledger, after=after)]


def queue(ledger: Ledger, now: datetime) -> list[Message]:
    """Queues the webhooks of all events and claims them."""
    for message in messages_of(ledger, now=now):
        ledger.transact(lambda records, message=message: records.outbox.queue(message))
    return list(ledger.transact(lambda records: records.outbox.claim(now, now + HOUR, 100)))


def stored(ledger: Ledger, made: NewSecret) -> Endpoint:
    return ledger.read(lambda reading: find_endpoint(reading, made.endpoint.id))
