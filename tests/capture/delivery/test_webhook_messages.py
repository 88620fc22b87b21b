"""Which webhooks follow from an event."""

from dataclasses import replace

import pytest

from capture.delivery.endpoints import (
    NewEndpoint,
    add_endpoint,
)
from capture.delivery.webhooks import messages_for_event
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import Ledger
from capture.ledger.types import RecordedEvent
from capture.review.acts import Act, reject
from tests.capture.delivery.webhook_world import (
    BEFORE,
    BOX,
    HOUR,
    NOTIFIED,
    URL,
    add,
    messages_of,
    take,
    types_of,
)
from tests.samples import NOW, campaign, later_event, submission


def test_a_qualified_lead_is_announced_to_each_endpoint_of_its_client(ledger: Ledger) -> None:
    endpoints = [add(ledger).endpoint.id, add(ledger, URL + "/2").endpoint.id]
    other = NewEndpoint("other", URL)
    ledger.transact(lambda records: add_endpoint(records, BOX, other, BEFORE, by="Ada"))
    lead = take(ledger, campaign())
    first, second = messages_of(ledger)
    assert {first.recipient, second.recipient} == set(endpoints)
    sequence = first.data["sequence"]
    assert (first.kind, first.key) == (
        "lead.qualified",
        f"webhook:{first.recipient}:{sequence}",
    )
    assert (first.channel, first.client, first.campaign, first.lead_id) == (
        "webhook",
        "acme",
        "guide",
        lead.lead_id,
    )


def test_a_paused_endpoint_and_a_later_one_get_no_message(ledger: Ledger) -> None:
    paused, later = add(ledger).endpoint.id, add(ledger, URL + "/2", at=NOW + HOUR).endpoint.id
    assert paused != later
    ledger.transact(lambda records: records.endpoints.pause(paused, NOW, "410"))
    take(ledger, campaign())
    assert messages_of(ledger) == []


def test_a_paused_endpoint_still_gets_a_lead_whose_notice_is_the_webhook(ledger: Ledger) -> None:
    endpoint_id = add(ledger).endpoint.id
    ledger.transact(lambda records: records.endpoints.pause(endpoint_id, NOW, "410"))
    take(ledger, NOTIFIED)
    assert types_of(ledger) == ["lead.qualified"]


@pytest.mark.parametrize(
    ("answers", "test"), [({"company_size": "1-50"}, False), ({}, True)], ids=["small", "test"]
)
def test_the_client_hears_nothing_of_leads_that_it_may_not_see(
    ledger: Ledger, answers: dict[str, str], test: bool
) -> None:
    add(ledger)
    sent = replace(submission(campaign(), **answers), test=test)
    ledger.transact(lambda records: receive_submission(records, campaign(), sent, NOW))
    assert types_of(ledger) == []


def test_each_event_has_its_type(ledger: Ledger) -> None:
    add(ledger)
    lead = take(ledger, campaign())

    def recorded(kind: EventKind, **data: object) -> RecordedEvent:
        return RecordedEvent(99, later_event(lead.lead_id, kind, **data), "")

    def kinds(event: RecordedEvent) -> list[str]:
        messages = ledger.read(lambda reading: messages_for_event(reading, event, lead, NOW))
        return [message.kind for message in messages]

    expected = {
        EventKind.RECEIVED: [],
        EventKind.CORRECTED: [],
        EventKind.QUALIFIED: ["lead.updated"],  # it qualified before
        EventKind.NOTIFIED: ["lead.updated"],
        EventKind.BOUNCED: ["lead.updated"],
        EventKind.CONSENT_WITHDRAWN: ["lead.updated"],
        EventKind.ERASED: [],  # by age
        EventKind.ACCEPTED: ["lead.accepted"],
        EventKind.REJECTED: ["lead.rejected"],
        EventKind.WITHDRAWN: ["lead.updated"],
        EventKind.DISPUTED: ["lead.updated"],
        EventKind.SETTLED: ["lead.accepted"],
        EventKind.SCHEDULED: ["appointment.scheduled"],
        EventKind.MOVED: ["appointment.moved"],
        EventKind.HELD: ["appointment.held"],
        EventKind.NO_SHOW: ["appointment.no_show"],
        EventKind.CANCELLED: ["appointment.cancelled"],
        EventKind.WON: ["sale.won"],
        EventKind.LOST: ["sale.lost"],
        EventKind.REVENUE: ["sale.revenue"],
        EventKind.REFUNDED: ["sale.refunded"],
        EventKind.CHURNED: ["sale.churned"],
    }
    assert {kind: kinds(recorded(kind)) for kind in expected} == expected
    assert kinds(recorded(EventKind.OBJECTED, track="sale")) == ["sale.objected"]
    assert kinds(recorded(EventKind.OBJECTED, track="appointment")) == ["appointment.objected"]
    assert kinds(recorded(EventKind.ERASED, reason="request")) == ["lead.updated"]
    entered = recorded(EventKind.ACCEPTED, on_behalf_of="client")
    assert kinds(entered) == ["lead.updated"]  # final only later


def test_a_rejection_after_the_notice_is_announced(ledger: Ledger) -> None:
    add(ledger)
    lead = take(ledger, campaign())
    act = Act(lead.lead_id, "Carol", Actor.CLIENT)
    ledger.transact(lambda records: reject(records, act, "too_small", NOW))
    assert types_of(ledger) == ["lead.qualified", "lead.rejected"]


def test_an_event_of_the_account_without_a_document_is_not_announced(ledger: Ledger) -> None:
    add(ledger)
    event = Event(
        campaign="",
        lead_id=None,
        kind=EventKind.CLOSED,
        occurred_at=NOW,
        recorded_at=NOW,
        actor=Actor.AGENCY,
        data={"client": "acme", "month": "2026-11", "currency": "USD"},
    )
    recorded = RecordedEvent(1, event, "")
    assert ledger.read(lambda reading: messages_for_event(reading, recorded, None, NOW)) == []
