"""What a client's system receives as a webhook, and what its failures lead to."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from capture.client_access.client_leads import load_client_lead
from capture.client_access.lead_serializer import serialize_lead
from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.delivery.endpoints import (
    ROTATION,
    NewSecret,
    resume_endpoint,
    rotate_secret,
)
from capture.delivery.posting import Network
from capture.delivery.webhooks import PAUSE_AFTER, post_test, send
from capture.lead.events import Actor, EventKind
from capture.ledger.messages import Message, MessageState
from capture.ledger.protocol import Ledger
from capture.review.acts import Act, accept
from capture.users.history import administration_history
from tests.capture.delivery.receivers import Receiver, receiving, status
from tests.capture.delivery.webhook_world import (
    BOX,
    HOUR,
    KEY,
    NOTIFIED,
    add,
    context,
    queue,
    stored,
    take,
)
from tests.capture.desk import Desk
from tests.samples import NOW, campaign, later_event

pytestmark = pytest.mark.server


def test_a_receiver_verifies_the_lead_as_the_api_shows_it(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    with receiving(status(200, b"stored")) as receiver:
        made = add(ledger, receiver.url, at=now)
        lead = take(ledger, campaign(), at=now)
        (message,) = queue(ledger, now)
        attempt = send(context(ledger), message, now)
    assert (attempt.status, attempt.answer, attempt.result) == (200, "stored", "")
    (request,) = receiver.requests
    content = Webhook(made.secret).verify(request.body, request.headers)
    assert content["type"] == "lead.qualified"
    assert datetime.fromisoformat(content["timestamp"]) == now
    shown = ledger.read(lambda reading: serialize_lead(load_client_lead(reading, lead), now))
    assert content["data"] == json.loads(shown.model_dump_json())
    assert content["data"]["answers"]["full_name"] == "Ann Lee"
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(request.body + b" ", request.headers)


def test_the_id_is_the_same_in_every_attempt_and_differs_between_events(ledger: Ledger) -> None:
    with receiving(status(500)) as receiver:
        add(ledger, receiver.url)
        lead = take(ledger, campaign())
        act = Act(lead.lead_id, "Carol", Actor.CLIENT)
        ledger.transact(lambda records: accept(records, act, NOW + HOUR))
        first, second = queue(ledger, NOW + HOUR)
        for message in (first, first, second):
            with pytest.raises(TemporaryFailure):
                send(context(ledger), message, NOW + HOUR)
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == len("msg_") + 32


def test_both_secrets_verify_during_a_rotation(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    with receiving() as receiver:
        made = add(ledger, receiver.url, at=now)
        rotated = ledger.transact(
            lambda records: rotate_secret(records, BOX, made.endpoint.id, now, by="Ada")
        )
        post_test(context(ledger).network, KEY, stored(ledger, made), now)
        post_test(context(ledger).network, KEY, stored(ledger, made), now + ROTATION)
    during, later = receiver.requests
    for secret in (made.secret, rotated.secret):
        assert Webhook(secret).verify(during.body, during.headers)["type"] == "test.ping"
    assert len(later.headers["webhook-signature"].split(" ")) == 1


def test_a_closed_statement_is_announced_with_its_sums(desk: Desk) -> None:
    with receiving() as receiver:
        add(desk.ledger, receiver.url)
        desk.take(campaign())
        closed_at = datetime(2026, 12, 1, 12, tzinfo=UTC)
        statement = desk.close("2026-11", closed_at)
        *_, message = queue(desk.ledger, closed_at)
        send(context(desk.ledger), message, closed_at)
    content = json.loads(receiver.requests[0].body)
    data = content["data"]
    assert content["type"] == "statement.closed"
    assert (data["number"], data["month"], data["currency"]) == (
        statement.number,
        "2026-11",
        "USD",
    )
    assert (data["net"], data["vat"], data["total"]) == ("50.00", "0.00", "50.00")
    assert "parties" not in data


def test_a_message_about_a_lead_that_is_hidden_by_now_is_dropped(ledger: Ledger) -> None:
    with receiving() as receiver:
        add(ledger, receiver.url)
        lead = take(ledger, campaign())
        (message,) = queue(ledger, NOW)
        ledger.transact(
            lambda records: records.append(
                later_event(lead.lead_id, EventKind.CORRECTED, fields=[]),
                later_event(lead.lead_id, EventKind.DISQUALIFIED, criteria=[]),
            )
        )
        attempt = send(context(ledger), message, NOW)
    assert (receiver.requests, attempt.status) == ([], None)
    (stored_message,) = ledger.read(lambda reading: reading.outbox.select())
    assert stored_message.state is MessageState.DROPPED
    assert "does not see this lead" in stored_message.result


# Failures.


def fail(ledger: Ledger, receiver: Receiver, times: int) -> tuple[NewSecret, Message]:
    made = add(ledger, receiver.url)
    take(ledger, campaign())
    (message,) = queue(ledger, NOW)
    for _ in range(times):
        with pytest.raises(TemporaryFailure, match="it answered 500"):
            send(context(ledger), message, NOW)
    return made, message


def test_an_endpoint_that_fails_ten_times_running_is_paused(ledger: Ledger) -> None:
    with receiving(status(500, b"out of order")) as receiver:
        made, message = fail(ledger, receiver, PAUSE_AFTER - 1)
        assert stored(ledger, made).paused_at is None
        with pytest.raises(TemporaryFailure) as failure:
            send(context(ledger), message, NOW)
        assert (failure.value.attempt.status, failure.value.attempt.answer) == (500, "out of order")
        endpoint = stored(ledger, made)
        assert (endpoint.paused_at, endpoint.failures) == (NOW, PAUSE_AFTER)
        assert endpoint.pause_reason == (
            "10 attempts failed one after the other, the last one: it answered 500"
        )
        with pytest.raises(PermanentFailure, match="is paused since 2026-11-23 15:00 UTC: 10"):
            send(context(ledger), message, NOW)
        assert len(receiver.requests) == PAUSE_AFTER
    paused, _ = ledger.read(lambda reading: administration_history(reading, limit=3))
    assert (paused.who, paused.text) == (
        "Gatepost",
        f"Paused the webhook {receiver.url} of acme.",
    )


def test_a_success_starts_the_count_again(ledger: Ledger) -> None:
    with receiving(status(500)) as receiver:
        made, message = fail(ledger, receiver, PAUSE_AFTER - 1)
        receiver.respond = status(200)
        send(context(ledger), message, NOW)
    assert stored(ledger, made).failures == 0


def test_an_endpoint_that_answers_410_is_paused_immediately(ledger: Ledger) -> None:
    with receiving(status(410)) as receiver:
        made = add(ledger, receiver.url)
        take(ledger, campaign())
        (message,) = queue(ledger, NOW)
        with pytest.raises(PermanentFailure, match="it answered 410"):
            send(context(ledger), message, NOW)
        assert stored(ledger, made).paused_at == NOW
        receiver.respond = status(200)
        ledger.transact(lambda records: resume_endpoint(records, made.endpoint.id, NOW, by="Ada"))
        send(context(ledger), message, NOW)
    assert len(receiver.requests) == 2


def test_a_redirect_to_a_private_address_is_a_failure_and_not_followed(ledger: Ledger) -> None:
    with receiving() as target, receiving(status(302, Location=target.url)) as receiver:
        add(ledger, receiver.url)
        take(ledger, campaign())
        (message,) = queue(ledger, NOW)
        with pytest.raises(TemporaryFailure, match="redirects are not followed"):
            send(context(ledger), message, NOW)
        assert target.requests == []


def test_a_host_with_a_private_address_fails_at_once_and_counts(ledger: Ledger) -> None:
    made = add(ledger)
    take(ledger, campaign())
    (message,) = queue(ledger, NOW)

    def private(_host: str, _port: int) -> Sequence[str]:
        return ["169.254.169.254"]

    with pytest.raises(PermanentFailure, match=r"169\.254\.169\.254, which is not public"):
        send(context(ledger, network=Network(resolve=private)), message, NOW)
    assert stored(ledger, made).failures == 1


def test_a_lost_key_is_reported_and_nothing_is_sent(ledger: Ledger) -> None:
    with receiving() as receiver:
        add(ledger, receiver.url)
        take(ledger, campaign())
        (message,) = queue(ledger, NOW)
        for key in (b"another key for tests", b""):
            with pytest.raises(TemporaryFailure, match="key"):
                send(context(ledger, webhook_key=key), message, NOW)
        assert receiver.requests == []


# The notice.


def test_under_notice_by_webhook_a_webhook_that_was_taken_is_the_notice(ledger: Ledger) -> None:
    ledger.transact(lambda records: records.campaigns.save_version(NOTIFIED, NOW))
    with receiving(status(500)) as receiver:
        add(ledger, receiver.url)
        lead = take(ledger, NOTIFIED)
        (message,) = queue(ledger, NOW)

        def deadline() -> datetime | None:
            current = ledger.read(lambda reading: reading.leads.get(lead.lead_id))
            assert current is not None
            return current.deadline

        with pytest.raises(TemporaryFailure):
            send(context(ledger), message, NOW)
        assert deadline() is None
        receiver.respond = status(200)
        send(context(ledger), message, NOW + HOUR)
        assert deadline() == NOW + 49 * HOUR
        send(context(ledger), message, NOW + 2 * HOUR)  # sent again after a crash
        assert deadline() == NOW + 49 * HOUR
