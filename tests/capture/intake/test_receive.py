"""One submission is one lead: the rules of the gate, with their numbers in docs/rules.md."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from capture.campaign.model import Answer, Campaign
from capture.intake.gate import CampaignClosed
from capture.intake.pausing import pause_campaign, resume_campaign
from capture.intake.receive import FormOutdated, Receipt, receive_submission
from capture.intake.submission import Submission
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.ledger.terms import save_terms
from capture.review.acts import find_lead
from tests.samples import CAMPAIGN, NOW, campaign, consent_to, later_event, submission

MINUTE = timedelta(minutes=1)


class Gate:
    """A campaign with a ledger that receives its leads."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.terms = campaign()

    def receive(
        self, sent: Submission | None = None, *, at: datetime = NOW, **answers: Answer
    ) -> Lead:
        return self.lead(self.receipt(sent or submission(self.terms, **answers), at).lead_id)

    def receipt(self, sent: Submission, at: datetime = NOW) -> Receipt:
        return self.ledger.transact(
            lambda records: receive_submission(records, self.terms, sent, at)
        )

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def last_event(self, lead: Lead) -> Event:
        return self.ledger.read(
            lambda reading: list(reading.events.select(lead_id=lead.lead_id))[-1].event
        )

    def append(self, *events: Event) -> None:
        self.ledger.transact(lambda records: records.append(*events))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield Gate(ledger)
    assert ledger.verify().problems == ()


def terms_with(*more: str, slug: str = "guide") -> Campaign:
    return campaign(*more, slug=slug)


def test_a_lead_that_meets_every_criterion_is_qualified_and_has_a_deadline(gate: Gate) -> None:
    lead = gate.receive()
    assert (lead.review, lead.deadline) == ("qualified", NOW + timedelta(hours=48))


def test_a_lead_that_fails_one_criterion_is_disqualified_and_the_event_says_so(gate: Gate) -> None:
    lead = gate.receive(company_size="1-50")
    (criterion,) = gate.last_event(lead).data["verdict"]["criteria"]
    assert lead.review == "disqualified"
    assert criterion == {
        "id": "company_size",
        "rule": "Company size is at least 101",
        "passed": False,
    }


def test_events_hold_no_personal_data_rule_31(gate: Gate) -> None:
    lead = gate.receive()
    events = gate.ledger.read(
        lambda reading: repr(list(reading.events.select(lead_id=lead.lead_id)))
    )
    assert "Ann" not in events
    assert "clinic" not in events


class TestSameSubmission:
    """Rule 1."""

    def test_the_same_one_time_id_is_the_same_lead_at_any_time(self, gate: Gate) -> None:
        sent = replace(submission(gate.terms), one_time_id="x1")
        first = gate.receipt(sent)
        again = gate.receipt(sent, NOW + timedelta(days=3))
        assert (again.lead_id, again.is_repeat) == (first.lead_id, True)

    def test_identical_answers_without_an_id_are_one_lead_for_ten_minutes(self, gate: Gate) -> None:
        first = gate.receive(company_size="1-50")
        assert gate.receive(company_size="1-50", at=NOW + 9 * MINUTE).lead_id == first.lead_id
        assert gate.receive(company_size="1-50", at=NOW + 11 * MINUTE).lead_id != first.lead_id

    def test_other_answers_are_another_lead(self, gate: Gate) -> None:
        assert gate.receive().lead_id != gate.receive(full_name="Bob").lead_id

    def test_a_retry_succeeds_even_if_the_campaign_closed_meanwhile(self, gate: Gate) -> None:
        first = gate.receive()
        gate.ledger.transact(lambda records: pause_campaign(records, gate.terms, "Ada", NOW))
        assert gate.receive(at=NOW + MINUTE).lead_id == first.lead_id


