"""Rule 35 of docs/rules.md: a lead is delivered and billed only with a consent or a lawful basis.

Both are recorded: what was ticked, which wording was shown, the basis that the agency stated.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.billing.history import lead_history
from capture.billing.lines import lines_for
from capture.errors import EventNotAllowed, Refused
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.lead.consent import Consent
from capture.lead.events import Event, EventKind
from capture.lead.fold import fold_events
from capture.lead.model import Lead
from capture.lead.moves import TRACK_OF
from capture.ledger.protocol import Ledger
from capture.ledger.terms import save_terms
from capture.review.acts import find_lead
from tests.samples import (
    CAMPAIGN,
    NOW,
    campaign,
    consent_to,
    later_event,
    received_event,
    submission,
)

MINUTE = timedelta(minutes=1)
BASIS = "consent, GDPR art. 6(1)(a), given on the phone on 3 November"
TERMS = campaign()
NEVER = Consent(given=False, version=TERMS.version)
EARLIER = campaign(text=CAMPAIGN.replace("may call me", "may write to me"))


class Intake:
    """A ledger whose campaign had an earlier version; its posts can look like spam."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        ledger.transact(lambda records: save_terms(records, EARLIER, NOW))

    def receive(self, consent: Consent = NEVER, *, trap: bool = True, **answers: str) -> Lead:
        signals = ("honeypot", "too_fast") if trap else ()
        sent = replace(submission(TERMS, **answers), consent=consent, spam_signals=signals)
        created = self.ledger.transact(
            lambda records: receive_submission(records, TERMS, sent, NOW)
        )
        return self.lead(created.lead_id)

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def rescue(self, lead: Lead, basis: str = "", **typed: str) -> Lead:
        text = LeadCorrection(
            lead.lead_id, "Ada", typed, not_spam=lead.review == "spam", basis=basis
        )
        return self.ledger.transact(lambda records: correct_lead(records, text, NOW + MINUTE))


@pytest.fixture
def intake(ledger: Ledger) -> Intake:
    return Intake(ledger)


class TestStoredConsent:
    def test_a_box_that_was_not_ticked(self, intake: Intake) -> None:
        assert intake.receive().consent == Consent(given=False, version=TERMS.version)

    def test_the_wording_of_an_earlier_page_even_if_the_honeypot_was_filled(
        self, intake: Intake
    ) -> None:
        consent = consent_to(EARLIER.version)
        lead = intake.receive(consent)
        assert (lead.consent, lead.version) == (consent, TERMS.version)

    @pytest.mark.parametrize("version", [None, "", "0" * 64, campaign(slug="other").version[:9]])
    def test_no_wording_for_a_missing_or_unknown_version(
        self, intake: Intake, version: str | None
    ) -> None:
        assert intake.receive(Consent(True, version)).consent == Consent(True, None)

    @pytest.mark.parametrize("version", [None, "0" * 64])
    def test_an_unknown_wording_is_a_second_signal_beside_the_honeypot(
        self, intake: Intake, version: str | None
    ) -> None:
        consent = Consent(given=True, version=version)
        sent = replace(submission(TERMS), consent=consent, spam_signals=("honeypot",))
        receipt = intake.ledger.transact(
            lambda records: receive_submission(records, TERMS, sent, NOW)
        )
        assert receipt.gate_result is not None
        assert receipt.gate_result.kind is EventKind.SPAM
        assert receipt.gate_result.details == {"signals": ["honeypot", "unknown_form"]}

    def test_no_wording_of_another_campaign(self, intake: Intake) -> None:
        other = campaign("# another file", slug="other")
        intake.ledger.transact(lambda records: save_terms(records, other, NOW))
        assert intake.receive(consent_to(other.version)).consent_version is None

    def test_the_ledger_is_valid_afterwards(self, intake: Intake) -> None:
        intake.receive(Consent(True, "0" * 64))
        intake.rescue(intake.receive(full_name="Bob"), BASIS)
        assert intake.ledger.verify().problems == ()


