"""Dispatchers as processes: killed at random, and several at the same time."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from capture.delivery.dispatch import CLAIM, Dispatcher
from capture.delivery.mail import message_id
from capture.delivery.plan import queue_messages
from capture.delivery.smtp import Security, SmtpServer, SmtpTransport
from capture.intake.receive import receive_submission
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.messages import Message, MessageState
from capture.ledger.protocol import Ledger
from tests.capture.delivery.dispatching import SENDER, compose, no_webhook
from tests.capture.delivery.mail_server import MailServer
from tests.capture.delivery.planning import BY_MAIL, context
from tests.long import rounds
from tests.samples import NOW, submission

pytestmark = [pytest.mark.slow, pytest.mark.long]

KEY = b"a key for tests only"
KILLS = rounds(20, 200)
LEADS_A_ROUND = 2
LONGEST_LIFE = 0.25
"""Seconds until a dispatcher is killed: it has sent none, some or all letters of its round."""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["capture.delivery.plan", "capture.delivery.dispatch", __name__])


def run_dispatcher(url: str, port: int, now: datetime) -> None:
    """Sends what is due at `now`, which stands still."""
    mail = SmtpTransport(SmtpServer("localhost", port, Security.NONE), SENDER.address)
    with closing(open_ledger(url, KEY)) as ledger:
        dispatcher = Dispatcher(
            context=context(ledger, BY_MAIL),
            sender=SENDER,
            mail=mail,
            queue_messages=queue_messages,
            compose=compose,
            send_webhook=no_webhook,
            clock=lambda: now,
            random=random.random,
        )
        for _ in dispatcher.run():
            pass


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


def receive(ledger: Ledger, count: int, now: datetime, first: int = 0) -> None:
    """Receives leads of different people."""
    for number in range(first, first + count):
        sent = submission(BY_MAIL, email=f"ann@clinic{number}.example")
        ledger.transact(partial(receive_submission, campaign=BY_MAIL, submission=sent, now=now))


def messages(ledger: Ledger, now: datetime) -> list[Message]:
    """The messages that were due by `now`."""
    return [
        message
        for message in ledger.read(lambda reading: reading.outbox.select())
        if message.attempts or message.due_at <= now
    ]


def arrivals(server: MailServer) -> Counter[str]:
    """How often each Message-ID arrived."""
    return Counter(str(letter["Message-ID"]) for _, letter in server.letters)


def check_leads(ledger: Ledger) -> None:
    """Each lead was notified exactly once, and the ledger has no fault."""
    assert ledger.verify().problems == ()
    notices = Counter(
        recorded.event.lead_id
        for recorded in ledger.read(lambda reading: list(reading.events.select()))
        if recorded.event.kind is EventKind.NOTIFIED
    )
    leads = [lead.lead_id for lead in ledger.read(lambda reading: list(reading.leads.select()))]
    assert notices == dict.fromkeys(leads, 1)


def test_every_message_arrives_however_often_the_dispatcher_is_killed(
    url: str, server: MailServer
) -> None:
    lives, now = random.Random(), NOW
    with closing(open_ledger(url, KEY)) as ledger:
        for number in range(KILLS):
            receive(ledger, LEADS_A_ROUND, now, first=number * LEADS_A_ROUND)
            process = PROCESSES.Process(target=run_dispatcher, args=(url, server.port, now))
            process.start()
            time.sleep(lives.uniform(0, LONGEST_LIFE))
            process.kill()
            process.join()
            now += CLAIM / KILLS  # so the claims of the dead stay in force for many rounds
        now += CLAIM
        run_dispatcher(url, server.port, now)
        all_messages, arrived = messages(ledger, now), arrivals(server)
        assert {message.state for message in all_messages} == {MessageState.SENT}
        expected = {message_id(message.key, SENDER.address) for message in all_messages}
        assert set(arrived) == expected
        assert len(expected) >= 2 * KILLS * LEADS_A_ROUND
        assert arrived.total() - len(expected) <= KILLS, "a kill repeats one message at most"
        check_leads(ledger)


def test_two_dispatchers_at_once_send_each_message_once(url: str, server: MailServer) -> None:
    with closing(open_ledger(url, KEY)) as ledger:
        receive(ledger, 12, NOW)
        arguments = (url, server.port, NOW + timedelta(minutes=1))
        processes = [PROCESSES.Process(target=run_dispatcher, args=arguments) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0]
        assert {message.state for message in messages(ledger, NOW)} == {MessageState.SENT}
        arrived = arrivals(server)
        assert set(arrived.values()) == {1}
        assert len(arrived) == len(messages(ledger, NOW)) >= 24
        check_leads(ledger)
