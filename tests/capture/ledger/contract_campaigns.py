"""The contract of every ledger for campaigns: versions, pauses, and leads in review.

The test module of a backend subclasses `CampaignContract` and gives it a `ledger`.
"""

from datetime import timedelta

from capture.intake.pausing import pause_campaign, resume_campaign
from capture.lead.events import Actor, EventKind, show_time
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.types import StoredVersion
from tests.samples import NOW, campaign, later_event, received_event

HOUR = timedelta(hours=1)


class CampaignContract:
    """Each test gets `ledger`: a new one."""

    def test_versions_are_listed_in_the_order_of_their_storing_each_once(
        self, ledger: Ledger
    ) -> None:
        first, second = campaign(slug="demo"), campaign("[caps]\nleads_a_month = 9", slug="demo")

        def work(records: WriteTransaction) -> None:
            for hours, version in enumerate((first, second, first)):
                records.campaigns.save_version(version, NOW + hours * HOUR)

        ledger.transact(work)
        assert ledger.read(lambda reading: reading.campaigns.stored_versions("demo")) == [
            StoredVersion(first.version, NOW),
            StoredVersion(second.version, NOW + HOUR),
        ]
        assert ledger.read(lambda reading: reading.campaigns.stored_versions("other")) == []

    def test_the_last_pause_or_its_end_is_the_state_of_a_campaign(self, ledger: Ledger) -> None:
        def kind(reading: ReadTransaction) -> EventKind | None:
            event = reading.campaigns.last_pause("guide")
            assert reading.campaigns.last_pause("other") is None
            return event and event.kind

        assert ledger.read(kind) is None
        ledger.transact(lambda records: pause_campaign(records, campaign(), "Ada", NOW))
        assert ledger.read(kind) is EventKind.PAUSED
        ledger.transact(lambda records: resume_campaign(records, campaign(), "Ada", NOW + HOUR))
        assert ledger.read(kind) is EventKind.RESUMED
        last = ledger.read(lambda reading: reading.campaigns.last_pause("guide"))
        assert last is not None
        assert (last.actor, last.occurred_at) == (Actor.AGENCY, NOW + HOUR)

    def test_leads_wait_for_the_client_until_silence_accepts_them(self, ledger: Ledger) -> None:
        ends = show_time(NOW + HOUR)

        def work(records: WriteTransaction) -> None:
            records.campaigns.save_version(campaign(), NOW)
            for lead_id, is_test in (("a", False), ("b", False), ("c", True), ("d", False)):
                records.append(received_event(lead_id, test=is_test))
            for lead_id in "abc":
                records.append(later_event(lead_id, EventKind.QUALIFIED, deadline=ends))
            records.append(later_event("b", EventKind.REJECTED, reason="too_small"))

        ledger.transact(work)

        def count(hours: int, slug: str = "guide") -> int:
            at = NOW + hours * HOUR
            return ledger.read(lambda reading: reading.campaigns.count_in_review(slug, at))

        assert (count(0), count(1), count(0, "other")) == (1, 0, 0)
