"""The contract of every ledger for leads and payments by the pages of their visits.

The test module of a backend subclasses `PageSumContract` and gives it a `ledger`.
"""

from collections import Counter
from datetime import date, datetime, timedelta

from capture.lead.events import EventKind, show_time
from capture.ledger.page_sums import OTHER_PAGES, PageSum
from capture.ledger.page_tally import Touch
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import PersonalData
from tests.samples import NOW, campaign, later_event, received_event

DAY = timedelta(days=1)
PATHS = ("/first/", "/last/", "/idle/")
FIRST, LAST = (Touch.FIRST, "/first/"), (Touch.LAST, "/last/")


def save_visits(records: WriteTransaction, lead_id: str, last: str = "/last/") -> None:
    data = PersonalData({}, first_touch={"path": "/first/"}, last_touch={"path": last})
    records.people.save_personal_data("guide", lead_id, data)


def take(records: WriteTransaction, lead_id: str, *, at: datetime = NOW) -> None:
    """A qualified lead that silence accepts after a day."""
    records.append(
        received_event(lead_id, at=at),
        later_event(lead_id, EventKind.QUALIFIED, at=at, deadline=show_time(at + DAY)),
    )
    save_visits(records, lead_id)


def reject(records: WriteTransaction, lead_id: str) -> None:
    records.append(later_event(lead_id, EventKind.REJECTED, reason="too_small"))


def win(records: WriteTransaction, lead_id: str, at: datetime = NOW) -> None:
    records.campaigns.save_version(campaign(), NOW)
    records.append(
        later_event(lead_id, EventKind.ACCEPTED),
        later_event(lead_id, EventKind.WON, at=at, amount=1000),
    )


def sums(ledger: Ledger, now: datetime = NOW, month: str = "2026-11") -> dict[object, PageSum]:
    """The sums that differ from zero."""
    found = ledger.read(lambda reading: reading.page_sums.of_month(["guide"], month, PATHS, now))
    return {key: page_sum for key, page_sum in found.items() if page_sum != PageSum()}


class PageSumContract:
    """Each test gets `ledger`: a new one."""

    def test_a_lead_counts_for_the_pages_of_its_visits(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: take(records, "a"))
        in_review = PageSum(leads=1, qualified=1)
        assert sums(ledger) == {FIRST: in_review, LAST: in_review}
        assert sums(ledger, month="2026-10") == {}
        assert ledger.verify().problems == ()

    def test_a_rejected_lead_counts_with_its_reason_until_its_dispute_is_settled(
        self, ledger: Ledger
    ) -> None:
        def work(records: WriteTransaction) -> None:
            take(records, "a")
            reject(records, "a")

        ledger.transact(work)
        rejected = PageSum(leads=1, qualified=1, rejected=1, reasons=Counter(too_small=1))
        assert sums(ledger) == {FIRST: rejected, LAST: rejected}
        ledger.transact(
            lambda records: records.append(
                later_event("a", EventKind.DISPUTED), later_event("a", EventKind.SETTLED)
            )
        )
        accepted = PageSum(leads=1, qualified=1, accepted=1)
        assert sums(ledger) == {FIRST: accepted, LAST: accepted}
        assert ledger.verify().problems == ()

    def test_silence_accepts_a_lead_without_an_event(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: take(records, "a"))
        accepted = PageSum(leads=1, qualified=1, accepted=1)
        assert sums(ledger, NOW + DAY) == {FIRST: accepted, LAST: accepted}

    def test_an_unconfirmed_lead_that_expires_is_no_lead_any_more(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            until = show_time(NOW + DAY)
            records.append(
                received_event("a"), later_event("a", EventKind.UNCONFIRMED, until=until)
            )
            save_visits(records, "a")

        ledger.transact(work)
        assert sums(ledger)[FIRST] == PageSum(leads=1)
        assert sums(ledger, NOW + DAY) == {}

    def test_test_leads_and_spam_count_nowhere(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            records.append(
                received_event("test", test=True),
                later_event("test", EventKind.QUALIFIED),
                received_event("spam"),
                later_event("spam", EventKind.SPAM),
            )
            save_visits(records, "test")
            save_visits(records, "spam")

        ledger.transact(work)
        assert sums(ledger) == {}
        assert ledger.verify().problems == ()

    def test_payments_count_in_their_month_and_follow_the_events(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            take(records, "a")
            win(records, "a")

        ledger.transact(work)
        assert sums(ledger)[LAST] == PageSum(1, 1, 1, revenue=1000)
        december = NOW + 10 * DAY
        refund = later_event("a", EventKind.REFUNDED, at=december, amount=400, left=600)
        ledger.transact(lambda records: records.append(refund))
        assert sums(ledger)[LAST] == PageSum(1, 1, 1, revenue=1000)
        assert sums(ledger, month="2026-12")[FIRST] == PageSum(revenue=-400)
        assert ledger.verify().problems == ()

    def test_the_revenue_of_some_days_is_that_of_their_payments(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            take(records, "a")
            win(records, "a")

        ledger.transact(work)

        def revenue(first: date, last: date) -> dict[object, int]:
            return dict(
                ledger.read(
                    lambda reading: reading.page_sums.revenue_between("guide", first, last, PATHS)
                )
            )

        today = NOW.date()
        assert revenue(today, today) == {FIRST: 1000, LAST: 1000}
        assert revenue(today + DAY, today + DAY) == {}

    def test_pages_that_a_query_does_not_name_are_added_up(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id in "ab":
                records.append(received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED))
                save_visits(records, lead_id, last=f"/unknown/{lead_id}")

        ledger.transact(work)
        both = PageSum(leads=2, qualified=2)
        assert sums(ledger) == {FIRST: both, (Touch.LAST, OTHER_PAGES): both}

    def test_an_erased_lead_leaves_its_pages_with_its_payments(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id in "ab":
                take(records, lead_id)
            reject(records, "a")
            win(records, "b")

        ledger.transact(work)
        before = sums(ledger)

        def erase(records: WriteTransaction) -> None:
            for lead_id in "ab":
                records.append(later_event(lead_id, EventKind.ERASED, reason="request"))
            records.erasure.erase(["a", "b"], NOW)

        ledger.transact(erase)
        assert sums(ledger) == {
            (touch, OTHER_PAGES): before[touch, path] for touch, path in (FIRST, LAST)
        }
        assert ledger.verify().problems == ()

    def test_a_lead_whose_data_is_replaced_moves_to_its_new_pages(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: take(records, "a"))
        data = PersonalData({}, first_touch={"path": "/idle/"}, last_touch={})
        ledger.transact(lambda records: records.people.replace_personal_data("a", data))
        assert set(sums(ledger)) == {(Touch.FIRST, "/idle/"), (Touch.LAST, OTHER_PAGES)}
        assert ledger.verify().problems == ()
