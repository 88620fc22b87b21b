"""Rule 15 of docs/rules.md: a lead that is corrected, or marked as not spam, is judged again."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from capture.campaign.model import Answer
from capture.closing.checks import check_documents
from capture.closing.close import read_statement
from capture.errors import Refused
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.review.acts import Act, accept, find_lead, record_silent_acceptances, reject
from tests.capture.months import close_one
from tests.samples import CAMPAIGN, NOW, campaign, consent_to, later_event, submission

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(days=99)
RIGHT = {"company_size": "101+"}


class Desk:
    """A campaign with a ledger, with methods to receive and correct leads."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.terms = campaign()

    def receive(
        self, sent: Submission | None = None, at: datetime = NOW, **answers: Answer
    ) -> Lead:
        used = sent or submission(self.terms, **answers)
        created = self.ledger.transact(
            lambda records: receive_submission(records, self.terms, used, at)
        )
        return self.lead(created.lead_id)

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def correct(
        self,
        lead: Lead,
        typed: Mapping[str, str] = RIGHT,
        *,
        at: datetime = NOW + MINUTE,
        not_spam: bool = False,
        by: str = "Ada",
    ) -> Lead:
        text = LeadCorrection(lead.lead_id, by, typed, not_spam, "told me on the phone")
        return self.ledger.transact(lambda records: correct_lead(records, text, at))

    def refusal(self, lead: Lead, typed: Mapping[str, str] = RIGHT, **how: object) -> str:
        before = self.ledger.read(lambda reading: reading.events.head())
        with pytest.raises(Refused) as refused:
            self.correct(lead, typed, **how)  # type: ignore[arg-type]
        assert self.ledger.read(lambda reading: reading.events.head()) == before
        return str(refused.value)

    def events(self, lead: Lead) -> list[Event]:
        return self.ledger.read(
            lambda reading: [
                recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)
            ]
        )

    def append(self, *events: Event) -> None:
        self.ledger.transact(lambda records: records.append(*events))


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_a_corrected_lead_is_judged_again_and_silence_never_accepts_it(desk: Desk) -> None:
    lead = desk.correct(desk.receive(company_size="1-50"))
    assert (lead.review, lead.deadline, lead.needs_explicit_acceptance) == ("qualified", None, True)
    assert lead.review_at(LATER) == "qualified"
    kinds = [event.kind for event in desk.events(lead)]
    assert kinds == [
        EventKind.RECEIVED,
        EventKind.DISQUALIFIED,
        EventKind.CORRECTED,
        EventKind.QUALIFIED,
    ]


def test_a_qualified_lead_loses_its_deadline_and_may_be_disqualified(desk: Desk) -> None:
    lead = desk.correct(desk.receive(), {"full_name": "Ann B. Lee"})
    assert (lead.review, lead.deadline, lead.notified) == ("qualified", None, False)
    assert desk.correct(lead, {"company_size": "1-50"}).review == "disqualified"


def test_the_event_has_the_fields_and_no_personal_data_rule_31(desk: Desk) -> None:
    lead = desk.correct(desk.receive(), {"email": "bob@secret.example", "full_name": "Bob Secret"})
    message = desk.events(lead)[2]
    assert (message.actor, message.data["fields"]) == (Actor.AGENCY, ["full_name", "email"])
    text = repr(desk.events(lead))
    assert not [word for word in ("Ada", "Bob", "ecret", "clinic", "Ann") if word in text]
    (note,) = desk.ledger.read(lambda reading: reading.people.notes(lead.lead_id))
    assert (note.author, note.kind, note.text) == ("Ada", "corrected", "told me on the phone")


def test_answers_verdict_and_reasons_are_replaced_and_touches_stay(desk: Desk) -> None:
    sent = replace(submission(desk.terms, company_size="1-50"), first_touch={"path": "/a/"})
    lead = desk.correct(desk.receive(sent), {**RIGHT, "phone": "+1 212 555 0100"})
    personal_data = desk.ledger.read(lambda reading: reading.people.personal_data(lead.lead_id))
    assert personal_data is not None
    assert personal_data.answers["phone"] == "+12125550100"
    assert (personal_data.judged, personal_data.first_touch) == (
        {"company_size": "101+"},
        {"path": "/a/"},
    )
    assert personal_data.reasons == {"company_size": "answered 101+"}


