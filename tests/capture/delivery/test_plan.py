"""The planner: each message is queued once, however events are batched and who plans."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.campaign.model import Campaign
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import propose_debit
from capture.delivery import plan
from capture.delivery.context import DeliveryContext
from capture.delivery.plan import queue_messages
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.events import Actor, EventKind, show_time
from capture.ledger import open_ledger
from capture.ledger.messages import LETTERS_A_DAY, Message
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import PersonalData
from capture.review.acts import Act, accept, notify_client
from tests.capture.delivery.planning import (
    BILLS,
    BY_MAIL,
    BY_MAIL_TEXT,
    LEADS,
    client,
    context,
)
from tests.capture.desk import Desk
from tests.samples import ANSWERS, NOW, campaign, later_event, received_event, submission

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
DAILY = client(notice_frequency="daily")


def receive(ledger: Ledger, sent: Submission, terms: Campaign = BY_MAIL, at: datetime = NOW) -> str:
    """Receives a submission; returns the lead's id."""
    work = lambda records: receive_submission(records, terms, sent, at)  # noqa: E731
    return ledger.transact(work).lead_id


def messages(ledger: Ledger, kind: str = "") -> list[Message]:
    """The messages in the outbox, without those about the month's end."""
    queued = ledger.read(lambda reading: reading.outbox.select(kind=kind))
    return [message for message in queued if kind or message.kind != "month_ready"]


def kinds(ledger: Ledger) -> list[tuple[str, str]]:
    return [(message.kind, message.recipient) for message in messages(ledger)]


# Events are planned once.


def test_a_lead_by_form_gives_a_guide_and_a_notice(ledger: Ledger) -> None:
    receive(ledger, submission(BY_MAIL))
    assert queue_messages(context(ledger, BY_MAIL), NOW) == 3
    assert kinds(ledger) == [("guide", "visitor"), ("lead_to_review", LEADS)]


def test_a_pass_without_anything_new_writes_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(ledger, submission(BY_MAIL))
    planned = context(ledger, BY_MAIL)
    queue_messages(planned, NOW)

    def no_transaction(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ledger, "transact", no_transaction)
    assert queue_messages(planned, NOW + MINUTE) == 0


def test_many_events_are_planned_in_several_transactions(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_EVENTS_AT_ONCE", 3)
    for number in range(5):
        receive(ledger, submission(BY_MAIL, email=f"p{number}@clinic.example"))
    queue_messages(context(ledger, BY_MAIL), NOW)
    assert len(messages(ledger, "guide")) == 5
    assert ledger.read(lambda reading: reading.outbox.last_planned_event()) == 10


def test_planners_at_the_same_time_queue_each_message_once(ledger: Ledger) -> None:
    for number in range(20):
        receive(ledger, submission(BY_MAIL, email=f"p{number}@clinic.example"))
    planned = context(ledger, BY_MAIL)
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: queue_messages(planned, NOW), range(4)))
    assert sum(numbers) == 41
    assert len(messages(ledger)) == 40


def test_a_faulty_campaign_file_stops_planning_and_loses_nothing(ledger: Ledger) -> None:
    receive(ledger, submission(BY_MAIL))
    planned = context(ledger, BY_MAIL)

    def faulty() -> None:
        raise FileNotFoundError

    broken = DeliveryContext(**{**_fields(planned), "catalogue": faulty})
    with pytest.raises(FileNotFoundError):
        queue_messages(broken, NOW)
    assert queue_messages(planned, NOW) == 3


def _fields(planned: DeliveryContext) -> dict[str, object]:
    return {name: getattr(planned, name) for name in DeliveryContext.__dataclass_fields__}


LATER = [
    EventKind.QUALIFIED,
    EventKind.DUPLICATE,
    EventKind.SPAM,
    EventKind.DISQUALIFIED,
    EventKind.NOTIFIED,
    EventKind.CORRECTED,
    EventKind.ACCEPTED,
    EventKind.REJECTED,
    EventKind.WITHDRAWN,
]
Step = tuple[str, EventKind]


@given(
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(LATER)), max_size=25),
    pauses=st.sets(st.integers(0, 25)),
    events_at_once=st.integers(1, 4),
    daily=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_the_same_messages_follow_from_events_in_any_batches(
    steps: list[Step], pauses: set[int], events_at_once: int, daily: bool
) -> None:
    client_file = DAILY if daily else client()
    with pytest.MonkeyPatch.context() as patch, _new_ledger() as often, _new_ledger() as once:
        patch.setattr(plan, "_EVENTS_AT_ONCE", events_at_once)
        for number, step in enumerate(steps):
            at = NOW + number * MINUTE
            for ledger in (often, once):
                _append(ledger, step, at)
            if number in pauses:
                queue_messages(context(often, BY_MAIL, client_file=client_file), at)
        for ledger in (often, once):
            queue_messages(context(ledger, BY_MAIL, client_file=client_file), NOW + HOUR)
        assert _keys(often) == _keys(once)


