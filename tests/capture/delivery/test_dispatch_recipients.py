"""What a sent or refused letter means: the notice of a lead, a bounce, a recipient who is gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from capture.delivery import webhooks
from capture.lead.events import EventKind
from capture.ledger.messages import VISITOR, Channel, MessageState
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.users import Role
from capture.review.acts import notify_client
from capture.users.accounts import add_user, request_new_link
from tests.capture.delivery.dispatching import (
    MINUTE,
    Clock,
    Start,
    find,
    guide,
    queue,
    receive,
    run,
)
from tests.capture.delivery.mail_server import MailServer
from tests.capture.delivery.planning import BY_MAIL, context
from tests.samples import NOW

# The notice.


def test_the_letter_that_the_mail_server_took_starts_the_window(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    lead_id = receive(ledger)
    assert not find(ledger, lead_id).notified
    clock.now += 3 * MINUTE
    run(ledger, mail_server(), clock)
    lead = find(ledger, lead_id)
    assert (lead.notified, lead.deadline) == (True, NOW + 3 * MINUTE + timedelta(hours=48))


def test_a_second_letter_about_a_lead_moves_no_deadline(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    lead_id = receive(ledger)
    ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    deadline = find(ledger, lead_id).deadline
    clock.now += MINUTE
    run(ledger, mail_server(), clock)
    assert find(ledger, lead_id).deadline == deadline


def test_a_digest_is_a_notice_of_each_of_its_leads(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    leads = [receive(ledger, local) for local in ("ann", "bob", "cleo")]
    queue(ledger, kind="leads_digest", data={"leads": leads[:2]})
    run(ledger, mail_server(), clock, queue_messages=lambda *_: 0)
    assert [find(ledger, lead_id).notified for lead_id in leads] == [True, True, False]


def test_a_digest_is_no_notice_of_a_lead_whose_data_was_erased(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    leads = [receive(ledger, local) for local in ("ann", "bob")]
    queue(ledger, kind="leads_digest", data={"leads": leads})
    ledger.transact(lambda records: records.erasure.erase(leads[1:], NOW))
    run(ledger, mail_server(), clock, queue_messages=lambda *_: 0)
    assert [find(ledger, lead_id).notified for lead_id in leads] == [True, False]


def test_a_webhook_whose_endpoint_was_removed_is_dropped_and_no_notice(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    lead_id = receive(ledger)
    (event,) = ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id, last=1)))
    queue(
        ledger,
        channel=Channel.WEBHOOK,
        kind="lead.qualified",
        recipient="removed",
        lead_id=lead_id,
        data={"sequence": event.sequence},
    )
    parts = {"send_webhook": webhooks.send, "queue_messages": lambda *_: 0}
    done = run(ledger, mail_server(), clock, **parts)
    assert [(item.state, item.result) for item in done] == [
        (MessageState.DROPPED, "the webhook was removed")
    ]
    assert not find(ledger, lead_id).notified


def test_a_letter_that_was_not_taken_is_no_notice(ledger: Ledger, clock: Clock) -> None:
    with MailServer() as gone:
        pass
    lead_id = receive(ledger)
    done = run(ledger, gone, clock)
    assert {item.state for item in done} == {MessageState.WAITING}
    assert not find(ledger, lead_id).notified


# Bounces and recipients.


def test_a_refused_address_bounces_and_the_row_holds_no_personal_data(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    lead_id = receive(ledger, "nobody")
    run(ledger, mail_server(), clock)
    message, lead = guide(ledger), find(ledger, lead_id)
    assert (message.state, message.status) == (MessageState.FAILED, 550)
    assert "nobody" not in repr(message)
    assert (lead.bounced, lead.notified, lead.silence_accepts_at) == (True, True, None)
    events = ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    (bounce,) = [item.event for item in events if item.event.kind is EventKind.BOUNCED]
    assert bounce.data == {"status": 550}


@pytest.mark.parametrize("local", ["blocked", "spam"])
def test_a_refusal_that_is_not_about_the_address_is_no_bounce(
    ledger: Ledger, mail_server: Start, clock: Clock, local: str
) -> None:
    lead_id = receive(ledger, local)
    run(ledger, mail_server(), clock)
    assert guide(ledger).state is MessageState.FAILED
    assert not find(ledger, lead_id).bounced


def test_a_refused_address_of_the_client_bounces_no_lead(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    lead_id = receive(ledger)
    address = "nobody@agency.example"
    work = context(ledger, BY_MAIL)
    party = replace(work.agency.party, email=address)
    work = replace(work, agency=replace(work.agency, party=party))
    queue(ledger, recipient=address, lead_id=lead_id)
    done = run(ledger, mail_server(), clock, context=work)
    assert (MessageState.FAILED, address) in [(item.state, item.message.recipient) for item in done]
    assert not find(ledger, lead_id).bounced


def test_a_message_is_dropped_when_its_contact_left_the_file_or_its_address_was_erased(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    queue(ledger, recipient="former@acme.example")
    queue(ledger, key="two", recipient=VISITOR, lead_id="a-lead-without-data")
    queue(ledger, key="three", recipient="office@other.example", client="no-such-client")
    server = mail_server()
    done = run(ledger, server, clock)
    assert [(item.state, item.result) for item in done] == [
        (MessageState.DROPPED, "the address is no longer in the client's file"),
        (MessageState.DROPPED, "the person's address was erased"),
        (MessageState.DROPPED, "the address is no longer in the client's file"),
    ]
    assert server.letters == []


def test_a_letter_that_no_longer_applies_is_dropped_with_the_reason(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    queue(ledger)
    done = run(ledger, mail_server(), clock, compose=lambda *_: "the lead was decided")
    assert [(item.state, item.result) for item in done] == [
        (MessageState.DROPPED, "the lead was decided")
    ]


def test_a_link_goes_to_a_user_of_a_client_whose_file_does_not_have_the_address(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    server = mail_server()

    def invite(records: WriteTransaction) -> None:
        add_user(
            records, "Carol", Role.CLIENT, NOW, client="acme", email="carol@acme.example", by="Ada"
        )
        request_new_link(records, "Carol", NOW)

    ledger.transact(invite)
    run(ledger, server, clock)
    assert [recipient for recipient, _ in server.letters] == ["carol@acme.example"]