class TestDuplicates:
    """Rule 2."""

    @pytest.mark.parametrize("stage", [EventKind.ACCEPTED, EventKind.REJECTED, None])
    def test_a_qualified_accepted_or_rejected_lead_blocks(
        self, gate: Gate, stage: EventKind | None
    ) -> None:
        first = gate.receive()
        if stage is not None:
            gate.append(later_event(first.lead_id, stage))
        second = gate.receive(full_name="Ann B. Lee")
        assert second.review == "duplicate"
        assert gate.last_event(second).data["duplicate_of"] == first.lead_id

    def test_spam_and_duplicates_block_nothing(self, gate: Gate) -> None:
        spam = replace(submission(gate.terms), spam_signals=("honeypot", "too_fast"))
        assert gate.receive(spam).review == "spam"
        assert gate.receive(full_name="Ann B. Lee").review == "qualified"

    def test_many_later_refusals_do_not_hide_the_lead_that_blocks(self, gate: Gate) -> None:
        first = gate.receive(phone="+15550100")
        for number in range(25):
            other = f"p{number}@other.example"
            gate.receive(email=other, phone="+15550100", company_size="1-50", at=NOW + MINUTE)
        gate.terms = terms_with('[duplicates]\nkeys = ["phone"]')
        again = gate.receive(email="z@z.example", phone="+15550100", at=NOW + 2 * MINUTE)
        assert again.review == "duplicate"
        assert gate.last_event(again).data["duplicate_of"] == first.lead_id

    def test_case_and_a_plus_tag_do_not_make_another_person(self, gate: Gate) -> None:
        gate.receive()
        assert gate.receive(email="Ann+guide@Clinic.example").review == "duplicate"

    def test_after_the_window_an_earlier_lead_does_not_count(self, gate: Gate) -> None:
        gate.terms = terms_with("[duplicates]\nwindow = 30")
        gate.receive()
        assert gate.receive(at=NOW + timedelta(days=29), full_name="B").review == "duplicate"
        assert gate.receive(at=NOW + timedelta(days=31), full_name="C").review == "qualified"

    def test_a_phone_is_a_key_only_if_the_campaign_sets_it(self, gate: Gate) -> None:
        gate.receive(phone="+15550100")
        assert gate.receive(email="bob@other.example", phone="+15550100").review == "qualified"
        gate.terms = terms_with('[duplicates]\nkeys = ["phone"]')
        assert gate.receive(email="eve@third.example", phone="+15550100").review == "duplicate"

    def test_a_free_mail_domain_is_no_company(self, gate: Gate) -> None:
        gate.terms = terms_with('[duplicates]\nkeys = ["company_domain"]')
        gate.receive(email="ann@gmail.com")
        assert gate.receive(email="bob@gmail.com").review == "qualified"
        gate.receive(email="ann@clinic.example")
        assert gate.receive(email="bob@clinic.example").review == "duplicate"

    def test_another_campaign_of_the_client_counts_only_in_scope_client(self, gate: Gate) -> None:
        gate.receive()
        gate.terms = terms_with(slug="second")
        assert gate.receive().review == "qualified"
        gate.terms = terms_with('[duplicates]\nscope = "client"', slug="third")
        assert gate.receive().review == "duplicate"

    def test_nothing_matches_across_clients(self, gate: Gate) -> None:
        gate.receive()
        text = CAMPAIGN.replace('client = "acme"', 'client = "other"')
        gate.terms = campaign('[duplicates]\nscope = "client"', slug="theirs", text=text)
        assert gate.receive().review == "qualified"


class TestAfterADisqualification:
    """Rule 3."""

    def test_a_changed_answer_that_counts_needs_an_explicit_acceptance(self, gate: Gate) -> None:
        first = gate.receive(company_size="1-50")
        second = gate.receive()
        assert second.review_at(NOW + timedelta(days=99)) == "qualified"
        assert gate.last_event(second).data["earlier"] == [first.lead_id]

    def test_a_changed_answer_that_does_not_count_changes_nothing(self, gate: Gate) -> None:
        gate.receive(company_size="1-50")
        again = gate.receive(company_size="1-50", full_name="Ann B. Lee")
        assert again.review == "disqualified"

    def test_same_answers_under_wider_terms_are_accepted_by_silence(self, gate: Gate) -> None:
        gate.receive(company_size="51-100")
        gate.terms = campaign(text=CAMPAIGN.replace("at_least = 101", "at_least = 51"))
        lead = gate.receive(company_size="51-100", at=NOW + 11 * MINUTE)
        assert lead.review_at(NOW + timedelta(days=99)) == "accepted"


def test_a_suppressed_person_or_company_is_stored_and_not_delivered_rule_4(gate: Gate) -> None:
    entries = [("email", "ann@clinic.example"), ("company_domain", "rival.example")]
    gate.ledger.transact(lambda records: records.people.suppress("acme", entries, NOW))
    assert gate.receive().review == "suppressed"
    assert gate.receive(email="eve@rival.example").review == "suppressed"
    assert gate.receive(email="bob@other.example").review == "qualified"


def test_test_leads_skip_caps_duplicates_and_the_suppression_list_rule_5(gate: Gate) -> None:
    gate.terms = terms_with("[caps]\nleads_a_month = 1")
    test = replace(submission(gate.terms), test=True)
    assert gate.receive(test).review == "qualified"
    assert gate.receive().review == "qualified"
    assert gate.receive(replace(test, one_time_id="again")).review == "qualified"


