"""What every ledger must answer about the few leads that there is something to do about."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from capture.lead import Kind, Lead, show_time
from capture.ledger import Frozen, Ledger, Reading, Records
from tests.samples import NOW, campaign, moved, received

HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)


class WorklistContract:
    """Subclassed by a backend's test module, which has a fresh `ledger`."""

    def test_leads_in_review_and_booked_are_found_by_when_silence_ends(
        self, ledger: Ledger
    ) -> None:
        ends, held = show_time(NOW + HOUR), show_time(NOW + 2 * HOUR)
        meeting = {"meeting_at": ends, "taken_held_at": held}

        def work(records: Records) -> None:
            for lead_id in "dbac":
                records.append(received(lead_id), moved(lead_id, Kind.QUALIFIED, deadline=ends))
            records.append(received("e"), moved("e", Kind.QUALIFIED))
            records.append(moved("a", Kind.ACCEPTED), moved("a", Kind.SCHEDULED, **meeting))
            records.append(moved("b", Kind.SCHEDULED, **meeting), moved("c", Kind.REJECTED))

        ledger.transact(work)

        def ids(look: Callable[[Reading], Iterable[Lead]]) -> str:
            return "".join(
                lead.lead_id for lead in ledger.read(lambda reading: list(look(reading)))
            )

        for slug in ("guide", None):
            assert ids(lambda reading, slug=slug: reading.in_review(slug)) == "dbe"
            assert ids(lambda reading, slug=slug: reading.booked(slug)) == "ba"
            for after, review, booked in (
                (-MOMENT, "", ""),
                (HOUR, "db", ""),
                (2 * HOUR, "db", "ba"),
            ):
                at = NOW + after
                found = ids(lambda reading, slug=slug, at=at: reading.in_review(slug, ended_by=at))
                assert found == review
                found = ids(lambda reading, slug=slug, at=at: reading.booked(slug, silent_by=at))
                assert found == booked
        assert ids(lambda reading: reading.in_review("other")) == ""

    def test_the_first_lead_is_no_test_and_leads_changed_later_are_found(
        self, ledger: Ledger
    ) -> None:
        later = NOW + HOUR
        tried = received("t", test=True)
        for events in (
            [tried, moved("t", Kind.QUALIFIED, free=True)],
            [received("b"), moved("b", Kind.QUALIFIED, free=True)],
            [received("a"), moved("a", Kind.QUALIFIED)],
            [moved("b", Kind.ACCEPTED, at=later)],
        ):
            ledger.transact(lambda records, events=events: records.append(*events))

        def look(reading: Reading) -> None:
            assert reading.first_lead("other") is None
            first = reading.first_lead("guide")
            assert first is not None
            assert first.lead_id == "b"
            assert list(reading.free("guide", "2026-11")) == ["b"]
            assert list(reading.free("guide", "2026-12")) == []
            assert reading.changed_after("guide", until=NOW) == {"b"}
            assert reading.changed_after("guide", until=later) == set()
            assert reading.changed_after("guide", last=4) == {"a", "b"}
            assert reading.changed_after("other", last=4) == set()

        ledger.read(look)

    def test_what_may_be_billed_is_due_or_on_a_statement_of_that_month_or_later(
        self, ledger: Ledger
    ) -> None:
        ends = NOW + HOUR

        def work(records: Records) -> None:
            records.keep_version(campaign(), NOW)
            for lead_id in "abc":
                qualified = moved(lead_id, Kind.QUALIFIED, deadline=show_time(ends))
                records.append(received(lead_id), qualified)
            bill = Frozen("acme-0001", "acme", "guide", "2026-11", '{"lines":[]}', "", NOW)
            records.keep_statement(bill, [("a", ""), ("b", "")])

        ledger.transact(work)

        def look(reading: Reading) -> None:
            assert reading.billable("guide", "2026-11", NOW) == {"a", "b"}
            assert reading.billable("guide", "2026-11", ends) == {"a", "b", "c"}
            assert reading.billable("guide", "2026-12", ends) == {"c"}
            assert reading.billable("other", "2026-11", ends) == set()
            assert list(reading.statement_numbers()) == ["acme-0001"]
            assert set(reading.lines_of("acme-0001")) == {("a", ""), ("b", "")}
            assert list(reading.lines_of("acme-0002")) == []
            assert reading.kept_versions("guide", NOW) == [campaign().version]
            assert reading.kept_versions("guide", NOW - HOUR) == []
            assert reading.kept_versions("other", NOW) == []

        ledger.read(look)
