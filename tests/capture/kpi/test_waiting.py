"""What waits for the agency."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from capture.campaign.catalogue import Catalogue
from capture.campaign.model import Campaign
from capture.intake.quarantine import hold_back
from capture.kpi.waiting import Waiting, gather_waiting
from capture.ledger import open_ledger
from capture.ledger.messages import Attempt
from capture.ledger.protocol import WriteTransaction
from capture.ledger.review_queue import Lapsing
from capture.review.acts import find_lead
from tests.capture.kpi.office import DAY, DECEMBER, GUIDE, HOUR, Office
from tests.capture.ledger.contract_outbox import new_message
from tests.samples import CAMPAIGN, NOW, campaign

CAPPED = campaign(text=CAMPAIGN + "\n[caps]\nleads_a_month = 5\nmoney_a_month = 250\n")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/gatepost.db", b"k" * 32)
    yield Office(ledger)
    ledger.close()


def waiting(office: Office, now: datetime, terms: Campaign = GUIDE) -> Waiting:
    catalogue = Catalogue(MappingProxyType({terms.slug: terms}), MappingProxyType({}))
    return office.ledger.read(lambda reading: gather_waiting(reading, catalogue, now))


def test_nothing_waits_in_an_empty_ledger(office: Office) -> None:
    assert waiting(office, NOW) == Waiting(Lapsing(0, None), 0, None, 0, [], [], [])


def test_reviews_that_silence_ends_within_a_day_are_counted(office: Office) -> None:
    later, sooner = office.receive(at=NOW + 2 * HOUR), office.receive(at=NOW + HOUR)
    decided = office.receive(at=NOW)
    office.accept(decided, NOW + HOUR)
    office.receive(at=NOW + 2 * DAY)
    office.receive(at=NOW + HOUR, test=True)

    def silence_accepts(lead_id: str) -> datetime | None:
        return office.ledger.read(lambda reading: find_lead(reading, lead_id).silence_accepts_at)

    found = waiting(office, NOW + DAY + 3 * HOUR).lapsing
    assert found == Lapsing(2, silence_accepts(sooner))
    found = waiting(office, NOW + 2 * DAY + HOUR).lapsing
    assert found == Lapsing(1, silence_accepts(later))


def test_leads_in_quarantine_and_failed_messages_are_counted(office: Office) -> None:
    held = office.receive()

    def work(records: WriteTransaction) -> None:
        hold_back(records, find_lead(records, held), [], NOW)
        records.outbox.queue(new_message("a"))
        (message,) = records.outbox.claim(NOW + DAY, NOW + 2 * DAY, 1)
        records.outbox.record_failed(message, NOW + DAY, Attempt("no"))

    office.ledger.transact(work)
    found = waiting(office, NOW + DAY)
    assert (found.in_quarantine, found.held_since, found.failed) == (1, NOW, 1)


def test_a_cap_is_near_at_80_percent(office: Office) -> None:
    for number in range(4):
        office.accept(office.receive(CAPPED, at=NOW + number * HOUR), NOW + 5 * HOUR)
        near = waiting(office, NOW + 6 * HOUR, CAPPED).near_caps
        assert bool(near) == (number == 3)
    assert [(use.name, use.used, use.limit, use.month) for _, use in near] == [
        ("leads_a_month", 4, 5, "2026-11"),
        ("money_a_month", 20_000, 25_000, "2026-11"),
    ]


def test_a_campaign_s_end_is_near_from_a_week_before_to_its_last_day(office: Office) -> None:
    ending = GUIDE.model_copy(update={"closes": date(2026, 11, 30)})
    for day, is_near in ((22, False), (23, True), (30, True), (31, False)):
        now = datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=day - 1)
        assert [item.slug for item in waiting(office, now, ending).ending] == ["guide"] * is_near


def test_months_that_are_over_and_not_closed_wait(office: Office) -> None:
    office.receive(at=NOW - 30 * DAY)
    (found,) = waiting(office, DECEMBER).open_months
    assert (found.group.client, found.months) == ("acme", ["2026-10", "2026-11"])
    office.close(month="2026-10")
    assert waiting(office, DECEMBER).open_months[0].months == ["2026-11"]
    office.close(month="2026-11")
    assert waiting(office, DECEMBER).open_months == []
