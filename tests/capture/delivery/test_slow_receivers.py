"""A slow receiver delays other messages by only one attempt."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from capture.delivery.attempts import TemporaryFailure
from capture.delivery.context import DeliveryContext
from capture.ledger.messages import Attempt, Channel, Message
from capture.ledger.protocol import Ledger
from tests.capture.delivery.dispatching import MINUTE, Clock, Start, queue, receive, run
from tests.samples import NOW

SECOND = timedelta(seconds=1)
SLOW_TIME = 9 * SECOND
Send = Callable[[DeliveryContext, Message, datetime], Attempt]


def sender(clock: Clock, *slow: str, fails: bool = False) -> Send:
    """Sends webhooks; those to the endpoints in `slow` take nine seconds."""

    def send(_context: DeliveryContext, message: Message, _now: datetime) -> Attempt:
        if message.recipient in slow:
            clock.now += SLOW_TIME
            if fails:
                raise TemporaryFailure(Attempt("no answer within 10 seconds"))
        return Attempt("", 200)

    return send


def queue_webhook(ledger: Ledger, key: str, endpoint: str, due_at: datetime = NOW) -> None:
    queue(
        ledger,
        key=key,
        channel=Channel.WEBHOOK,
        kind="lead.updated",
        recipient=endpoint,
        due_at=due_at,
    )


@pytest.mark.parametrize("fails", [False, True])
def test_other_messages_are_sent_before_the_second_one_to_a_slow_receiver(
    ledger: Ledger, mail_server: Start, clock: Clock, fails: bool
) -> None:
    for number in range(3):
        queue_webhook(ledger, f"slow {number}", "slow")
        queue_webhook(ledger, f"fast {number}", "fast")
    queue(ledger, key="letter")
    send = sender(clock, "slow", fails=fails)
    done = [item.message.key for item in run(ledger, mail_server(), clock, send_webhook=send)]
    assert done == ["slow 0", "fast 0", "fast 1", "fast 2", "letter", "slow 1", "slow 2"]


def test_a_new_lead_waits_for_only_one_slow_attempt(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    for number in range(5):
        queue_webhook(ledger, f"slow {number}", "slow")
    slow = sender(clock, "slow")

    def send(context: DeliveryContext, message: Message, now: datetime) -> Attempt:
        if message.key == "slow 1":
            receive(ledger, at=clock.now)
        return slow(context, message, now)

    done = run(ledger, mail_server(), clock, send_webhook=send)
    assert [item.message.kind for item in done] == [
        *["lead.updated"] * 2,
        "guide",
        "lead_to_review",
        *["lead.updated"] * 3,
    ]


def test_a_slow_receiver_gets_a_tenth_of_the_time_while_others_are_due(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    for number in range(3):
        queue_webhook(ledger, f"slow {number}", "slow")
    for number in range(200):
        queue_webhook(ledger, f"fast {number:03}", "fast", NOW + MINUTE)
    clock.now += MINUTE
    slow = sender(clock, "slow")

    def send(context: DeliveryContext, message: Message, now: datetime) -> Attempt:
        clock.now += SECOND if message.recipient == "fast" else 0 * SECOND
        return slow(context, message, now)

    done = [item.message.key for item in run(ledger, mail_server(), clock, send_webhook=send)]
    # Nine seconds for one attempt, then nine times as long for the others.
    assert [done.index(f"slow {number}") for number in range(3)] == [0, 82, 164]
    assert len(done) == 203


def test_a_receiver_that_answers_quickly_is_not_delayed(
    ledger: Ledger, mail_server: Start, clock: Clock
) -> None:
    for number, endpoint in enumerate(("a", "b", "a", "b")):
        queue_webhook(ledger, f"{number}", endpoint)
    done = run(ledger, mail_server(), clock, send_webhook=sender(clock))
    assert [item.message.key for item in done] == ["0", "1", "2", "3"]
