"""The dispatcher, with the real planner, ledger and mail server."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from capture.delivery import dispatch, webhooks
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.context import DeliveryContext
from capture.delivery.dispatch import RETRY_DELAYS, Delivery, Dispatcher
from capture.delivery.mail import Sender
from capture.delivery.plan import queue_messages
from capture.delivery.smtp import Security, SmtpServer, SmtpTransport
from capture.errors import Refused
from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.messages import VISITOR, Attempt, Channel, Message, MessageState, NewMessage
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.letters.letter import Letter
from capture.review.acts import notify_client
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


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
    lead = ledger.read(lambda reading: reading.leads.get(lead_id))
    assert lead is not None
    return lead


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


# What is due is sent and recorded.


def test_a_lead_gives_a_letter_to_the_visitor_and_one_to_the_client(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    receive(ledger)
    server = mail_server()
    done = run(ledger, server, clock)
    assert [(item.message.kind, item.state) for item in done] == [
        ("guide", MessageState.SENT),
        ("lead_to_review", MessageState.SENT),
    ]
    assert [to for to, _ in server.letters if "agency" not in to] == ["ann@ann.example", LEADS]
    assert run(ledger, server, clock) == []


def test_a_message_that_is_not_due_waits(ledger: Ledger, mail_server: Start, clock: Clock) -> None:
    queue(ledger, due_at=NOW + MINUTE)
    server = mail_server()
    assert run(ledger, server, clock) == []
    with dispatcher(ledger, server, clock) as made:
        assert made.next_due() == NOW + MINUTE
    clock.now += MINUTE
    assert [item.state for item in run(ledger, server, clock)] == [MessageState.SENT]


def test_a_refused_letter_does_not_stop_the_others(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    for local in ("nobody", "later", "drop", "bob"):
        receive(ledger, local)
    server = mail_server()
    done = {item.message.lead_id: item.state for item in run(ledger, server, clock)}
    assert len(done) == 4
    assert "bob@bob.example" in [to for to, _ in server.letters]
    assert [to for to, _ in server.letters].count(LEADS) == 4


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
    ledger: Ledger, mail_server: Start, clock: Clock, tmp_path: Path
) -> None:
    leads = [receive(ledger, local) for local in ("ann", "bob")]
    queue(ledger, kind="leads_digest", data={"leads": leads})
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database, database:
        database.execute("DELETE FROM personal_data WHERE lead_id = ?", leads[1:])
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


# Retries.


def test_a_temporary_failure_is_tried_again_six_times_and_then_failed(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    receive(ledger, "later")
    server, waits = mail_server(), []
    run(ledger, server, clock)
    while (message := guide(ledger)).state is MessageState.WAITING:
        waits.append(message.due_at - clock.now)
        clock.now = message.due_at
        run(ledger, server, clock, queue_messages=lambda *_: 0)
    assert waits == [delay * 1.05 for delay in RETRY_DELAYS]
    assert (message.state, message.attempts) == (MessageState.FAILED, 7)
    assert message.result == "the mail server refused the recipient (SMTP 451 4.7.1)"
    assert not find(ledger, message.lead_id).bounced


@pytest.mark.parametrize("error", [KeyError, FileNotFoundError])
def test_an_unexpected_error_is_logged_without_its_text_and_tried_again(
    ledger: Ledger,
    mail_server: Start,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    address = f"ann@{LEADS}"

    def fail(*_: object) -> Letter:
        raise error(address)

    receive(ledger)
    done = run(ledger, mail_server(), clock, compose=fail)
    assert {(item.state, item.result) for item in done} == {
        (MessageState.WAITING, f"unexpected error: {error.__name__}")
    }
    assert "in fail" in caplog.text
    assert address not in caplog.text


def test_a_mistake_in_a_campaign_file_does_not_stop_queued_letters(
    ledger: Ledger, mail_server: Start, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> int:
        raise Refused("guide.toml: line 3")

    queue(ledger)
    done = run(ledger, mail_server(), clock, queue_messages=refuse)
    assert [item.state for item in done] == [MessageState.SENT]
    assert "no new messages are queued: guide.toml: line 3" in caplog.text


def test_an_unexpected_error_of_the_planner_does_not_stop_queued_letters(
    ledger: Ledger, mail_server: Start, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> int:
        raise KeyError(LEADS)

    queue(ledger)
    done = run(ledger, mail_server(), clock, queue_messages=fail)
    assert [item.state for item in done] == [MessageState.SENT]
    assert "no new messages are queued: unexpected error" in caplog.text
    assert "in fail" in caplog.text
    assert LEADS not in caplog.text


def test_a_webhook_that_was_not_taken_keeps_the_answer(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    def refuse(*_: object) -> Attempt:
        raise TemporaryFailure(Attempt("HTTP 500", 500, "out of order"))

    queue(ledger, channel=Channel.WEBHOOK, recipient="1")
    run(ledger, mail_server(), clock, send_webhook=refuse)
    (message,) = ledger.read(lambda reading: reading.outbox.select())
    assert (message.result, message.status, message.answer) == ("HTTP 500", 500, "out of order")


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


# At least once, and by one dispatcher.


def test_a_message_whose_dispatcher_died_is_sent_again_with_the_same_message_id(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    queue(ledger)
    server = mail_server()

    with dispatcher(ledger, server, clock) as made:
        (message,) = made._claim()
        made._send(message)  # and it dies before it records
    assert run(ledger, server, clock) == []
    clock.now += dispatch.CLAIM
    assert [item.state for item in run(ledger, server, clock)] == [MessageState.SENT]
    first, second = (letter["Message-ID"] for _, letter in server.letters)
    assert first == second


def test_a_message_that_ends_each_dispatcher_is_failed_at_last(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    queue(ledger)
    server = mail_server()
    for _ in range(20):
        with dispatcher(ledger, server, clock) as made:
            assert len(made._claim()) == 1  # and it dies
        clock.now += dispatch.CLAIM
    (done,) = run(ledger, server, clock, queue_messages=lambda *_: 0)
    assert (done.state, server.letters) == (MessageState.FAILED, [])
    assert "20 attempts came to no result" in done.result


def test_two_dispatchers_never_send_the_same_message(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    for number in range(20):
        queue(ledger, key=str(number))
    server = mail_server()
    with dispatcher(ledger, server, clock) as one, dispatcher(ledger, server, clock) as other:
        passes = [one.run(), other.run()]
        while passes:
            passes = [item for item in passes if next(item, None)]
    subjects = [letter["Subject"] for _, letter in server.letters]
    assert sorted(subjects, key=int) == [str(number) for number in range(20)]