class TestCaps:
    """Rules 7 and 8."""

    def test_a_lead_over_a_refusing_cap_is_recorded_and_not_delivered(self, gate: Gate) -> None:
        gate.terms = terms_with("[caps]\nleads_a_month = 1")
        gate.receive()
        second = gate.receive(email="bob@other.example")
        assert (second.review, gate.last_event(second).data["cap"]) == ("over_cap", "leads_a_month")

    def test_a_lead_over_a_free_cap_is_delivered_and_marked(self, gate: Gate) -> None:
        gate.terms = terms_with('[caps]\nleads_a_month = 1\nover = "free"')
        gate.receive()
        second = gate.receive(email="bob@other.example")
        assert (second.review, second.free_over_cap) == ("qualified", True)

    def test_a_rejection_frees_its_place_for_later_leads_only(self, gate: Gate) -> None:
        gate.terms = terms_with('[caps]\nleads_a_month = 1\nover = "free"')
        first = gate.receive()
        second = gate.receive(email="bob@other.example")
        gate.append(later_event(first.lead_id, EventKind.REJECTED))
        third = gate.receive(email="eve@third.example")
        assert (gate.lead(second.lead_id).free_over_cap, third.free_over_cap) == (True, False)

    def test_months_are_cut_in_the_campaigns_zone(self, gate: Gate) -> None:
        gate.terms = terms_with("[caps]\nleads_a_month = 1")
        midnight_in_new_york = NOW.replace(month=12, day=1, hour=5, minute=0)
        assert gate.receive(at=midnight_in_new_york - MINUTE).month == "2026-11"
        assert gate.receive(at=midnight_in_new_york, email="b@b.example").review == "qualified"
        assert gate.receive(at=midnight_in_new_york, email="c@c.example").review == "over_cap"

    def test_a_company_has_a_cap_of_its_own(self, gate: Gate) -> None:
        gate.terms = terms_with("[caps]\nleads_a_company = 1")
        gate.receive()
        second = gate.receive(email="bob@clinic.example")
        assert gate.last_event(second).data["cap"] == "leads_a_company"
        assert gate.receive(email="eve@other.example").review == "qualified"

    def test_a_disqualified_lead_does_not_count_towards_a_cap(self, gate: Gate) -> None:
        gate.terms = terms_with("[caps]\nleads_a_month = 1")
        gate.receive(company_size="1-50")
        assert gate.receive(email="bob@other.example").review == "qualified"


class TestTerms:
    """Rules 16 to 18."""

    def test_a_lead_keeps_the_version_of_its_receipt_and_the_consent_that_was_shown(
        self, gate: Gate
    ) -> None:
        old_terms = gate.terms
        gate.ledger.transact(lambda records: save_terms(records, old_terms, NOW))
        gate.terms = campaign(text=CAMPAIGN.replace("rate = 50", "rate = 60"))
        lead = gate.receive(submission(old_terms))
        assert (lead.version, lead.consent_version) == (gate.terms.version, old_terms.version)

    def test_a_form_of_an_unknown_version_is_refused(self, gate: Gate) -> None:
        with pytest.raises(FormOutdated):
            gate.receive(replace(submission(gate.terms), consent=consent_to("0" * 64)))
        assert gate.ledger.read(lambda reading: reading.events.head()[0]) == 0

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('client = "acme"', 'client = "other"'),
            ('currency = "USD"', 'currency = "EUR"'),
            ("America/New_York", "Europe/Berlin"),
        ],
    )
    def test_currency_and_zone_never_change_once_a_campaign_has_leads(
        self, gate: Gate, before: str, after: str
    ) -> None:
        changed = campaign(text=CAMPAIGN.replace(before, after))
        gate.ledger.transact(lambda records: save_terms(records, changed, NOW))  # no leads yet
        gate.receive()
        with pytest.raises(Exception, match="put the new terms under a new slug"):
            gate.ledger.transact(lambda records: save_terms(records, changed, NOW))

    def test_a_paused_campaign_receives_nothing_until_it_is_resumed(self, gate: Gate) -> None:
        gate.ledger.transact(lambda records: pause_campaign(records, gate.terms, "Ada", NOW))
        with pytest.raises(CampaignClosed):
            gate.receive()
        gate.ledger.transact(lambda records: resume_campaign(records, gate.terms, "Ada", NOW))
        assert gate.receive().review == "qualified"

    def test_a_campaign_is_open_from_its_first_to_its_last_day_in_its_zone(
        self, gate: Gate
    ) -> None:
        gate.terms = campaign(text="opens = 2026-11-23\ncloses = 2026-11-23\n" + CAMPAIGN)
        first = datetime(2026, 11, 23, 5, tzinfo=NOW.tzinfo)
        assert gate.receive(at=first).review == "qualified"
        for outside in (first - MINUTE, first + timedelta(days=1)):
            with pytest.raises(CampaignClosed):
                gate.receive(at=outside, email="bob@other.example")


@pytest.mark.parametrize(
    ("signals", "stage"),
    [
        (("too_fast",), "qualified"),
        (("many_links",), "qualified"),
        (("honeypot",), "quarantined"),
        (("honeypot", "invalid_answers"), "spam"),
        (("honeypot", "too_fast"), "spam"),
        (("too_fast", "many_links"), "spam"),
    ],
)
def test_one_signal_alone_is_not_spam(gate: Gate, signals: tuple[str, ...], stage: str) -> None:
    assert gate.receive(replace(submission(gate.terms), spam_signals=signals)).review == stage
