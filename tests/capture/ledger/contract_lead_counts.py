"""The contract of every ledger for counts of leads and totals of statements.

The test module of a backend subclasses `LeadCountContract` and gives it a `ledger`.
"""

from datetime import UTC, date, datetime, timedelta

from capture.lead.events import EventKind, show_time
from capture.ledger.lead_counts import DayCount, StageCount
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import ClosedStatement, StatementTotal
from tests.samples import NOW, campaign, later_event, received_event

HOUR = timedelta(hours=1)


class LeadCountContract:
    """Each test gets `ledger`: a new one."""

    def test_leads_are_counted_by_month_and_stage_with_what_silence_decides(
        self, ledger: Ledger
    ) -> None:
        ends = show_time(NOW + HOUR)

        def work(records: WriteTransaction) -> None:
            for lead_id in "abc":
                records.append(
                    received_event(lead_id),
                    later_event(lead_id, EventKind.QUALIFIED, deadline=ends),
                )
            records.append(
                later_event("a", EventKind.REJECTED, reason="too_small"),
                later_event("b", EventKind.ACCEPTED),
                later_event("b", EventKind.WON),
                received_event("d"),
                later_event("d", EventKind.UNCONFIRMED, until=ends),
                received_event("e", test=True),
                later_event("e", EventKind.QUALIFIED, deadline=ends),
            )

        ledger.transact(work)

        def counts(now: datetime, first: str = "2026-11") -> set[StageCount]:
            return set(
                ledger.read(
                    lambda reading: reading.lead_counts.by_stage(["guide"], first, "2026-12", now)
                )
            )

        accepted = StageCount("2026-11", "accepted", False, "won", 1)
        rejected = StageCount("2026-11", "rejected", False, "none", 1)
        assert counts(NOW) == {
            accepted,
            rejected,
            StageCount("2026-11", "qualified", False, "none", 1),
            StageCount("2026-11", "unconfirmed", False, "none", 1),
        }
        assert counts(NOW + HOUR) == {
            accepted,
            rejected,
            StageCount("2026-11", "accepted", False, "none", 1),
            StageCount("2026-11", "expired", False, "none", 1),
        }
        assert counts(NOW, first="2026-12") == set()

    def test_leads_are_counted_by_the_day_of_their_receipt_in_the_campaign_s_zone(
        self, ledger: Ledger
    ) -> None:
        midnight = datetime(2026, 11, 24, 5, tzinfo=UTC)  # in New York
        ends = show_time(midnight + HOUR)

        def work(records: WriteTransaction) -> None:
            records.campaigns.save_version(campaign(), NOW)
            for number, at in enumerate([midnight - HOUR / 60, midnight, midnight + HOUR]):
                records.append(received_event(str(number), at=at))
            records.append(
                later_event("1", EventKind.UNCONFIRMED, until=ends),
                received_event("test", test=True),
            )

        ledger.transact(work)

        def counts(now: datetime) -> list[DayCount]:
            return list(
                ledger.read(lambda reading: reading.lead_counts.by_day(["guide"], "2026-11", now))
            )

        monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
        assert counts(midnight) == [
            DayCount(monday, "received", 1),
            DayCount(tuesday, "received", 1),
            DayCount(tuesday, "unconfirmed", 1),
        ]
        assert counts(midnight + HOUR) == [
            DayCount(monday, "received", 1),
            DayCount(tuesday, "expired", 1),
            DayCount(tuesday, "received", 1),
        ]
        assert (
            ledger.read(lambda reading: reading.lead_counts.by_day(["guide"], "2026-12", NOW)) == []
        )

    def test_the_totals_of_statements_are_by_campaign_in_the_order_of_closing(
        self, ledger: Ledger
    ) -> None:
        part = '{"campaign": "%s", "total": %d, "lines": []}'
        texts = {
            "acme-0001": f'{{"parts": [{part % ("guide", 500)}, {part % ("demo", 0)}]}}',
            "acme-0002": '{"parts": []}',
            "acme-0003": f'{{"parts": [{part % ("guide", 700)}]}}',
        }

        def work(records: WriteTransaction) -> None:
            for month, (number, text) in enumerate(texts.items(), 1):
                statement = ClosedStatement(
                    number, "acme", "USD", f"2026-{month:02d}", text, "0" * 64, NOW
                )
                records.statements.save(statement, [])

        ledger.transact(work)
        assert ledger.read(lambda reading: list(reading.statements.totals())) == [
            StatementTotal("acme-0001", "acme", "USD", "2026-01", "guide", 500),
            StatementTotal("acme-0001", "acme", "USD", "2026-01", "demo", 0),
            StatementTotal("acme-0003", "acme", "USD", "2026-03", "guide", 700),
        ]