def test_an_optional_answer_can_be_removed(desk: Desk) -> None:
    lead = desk.correct(desk.receive(phone="+12125550100"), {"phone": ""})
    personal_data = desk.ledger.read(lambda reading: reading.people.personal_data(lead.lead_id))
    assert personal_data is not None
    assert "phone" not in personal_data.answers


def test_the_version_of_receipt_judges_not_todays_rule_16(desk: Desk) -> None:
    lead = desk.receive(company_size="1-50")
    desk.terms = campaign(text=CAMPAIGN.replace("at_least = 101", "at_least = 51"))
    desk.receive(email="bob@other.example")
    again = desk.correct(lead, {"company_size": "51-100"})
    assert (again.review, again.version) == ("disqualified", lead.version)


class TestGate:
    """Rules 2, 4, 7 and 8 apply again to a corrected lead."""

    def test_it_is_no_duplicate_of_itself_and_counts_once_towards_a_cap(self, desk: Desk) -> None:
        desk.terms = campaign("[caps]\nleads_a_month = 1")
        assert desk.correct(desk.receive(), {"full_name": "Ann B. Lee"}).review == "qualified"

    def test_it_is_a_duplicate_of_a_lead_that_the_client_has_now(self, desk: Desk) -> None:
        first = desk.receive(company_size="1-50")
        second = desk.receive(at=NOW + MINUTE)
        third = desk.correct(first)
        assert third.review == "duplicate"
        assert desk.events(third)[-1].data["duplicate_of"] == second.lead_id

    def test_the_window_of_duplicates_counts_from_its_receipt(self, desk: Desk) -> None:
        desk.terms = campaign("[duplicates]\nwindow = 30")
        desk.receive()
        typo: dict[str, Answer] = {"email": "typo@clinic.example", "company_size": "1-50"}
        wrong = desk.receive(at=NOW + timedelta(days=29), **typo)
        right = {"email": "ann@clinic.example", **RIGHT}
        assert desk.correct(wrong, right, at=NOW + timedelta(days=40)).review == "duplicate"

    def test_its_new_keys_block_duplicates_and_its_old_ones_do_not(self, desk: Desk) -> None:
        desk.correct(desk.receive(email="typo@clinic.example"), {"email": "ann@clinic.example"})
        assert desk.receive(email="typo@clinic.example", full_name="T").review == "qualified"
        assert desk.receive(full_name="B").review == "duplicate"

    def test_a_person_on_the_clients_list_is_suppressed(self, desk: Desk) -> None:
        lead = desk.receive(email="typo@clinic.example")
        entries = [("email", "ann@clinic.example")]
        desk.ledger.transact(lambda records: records.people.suppress("acme", entries, NOW))
        assert desk.correct(lead, {"email": "ann@clinic.example"}).review == "suppressed"

    def test_it_counts_towards_the_cap_of_the_month_of_its_receipt(self, desk: Desk) -> None:
        desk.terms = campaign("[caps]\nleads_a_month = 1")
        wrong = desk.receive(company_size="1-50")
        desk.receive(email="bob@other.example")
        late = NOW + timedelta(days=30)
        assert desk.correct(wrong, at=late).review == "over_cap"

    def test_a_lead_delivered_for_free_stays_free(self, desk: Desk) -> None:
        desk.terms = campaign('[caps]\nleads_a_month = 1\nover = "free"')
        first = desk.receive()
        free = desk.receive(email="bob@other.example")
        desk.append(later_event(first.lead_id, EventKind.REJECTED))
        wrong = desk.correct(free, {"company_size": "1-50"})
        assert desk.correct(wrong).free_over_cap

    def test_a_pending_meeting_is_cancelled_unless_it_qualifies_again(self, desk: Desk) -> None:
        lead = desk.receive()
        desk.append(later_event(lead.lead_id, EventKind.SCHEDULED))
        assert desk.correct(lead, {"full_name": "Ann B."}).appointment == "scheduled"
        assert desk.correct(lead, {"company_size": "1-50"}).appointment == "cancelled"

    def test_undoing_a_later_rejection_restores_no_old_meeting(self, desk: Desk) -> None:
        lead = desk.receive()
        desk.append(later_event(lead.lead_id, EventKind.SCHEDULED))
        desk.correct(lead, {"company_size": "1-50"})
        desk.correct(lead)
        desk.append(
            later_event(lead.lead_id, EventKind.REJECTED),
            later_event(lead.lead_id, EventKind.WITHDRAWN),
        )
        assert desk.lead(lead.lead_id).appointment == "cancelled"

    def test_a_test_lead_stays_a_test_lead_and_blocks_nothing_rule_5(self, desk: Desk) -> None:
        test = desk.receive(replace(submission(desk.terms, company_size="1-50"), test=True))
        assert desk.correct(test).test
        assert desk.receive().review == "qualified"


