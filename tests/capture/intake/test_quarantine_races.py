"""Several people act on a lead in quarantine at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from capture.errors import EventNotAllowed
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.review.acts import (
    reject,
)
from tests.capture.intake.quarantine_desk import AT_RECEIPT, HOUR, Desk
from tests.samples import NOW


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_only_one_of_many_releases_at_the_same_time_counts(desk: Desk) -> None:
    lead = desk.quarantined()
    start = threading.Barrier(4)

    def one_release(_: int) -> str:
        start.wait(30)
        try:
            return desk.release(lead).review
        except EventNotAllowed:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(one_release, range(4)))
    assert results == ["qualified", "refused", "refused", "refused"]
    assert [event.kind for event in desk.events(lead)].count(EventKind.RELEASED) == 1


def test_if_a_hold_and_a_rejection_come_at_the_same_time_the_first_counts(desk: Desk) -> None:
    desk.terms = AT_RECEIPT
    leads = [desk.receive(email=f"p{number}@c{number}.example") for number in range(12)]
    for lead in leads:
        start = threading.Barrier(2)

        def client_rejects(lead: Lead = lead, start: threading.Barrier = start) -> str:
            start.wait(30)
            try:
                return desk.by_client(reject, lead, "too_small", at=NOW + HOUR).review
            except EventNotAllowed:
                return "refused"

        def product_holds(lead: Lead = lead, start: threading.Barrier = start) -> str:
            start.wait(30)
            return desk.hold(lead, NOW + HOUR).review

        with ThreadPoolExecutor(2) as pool:
            rejection, hold = pool.submit(client_rejects), pool.submit(product_holds)
        results = (rejection.result(), hold.result())
        assert results in {("rejected", "rejected"), ("refused", "held_back")}
        assert desk.lead(lead.lead_id).review == hold.result()


def test_if_a_release_and_a_rejection_come_together_only_a_later_rejection_counts(
    desk: Desk,
) -> None:
    desk.terms = AT_RECEIPT
    lead = desk.hold(desk.receive())
    start = threading.Barrier(2)

    def client_rejects() -> str:
        start.wait(30)
        try:
            return desk.by_client(reject, lead, "too_small", at=NOW + HOUR).review
        except EventNotAllowed:
            return "refused"

    def agency_releases() -> str:
        start.wait(30)
        return desk.release(lead).review

    with ThreadPoolExecutor(2) as pool:
        rejection, released = pool.submit(client_rejects), pool.submit(agency_releases)
    assert released.result() == "qualified"
    expected = "qualified" if rejection.result() == "refused" else "rejected"
    assert desk.lead(lead.lead_id).review == expected
