"""The contract of every ledger for leads and payments with the pages of their visits.

The test module of a backend subclasses `TouchContract` and gives it a `ledger`.
"""

from datetime import timedelta

from capture.lead.events import EventKind, show_time
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.touches import TouchedLead, Visits
from capture.ledger.types import PersonalData
from tests.samples import NOW, campaign, later_event, received_event

DAY = timedelta(days=1)
VISITS = Visits("/first/", "/last/")


def _save_visits(records: WriteTransaction, lead_id: str) -> None:
    data = PersonalData({}, first_touch={"path": "/first/"}, last_touch={"path": "/last/"})
    records.people.save_personal_data("guide", lead_id, data)


class TouchContract:
    """Each test gets `ledger`: a new one."""

    def test_the_leads_of_a_month_come_with_their_visits_stage_and_reason(
        self, ledger: Ledger
    ) -> None:
        ends = show_time(NOW + DAY)

        def work(records: WriteTransaction) -> None:
            records.append(
                received_event("rejected"),
                later_event("rejected", EventKind.QUALIFIED, deadline=ends),
                later_event("rejected", EventKind.REJECTED, reason="too_small"),
                received_event("waits"),
                later_event("waits", EventKind.QUALIFIED, deadline=ends),
                received_event("test", test=True),
            )
            _save_visits(records, "rejected")

        ledger.transact(work)

        def leads(month: str, days: int) -> list[TouchedLead]:
            now = NOW + days * DAY
            return ledger.read(lambda reading: list(reading.touches.of_month("guide", month, now)))

        rejected = TouchedLead(VISITS, "rejected", "too_small")
        waits, accepted = TouchedLead(None, "qualified", None), TouchedLead(None, "accepted", None)
        assert sorted(leads("2026-11", 0), key=str) == sorted([rejected, waits], key=str)
        assert sorted(leads("2026-11", 1), key=str) == sorted([rejected, accepted], key=str)
        assert leads("2026-12", 0) == []

    def test_payments_are_found_by_day_and_follow_the_events(self, ledger: Ledger) -> None:
        later = NOW + DAY

        def work(records: WriteTransaction) -> None:
            records.campaigns.save_version(campaign(), NOW)
            records.append(
                received_event("a"),
                later_event("a", EventKind.QUALIFIED),
                later_event("a", EventKind.ACCEPTED),
                later_event("a", EventKind.WON, amount=1000),
            )
            _save_visits(records, "a")

        def payments(days: int) -> list[tuple[Visits | None, int]]:
            last = (NOW + days * DAY).date()
            return ledger.read(
                lambda reading: list(reading.touches.payments("guide", NOW.date(), last))
            )

        ledger.transact(work)
        assert payments(0) == [(VISITS, 1000)]
        ledger.transact(
            lambda records: records.append(
                later_event("a", EventKind.REFUNDED, at=later, amount=400, left=600)
            )
        )
        assert payments(0) == [(VISITS, 1000)]
        assert payments(1) == [(VISITS, 1000), (VISITS, -400)]
        assert ledger.verify().problems == ()
