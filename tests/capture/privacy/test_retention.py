"""Personal data is erased by age: which leads are due, and which must wait."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from pydantic import ValidationError

from capture.campaign.model import Campaign
from capture.closing.payments import PaymentRequest, open_entries, record_payment
from capture.intake.confirm import expire_leads
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back
from capture.intake.receive import receive_submission
from capture.intake.submission_traits import NETWORK
from capture.intake.suppression import read_suppressions, suppress
from capture.jobs.store import JobStore
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.traits import Trait
from capture.ledger.users import Access, UserSession
from capture.money import from_minor
from capture.privacy.retention import (
    ACCESS_LOG_KEPT,
    RetentionPeriods,
    erase_old_data,
    old_leads,
    preview_old_data,
)
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import dispute, find_lead, notify_client, reject
from capture.review.notes import write_note
from capture.users.sessions import IDLE_LIFE
from gatepost.setting_types import SHORTEST_RETENTION_DAYS
from gatepost.settings import Settings
from tests.capture.desk import SHARE, WON, Desk
from tests.samples import CAMPAIGN, NOW, campaign, later_event, submission

NO_JOBS = JobStore(Path("no such folder"))
DAY = timedelta(days=1)
YEAR = 365 * DAY
SECOND = timedelta(seconds=1)
BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))
PERIODS = RetentionPeriods(90 * DAY, None, 90 * DAY, 30 * DAY)
WITH_DELIVERED = RetentionPeriods(90 * DAY, 100 * DAY, 90 * DAY, 30 * DAY)


def due(ledger: Ledger, now: datetime, periods: RetentionPeriods = WITH_DELIVERED) -> list[str]:
    return ledger.read(lambda reading: old_leads(reading, periods, now))


def receive(ledger: Ledger, terms: Campaign | None = None, **answers: str) -> str:
    terms = terms or campaign()
    return ledger.transact(
        lambda records: receive_submission(records, terms, submission(terms, **answers), NOW)
    ).lead_id


def test_a_lead_that_no_client_saw_is_due_after_its_period(ledger: Ledger) -> None:
    lead_id = receive(ledger, company_size="1-50")
    moment = NOW + 90 * DAY
    assert due(ledger, moment - timedelta(microseconds=1), PERIODS) == []
    assert due(ledger, moment, PERIODS) == [lead_id]


def _undelivered(ledger: Ledger) -> dict[str, str]:
    """A lead in each stage that no client sees, by stage."""
    cap = '[caps]\nleads_a_month = 1\nover = "refuse"'
    proof = campaign(slug="proof", text=f'confirm = "email"\n{BY_MAIL.text}')
    full = campaign(cap, slug="full", text=BY_MAIL.text)
    receive(ledger, BY_MAIL)
    receive(ledger, full)
    entries = read_suppressions(b"email\nsue@known.example\n", "list.csv")
    ledger.transact(lambda records: suppress(records, "acme", entries, NOW, by="Ada"))
    robot = replace(
        submission(campaign(), email="bot@robots.example"), spam_signals=("honeypot", "too_fast")
    )
    leads = {
        "spam": ledger.transact(
            lambda records: receive_submission(records, campaign(), robot, NOW)
        ).lead_id,
        "duplicate": receive(ledger, BY_MAIL, full_name="Ann B. Lee"),
        "disqualified": receive(ledger, email="dan@small.example", company_size="1-50"),
        "suppressed": receive(ledger, email="sue@known.example"),
        "over_cap": receive(ledger, full, email="oscar@full.example"),
        "quarantined": receive(ledger, BY_MAIL, email="quinn@held.example"),
        "discarded": receive(ledger, BY_MAIL, email="dora@held.example"),
        "expired": receive(ledger, proof),
        "consent_withdrawn": receive(ledger, BY_MAIL, email="will@left.example"),
    }

    def decide(records: WriteTransaction) -> None:
        for stage in ("quarantined", "discarded"):
            hold_back(records, find_lead(records, leads[stage]), [], NOW)
        discard(records, leads["discarded"], "Ada", NOW)
        withdraw_consent(records, leads["consent_withdrawn"], NOW)
        expire_leads(records, NOW + 7 * DAY)

    ledger.transact(decide)
    return leads


def test_answers_are_kept_for_the_period_in_every_stage(ledger: Ledger) -> None:
    leads = _undelivered(ledger)
    stages = ledger.read(
        lambda reading: {find_lead(reading, lead_id).review: lead_id for lead_id in leads.values()}
    )
    assert stages == leads
    shortest = RetentionPeriods(SHORTEST_RETENTION_DAYS * DAY, None, None, DAY)
    end = NOW + SHORTEST_RETENTION_DAYS * DAY
    assert due(ledger, end - timedelta(microseconds=1), shortest) == []
    assert due(ledger, end, shortest) == sorted(set(leads.values()) - {leads["expired"]})
    assert due(ledger, end + 7 * DAY, shortest) == sorted(leads.values())


def test_no_setting_keeps_answers_for_less_than_thirty_days() -> None:
    assert SHORTEST_RETENTION_DAYS == 30
    for name in ("retention_undelivered_days", "retention_delivered_days"):
        with pytest.raises(ValidationError, match="30"):
            Settings.model_validate({name: 29})


def test_a_lead_that_waits_for_its_notice_or_its_review_is_never_due(ledger: Ledger) -> None:
    lead_id = receive(ledger, BY_MAIL)
    assert due(ledger, NOW + 9 * YEAR) == []
    ledger.transact(lambda records: records.append(later_event(lead_id, EventKind.BOUNCED)))
    assert due(ledger, NOW + 9 * YEAR) == []
    ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    assert due(ledger, NOW + 9 * YEAR) == []


def test_a_quarantined_lead_is_due_although_nobody_decided_it(ledger: Ledger) -> None:
    lead_id = receive(ledger, BY_MAIL)
    ledger.transact(lambda records: records.append(later_event(lead_id, EventKind.HELD_BACK)))
    assert due(ledger, NOW + 90 * DAY, PERIODS) == [lead_id]


def test_a_rejected_lead_is_due_unless_the_rejection_is_disputed(ledger: Ledger) -> None:
    desk = Desk(ledger)
    lead_id = receive(ledger)
    desk.act(reject, lead_id, NOW + DAY, "too_small")
    assert due(ledger, NOW + 101 * DAY, PERIODS) == []
    assert due(ledger, NOW + 101 * DAY) == [lead_id]
    desk.act(dispute, lead_id, NOW + 2 * DAY)
    assert due(ledger, NOW + 9 * YEAR) == []


def pay_all(desk: Desk, at: datetime) -> None:
    """Pays the open amount."""
    for entry in desk.ledger.read(lambda reading: open_entries(reading, "acme")):
        amount = from_minor(entry.open, entry.document.currency)
        request = PaymentRequest(entry.document.number, amount, at.date())
        desk.ledger.transact(partial(record_payment, request=request, now=at, by="Ada"))


def test_an_accepted_lead_is_due_when_it_is_billed_and_paid(ledger: Ledger) -> None:
    desk = Desk(ledger)
    lead_id = desk.take(campaign()).lead_id
    later = NOW + 200 * DAY
    assert due(ledger, later) == []
    desk.close("2026-11", NOW + 20 * DAY)
    assert due(ledger, later) == []
    pay_all(desk, NOW + 30 * DAY)
    assert due(ledger, later) == [lead_id]


@pytest.mark.parametrize(("terms", "last_day"), [(WON, NOW + 31 * DAY), (SHARE, NOW + YEAR + DAY)])
def test_a_sale_is_open_until_its_months_and_refund_days_are_over(
    ledger: Ledger, terms: Campaign, last_day: datetime
) -> None:
    desk = Desk(ledger)
    lead = desk.take(terms)
    desk.client(lead, EventKind.WON, NOW, amount=Decimal(500))
    desk.close("2026-11", NOW + 45 * DAY)
    pay_all(desk, NOW + 46 * DAY)
    periods = RetentionPeriods(90 * DAY, timedelta(0), None, DAY)
    assert due(ledger, last_day, periods) == []
    assert due(ledger, max(last_day + DAY, NOW + 60 * DAY), periods) == [lead.lead_id]


def test_a_lead_that_a_client_saw_before_a_correction_counts_as_seen(
    ledger: Ledger,
) -> None:
    lead_id = receive(ledger)
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "1-50"})
    ledger.transact(lambda records: correct_lead(records, correction, NOW + DAY))
    assert due(ledger, NOW + 9 * YEAR, PERIODS) == []
    assert due(ledger, NOW + 102 * DAY) == [lead_id]


def test_erasure_by_age_is_recorded_by_the_system_and_the_ledger_is_valid(
    ledger: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    old = receive(ledger, company_size="1-50")
    kept = receive(ledger, email="bob@other.example")
    moment = NOW + 91 * DAY
    assert preview_old_data(ledger, PERIODS, folder, NO_JOBS, moment).lead_ids == [old]
    erasure = erase_old_data(ledger, PERIODS, folder, NO_JOBS, moment)
    assert (erasure.lead_ids, erasure.places.answers) == ([old], 1)
    events = ledger.read(lambda reading: list(reading.events.select(lead_id=old)))
    last = events[-1].event
    assert (last.kind, last.actor, last.data) == (
        EventKind.ERASED,
        Actor.SYSTEM,
        {"reason": "age"},
    )
    assert ledger.read(lambda reading: reading.people.personal_data(kept)) is not None
    assert erase_old_data(ledger, PERIODS, folder, NO_JOBS, moment).lead_ids == []
    assert ledger.verify().problems == ()


def test_a_note_of_the_agency_keeps_no_data_longer(ledger: Ledger) -> None:
    lead_id = receive(ledger, company_size="1-50")
    moment = NOW + 90 * DAY
    ledger.transact(lambda records: write_note(records, lead_id, "Ada", "call", moment - DAY))
    assert due(ledger, moment, PERIODS) == [lead_id]


def test_old_looks_at_data_and_ended_sessions_are_deleted(ledger: Ledger, tmp_path: Path) -> None:
    now = NOW + YEAR

    def fill(records: WriteTransaction) -> None:
        for at in (now - ACCESS_LOG_KEPT - SECOND, now - ACCESS_LOG_KEPT):
            records.users.log_access(Access(user_id="u1", at=at, page="lead", lead_id="a"))
        for number, at in enumerate((now - IDLE_LIFE - SECOND, now)):
            session = UserSession(id=f"s{number}", user_id="u1", started_at=at, last_used_at=at)
            records.users.start_session(session, f"{number}" * 64)

    ledger.transact(fill)
    erase_old_data(ledger, PERIODS, tmp_path, NO_JOBS, now)
    users = ledger.read(lambda reading: reading.users)
    assert [access.at for _, access in users.accesses(limit=9)] == [now - ACCESS_LOG_KEPT]
    assert [session.id for session in users.sessions()] == ["s1"]


def test_traits_for_risk_signals_are_deleted_before_they_are_thirty_days_old(
    ledger: Ledger, tmp_path: Path
) -> None:
    robot = replace(submission(campaign()), network="198.51.100.0/24")
    lead_id = ledger.transact(
        lambda records: receive_submission(records, campaign(), robot, NOW)
    ).lead_id
    network = Trait(NETWORK, robot.network)

    def with_network(at: datetime) -> list[str]:
        erase_old_data(ledger, PERIODS, tmp_path / "mail", NO_JOBS, at)
        leads = ledger.read(lambda reading: reading.traits.newest("guide", network, NOW - DAY, 9))
        return [lead.lead_id for lead in leads]

    assert with_network(NOW + 28 * DAY) == [lead_id]
    assert with_network(NOW + 29 * DAY + timedelta(seconds=1)) == []


def test_old_letter_files_are_deleted_and_new_ones_are_kept(ledger: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    old, new = folder / "1.eml", folder / "2.eml"
    for path, at in ((old, NOW - 91 * DAY), (new, NOW - 89 * DAY)):
        path.write_text("To: bob@other.example\n\nhello")
        os.utime(path, (at.timestamp(), at.timestamp()))
    assert preview_old_data(ledger, PERIODS, folder, NO_JOBS, NOW).letter_files == 1
    assert erase_old_data(ledger, PERIODS, folder, NO_JOBS, NOW).letter_files == 1
    assert [path.name for path in folder.glob("*.eml")] == ["2.eml"]