class TestSpam:
    def spam(self, desk: Desk, **answers: Answer) -> Lead:
        sent = submission(desk.terms, **answers)
        return desk.receive(replace(sent, spam_signals=("honeypot", "too_fast")))

    def test_a_lead_can_be_marked_as_not_spam_with_any_signals(self, desk: Desk) -> None:
        lead = desk.correct(self.spam(desk), {}, not_spam=True)
        assert (lead.review, lead.needs_explicit_acceptance) == ("qualified", True)
        assert desk.events(lead)[2].data["not_spam"] is True
        assert desk.receive(full_name="B").review == "duplicate"

    def test_it_needs_the_explicit_flag(self, desk: Desk) -> None:
        assert desk.refusal(self.spam(desk)).endswith("is spam; mark it as not spam first")
        lead = desk.receive(email="b@b.example")
        assert "is qualified, not spam" in desk.refusal(lead, {}, not_spam=True)

    def test_missing_required_answers_must_be_given(self, desk: Desk) -> None:
        answers = {"email": "ann@clinic.example", "company_size": "101+"}
        signals = ("honeypot", "invalid_answers")
        trap = Submission(answers, consent_to(desk.terms.version), spam_signals=signals)
        lead = desk.receive(trap)
        assert desk.refusal(lead, {}, not_spam=True) == "full_name: Enter your name."
        assert desk.correct(lead, {"full_name": "Ann"}, not_spam=True).review == "qualified"


class TestRefusals:
    def test_unknown_fields_are_reported_one_per_line(self, desk: Desk) -> None:
        assert desk.refusal(desk.receive(), {"emial": "x", "zzz": "x"}).splitlines() == [
            "emial: no such field in guide; did you mean `email`?",
            "zzz: no such field in guide",
        ]

    def test_faulty_values_are_reported_one_per_line(self, desk: Desk) -> None:
        assert desk.refusal(desk.receive(), {"email": "x", "full_name": " "}).splitlines() == [
            "full_name: Enter your name.",
            'email = "x": Enter your work e-mail as name@company.com.',
        ]

    def test_unchanged_answers_are_not_checked_again(self, desk: Desk) -> None:
        lead = desk.receive(phone="an old kind of number", company_size="1-50")
        assert desk.correct(lead).review == "qualified"

    def test_a_correction_without_a_change_is_refused(self, desk: Desk) -> None:
        lead = desk.correct(desk.receive(company_size="1-50"))
        assert desk.refusal(lead).endswith("has these answers already")

    def test_the_persons_name_is_required(self, desk: Desk) -> None:
        assert (
            desk.refusal(desk.receive(company_size="1-50"), by=" ")
            == "give the name of the person who does it"
        )

    def test_a_lead_accepted_by_silence_is_decided_even_without_an_event(self, desk: Desk) -> None:
        lead = desk.receive()
        message = desk.refusal(lead, {"full_name": "B"}, at=NOW + timedelta(hours=48))
        assert "is accepted by silence since 2026-11-25 15:00:00 UTC" in message
        assert "only a credit note corrects its statement" in message
        assert desk.correct(
            lead, {"full_name": "B"}, at=NOW + timedelta(hours=47)
        ).needs_explicit_acceptance

    def test_an_accepted_or_rejected_lead_is_decided(self, desk: Desk) -> None:
        lead = desk.receive()
        act = Act(lead.lead_id, "Carol", Actor.CLIENT)
        desk.ledger.transact(lambda records: reject(records, act, "too_small", NOW))
        assert "if that is wrong, dispute it" in desk.refusal(lead, {"full_name": "B"})
        other = desk.receive(email="b@b.example")
        desk.append(later_event(other.lead_id, EventKind.ACCEPTED))
        assert "can undo that for 10 seconds" in desk.refusal(other, {"full_name": "B"})

    def test_a_duplicate_must_be_sent_again_instead(self, desk: Desk) -> None:
        desk.receive()
        duplicate = desk.receive(full_name="B")
        assert "send or import it as a new lead" in desk.refusal(duplicate)


