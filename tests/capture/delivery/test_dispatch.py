"""The dispatcher, with the real planner, ledger and mail server."""

from datetime import datetime, timedelta

import pytest

from capture.delivery import dispatch
from capture.delivery.attempts import TemporaryFailure
from capture.delivery.dispatch import RETRY_DELAYS
from capture.errors import Refused, Unavailable
from capture.ledger.messages import Attempt, Channel, MessageState
from capture.ledger.protocol import Ledger
from capture.letters.letter import Letter
from tests.capture.delivery.dispatching import (
    MINUTE,
    Clock,
    Start,
    dispatcher,
    find,
    guide,
    queue,
    receive,
    run,
)
from tests.capture.delivery.planning import LEADS
from tests.samples import NOW

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


def test_old_files_are_deleted_once_an_hour_and_an_error_does_not_stop_the_letters(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    calls: list[datetime] = []

    def delete(now: datetime) -> int:
        calls.append(now)
        raise Unavailable("the disk failed")

    receive(ledger)
    with dispatcher(ledger, mail_server(), clock, delete_old_files=delete) as running:
        assert [delivery.state for delivery in running.run()] == [MessageState.SENT] * 2
        for minutes in (59, 1, 59, 1):
            clock.now += timedelta(minutes=minutes)
            list(running.run())
    assert calls == [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]


def test_old_data_is_erased_once_a_day_and_an_error_does_not_stop_the_letters(
    ledger: Ledger, mail_server: Start, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[datetime] = []
    text = "ann@secret.example"

    def erase(now: datetime) -> int:
        calls.append(now)
        raise ValueError(text)

    receive(ledger)
    with dispatcher(ledger, mail_server(), clock, erase_old_data=erase) as running:
        assert [delivery.state for delivery in running.run()] == [MessageState.SENT] * 2
        for hours in (23, 1, 23, 1):
            clock.now += timedelta(hours=hours)
            list(running.run())
    assert calls == [NOW, NOW + timedelta(days=1), NOW + timedelta(days=2)]
    assert "old personal data was not erased: unexpected error" in caplog.text
    assert "secret" not in caplog.text
