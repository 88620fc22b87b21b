"""The letters that follow from the clock: the morning's digest, and the reports."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from capture.campaign.catalogue import Catalogue
from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.delivery.clock_messages import reports
from capture.delivery.plan import queue_messages
from capture.intake.correct import LeadCorrection, correct_lead
from capture.ledger.messages import Message
from capture.ledger.protocol import Ledger
from capture.review.acts import notify_client
from tests.capture.delivery.planning import BILLS, BY_MAIL, BY_MAIL_TEXT, LEADS, client, context
from tests.capture.delivery.test_plan import receive
from tests.samples import CAMPAIGN, NOW, campaign, submission

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
DAILY = client(notice_frequency="daily")
MORNING = datetime.fromisoformat("2026-11-24T08:00-05:00")
"""The first morning after `NOW` in the campaign's zone."""


def digests_at(
    ledger: Ledger, now: datetime, client_file: Client = DAILY, terms: Campaign = BY_MAIL
) -> list[Message]:
    """All digests in the outbox after a pass."""
    queue_messages(context(ledger, terms, client_file=client_file), now)
    return list(ledger.read(lambda reading: reading.outbox.select(kind="leads_digest")))


def test_a_digest_names_all_leads_of_which_nobody_was_notified(ledger: Ledger) -> None:
    leads = [receive(ledger, submission(BY_MAIL, email=f"{name}@a.example")) for name in "ab"]
    receive(ledger, submission(BY_MAIL, email="c@a.example", company_size="1-50"))
    assert digests_at(ledger, MORNING - MINUTE) == []
    (digest,) = digests_at(ledger, MORNING)
    assert (digest.recipient, digest.data) == (LEADS, {"leads": leads})
    assert digest.key == f"leads_digest:guide:2026-11-24:{LEADS}"
    assert digest.expires_at == MORNING + DAY


def test_a_digest_is_queued_once_a_day(ledger: Ledger) -> None:
    receive(ledger, submission(BY_MAIL))
    for hours in (0, 1, 12):
        assert len(digests_at(ledger, MORNING + hours * HOUR)) == 1
    assert len(digests_at(ledger, MORNING + DAY)) == 2


def test_a_lead_that_qualifies_after_eight_waits_for_the_next_morning(ledger: Ledger) -> None:
    corrected = receive(ledger, submission(BY_MAIL, company_size="1-50"))
    late = receive(ledger, submission(BY_MAIL, email="b@a.example"), at=MORNING + MINUTE)
    correction = LeadCorrection(corrected, "Ada", {"company_size": "101+"})
    ledger.transact(lambda records: correct_lead(records, correction, MORNING + MINUTE))
    assert digests_at(ledger, MORNING + HOUR) == []
    (digest,) = digests_at(ledger, MORNING + DAY)
    assert digest.data == {"leads": [corrected, late]}


def test_a_notified_lead_and_a_test_lead_are_in_no_digest(ledger: Ledger) -> None:
    receive(ledger, submission(BY_MAIL))
    ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    receive(ledger, replace(submission(BY_MAIL, email="t@a.example"), test=True))
    assert digests_at(ledger, MORNING) == []


def test_a_lead_whose_window_began_at_once_is_in_no_digest(ledger: Ledger) -> None:
    terms = campaign(text=BY_MAIL_TEXT.replace('notice = "email"', 'notice = "webhook"'))
    receive(ledger, submission(terms), terms)
    assert digests_at(ledger, MORNING, terms=terms) == []


def test_each_letter_makes_a_digest_needless(ledger: Ledger) -> None:
    receive(ledger, submission(BY_MAIL))
    assert digests_at(ledger, NOW, client()) == []
    assert digests_at(ledger, MORNING, client()) == []


def test_leads_without_a_letter_are_in_a_digest_after_the_client_changed_its_mind(
    ledger: Ledger,
) -> None:
    lead_id = receive(ledger, submission(BY_MAIL))
    assert digests_at(ledger, NOW, DAILY) == []
    (digest,) = digests_at(ledger, MORNING, client())
    assert digest.data == {"leads": [lead_id]}


def test_leads_of_a_client_without_an_address_wait_for_one(ledger: Ledger) -> None:
    lead_id = receive(ledger, submission(BY_MAIL))
    assert digests_at(ledger, MORNING, client(contacts={"bills": [BILLS]})) == []
    (digest,) = digests_at(ledger, MORNING + DAY, client())
    assert digest.data == {"leads": [lead_id]}


def test_a_lead_whose_letter_went_to_a_former_contact_is_in_a_digest(ledger: Ledger) -> None:
    lead_id = receive(ledger, submission(BY_MAIL))
    assert digests_at(ledger, NOW, client()) == []
    successor = client(contacts={"notices": ["new@acme.example"], "bills": [BILLS]})
    (digest,) = digests_at(ledger, MORNING, successor)
    assert (digest.recipient, digest.data) == ("new@acme.example", {"leads": [lead_id]})


# Reports.


def reported(every: str, now: str) -> list[tuple[str, str, str]]:
    """Day of the key, month and last day of each report that is due."""
    terms = campaign(f'[reporting]\nevery = "{every}"', text=CAMPAIGN)
    catalogue = Catalogue({"guide": terms}, {"acme": client()})
    return [
        (message.key.split(":")[2], message.data["month"], message.data["until"])
        for message in reports(catalogue, datetime.fromisoformat(now))
    ]


@pytest.mark.parametrize(
    ("every", "now", "expected"),
    [
        ("month", "2026-12-01T07:59-05:00", []),
        ("month", "2026-12-01T08:00-05:00", [("2026-12-01", "2026-11", "2026-11-30")]),
        ("month", "2026-12-03T23:59-05:00", [("2026-12-01", "2026-11", "2026-11-30")]),
        ("month", "2026-12-04T00:00-05:00", []),
        ("month", "2026-12-07T08:00-05:00", []),
        ("week", "2026-12-07T07:59-05:00", []),
        ("week", "2026-12-07T08:00-05:00", [("2026-12-07", "2026-12", "2026-12-06")]),
        ("week", "2026-12-01T08:00-05:00", [("2026-12-01", "2026-11", "2026-11-30")]),
        ("week", "2026-12-01T07:00-05:00", [("2026-11-30", "2026-11", "2026-11-29")]),
        ("week", "2027-02-01T08:00-05:00", [("2027-02-01", "2027-01", "2027-01-31")]),
        ("week", "2027-03-01T08:00-05:00", [("2027-03-01", "2027-02", "2027-02-28")]),
    ],
)
def test_a_report_is_due_on_its_mornings(
    every: str, now: str, expected: list[tuple[str, str, str]]
) -> None:
    assert reported(every, now) == expected


def test_a_campaign_without_the_table_promises_no_report(ledger: Ledger) -> None:
    queue_messages(context(ledger, BY_MAIL), datetime.fromisoformat("2026-12-01T08:00-05:00"))
    assert ledger.read(lambda reading: reading.outbox.select(kind="report")) == []


def test_a_report_goes_once_to_each_address_for_reports(ledger: Ledger) -> None:
    terms = campaign("[reporting]", text=CAMPAIGN)
    contacts = {"bills": [BILLS], "reports": ["ann@acme.example", "bob@acme.example"]}
    planned = context(ledger, terms, client_file=client(contacts=contacts))
    for hours in (0, 1):
        now = datetime.fromisoformat("2026-12-01T08:00-05:00") + hours * HOUR
        queue_messages(planned, now)
    letters = ledger.read(lambda reading: reading.outbox.select(kind="report"))
    assert [letter.recipient for letter in letters] == contacts["reports"]