def test_it_is_billed_once_with_its_new_verdict_rule_20(desk: Desk) -> None:
    lead = desk.correct(desk.receive(company_size="51-100"))
    act = Act(lead.lead_id, "Carol", Actor.CLIENT)
    desk.ledger.transact(lambda records: accept(records, act, NOW + 2 * MINUTE))
    december = NOW + timedelta(days=20)

    def close(month: str, at: datetime) -> list[tuple[str, int, datetime]]:
        statement = desk.ledger.transact(lambda records: close_one(records, month, at))
        lines = [] if statement is None else read_statement(statement).lines
        assert all(line.met[0].rule == "Company size is at least 101" for line in lines)
        return [(line.lead_id, line.amount, line.due_at) for line in lines]

    assert close("2026-11", december) == [(lead.lead_id, 5000, NOW + 2 * MINUTE)]
    assert close("2026-12", december + timedelta(days=30)) == []


def test_a_booking_that_a_correction_cancelled_is_not_billed_later_rule_21(desk: Desk) -> None:
    text = CAMPAIGN.replace('"cpl"', '"cpap"').replace('"accepted"', '"scheduled"')
    desk.terms = campaign(text=text)
    lead = desk.receive()
    desk.append(later_event(lead.lead_id, EventKind.SCHEDULED))
    desk.correct(lead, {"company_size": "1-50"})
    desk.correct(lead)
    act = Act(lead.lead_id, "Carol", Actor.CLIENT)
    desk.ledger.transact(lambda records: accept(records, act, NOW + 2 * MINUTE))
    close = partial(close_one, month="2026-11", now=LATER)
    assert desk.ledger.transact(close) is None


def test_a_closed_month_is_drawn_the_same_after_a_correction_rule_26(desk: Desk) -> None:
    desk.terms = campaign("[caps]\nleads_a_month = 2")
    refused, shut_out = desk.receive(company_size="1-50"), desk.receive(email="eve@e.example")
    desk.receive(email="bob@other.example", at=NOW + MINUTE)
    desk.correct(shut_out, {"full_name": "Eve"})  # in review when the month is closed
    december = NOW + timedelta(days=20)
    desk.ledger.transact(lambda records: close_one(records, "2026-11", december))
    assert desk.correct(refused, at=december + MINUTE).review == "over_cap"
    desk.correct(shut_out, {"company_size": "1-50"}, at=december + MINUTE)
    assert desk.ledger.read(check_documents) == []


def test_without_an_explicit_acceptance_it_is_never_billed(desk: Desk) -> None:
    desk.correct(desk.receive(), {"full_name": "Ann B. Lee"})
    assert desk.ledger.transact(lambda records: record_silent_acceptances(records, LATER)) == []
    close = partial(close_one, month="2026-11", now=LATER)
    assert desk.ledger.transact(close) is None


def test_simultaneous_equal_corrections_are_made_once(desk: Desk) -> None:
    lead = desk.receive(company_size="1-50")
    barrier = threading.Barrier(8)

    def attempt(_: int) -> bool:
        barrier.wait()
        try:
            desk.correct(lead)
        except Refused:
            return False
        finally:
            desk.ledger.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert len(desk.events(lead)) == 4
