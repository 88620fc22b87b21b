"""Which letters follow from one event: to the visitor, and to the client's contacts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.delivery.event_messages import (
    AccountEvent,
    LeadEvent,
    messages_of_account,
    messages_of_lead,
)
from capture.lead.events import Event, EventKind, show_time
from capture.lead.fold import fold_events
from capture.ledger.messages import NewMessage
from tests.capture.delivery.planning import BILLS, BY_MAIL, BY_MAIL_TEXT, LEADS, client
from tests.capture.desk import BOOKED, HELD
from tests.samples import NOW, campaign, later_event, received_event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLIENT = client()
DAILY = client(notice_frequency="daily")
NOBODY = client(contacts={"bills": [BILLS]})
BY_WEBHOOK = campaign(text=BY_MAIL_TEXT.replace('notice = "email"', 'notice = "webhook"'))
DEMO = campaign()

QUALIFIED = later_event("a", EventKind.QUALIFIED)
MEETING = {"meeting_at": show_time(NOW + DAY), "deemed_held_at": show_time(NOW + 3 * DAY)}
SCHEDULED = later_event("a", EventKind.SCHEDULED, **MEETING)
GUIDE = ("guide", "visitor", 0 * HOUR, 7 * DAY)
TO_REVIEW = ("lead_to_review", LEADS, 0 * HOUR, None)
WITHDRAWN = later_event("a", EventKind.CONSENT_WITHDRAWN)
TO_CLIENT = ("consent_withdrawn", LEADS, 0 * HOUR, None)
QUESTION = ("meeting_question", LEADS, 25 * HOUR, 3 * DAY)


def notified(hours: int | None) -> Event:
    """The event of a notice that silence follows after some hours; None: never."""
    deadline = None if hours is None else show_time(NOW + hours * HOUR)
    return later_event("a", EventKind.NOTIFIED, deadline=deadline)


@dataclass(frozen=True)
class Case:
    """The last event is the one whose letters are expected."""

    name: str
    events: Sequence[Event]
    letters: Sequence[tuple[str, str, timedelta, timedelta | None]] = ()
    terms: Campaign = BY_MAIL
    client: Client | None = CLIENT
    test: bool = False
    source: str = "form"
    later: timedelta = timedelta()


CASES = [
    Case("a lead that qualifies", [QUALIFIED], [GUIDE, TO_REVIEW]),
    Case("a digest holds it", [QUALIFIED], [GUIDE], client=DAILY),
    Case(
        "a tester need not wait for the digest",
        [QUALIFIED],
        [GUIDE, TO_REVIEW],
        test=True,
        client=DAILY,
    ),
    Case("nobody gets notices", [QUALIFIED], [GUIDE], client=NOBODY),
    Case("the client's file is gone", [QUALIFIED], [GUIDE], client=None),
    Case("a webhook notifies", [QUALIFIED], [GUIDE], terms=BY_WEBHOOK),
    Case("a demo has no guide", [QUALIFIED], terms=DEMO),
    Case("an imported lead asked for no guide", [QUALIFIED], [TO_REVIEW], source="event-2026"),
    Case("a duplicate", [later_event("a", EventKind.DUPLICATE)], [GUIDE]),
    Case("a suppressed lead", [later_event("a", EventKind.SUPPRESSED)], [GUIDE]),
    Case("a lead over a cap", [later_event("a", EventKind.OVER_CAP)], [GUIDE]),
    Case("a disqualified lead", [later_event("a", EventKind.DISQUALIFIED)], [GUIDE]),
    Case("spam", [later_event("a", EventKind.SPAM)]),
    Case(
        "a lead taken out of spam",
        [later_event("a", EventKind.SPAM), later_event("a", EventKind.CORRECTED), QUALIFIED],
        [GUIDE, TO_REVIEW],
    ),
    Case("six days later the guide still leaves", [QUALIFIED], [GUIDE, TO_REVIEW], later=6 * DAY),
    Case("seven days later only the notice leaves", [QUALIFIED], [TO_REVIEW], later=7 * DAY),
    Case(
        "a lead that waits for months is still notified", [QUALIFIED], [TO_REVIEW], later=99 * DAY
    ),
    Case("a notice", [QUALIFIED, notified(48)], [("review_warning", LEADS, 42 * HOUR, 48 * HOUR)]),
    Case(
        "a notice of a digest",
        [QUALIFIED, notified(48)],
        [("review_warning", LEADS, 42 * HOUR, 48 * HOUR)],
        client=DAILY,
    ),
    Case("a window of six hours has no warning", [QUALIFIED, notified(6)]),
    Case(
        "a window of seven hours",
        [QUALIFIED, notified(7)],
        [("review_warning", LEADS, 1 * HOUR, 7 * HOUR)],
    ),
    Case("silence never accepts it", [QUALIFIED, notified(None)]),
    Case("the deadline has passed", [QUALIFIED, notified(48)], later=48 * HOUR),
    Case("a notice by webhook has no warning by mail", [QUALIFIED, notified(48)], terms=BY_WEBHOOK),
    Case("a meeting that is paid for", [QUALIFIED, SCHEDULED], [QUESTION], terms=HELD),
    Case(
        "a meeting that moved",
        [QUALIFIED, SCHEDULED, later_event("a", EventKind.MOVED, **MEETING)],
        [QUESTION],
        terms=HELD,
    ),
    Case("a booking is paid for", [QUALIFIED, SCHEDULED], terms=BOOKED),
    Case("the meeting counts as held", [QUALIFIED, SCHEDULED], terms=HELD, later=3 * DAY),
    Case("a consent is withdrawn", [QUALIFIED, notified(48), WITHDRAWN], [TO_CLIENT]),
    Case(
        "a consent is withdrawn, and a webhook notifies",
        [QUALIFIED, notified(48), WITHDRAWN],
        [TO_CLIENT],
        terms=BY_WEBHOOK,
    ),
    Case("the client never had the lead", [QUALIFIED, WITHDRAWN]),
    Case(
        "the lead was removed from the client before",
        [
            QUALIFIED,
            notified(48),
            later_event("a", EventKind.HELD_BACK, signals=[]),
            later_event("a", EventKind.DISCARDED),
            WITHDRAWN,
        ],
        [TO_CLIENT],
    ),
    Case("a consent was withdrawn long ago", [QUALIFIED, notified(48), WITHDRAWN], later=8 * DAY),
    Case("an acceptance", [QUALIFIED, later_event("a", EventKind.ACCEPTED)]),
    Case("a rejection", [QUALIFIED, later_event("a", EventKind.REJECTED)]),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_letters_that_follow_from_the_last_event(case: Case) -> None:
    received = received_event("a", test=case.test)
    received = replace(received, data={**received.data, "source": case.source})
    lead = fold_events([received, *case.events])
    subject = LeadEvent(9, case.events[-1], lead, case.terms, case.client)
    messages = list(messages_of_lead(subject, NOW + case.later))
    now = timedelta() if not case.later else case.later
    expected = [
        (kind, recipient, due if due else now, expires)
        for kind, recipient, due, expires in case.letters
    ]
    assert [_as_tuple(message) for message in messages] == expected


def test_a_letter_on_a_lead_names_the_event_and_no_personal_data() -> None:
    (guide, notice) = _letters_of(QUALIFIED)
    assert (guide.key, guide.data) == ("guide:a:9", {})
    assert notice.key == f"lead_to_review:a:9:{LEADS}"
    assert (notice.client, notice.campaign, notice.lead_id) == ("acme", "guide", "a")
    assert notice.data == {"sequence": 9}


def test_each_address_gets_a_letter_of_its_own() -> None:
    two = client(contacts={"notices": ["ann@acme.example", "bob@acme.example"], "bills": [BILLS]})
    letters = _letters_of(QUALIFIED, two)
    assert [message.recipient for message in letters] == [
        "visitor",
        "ann@acme.example",
        "bob@acme.example",
    ]


def test_a_meeting_is_asked_about_in_the_middle_of_a_short_window() -> None:
    short = {"meeting_at": show_time(NOW + DAY), "deemed_held_at": show_time(NOW + DAY + HOUR)}
    scheduled = later_event("a", EventKind.SCHEDULED, **short)
    lead = fold_events([received_event("a"), QUALIFIED, scheduled])
    (question,) = messages_of_lead(LeadEvent(9, scheduled, lead, HELD, client()), NOW)
    assert question.due_at == NOW + DAY + HOUR / 2


ACCOUNT_CASES = [
    (EventKind.CLOSED, {"number": "acme-0001"}, [f"statement:acme-0001:{BILLS}"]),
    (EventKind.CLOSED, {}, []),
    (EventKind.CREDITED, {"number": "acme-0002"}, [f"statement:acme-0002:{BILLS}"]),
    (EventKind.DEBITED, {"number": "acme-0003"}, [f"statement:acme-0003:{BILLS}"]),
    (EventKind.DEBIT_PROPOSED, {"id": "acme-p0001"}, [f"debit_to_approve:acme-p0001:{BILLS}"]),
    (EventKind.DEBIT_DECLINED, {}, []),
    (EventKind.PAID, {"number": "acme-0001"}, []),
    (EventKind.PAUSED, {}, []),
]


@pytest.mark.parametrize(("kind", "data", "keys"), ACCOUNT_CASES)
def test_documents_and_debits_go_to_the_addresses_for_bills(
    kind: EventKind, data: dict[str, str], keys: list[str]
) -> None:
    assert [message.key for message in _letters_of_account(kind, data, NOW)] == keys
    assert _letters_of_account(kind, data, NOW + 8 * DAY) == []


def _letters_of(event: Event, client_file: Client | None = None) -> list[NewMessage]:
    lead = fold_events([received_event("a"), event])
    return list(messages_of_lead(LeadEvent(9, event, lead, BY_MAIL, client_file or client()), NOW))


def _letters_of_account(kind: EventKind, data: dict[str, str], now: datetime) -> list[NewMessage]:
    event = replace(later_event("a", kind), lead_id=None, data={"client": "acme", **data})
    return list(messages_of_account(AccountEvent(9, event, client()), now))


def _as_tuple(message: NewMessage) -> tuple[str, str, timedelta, timedelta | None]:
    expires_in = None if message.expires_at is None else message.expires_at - NOW
    return message.kind, message.recipient, message.due_at - NOW, expires_in
