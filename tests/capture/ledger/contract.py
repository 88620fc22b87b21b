"""The contract of every ledger: transactions, events and leads, for every database.

The test module of a backend subclasses `LedgerContract` and opens a new ledger.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from capture.errors import Busy, EventNotAllowed, Refused
from capture.lead.events import Actor, EventKind, show_time
from capture.ledger.events import GENESIS, event_hash
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import (
    ClientLeadQuery,
    Decision,
    LeadFilter,
    PersonalData,
)
from tests.capture.ledger.contract_outbox import new_message
from tests.samples import NOW, campaign, later_event, received_event

HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)


class Stop(Exception):
    """Raised on purpose within a transaction."""


def _append_lead(lead_id: str) -> Callable[[WriteTransaction], bool | None]:
    """Work that appends a new lead."""
    return lambda records: records.append(received_event(lead_id))


class LedgerContract:
    """A backend's `open_again` opens the same ledger once more, as another process would."""

    @pytest.fixture
    def ledger(self, open_again: Callable[[], Ledger]) -> Ledger:
        ledger = open_again()
        ledger.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
        return ledger

    def test_an_empty_ledger_has_the_genesis_hash_as_its_head(self, ledger: Ledger) -> None:
        assert ledger.read(lambda reading: reading.events.head()) == (0, GENESIS)

    def test_an_event_reads_back_as_it_was_appended(self, ledger: Ledger) -> None:
        event = received_event("a")
        ledger.transact(lambda records: records.append(event))
        (recorded,) = ledger.read(lambda reading: list(reading.events.select(lead_id="a")))
        assert recorded.event == event
        assert recorded.hash == event_hash(GENESIS, event, 1)

    def test_an_event_is_read_by_its_number(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.append(received_event("a"), received_event("b")))
        recorded = ledger.read(lambda reading: reading.events.get(2))
        assert (recorded.sequence, recorded.event.lead_id) == (2, "b")
        with pytest.raises(ValueError, match="not enough values"):
            ledger.read(lambda reading: reading.events.get(3))

    def test_another_connection_reads_a_committed_lead(
        self, ledger: Ledger, open_again: Callable[[], Ledger]
    ) -> None:
        ledger.transact(lambda records: records.append(received_event("a")))
        lead = open_again().read(lambda reading: reading.leads.get("a"))
        assert lead is not None
        assert lead.review == "received"

    def test_work_that_fails_writes_nothing(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"))
            records.outbox.queue(new_message("a"))
            raise Stop

        with pytest.raises(Stop):
            ledger.transact(work)
        assert ledger.read(lambda reading: (reading.events.head()[0], reading.leads.get("a"))) == (
            0,
            None,
        )
        assert ledger.read(lambda reading: reading.outbox.select()) == []

    def test_work_can_run_again_after_it_failed(self, ledger: Ledger) -> None:
        tries = []

        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"))
            tries.append(1)
            if len(tries) == 1:
                raise Stop

        with pytest.raises(Stop):
            ledger.transact(work)
        ledger.transact(work)
        assert ledger.verify().problems == ()

    def test_a_lead_for_kpi_has_its_newest_decision_notice_and_touches(
        self, ledger: Ledger
    ) -> None:
        later, ends = NOW + timedelta(hours=2), show_time(NOW + timedelta(days=2))

        def work(records: WriteTransaction) -> None:
            records.append(
                received_event("a"),
                later_event("a", EventKind.QUALIFIED, deadline=ends),
                later_event("a", EventKind.REJECTED, reason="too_small"),
                later_event("a", EventKind.WITHDRAWN),
                later_event("a", EventKind.REJECTED, at=later, reason="known"),
                received_event("b", test=True),
                received_event("c"),
            )
            records.people.save_personal_data(
                "guide", "a", PersonalData({}, first_touch={"path": "/x/"})
            )

        ledger.transact(work)
        a, c = ledger.read(lambda reading: list(reading.leads.for_kpi("guide")))
        assert a.decision == Decision(EventKind.REJECTED, Actor.SYSTEM, later, "known")
        assert (a.notice_at, a.touches) == (NOW, ({"path": "/x/"}, {}))
        assert (c.lead.lead_id, c.decision, c.notice_at, c.touches) == ("c", None, None, None)

    def test_a_forbidden_move_writes_nothing(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.append(received_event("a")))
        with pytest.raises(EventNotAllowed):
            ledger.transact(lambda records: records.append(later_event("a", EventKind.ACCEPTED)))
        assert ledger.read(lambda reading: reading.events.head()[0]) == 1

    def test_each_unit_of_a_transaction_is_written_completely_or_not_at_all(
        self, ledger: Ledger
    ) -> None:
        def fail(records: WriteTransaction) -> None:
            records.append(received_event("b"), later_event("b", EventKind.QUALIFIED))
            records.outbox.queue(new_message("b"))
            raise Stop

        results = ledger.transact_all([_append_lead("a"), fail, _append_lead("c")])
        assert [type(result.error) for result in results] == [type(None), Stop, type(None)]
        assert ledger.read(lambda reading: [lead.lead_id for lead in reading.leads.select()]) == [
            "a",
            "c",
        ]
        assert ledger.read(lambda reading: reading.outbox.select()) == []
        assert ledger.verify().problems == ()

    def test_each_unit_sees_the_writes_of_earlier_units(self, ledger: Ledger) -> None:
        def has_lead(records: WriteTransaction) -> bool:
            return records.leads.get("a") is not None

        first, _, second = ledger.transact_all([has_lead, _append_lead("a"), has_lead])
        assert (first.result, second.result) == (False, True)

    def test_a_refused_attempt_is_rolled_back_alone(self, ledger: Ledger) -> None:
        def refuse(records: WriteTransaction) -> None:
            records.append(received_event("b"))
            records.outbox.queue(new_message("b"))
            raise Refused("no b")

        def work(records: WriteTransaction) -> list[str]:
            attempts = [records.attempt(part) for part in (_append_lead("a"), refuse)]
            records.append(received_event("c"))
            return list(map(str, attempts))

        assert ledger.transact(work) == ["None", "no b"]
        assert ledger.read(lambda reading: [lead.lead_id for lead in reading.leads.select()]) == [
            "a",
            "c",
        ]
        assert ledger.read(lambda reading: reading.outbox.select()) == []
        assert ledger.verify().problems == ()

    def test_another_error_in_an_attempt_rolls_back_the_transaction(self, ledger: Ledger) -> None:
        def fail(records: WriteTransaction) -> None:
            records.append(received_event("b"))
            raise Stop

        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"))
            records.attempt(fail)

        with pytest.raises(Stop):
            ledger.transact(work)
        assert ledger.read(lambda reading: list(reading.leads.select())) == []

    def test_a_writer_that_does_not_wait_for_the_lock_raises_busy(
        self, ledger: Ledger, open_again: Callable[[], Ledger]
    ) -> None:
        other = open_again()

        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"))
            with pytest.raises(Busy):
                other.transact_all([_append_lead("b")], wait_for_lock=False)

        ledger.transact(work)
        assert [result.error for result in other.transact_all([_append_lead("b")])] == [None]
        assert ledger.verify().leads == 2

    def test_simultaneous_writers_wait_and_none_fails(
        self, ledger: Ledger, open_again: Callable[[], Ledger]
    ) -> None:
        def write(number: int) -> None:
            other = open_again()
            for turn in range(10):
                lead_id = f"{number}-{turn}"
                other.transact(
                    lambda records, lead_id=lead_id: (
                        records.leads.get(lead_id),
                        records.append(received_event(lead_id)),
                    )
                )

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        verification = ledger.verify()
        counts = (verification.events, verification.leads)
        assert (*counts, verification.problems) == (80, 80, ())

    def test_a_campaign_version_is_stored_once_and_unchanged(self, ledger: Ledger) -> None:
        terms = campaign()
        ledger.transact(lambda records: records.campaigns.save_version(terms, NOW))
        ledger.transact(lambda records: records.campaigns.save_version(terms, NOW))
        copy = campaign(slug="copy")
        ledger.transact(lambda records: records.campaigns.save_version(copy, NOW))
        texts = [
            ledger.read(
                lambda reading, slug=slug: reading.campaigns.version_text(slug, terms.version)
            )
            for slug in ("guide", "copy", "other")
        ]
        assert texts == [terms.text, copy.text, None]

    def test_leads_are_listed_in_order_or_in_reverse(self, ledger: Ledger) -> None:
        for lead_id in "cab":
            ledger.transact(
                lambda records, lead_id=lead_id: records.append(received_event(lead_id))
            )

        def ids(**options: bool) -> str:
            return ledger.read(
                lambda reading: "".join(
                    lead.lead_id for lead in reading.leads.select(LeadFilter(), **options)
                )
            )

        assert ids() == "cab"
        assert ids(newest_first=True) == "bac"

    def test_leads_are_selected_by_sale_and_dispute(self, ledger: Ledger) -> None:
        last_kinds = {
            "a": (),
            "b": (EventKind.ACCEPTED, EventKind.WON),
            "c": (EventKind.REJECTED, EventKind.DISPUTED),
        }
        for lead_id, kinds in last_kinds.items():
            events = [later_event(lead_id, kind, amount=1) for kind in kinds]
            qualified = later_event(lead_id, EventKind.QUALIFIED)
            ledger.transact(
                lambda records, lead_id=lead_id, events=events, qualified=qualified: records.append(
                    received_event(lead_id), qualified, *events
                )
            )

        def ids(query: LeadFilter) -> list[str]:
            return ledger.read(
                lambda reading: [lead.lead_id for lead in reading.leads.select(query)]
            )

        assert ids(LeadFilter("guide", sale="won")) == ["b"]
        assert ids(LeadFilter("guide", disputed=True)) == ["c"]
        assert ids(LeadFilter("guide", disputed=False)) == ["a", "b"]
        assert ids(LeadFilter("other", sale="won")) == []

    def test_judged_leads_have_the_newest_verdict_and_their_answers(self, ledger: Ledger) -> None:
        first, second = {"passed": False, "criteria": []}, {"passed": True, "criteria": []}

        def work(records: WriteTransaction) -> None:
            records.append(
                received_event("b"), later_event("b", EventKind.DISQUALIFIED, verdict=first)
            )
            records.append(
                received_event("a"), later_event("a", EventKind.DISQUALIFIED, verdict=first)
            )
            records.append(
                later_event("a", EventKind.CORRECTED),
                later_event("a", EventKind.QUALIFIED, verdict=second),
            )
            records.append(later_event("a", EventKind.ACCEPTED), received_event("c"))
            records.people.save_personal_data("guide", "a", PersonalData({"many": ("x", "y")}))

        ledger.transact(work)
        leads = ledger.read(lambda reading: list(reading.leads.judged("guide")))
        assert [(judged.lead.lead_id, judged.verdict, judged.answers) for judged in leads] == [
            ("b", first, None),
            ("a", second, {"many": ("x", "y")}),
            ("c", None, None),
        ]

    def test_judged_leads_are_selected_by_campaign_and_time_of_receipt(
        self, ledger: Ledger
    ) -> None:
        later = NOW + timedelta(days=1)
        ledger.transact(
            lambda records: records.append(received_event("a"), received_event("b", at=later))
        )

        def ids(*query: object) -> list[str]:
            return ledger.read(
                lambda reading: [judged.lead.lead_id for judged in reading.leads.judged(*query)]
            )

        assert (ids("guide"), ids("guide", later), ids("other")) == (["a", "b"], ["b"], [])
        assert ledger.read(lambda reading: reading.leads.count("guide")) == 2
        assert ledger.read(lambda reading: reading.leads.count("guide", later)) == 1
        assert ledger.read(lambda reading: reading.leads.count("other")) == 0

    def test_a_client_sees_its_qualified_leads_and_no_tests(self, ledger: Ledger) -> None:
        kinds = {
            "a": EventKind.QUALIFIED,
            "b": EventKind.DISQUALIFIED,
            "c": EventKind.SPAM,
            "d": EventKind.QUALIFIED,
        }

        def work(records: WriteTransaction) -> None:
            for lead_id, kind in kinds.items():
                records.append(
                    received_event(lead_id, test=lead_id == "d"), later_event(lead_id, kind)
                )

        ledger.transact(work)
        assert self.visible_leads(ledger) == ["a"]
        assert self.visible_leads(ledger, client="other") == []
        assert self.visible_leads(ledger, lead_id="b") == []

    def test_a_query_by_stage_uses_the_stage_as_of_now(self, ledger: Ledger) -> None:
        ends = show_time(NOW + HOUR)

        def work(records: WriteTransaction) -> None:
            for lead_id, explicit in {"a": False, "b": True, "c": False, "d": False}.items():
                judged = later_event(
                    lead_id, EventKind.QUALIFIED, needs_explicit_acceptance=explicit, deadline=ends
                )
                records.append(received_event(lead_id), judged)
            records.append(
                later_event("c", EventKind.REJECTED), later_event("d", EventKind.ACCEPTED)
            )

        ledger.transact(work)
        for now in (NOW, NOW + HOUR - MOMENT, NOW + HOUR, NOW + 2 * HOUR):
            for stage in ("qualified", "accepted", "rejected"):
                expected = ledger.read(
                    lambda reading, now=now, stage=stage: {
                        lead.lead_id
                        for lead in reading.leads.select()
                        if lead.review_at(now) == stage
                    }
                )
                assert set(self.visible_leads(ledger, now=now, stage=stage)) == expected

    def test_the_next_page_is_correct_for_leads_received_at_the_same_time(
        self, ledger: Ledger
    ) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id, at in {"c": NOW, "a": NOW, "b": NOW, "z": NOW - HOUR}.items():
                records.append(
                    received_event(lead_id, at=at), later_event(lead_id, EventKind.QUALIFIED, at=at)
                )

        ledger.transact(work)
        assert self.visible_leads(ledger) == ["c", "b", "a", "z"]
        assert self.visible_leads(ledger, after=(NOW, "b")) == ["a", "z"]
        assert self.visible_leads(ledger, received_since=NOW, limit=2) == ["c", "b"]

    def visible_leads(self, ledger: Ledger, **conditions: Any) -> list[str]:
        query = ClientLeadQuery(**{"client": "acme", "now": NOW, "limit": 10, **conditions})
        return [
            lead.lead_id for lead in ledger.read(lambda reading: reading.leads.for_client(query))
        ]
