"""Webhooks: which events a client's system receives, and how one is sent.

They follow the Standard Webhooks specification: JSON with `type`, `timestamp` and `data`, the
headers `webhook-id`, `webhook-timestamp` and `webhook-signature`. The id is the same in every
attempt, so that a receiver can drop repeats. The body is made when it is sent, from the ledger, so
the outbox holds no personal data.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from standardwebhooks import Webhook

from capture.campaign.model import Notice
from capture.client_access.client_leads import load_client_lead
from capture.client_access.lead_serializer import EVENTS, serialize_lead, visible_events
from capture.delivery.addresses import read_url
from capture.delivery.attempts import DeliveryError, PermanentFailure, TemporaryFailure
from capture.delivery.context import DeliveryContext
from capture.delivery.endpoints import SecretBox, pause_endpoint, signing_secrets
from capture.delivery.posting import Answer, Network, post
from capture.errors import Refused, Unavailable
from capture.lead.events import ON_BEHALF_OF, Event, EventKind, show_time
from capture.lead.fold import fold_events
from capture.lead.model import Lead
from capture.lead.moves import (
    ENDS_DELIVERY,
    REMOVED,
    TRACK_OF,
    VISIBLE_TO_CLIENT,
    Track,
    track_of_event,
)
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import Attempt, Channel, Message, MessageState, NewMessage
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import RecordedEvent
from capture.money import from_minor
from capture.review.acts import is_unnotified, notify_client_of

QUALIFIED: Final = "lead.qualified"
UPDATED: Final = "lead.updated"
STATEMENT_CLOSED: Final = "statement.closed"
TEST: Final = "test.ping"
"""The type that `post_test` sends."""

PAUSE_AFTER: Final = 10
"""An endpoint is paused after this many attempts that failed one after the other."""
_GONE: Final = 410

_REVIEW_TYPES: Final[Mapping[EventKind, str]] = {
    EventKind.ACCEPTED: "lead.accepted",
    EventKind.SETTLED: "lead.accepted",
    EventKind.REJECTED: "lead.rejected",
}
DECISIONS: Final = frozenset({EventKind.ACCEPTED, EventKind.REJECTED})
"""Events that may be undone (rule 13). What follows from them waits until that time is over."""
_PREFIXES: Final = {Track.APPOINTMENT: "appointment", Track.SALE: "sale"}
_NOT_SENT: Final = frozenset({EventKind.RECEIVED, EventKind.CORRECTED})
"""The verdict that follows each of these is sent."""
_HOLDS: Final = frozenset({EventKind.HELD_BACK, EventKind.RELEASED})
"""Events that are sent only if the client had the lead at that time."""
_REMOVALS: Final = ENDS_DELIVERY - {EventKind.REJECTED} | {
    EventKind.UNCONFIRMED,
    EventKind.HELD_BACK,
    EventKind.CONSENT_WITHDRAWN,
}
"""Events that may remove the lead from the client."""


# Which messages follow from an event.


def messages_for_event(
    reading: ReadTransaction, recorded: RecordedEvent, lead: Lead | None, now: datetime
) -> list[NewMessage]:
    """The webhooks of one event: one for each endpoint of the client that is not paused.

    A paused endpoint still gets a lead whose notice is the webhook: it fails, which is reported,
    and it is sent when the endpoint is resumed. Otherwise the review window would never start.
    Events from before an endpoint was added are not sent to it.
    `lead` is the lead of the event as it is now; None for an event without a lead.
    """
    event = recorded.event
    kind = _webhook_type(reading, recorded, lead)
    if not kind:
        return []
    client = event.data["client"] if lead is None else lead.client
    messages = (
        NewMessage(
            key=f"webhook:{endpoint.id}:{recorded.sequence}",
            channel=Channel.WEBHOOK,
            kind=_type_for_endpoint(reading, recorded, endpoint, kind),
            recipient=endpoint.id,
            queued_at=now,
            due_at=now,
            client=client,
            campaign=event.campaign,
            lead_id=event.lead_id or "",
            data={"sequence": recorded.sequence},
        )
        for endpoint in reading.endpoints.select(client)
        if endpoint.made_at <= event.recorded_at
        and (endpoint.paused_at is None or _waits_for_webhook(reading, lead))
    )
    return [message for message in messages if message.kind]


def _webhook_type(reading: ReadTransaction, recorded: RecordedEvent, lead: Lead | None) -> str:
    """The type of the webhook about an event; empty if the client gets none."""
    event = recorded.event
    if lead is None:
        has_document = event.kind is EventKind.CLOSED and "number" in event.data
        return STATEMENT_CLOSED if has_document else ""
    if not is_visible(lead):
        return REMOVED if event.kind in _REMOVALS and not lead.test else ""
    # An erasure by age is not sent: the client decides how long it keeps its own copy.
    is_by_age = event.kind is EventKind.ERASED and event.data.get("reason") != "request"
    is_sent = event.kind in EVENTS - _NOT_SENT and not is_by_age
    if not is_sent or (event.kind in _HOLDS and not _is_seen(reading, event)):
        return ""
    if event.kind is EventKind.QUALIFIED:
        return QUALIFIED
    if event.kind in _REVIEW_TYPES:
        is_provisional = event.kind is EventKind.ACCEPTED and ON_BEHALF_OF in event.data
        return UPDATED if is_provisional else _REVIEW_TYPES[event.kind]
    prefix = _PREFIXES.get(_track(event))
    return f"{prefix}.{event.kind}" if prefix else UPDATED


def _type_for_endpoint(
    reading: ReadTransaction, recorded: RecordedEvent, endpoint: Endpoint, kind: str
) -> str:
    """The type for one endpoint; empty for a removed lead that the endpoint does not know. When a
    known lead qualifies again or is removed, the type is `lead.updated`."""
    if kind not in {QUALIFIED, REMOVED}:
        return kind
    is_known = _was_notified(reading, recorded) or _has_webhook(reading, recorded, endpoint)
    if kind == QUALIFIED:
        return UPDATED if is_known else QUALIFIED
    return UPDATED if is_known else ""


def _was_notified(reading: ReadTransaction, recorded: RecordedEvent) -> bool:
    """Whether the client was notified of the lead before this event."""
    earlier = reading.events.select(lead_id=recorded.event.lead_id, last=recorded.sequence - 1)
    return fold_events(each.event for each in earlier).was_notified


def _has_webhook(reading: ReadTransaction, recorded: RecordedEvent, endpoint: Endpoint) -> bool:
    """Whether an earlier event of the lead was sent to the endpoint, or is queued for it."""
    messages = reading.outbox.select(lead_id=str(recorded.event.lead_id), recipient=endpoint.id)
    return any(
        message.data["sequence"] < recorded.sequence and message.state is not MessageState.DROPPED
        for message in messages
    )


def _is_seen(reading: ReadTransaction, event: Event) -> bool:
    """Whether the client had the lead when this event happened."""
    events = [recorded.event for recorded in reading.events.select(lead_id=event.lead_id)]
    return event in visible_events(events)


def _waits_for_webhook(reading: ReadTransaction, lead: Lead | None) -> bool:
    """Whether the client will be notified of the lead by a webhook, and was not yet."""
    if lead is None or not is_unnotified(lead):
        return False
    terms = saved_campaign(reading, lead.campaign, lead.version)
    return terms.review.notice is Notice.WEBHOOK


def is_visible(lead: Lead) -> bool:
    """Whether the client may see the lead: it qualified and is no test (rules 5 and 6)."""
    return not lead.test and lead.review in VISIBLE_TO_CLIENT


def _track(event: Event) -> Track:
    if event.kind is EventKind.OBJECTED:
        return track_of_event(event.kind, event.data)
    return TRACK_OF.get(event.kind, Track.REVIEW)


# Sending one.


@dataclass(frozen=True, slots=True)
class Content:
    """The id and the body of one webhook."""

    id: str
    body: str


def send(context: DeliveryContext, message: Message, now: datetime) -> Attempt:
    """Sends a webhook and records what its endpoint's failures and the client's notice need.

    Drops the message itself, without an attempt, if its endpoint was removed or if the client may
    not see the lead any more. Raises `TemporaryFailure` or `PermanentFailure`.
    """
    endpoint, body, reason = context.ledger.read(lambda reading: _load(reading, message, now))
    if endpoint is None or body is None:
        context.ledger.transact(lambda records: records.outbox.drop(message.id, now, reason))
        return Attempt(reason)
    if endpoint.paused_at is not None:
        raise PermanentFailure(
            Attempt(
                f"webhook {endpoint.id} is paused since {endpoint.paused_at:%Y-%m-%d %H:%M} UTC: "
                f"{endpoint.pause_reason}"
            )
        )
    try:
        content = Content(webhook_id(message.key), body)
        attempt = _post(context.network, context.webhook_key, endpoint, content, now)
    except DeliveryError as error:
        attempt = error.attempt
        context.ledger.transact(lambda records: _record_failure(records, endpoint, attempt, now))
        raise
    context.ledger.transact(lambda records: _record_success(records, endpoint, message, now))
    return attempt


def post_test(network: Network, key: bytes, endpoint: Endpoint, now: datetime) -> Attempt:
    """Sends a webhook of type `test.ping` that is about nothing. Nothing is recorded.

    `key` is the installation's `webhook_key`. Raises `TemporaryFailure` or `PermanentFailure`.
    """
    body = _body(TEST, now, {"webhook": endpoint.id, "client": endpoint.client})
    content = Content(webhook_id(f"test:{endpoint.id}:{show_time(now)}"), body)
    return _post(network, key, endpoint, content, now)


def webhook_id(key: str) -> str:
    """The header `webhook-id` of the message with this key, the same in every attempt."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _load(
    reading: ReadTransaction, message: Message, now: datetime
) -> tuple[Endpoint | None, str | None, str]:
    """The endpoint, the body, and the reason if it is not sent: then one of them is None."""
    recorded = reading.events.get(message.data["sequence"])
    event = recorded.event
    endpoint = reading.endpoints.get(message.recipient)
    if endpoint is None:
        return None, None, "the webhook was removed"
    if event.lead_id is None:
        return endpoint, _body(message.kind, event.recorded_at, _statement(event)), ""
    lead = reading.leads.get(event.lead_id)
    if lead is None or not (is_visible(lead) or event.kind in _REMOVALS):
        return endpoint, None, "the client does not see this lead any more"
    if not is_visible(lead) and not _knows(reading, lead, message):
        return endpoint, None, "this lead was never sent to the webhook"
    if _is_withdrawn(reading, recorded):
        return endpoint, None, "the decision was undone"
    schema = serialize_lead(load_client_lead(reading, lead), now)
    return endpoint, _body(message.kind, event.recorded_at, schema.model_dump(mode="json")), ""