class TestLeadMarkedAsNotSpam:
    def test_needs_a_basis_without_consent(self, intake: Intake) -> None:
        lead = intake.receive()
        with pytest.raises(Refused) as refused:
            intake.rescue(lead)
        assert str(refused.value) == (
            f"lead {lead.lead_id}: consent not given; version {TERMS.version[:12]} was shown; "
            "state the lawful basis on which its data are kept and passed on"
        )
        assert intake.lead(lead.lead_id).review == "spam"

    def test_is_delivered_with_the_basis_instead_of_a_consent(self, intake: Intake) -> None:
        lead = intake.rescue(intake.receive(), f" {BASIS} ")
        assert (lead.review, lead.needs_explicit_acceptance) == ("qualified", True)
        assert lead.consent == Consent(False, TERMS.version, BASIS)
        assert lead.consent.in_words() == ("basis", BASIS)

    def test_needs_no_basis_with_consent(self, intake: Intake) -> None:
        lead = intake.rescue(intake.receive(consent_to(TERMS.version)))
        assert (lead.review, lead.basis) == ("qualified", None)

    def test_may_have_no_basis_besides_a_consent(self, intake: Intake) -> None:
        lead = intake.receive(consent_to(TERMS.version))
        with pytest.raises(Refused, match=r"has its consent .*: leave out the basis"):
            intake.rescue(lead, BASIS)

    def test_needs_a_basis_if_the_ticked_wording_is_unknown(self, intake: Intake) -> None:
        with pytest.raises(Refused, match="given to words that are not known"):
            intake.rescue(intake.receive(Consent(True, None)))

    def test_keeps_the_basis_through_the_next_correction(self, intake: Intake) -> None:
        lead = intake.rescue(intake.receive(), BASIS)
        assert intake.rescue(lead, full_name="Ann B. Lee").basis == BASIS

    @pytest.mark.parametrize("basis", ["a\nb", "x" * 301, "Ann <ann@clinic.example> said so"])
    def test_needs_a_basis_of_one_line_without_personal_data(
        self, intake: Intake, basis: str
    ) -> None:
        with pytest.raises(Refused, match=r"^basis: "):
            intake.rescue(intake.receive(), basis)


class TestNoDeliveryWithoutConsentOrBasis:
    @pytest.mark.parametrize("consent", [NEVER, Consent(True, None), Consent(False, None)])
    def test_an_event_appended_directly(self, consent: Consent) -> None:
        with pytest.raises(EventNotAllowed, match="no consent was given"):
            fold_events([with_consent(consent), later_event("a", EventKind.QUALIFIED)])

    def test_a_submission_without_consent(self, intake: Intake) -> None:
        before = intake.ledger.read(lambda reading: reading.events.head())
        with pytest.raises(EventNotAllowed, match="rule 35"):
            intake.receive(trap=False)
        assert intake.ledger.read(lambda reading: reading.events.head()) == before

    def test_a_test_lead_without_consent(self, intake: Intake) -> None:
        sent = replace(submission(TERMS), consent=NEVER, test=True)
        with pytest.raises(EventNotAllowed, match="rule 35"):
            intake.ledger.transact(lambda records: receive_submission(records, TERMS, sent, NOW))

    def test_nothing_is_billed_even_if_it_were(self) -> None:
        history = lead_history(
            [
                received_event("a"),
                later_event("a", EventKind.QUALIFIED),
                later_event("a", EventKind.ACCEPTED),
            ]
        )
        assert [line.amount for line in lines_for(history, TERMS, NOW)] == [5000]
        robbed = replace(history, lead=replace(history.lead, consent_given=False))
        assert lines_for(robbed, TERMS, NOW) == []


def with_consent(consent: Consent) -> Event:
    event = received_event("a")
    data = {**event.data, "consent_given": consent.given, "consent_version": consent.version}
    return replace(event, data=data if consent.basis is None else data | {"basis": consent.basis})


consents = st.builds(
    Consent, st.booleans(), st.sampled_from([None, TERMS.version]), st.sampled_from([None, BASIS])
)
steps = st.lists(st.sampled_from(sorted(set(TRACK_OF) - {EventKind.OBJECTED})), max_size=9)


@given(consents, steps, st.sampled_from([None, BASIS]))
@settings(max_examples=300, deadline=None)
def test_no_lead_is_delivered_or_billed_without_consent_or_basis(
    consent: Consent, kinds: list[EventKind], stated: str | None
) -> None:
    """Any events that the tables of moves allow, in any order, with or without a stated basis."""
    events, basis, given = [with_consent(consent)], consent.basis, consent.given
    for kind in kinds:
        more = {"basis": stated} if kind is EventKind.CORRECTED and stated else {}
        data = {"amount": 1, "period": "2026-11-01"} if kind is EventKind.REVENUE else {"amount": 1}
        event = later_event("a", kind, **{**data, **more})
        try:
            fold_events([*events, event])
        except EventNotAllowed:
            continue
        events.append(event)
        basis = more.get("basis", basis)
        if kind is EventKind.CONSENT_WITHDRAWN:
            basis, given = None, False
    history = lead_history(events)
    lawful = basis is not None or (given and consent.version is not None)
    assert history.lead.consent.is_lawful == lawful
    if not lawful and not history.lead.consent_withdrawn:  # a delivered lead stays with the client
        assert history.lead.review not in {"qualified", "accepted", "rejected"}
        assert lines_for(history, TERMS, NOW + timedelta(days=90)) == []