def _append(ledger: Ledger, step: Step, at: datetime) -> None:
    """Appends an event, if the lead's stage allows it."""
    lead_id, kind = step
    data = {"deadline": show_time(at + 48 * HOUR)} if kind is EventKind.NOTIFIED else {}

    def work(records: WriteTransaction) -> None:
        if records.leads.get(lead_id) is None:
            records.campaigns.save_version(BY_MAIL, NOW)
            received = received_event(lead_id, at=at)
            data_of_receipt = {**received.data, "version": BY_MAIL.version}
            records.append(replace(received, data=data_of_receipt))
            answers = {**ANSWERS, "email": f"{lead_id}@clinic.example"}
            records.people.save_personal_data("guide", lead_id, PersonalData(answers))
        event = later_event(lead_id, kind, at=at, **data)
        records.attempt(lambda records: records.append(event))

    ledger.transact(work)


def _keys(ledger: Ledger) -> set[str]:
    return {message.key for message in ledger.read(lambda reading: reading.outbox.select())}


@contextmanager
def _new_ledger() -> Iterator[Ledger]:
    with (
        TemporaryDirectory() as folder,
        closing(open_ledger(f"sqlite:///{folder}/ledger.db", b"a key for tests")) as ledger,
    ):
        yield ledger


# Letters to visitors.


def test_a_visitor_gets_the_guide_once_although_the_lead_is_judged_again(ledger: Ledger) -> None:
    lead_id = receive(ledger, submission(BY_MAIL, company_size="1-50"))
    planned = context(ledger, BY_MAIL)
    queue_messages(planned, NOW)
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "101+"})
    ledger.transact(lambda records: correct_lead(records, correction, NOW + HOUR))
    queue_messages(planned, NOW + HOUR)
    assert kinds(ledger) == [("guide", "visitor"), ("lead_to_review", LEADS)]


def test_a_mailbox_gets_few_letters_a_day_over_all_campaigns_and_all_its_addresses(
    ledger: Ledger,
) -> None:
    campaigns = [campaign(slug=f"guide-{n}", text=BY_MAIL_TEXT) for n in range(LETTERS_A_DAY + 2)]
    for number, terms in enumerate(campaigns):
        address = f"ann+{number}@clinic.example"
        receive(ledger, submission(terms, email=address), terms, NOW + number * MINUTE)
    planned = context(ledger, *campaigns)
    queue_messages(planned, NOW + HOUR)
    assert len(messages(ledger, "guide")) == LETTERS_A_DAY
    receive(ledger, submission(campaigns[0], full_name="Ann L."), campaigns[0], NOW + 26 * HOUR)
    queue_messages(planned, NOW + 26 * HOUR)
    assert len(messages(ledger, "guide")) == LETTERS_A_DAY + 1


def test_an_outbox_holds_no_address_of_a_visitor(ledger: Ledger) -> None:
    receive(ledger, submission(BY_MAIL))
    queue_messages(context(ledger, BY_MAIL), NOW)
    assert not any("ann@" in repr(message) for message in messages(ledger))


# Old events.


def test_an_old_ledger_floods_nobody_when_its_first_dispatcher_starts(ledger: Ledger) -> None:
    decided = receive(ledger, submission(BY_MAIL))
    waiting = receive(ledger, submission(BY_MAIL, email="bob@clinic.example"))
    act = Act(decided, "Carol", Actor.CLIENT)
    ledger.transact(lambda records: accept(records, act, NOW))
    queue_messages(context(ledger, BY_MAIL), NOW + 60 * DAY)
    assert [(message.kind, message.lead_id) for message in messages(ledger)] == [
        ("lead_to_review", waiting)
    ]


def test_the_warning_of_a_notice_by_hand_leaves_six_hours_before_its_deadline(
    ledger: Ledger,
) -> None:
    receive(ledger, submission(BY_MAIL))
    ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    queue_messages(context(ledger, BY_MAIL), NOW)
    (warning,) = messages(ledger, "review_warning")
    assert (warning.due_at, warning.expires_at) == (NOW + 42 * HOUR, NOW + 48 * HOUR)


# Months and debits.


def test_a_closed_month_and_a_proposed_debit_go_to_the_addresses_for_bills(desk: Desk) -> None:
    lead = desk.take(campaign(), NOW)
    desk.close("2026-11", NOW + 10 * DAY)
    request = CorrectionRequest("acme-0001", lead.lead_id, "too_low", amount=Decimal(5))
    desk.ledger.transact(lambda records: propose_debit(records, request, "Ada", NOW + 10 * DAY))
    queue_messages(context(desk.ledger, campaign()), NOW + 10 * DAY)
    letters = [(message.kind, message.recipient) for message in messages(desk.ledger)]
    assert ("statement", BILLS) in letters
    assert ("debit_to_approve", BILLS) in letters
    (statement,) = messages(desk.ledger, "statement")
    assert statement.data == {"number": "acme-0001"}
