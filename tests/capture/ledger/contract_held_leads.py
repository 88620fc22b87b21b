"""The contract of every ledger for the list of leads in quarantine.

The test module of a backend subclasses `HeldLeadContract` and gives it a `ledger`.
"""

from datetime import timedelta
from typing import Any

from capture.lead.events import EventKind, show_time
from capture.ledger.held_leads import HeldLeadQuery
from capture.ledger.protocol import Ledger, WriteTransaction
from tests.samples import NOW, later_event, received_event

MINUTE = timedelta(minutes=1)
ALL = HeldLeadQuery(limit=9)


def hold(
    records: WriteTransaction,
    lead_id: str,
    *names: str,
    minutes: int = 0,
    kind: EventKind = EventKind.QUARANTINED,
) -> None:
    """Puts a lead into quarantine for signals with these names."""
    signals: list[dict[str, Any]] = [{"name": name, "weight": 50} for name in names]
    at = NOW + minutes * MINUTE
    records.append(later_event(lead_id, kind, at=at, signals=signals))


def fill(records: WriteTransaction) -> None:
    """Leads `a`, `b` and `c` look alike, `d` does not; `free` is not in quarantine."""
    for lead_id in ("b", "a", "c", "d", "free"):
        records.append(received_event(lead_id))
    hold(records, "b", "burst", "alike", minutes=2)
    hold(records, "a", "alike", "burst", "alike", minutes=2)
    hold(records, "c", "burst", "alike", minutes=3)
    hold(records, "d", "honeypot", minutes=1)
    hold(records, "free", "alike")
    records.append(later_event("free", EventKind.DISCARDED))


class HeldLeadContract:
    """Each test gets `ledger`: a new one."""

    def test_the_lead_that_waits_longest_is_first_and_pages_continue_after_a_position(
        self, ledger: Ledger
    ) -> None:
        ledger.transact(fill)

        def ids(**query: Any) -> str:
            selected = HeldLeadQuery(**{"limit": 9, **query})
            found = ledger.read(lambda reading: reading.held_leads.page(selected))
            return "".join(lead.lead_id for lead in found)

        assert ids() == "dabc"
        assert ids(limit=2) == "da"
        assert ids(after=(NOW + 2 * MINUTE, "a")) == "bc"
        assert ids(campaign="guide", signals="alike,burst") == "abc"
        assert ids(signals="honeypot") == "d"
        assert ids(campaign="other") == ""
        assert ids(held_until=NOW + 2 * MINUTE) == "dab"

    def test_leads_that_look_alike_are_counted(self, ledger: Ledger) -> None:
        ledger.transact(fill)
        counts = ledger.read(lambda reading: reading.held_leads.counts())
        assert counts == {("guide", "alike,burst"): 3, ("guide", "honeypot"): 1}

    def test_leads_held_back_in_review_are_listed_for_their_client(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for number, lead_id in enumerate(("b", "a", "test")):
                at = NOW + number * MINUTE
                received = received_event(lead_id, at=at, test=lead_id == "test")
                ends = show_time(NOW + 99 * MINUTE)
                qualified = later_event(lead_id, EventKind.QUALIFIED, at=at, deadline=ends)
                records.append(received, qualified, later_event(lead_id, EventKind.NOTIFIED))
                hold(records, lead_id, "burst", kind=EventKind.HELD_BACK)

        ledger.transact(work)

        def ids(client: str, limit: int) -> str:
            found = ledger.read(lambda reading: reading.leads.held_back(client, limit))
            return "".join(lead.lead_id for lead in found)

        assert (ids("acme", 9), ids("acme", 1), ids("other", 9)) == ("ba", "b", "")

    def test_the_last_hold_counts(self, ledger: Ledger) -> None:
        ledger.transact(fill)

        def work(records: WriteTransaction) -> None:
            records.append(
                later_event("d", EventKind.RELEASED), later_event("d", EventKind.QUALIFIED)
            )
            assert [lead.lead_id for lead in records.held_leads.page(ALL)] == ["a", "b", "c"]
            hold(records, "d", "no_mail", minutes=9, kind=EventKind.HELD_BACK)

        ledger.transact(work)
        *_, last = ledger.read(lambda reading: reading.held_leads.page(ALL))
        assert (last.lead_id, last.signals, last.held_at) == ("d", "no_mail", NOW + 9 * MINUTE)
        assert ledger.verify().problems == ()