def _knows(reading: ReadTransaction, lead: Lead, message: Message) -> bool:
    """Whether the client was notified of the lead, or another webhook about it was sent to the
    endpoint."""
    sent = reading.outbox.select(
        MessageState.SENT, lead_id=lead.lead_id, recipient=message.recipient
    )
    return lead.was_notified or any(other.id != message.id for other in sent)


def _is_withdrawn(reading: ReadTransaction, recorded: RecordedEvent) -> bool:
    """Whether the event is a decision that was undone within its ten seconds (rule 13)."""
    if recorded.event.kind not in DECISIONS:
        return False
    later = reading.events.select(lead_id=recorded.event.lead_id, after=recorded.sequence)
    kinds = [other.event.kind for other in later]
    reviews = [kind for kind in kinds if kind in DECISIONS or kind is EventKind.WITHDRAWN]
    return reviews[:1] == [EventKind.WITHDRAWN]


def _statement(event: Event) -> dict[str, Any]:
    """What a client's system needs of a closed statement; amounts in major units."""
    data = event.data
    total, currency = data["amount"], data["currency"]
    return {
        "number": data["number"],
        "month": data["month"],
        "currency": currency,
        "net": str(from_minor(total, currency)),
        "vat": str(from_minor(data["vat"], currency)),
        "total": str(from_minor(total + data["vat"], currency)),
        "issued_on": data["issued_on"],
        "due_on": data["due_on"],
        "sha256": data["sha256"],
    }


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    content = {"type": kind, "timestamp": show_time(at), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _post(
    network: Network, key: bytes, endpoint: Endpoint, content: Content, now: datetime
) -> Attempt:
    """Signs and sends. Any status but 2xx is a failure; redirects are not followed."""
    try:
        url = read_url(endpoint.url, allow_loopback=network.allow_loopback)
        signing = signing_secrets(SecretBox(key), endpoint, now)
    except Refused as error:
        raise PermanentFailure(Attempt(str(error))) from None
    except Unavailable as error:
        raise TemporaryFailure(Attempt(str(error))) from None
    headers = {
        "content-type": "application/json",
        "user-agent": "Gatepost",
        "webhook-id": content.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(content.id, now, content.body) for secret in signing
        ),
    }
    return _checked(post(url, content.body.encode(), headers, network))


