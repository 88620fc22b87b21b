"""A ledger whose leads are quarantined, released and discarded, for tests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.intake.quarantine import discard, hold_back, release
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, Event, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review.acts import (
    Act,
    find_lead,
    notify_client,
    record_silent_acceptances,
)
from tests.samples import CAMPAIGN, NOW, campaign, submission

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
WINDOW = timedelta(hours=48)
SIGNALS = ({"name": "burst", "weight": 100, "leads": 12, "minutes": 60},)
AT_RECEIPT = campaign()
"""The review window begins at the receipt."""
BY_MAIL_TEXT = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')
BY_MAIL = campaign(text=BY_MAIL_TEXT)
"""The review window begins with the client's notice."""


class Desk:
    """A ledger, with methods to receive, hold and release leads."""

    def __init__(self, ledger: Ledger, terms: Campaign = BY_MAIL) -> None:
        self.ledger = ledger
        self.terms = terms

    def receive(self, at: datetime = NOW, *, test: bool = False, **answers: str) -> Lead:
        sent = replace(submission(self.terms, **answers), test=test)
        receipt = self.ledger.transact(
            lambda records: receive_submission(records, self.terms, sent, at)
        )
        return self.lead(receipt.lead_id)

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def hold(self, lead: Lead, at: datetime = NOW) -> Lead:
        return self.ledger.transact(
            lambda records: hold_back(records, self.lead(lead.lead_id), SIGNALS, at)
        )

    def quarantined(self, **answers: str) -> Lead:
        """A lead that is quarantined before its client is notified."""
        lead = self.hold(self.receive(**answers))
        assert lead.review == "quarantined"
        return lead

    def release(self, lead: Lead, at: datetime = NOW + HOUR, note: str = "") -> Lead:
        return self.ledger.transact(lambda records: release(records, lead.lead_id, "Ada", at, note))

    def discard(self, lead: Lead, at: datetime = NOW + HOUR) -> Lead:
        return self.ledger.transact(lambda records: discard(records, lead.lead_id, "Ada", at))

    def notify(self, at: datetime = NOW) -> Sequence[Lead]:
        return self.ledger.transact(lambda records: notify_client(records, self.terms, at))

    def by_client(self, act: Callable[..., Lead], lead: Lead, *more: str, at: datetime) -> Lead:
        who = Act(lead.lead_id, "Carol", Actor.CLIENT)
        return self.ledger.transact(lambda records: act(records, who, *more, at))

    def report(self, lead: Lead, kind: EventKind, meeting_at: datetime | None) -> Lead:
        outcome = Outcome(
            lead.lead_id, kind, Actor.AGENCY, "Ada", occurred_at=NOW, meeting_at=meeting_at
        )
        return self.ledger.transact(lambda records: record_once(records, outcome, NOW))

    def silence(self, at: datetime) -> Sequence[Lead]:
        return self.ledger.transact(lambda records: record_silent_acceptances(records, at))

    def events(self, lead: Lead) -> list[Event]:
        return self.ledger.read(
            lambda reading: [
                recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)
            ]
        )

    def refusal(self, act: Callable[[], object]) -> str:
        before = self.ledger.read(lambda reading: reading.events.head())
        with pytest.raises(Refused) as refused:
            act()
        assert self.ledger.read(lambda reading: reading.events.head()) == before
        text = str(refused.value)
        assert "\n" not in text
        return text
