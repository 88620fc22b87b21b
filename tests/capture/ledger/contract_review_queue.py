"""The contract of every ledger for the queue of leads in review.

The test module of a backend subclasses `ReviewQueueContract` and gives it a `ledger`.
"""

from datetime import timedelta

from capture.lead.events import EventKind, show_time
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.review_queue import ReviewCursor, ReviewQuery
from tests.samples import NOW, later_event, received_event

HOUR = timedelta(hours=1)


def fill(records: WriteTransaction) -> None:
    """Leads `a` to `c` with deadlines, `d` and `e` without; the others do not wait."""
    for lead_id, hours in (("c", 3), ("a", 1), ("b", 2), ("rejected", 2)):
        ends = show_time(NOW + hours * HOUR)
        records.append(
            received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED, deadline=ends)
        )
    records.append(later_event("rejected", EventKind.REJECTED))
    for lead_id, minutes in (("e", 2), ("d", 1)):
        at = NOW + timedelta(minutes=minutes)
        records.append(
            received_event(lead_id, at=at), later_event(lead_id, EventKind.QUALIFIED, at=at)
        )
    records.append(received_event("test", test=True), later_event("test", EventKind.QUALIFIED))


class ReviewQueueContract:
    """Each test gets `ledger`: a new one."""

    def test_the_review_queue_has_the_soonest_deadline_first_and_none_last(
        self, ledger: Ledger
    ) -> None:
        ledger.transact(fill)

        def ids(query: ReviewQuery, limit: int = 9, after: ReviewCursor | None = None) -> str:
            leads = ledger.read(lambda reading: reading.review_queue.select(query, limit, after))
            return "".join(lead.lead_id for lead in leads)

        everything = ReviewQuery(NOW)
        assert ids(everything) == "abcde"
        assert ids(ReviewQuery(NOW, "acme")) == "abcde"
        assert ids(ReviewQuery(NOW, "other")) == ""
        assert ids(ReviewQuery(NOW + 2 * HOUR)) == "cde"
        assert ids(everything, 2) == "ab"
        assert ids(everything, 2, ReviewCursor(NOW + 2 * HOUR, NOW, "b")) == "cd"
        assert ids(everything, 2, ReviewCursor(None, NOW + timedelta(minutes=1), "d")) == "e"

    def test_the_review_queue_counts_by_client(self, ledger: Ledger) -> None:
        ledger.transact(fill)

        def counts(query: ReviewQuery) -> object:
            return ledger.read(lambda reading: reading.review_queue.counts(query))

        assert counts(ReviewQuery(NOW)) == {"acme": 5}
        assert counts(ReviewQuery(NOW + 2 * HOUR, "acme")) == {"acme": 3}
        assert counts(ReviewQuery(NOW, "other")) == {}