def _checked(answer: Answer) -> Attempt:
    """The attempt, if the receiver took the webhook. Raises the failure otherwise."""
    if 200 <= answer.status < 300:
        return Attempt("", answer.status, answer.text)
    if answer.status == _GONE:
        raise PermanentFailure(
            Attempt("it answered 410: it wants no more webhooks", answer.status, answer.text)
        )
    words = f"it answered {answer.status}"
    if 300 <= answer.status < 400:
        words += "; redirects are not followed, so its URL must be the final one"
    raise TemporaryFailure(Attempt(words, answer.status, answer.text))


def _record_failure(
    records: WriteTransaction, endpoint: Endpoint, attempt: Attempt, now: datetime
) -> None:
    """Counts the failure, and pauses the endpoint after too many or after 410."""
    failures = records.endpoints.count_failure(endpoint.id)
    if attempt.status == _GONE:
        pause_endpoint(records, endpoint, attempt.result, now)
    elif failures >= PAUSE_AFTER:
        reason = f"{failures} attempts failed one after the other, the last one: {attempt.result}"
        pause_endpoint(records, endpoint, reason, now)


def _record_success(
    records: WriteTransaction, endpoint: Endpoint, message: Message, now: datetime
) -> None:
    """Clears the failures. Under `notice = "webhook"` the client is now notified of the lead."""
    records.endpoints.clear_failures(endpoint.id)
    lead = records.leads.get(message.lead_id) if message.lead_id else None
    if lead is not None and is_visible(lead) and _waits_for_webhook(records, lead):
        notify_client_of(records, [lead], now)
