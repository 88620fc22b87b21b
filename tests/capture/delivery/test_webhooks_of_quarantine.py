"""Webhooks of leads that are held back, released or removed (rule 36 of docs/rules.md)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from capture.delivery import webhooks
from capture.intake.confirm import confirm_address
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back, release
from capture.lead.model import Lead
from capture.ledger.messages import Attempt
from capture.ledger.protocol import Ledger, WriteTransaction
from tests.capture.delivery.webhook_world import HOUR, add, messages_of, take
from tests.samples import CAMPAIGN, NOW, campaign

BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))
SIGNALS = [{"name": "burst", "weight": 100, "leads": 12}]


class Endpoint:
    """One endpoint of a client, with the webhooks that it got."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.id = add(ledger).endpoint.id
        self._planned = 0

    def plan(self) -> list[str]:
        """Queues the webhooks that follow from new events; returns their types."""
        new = messages_of(self.ledger, after=self._planned)

        def queue(records: WriteTransaction) -> int:
            for message in new:
                records.outbox.queue(message)
            return records.events.head()[0]

        self._planned = self.ledger.transact(queue)
        return [message.kind for message in new]

    def deliver(self) -> list[tuple[str, str]]:
        """Sends all queued webhooks; returns types and stages, or `dropped` and the reason."""
        results = []
        claimed = self.ledger.transact(lambda records: records.outbox.claim(NOW, NOW + HOUR, 99))
        for message in claimed:
            _, body, reason = self.ledger.read(
                lambda reading, message=message: webhooks._load(reading, message, NOW)
            )
            if body is None:
                self.ledger.transact(
                    lambda records, message=message: records.outbox.drop(message.id, NOW, "")
                )
                results.append(("dropped", reason))
                continue
            self.ledger.transact(
                lambda records, message=message: records.outbox.record_sent(
                    message, NOW, Attempt("", 200)
                )
            )
            content = json.loads(body)
            results.append((content["type"], content["data"]["stage"]))
            if content["data"]["stage"] == "removed":
                assert content["data"]["answers"] is None
        return results

    def sends(self) -> list[tuple[str, str]]:
        self.plan()
        return self.deliver()


@pytest.fixture
def endpoint(ledger: Ledger) -> Endpoint:
    return Endpoint(ledger)


def act(endpoint: Endpoint, work: Callable[[WriteTransaction], Any]) -> None:
    endpoint.ledger.transact(work)


def hold(endpoint: Endpoint, lead: Lead) -> None:
    def work(records: WriteTransaction) -> None:
        current = records.leads.get(lead.lead_id)
        assert current is not None
        hold_back(records, current, SIGNALS, NOW)

    act(endpoint, work)


def let_go(endpoint: Endpoint, lead: Lead) -> None:
    act(endpoint, lambda records: release(records, lead.lead_id, "Ada", NOW))


def throw_away(endpoint: Endpoint, lead: Lead) -> None:
    act(endpoint, lambda records: discard(records, lead.lead_id, "Ada", NOW))


def correct(endpoint: Endpoint, lead: Lead, size: str) -> None:
    correction = LeadCorrection(lead.lead_id, "Ada", {"company_size": size})
    act(endpoint, lambda records: correct_lead(records, correction, NOW))


def test_hold_release_and_discard_of_a_lead_in_review_are_updates(endpoint: Endpoint) -> None:
    lead = take(endpoint.ledger, campaign())
    assert endpoint.sends() == [("lead.qualified", "qualified")]
    hold(endpoint, lead)
    assert endpoint.sends() == [("lead.updated", "held_back")]
    let_go(endpoint, lead)
    assert endpoint.sends() == [("lead.updated", "qualified")]
    hold(endpoint, lead)
    throw_away(endpoint, lead)
    assert set(endpoint.sends()) == {("lead.updated", "removed")}


def test_a_lead_quarantined_before_its_webhook_sends_none_until_its_release(
    endpoint: Endpoint,
) -> None:
    lead = take(endpoint.ledger, BY_MAIL)
    hold(endpoint, lead)
    assert endpoint.sends() == []
    let_go(endpoint, lead)
    assert endpoint.sends() == [("lead.qualified", "qualified")]


def test_a_lead_quarantined_after_its_webhook_is_removed_and_comes_back(
    endpoint: Endpoint,
) -> None:
    lead = take(endpoint.ledger, BY_MAIL)
    assert endpoint.sends() == [("lead.qualified", "qualified")]
    hold(endpoint, lead)
    assert endpoint.sends() == [("lead.updated", "removed")]
    let_go(endpoint, lead)
    assert endpoint.sends() == [("lead.updated", "qualified")]


def test_a_queued_webhook_is_never_sent_if_its_lead_is_quarantined(
    endpoint: Endpoint,
) -> None:
    lead = take(endpoint.ledger, BY_MAIL)
    assert endpoint.plan() == ["lead.qualified"]
    hold(endpoint, lead)
    assert endpoint.plan() == ["lead.updated"]
    assert [kind for kind, _ in endpoint.deliver()] == ["dropped", "dropped"]
    let_go(endpoint, lead)
    assert endpoint.sends() == [("lead.qualified", "qualified")]


def test_no_webhook_is_sent_for_a_lead_discarded_before_its_webhook(endpoint: Endpoint) -> None:
    lead = take(endpoint.ledger, BY_MAIL)
    hold(endpoint, lead)
    throw_away(endpoint, lead)
    assert endpoint.sends() == []


def test_a_correction_that_disqualifies_removes_the_lead_and_a_second_one_brings_it_back(
    endpoint: Endpoint,
) -> None:
    lead = take(endpoint.ledger, campaign())
    endpoint.sends()
    correct(endpoint, lead, "1-50")
    assert endpoint.sends() == [("lead.updated", "removed")]
    correct(endpoint, lead, "101+")
    assert endpoint.sends() == [("lead.updated", "qualified")]


def test_a_lead_that_qualifies_by_its_confirmation_is_sent_as_qualified(endpoint: Endpoint) -> None:
    terms = campaign(text=CAMPAIGN.replace('kind = "demo"', 'kind = "demo"\nconfirm = "email"'))
    lead = take(endpoint.ledger, terms)
    assert endpoint.sends() == []
    act(endpoint, lambda records: confirm_address(records, lead.lead_id, NOW))
    assert endpoint.sends() == [("lead.qualified", "qualified")]
