"""Random lives of leads: a page offers an answer exactly if the ledger would record it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from capture.client_access.client_leads import find_linked_lead, load_client_lead, open_linked_lead
from capture.errors import NotFound, Refused
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.outcomes.record import Outcome, record_outcome, time_of_report
from capture.review.acts import Act as ReviewAct
from capture.review.decisions import Decision, decide
from capture.web.desk.lead_view import LeadView, Reader, lead_view
from capture.web.desk.meeting_view import MeetingView, meeting_view
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_waiting import HELD, is_undecided_and_untouched
from tests.capture.billing.random_acts import MODELS
from tests.capture.billing.random_client import RandomClient
from tests.long import rounds

pytestmark = [pytest.mark.slow, pytest.mark.long]

CONTACT = "leads@acme-cloud.example.com"


class Possible(Exception):
    """Ends a transaction that would have been recorded."""


class Offers(RandomClient):
    """A client whose leads' pages are compared with what the ledger would record."""

    def step(self, rng: Random) -> None:
        """Does something with the leads, and closes no month."""
        weights = {self.submit: 10, self.act: 80, self.edit: 3, self.notify: 7, self.hold: 7}
        step = rng.choices(list(weights), list(weights.values()))[0]
        (step if self.oracle.leads else self.submit)(rng)

    def hold(self, rng: Random) -> None:
        """Holds back an untouched lead, or releases it."""
        leads = [
            history
            for history in self.oracle.leads.values()
            if history.stage in HELD or is_undecided_and_untouched(history)
        ]
        for history in leads[-3:]:
            is_held = history.stage in HELD
            kind = rng.choice(["released", "released", "discarded"]) if is_held else "held_back"
            self.apply_to_both(Act(self.now, kind, history.lead, by="Ada"))
            self.check_lead(history.lead)

    def check_lead(self, lead_id: str) -> None:
        try:
            lead, meeting = self.product.ledger.read(
                lambda reading: self.views(reading, lead_id, self.now)
            )
        except NotFound:
            return
        reasons = list(lead.reasons)
        offers = {
            "accept": lead.may_accept,
            "reject": lead.may_reject,
            "held": bool(meeting.holding),
            "no_show": bool(meeting.missing),
            "object": bool(meeting.objecting),
        }
        answers = {
            "accept": self.decision(lead_id, EventKind.ACCEPTED),
            "reject": self.decision(lead_id, EventKind.REJECTED, reasons[0]),
            "held": self.outcome(lead_id, EventKind.HELD),
            "no_show": self.outcome(lead_id, EventKind.NO_SHOW),
            "object": self.outcome(lead_id, EventKind.OBJECTED, reasons[0]),
        }
        billable = self.product.campaigns[self.product.slugs[lead_id]].price.billable
        if billable in {"won", "revenue"}:  # an objection would be about the sale
            assert not offers.pop("object")
            del answers["object"]
        if meeting.state == "You objected to the meeting":
            del offers["held"]  # the API takes it, but a page does not ask twice
            del answers["held"]
        possible = {name: self.is_possible(lead_id, answers[name]) for name in answers}
        assert possible == offers, f"{lead}\n{meeting}\n{self.acts_text(lead_id)}"
        self.driven.update(name for name in offers if offers[name])
        self.driven[lead.state] += 1

    @staticmethod
    def views(
        reading: ReadTransaction, lead_id: str, now: datetime
    ) -> tuple[LeadView, MeetingView]:
        client_lead = load_client_lead(reading, find_linked_lead(reading, "acme", lead_id))
        viewer = reading.people.pseudonym("acme", CONTACT)
        return lead_view(client_lead, Reader(viewer), now), meeting_view(client_lead, now)

    def decision(
        self, lead_id: str, kind: EventKind, reason: str = ""
    ) -> Callable[[WriteTransaction], bool]:
        act = ReviewAct(lead_id, CONTACT, Actor.CLIENT)

        def record(records: WriteTransaction) -> bool:
            return decide(records, Decision(act, kind, reason), self.now).is_known

        return record

    def outcome(
        self, lead_id: str, kind: EventKind, reason: str = ""
    ) -> Callable[[WriteTransaction], bool]:
        outcome = Outcome(lead_id, kind, Actor.CLIENT, CONTACT, self.now, reason=reason)

        def record(records: WriteTransaction) -> bool:
            lead = open_linked_lead(records, "acme", lead_id, self.now)
            at = time_of_report(kind, lead, self.now)
            record_outcome(records, replace(outcome, occurred_at=at), self.now)
            return False

        return record

    def is_possible(self, lead_id: str, answer: Callable[[WriteTransaction], bool]) -> bool:
        """Whether the answer would be recorded as something new. Nothing is recorded."""

        def attempt(records: WriteTransaction) -> None:
            open_linked_lead(records, "acme", lead_id, self.now)
            if not answer(records):
                raise Possible

        try:
            self.product.ledger.transact(attempt)
        except Possible:
            return True
        except Refused:
            return False
        return False


def test_a_page_offers_exactly_the_answers_that_can_be_recorded(tmp_path: Path) -> None:
    driven: Counter[str] = Counter()
    for number in range(rounds(6, 150)):
        folder = tmp_path / str(number)
        folder.mkdir()
        rng = Random(number)
        client = Offers(folder, MODELS[number % len(MODELS)], rng)
        for _ in range(20):
            client.step(rng)
        client.product.ledger.close()
        driven += client.driven
    assert all(driven[name] for name in ("accept", "reject", "held", "no_show", "object"))
    assert driven["Being checked by the agency"]
