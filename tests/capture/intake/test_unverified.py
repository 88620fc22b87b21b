"""Unverified text is stored with the personal data; it is never judged and never a key."""

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module

import pytest

from capture.campaign.model import Criterion
from capture.errors import Refused
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.ledger.types import PersonalData
from capture.qualification.criteria import qualify
from capture.review.acts import find_lead
from tests.samples import NOW, campaign, consent_to, submission

MINUTE = timedelta(minutes=1)
ODD = {"phone": "+1 624 305 1111"}
BY_PHONE = campaign('[duplicates]\nkeys = ["email", "phone"]')


class Intake:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def receive(self, sent: Submission, at: datetime = NOW) -> Lead:
        created = self.ledger.transact(
            lambda records: receive_submission(records, BY_PHONE, sent, at)
        )
        return self.lead(created.lead_id)

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def personal_data(self, lead: Lead) -> PersonalData:
        personal_data = self.ledger.read(lambda reading: reading.people.personal_data(lead.lead_id))
        assert personal_data is not None
        return personal_data

    def correct(self, lead: Lead, **typed: str) -> Lead:
        text = LeadCorrection(lead.lead_id, "Ada", typed, not_spam=lead.review == "spam")
        return self.ledger.transact(lambda records: correct_lead(records, text, NOW + MINUTE))


@pytest.fixture
def intake(ledger: Ledger) -> Intake:
    return Intake(ledger)


def odd(email: str = "ann@clinic.example") -> Submission:
    return replace(submission(BY_PHONE, email=email), unverified=ODD)


class TestOptionalContactData:
    def test_is_stored_and_the_lead_qualifies(self, intake: Intake) -> None:
        lead = intake.receive(odd())
        personal_data = intake.personal_data(lead)
        assert (lead.review, dict(personal_data.unverified)) == ("qualified", ODD)
        assert "phone" not in personal_data.answers

    def test_makes_no_duplicate(self, intake: Intake) -> None:
        intake.receive(odd())
        assert intake.receive(odd("bob@other.example")).review == "qualified"

    def test_meets_no_criterion(self) -> None:
        terms = BY_PHONE.model_copy(
            update={"criteria": {"phone": Criterion(field="phone", contains_any=("624",))}}
        )
        assert not qualify(terms, odd().answers).passed

    def test_is_in_no_event(self, intake: Intake) -> None:
        lead = intake.receive(odd())
        events = intake.ledger.read(
            lambda reading: repr(list(reading.events.select(lead_id=lead.lead_id)))
        )
        assert ODD["phone"] not in events
        assert "6243051111" not in events

    def test_can_be_corrected_removed_or_left(self, intake: Intake) -> None:
        lead = intake.correct(intake.receive(odd()), full_name="Ann B. Lee")
        assert dict(intake.personal_data(lead).unverified) == ODD
        with pytest.raises(Refused, match=r"^phone = "):
            intake.correct(lead, phone="+1 624 305 2222")
        intake.correct(lead, phone="+1 212 555 0100")
        assert dict(intake.personal_data(lead).unverified) == {}
        assert intake.personal_data(lead).answers["phone"] == "+12125550100"
        other = intake.receive(odd("bob@other.example"))
        intake.correct(other, phone="")
        assert dict(intake.personal_data(other).unverified) == {}


class TestLeadThatFilledTheHoneypot:
    def trap(self, intake: Intake) -> Lead:
        typed = {"email": "ann@clinic", "company_size": "102", **ODD}
        return intake.receive(
            Submission(
                {"full_name": "Ann"},
                consent_to(BY_PHONE.version),
                spam_signals=("honeypot", "invalid_answers"),
                unverified=typed,
            )
        )

    def test_can_be_marked_as_not_spam_once_every_required_answer_is_valid(
        self, intake: Intake
    ) -> None:
        lead = self.trap(intake)
        with pytest.raises(Refused) as refused:
            intake.correct(lead)
        assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
            'email = "ann@clinic"',
            'company_size = "102"',
        ]
        rescued = intake.correct(lead, email="ann@clinic.example", company_size="101+")
        assert (rescued.review, dict(intake.personal_data(lead).unverified)) == ("qualified", ODD)

    def test_differs_from_a_post_with_other_text(self, intake: Intake) -> None:
        assert self.trap(intake).lead_id == self.trap(intake).lead_id
        other = Submission(
            {"full_name": "Ann"},
            consent_to(BY_PHONE.version),
            spam_signals=("honeypot", "invalid_answers"),
        )
        assert intake.receive(other).lead_id != self.trap(intake).lead_id


def test_during_a_flood_of_spam_only_events_are_stored(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("capture.intake.receive"), "SPAM_STORED_PER_DAY", 3)
    trap = replace(odd(), spam_signals=("honeypot", "invalid_answers"))
    used = [intake.receive(replace(trap, one_time_id=f"filling-{number}")) for number in range(5)]
    assert [bool(intake.personal_data(lead).answers) for lead in used] == [True] * 3 + [False] * 2
    assert not intake.personal_data(used[4]).unverified
    assert intake.receive(submission(BY_PHONE, email="b@b.example")).review == "qualified"
    later = intake.receive(replace(trap, one_time_id="next"), NOW + timedelta(days=1, minutes=1))
    assert intake.personal_data(later).answers
