"""The contract of every ledger for work lists: leads in review, with a meeting, or due.

The test module of a backend subclasses `WorklistContract` and gives it a `ledger`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from capture.lead.events import ON_BEHALF_OF, Event, EventKind, show_time
from capture.lead.model import Lead
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.types import ClientLeadQuery, ClosedStatement, SpamQuery, SyncMark
from tests.samples import NOW, campaign, later_event, received_event

HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)


class WorklistContract:
    """Each test gets `ledger`: a new one."""

    def test_leads_in_review_and_with_a_meeting_are_found_by_the_end_of_silence(
        self, ledger: Ledger
    ) -> None:
        ends, deemed_held = show_time(NOW + HOUR), show_time(NOW + 2 * HOUR)
        meeting = {"meeting_at": ends, "deemed_held_at": deemed_held}

        def work(records: WriteTransaction) -> None:
            for lead_id in "dbac":
                records.append(
                    received_event(lead_id),
                    later_event(lead_id, EventKind.QUALIFIED, deadline=ends),
                )
            records.append(received_event("e"), later_event("e", EventKind.QUALIFIED))
            records.append(
                later_event("a", EventKind.ACCEPTED),
                later_event("a", EventKind.SCHEDULED, **meeting),
            )
            records.append(
                later_event("b", EventKind.SCHEDULED, **meeting),
                later_event("c", EventKind.REJECTED),
            )

        ledger.transact(work)

        def ids(query: Callable[[ReadTransaction], Iterable[Lead]]) -> str:
            return "".join(
                lead.lead_id for lead in ledger.read(lambda reading: list(query(reading)))
            )

        assert ids(lambda reading: reading.leads.unnotified("guide")) == "e"
        assert ids(lambda reading: reading.leads.unnotified("other")) == ""
        for slug in ("guide", None):
            assert ids(lambda reading, slug=slug: reading.leads.in_review(slug)) == "dbe"
            assert ids(lambda reading, slug=slug: reading.leads.with_pending_meeting(slug)) == "ba"
            for delay, in_review, with_meeting in (
                (-MOMENT, "", ""),
                (HOUR, "db", ""),
                (2 * HOUR, "db", "ba"),
            ):
                at = NOW + delay
                leads = ids(
                    lambda reading, slug=slug, at=at: reading.leads.in_review(slug, silent_by=at)
                )
                assert leads == in_review
                leads = ids(
                    lambda reading, slug=slug, at=at: reading.leads.with_pending_meeting(
                        slug, silent_by=at
                    )
                )
                assert leads == with_meeting
        assert ids(lambda reading: reading.leads.in_review("other")) == ""

    def test_leads_in_quarantine_are_quarantined_or_held_back(self, ledger: Ledger) -> None:
        notice = {"deadline": show_time(NOW + HOUR)}
        signals: dict[str, object] = {"signals": []}

        def work(records: WriteTransaction) -> None:
            for lead_id in "dbac":
                records.append(received_event(lead_id))
            records.append(
                later_event("d", EventKind.QUALIFIED, **notice),
                later_event("d", EventKind.HELD_BACK, **signals),
                later_event("b", EventKind.QUARANTINED, **signals),
                later_event("a", EventKind.QUALIFIED, **notice),
                later_event("c", EventKind.QUARANTINED, **signals),
                later_event("c", EventKind.DISCARDED),
            )

        ledger.transact(work)

        def ids(*campaign: str) -> str:
            leads = ledger.read(lambda reading: reading.leads.in_quarantine(*campaign))
            return "".join(lead.lead_id for lead in leads)

        assert (ids(), ids("guide"), ids("other")) == ("db", "db", "")

    def test_rejections_entered_for_a_client_are_found_until_they_are_final(
        self, ledger: Ledger
    ) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id, hours, by_agency in (
                *(("late", 2, True), ("soon", 1, True)),
                *(("own", 1, False), ("test", 1, True)),
            ):
                ends = show_time(NOW + hours * HOUR)
                entered = {ON_BEHALF_OF: "client", "final_at": ends} if by_agency else {}
                records.append(
                    received_event(lead_id, test=lead_id == "test"),
                    later_event(lead_id, EventKind.QUALIFIED, deadline=show_time(NOW + 9 * HOUR)),
                    later_event(lead_id, EventKind.REJECTED, **entered),
                )

        ledger.transact(work)

        def ids(client: str, now: datetime, limit: int = 9) -> list[str]:
            leads = ledger.read(
                lambda reading: reading.leads.rejected_for_client(client, now, limit)
            )
            return [lead.lead_id for lead in leads]

        assert ids("acme", NOW) == ["soon", "late"]
        assert ids("acme", NOW, 1) == ["soon"]
        assert ids("acme", NOW + HOUR - MOMENT) == ["soon", "late"]
        assert ids("acme", NOW + HOUR) == ["late"]
        assert ids("other", NOW) == []

    def test_unconfirmed_leads_are_found_once_their_link_has_ended(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id, hours in (("late", 2), ("soon", 1), ("proved", 1)):
                until = show_time(NOW + hours * HOUR)
                unconfirmed = later_event(lead_id, EventKind.UNCONFIRMED, until=until)
                records.append(received_event(lead_id), unconfirmed)
            records.append(
                later_event("proved", EventKind.CONFIRMED),
                later_event("proved", EventKind.QUALIFIED),
            )

        ledger.transact(work)
        for delay, expected in (
            (HOUR - MOMENT, []),
            (HOUR, ["soon"]),
            (HOUR * 2, ["late", "soon"]),
        ):
            leads = ledger.read(
                lambda reading, at=NOW + delay: list(reading.leads.unconfirmed(ended_by=at))
            )
            assert [lead.lead_id for lead in leads] == expected

    def test_every_query_agrees_with_the_lead_about_decisions_by_silence(
        self, ledger: Ledger
    ) -> None:
        """Tests each combination of the facts that silence depends on, around each deadline."""
        ends, deemed_held = NOW + HOUR, NOW + 2 * HOUR
        meeting = {"meeting_at": show_time(ends), "deemed_held_at": show_time(deemed_held)}

        def work(records: WriteTransaction) -> None:
            decisions: list[list[EventKind]] = [[], [EventKind.ACCEPTED], [EventKind.REJECTED]]
            for number, (explicit, deadline, has_meeting, decision) in enumerate(
                product((False, True), (None, show_time(ends)), (False, True), decisions)
            ):
                lead_id = f"{number:02}"
                judged = later_event(
                    lead_id,
                    EventKind.QUALIFIED,
                    needs_explicit_acceptance=explicit,
                    deadline=deadline,
                )
                records.append(received_event(lead_id), judged)
                if has_meeting:
                    records.append(later_event(lead_id, EventKind.SCHEDULED, **meeting))
                records.append(*(later_event(lead_id, kind) for kind in decision))

        ledger.transact(work)

        def check(reading: ReadTransaction) -> None:
            leads = list(reading.leads.select())
            last_event = reading.events.head()[0]
            for at in (ends, deemed_held):
                for now in (at - MOMENT, at, at + MOMENT):
                    silent = [lead for lead in leads if lead.is_silently_accepted_at(now)]
                    assert reading.leads.in_review(silent_by=now) == silent
                    silent = [lead for lead in leads if lead.is_deemed_held_at(now)]
                    assert reading.leads.with_pending_meeting(silent_by=now) == silent
                    mark = SyncMark(last_event, at - MOMENT)
                    query = ClientLeadQuery("acme", now, 99, changed=mark)
                    expected = {
                        lead.lead_id
                        for lead in leads
                        if lead.review in VISIBLE_TO_CLIENT
                        and (
                            lead.is_silently_accepted_at(now)
                            > lead.is_silently_accepted_at(mark.at)
                            or lead.is_deemed_held_at(now) > lead.is_deemed_held_at(mark.at)
                        )
                    }
                    changed = {lead.lead_id for lead in reading.leads.for_client(query)}
                    assert changed == expected

        ledger.read(check)

    def test_the_first_lead_is_no_test_lead_and_leads_changed_later_are_found(
        self, ledger: Ledger
    ) -> None:
        later = NOW + HOUR
        test_lead = received_event("t", test=True)
        for events in (
            [test_lead, later_event("t", EventKind.QUALIFIED, free_over_cap=True)],
            [received_event("b"), later_event("b", EventKind.QUALIFIED, free_over_cap=True)],
            [received_event("a"), later_event("a", EventKind.QUALIFIED)],
            [later_event("b", EventKind.ACCEPTED, at=later)],
        ):
            ledger.transact(lambda records, events=events: records.append(*events))

        def check(reading: ReadTransaction) -> None:
            assert reading.leads.first("other") is None
            first = reading.leads.first("guide")
            assert first is not None
            assert first.lead_id == "b"
            assert list(reading.campaigns.leads_free_over_cap("guide", "2026-11")) == ["b"]
            assert list(reading.campaigns.leads_free_over_cap("guide", "2026-12")) == []
            assert reading.events.leads_changed_after("guide", until=NOW) == {"b"}
            assert reading.events.leads_changed_after("guide", until=later) == set()
            assert reading.events.leads_changed_after("guide", last=4) == {"a", "b"}
            assert reading.events.leads_changed_after("other", last=4) == set()

        ledger.read(check)

    def test_a_billable_lead_is_due_or_on_a_statement_of_that_month_or_later(
        self, ledger: Ledger
    ) -> None:
        ends = NOW + HOUR

        def work(records: WriteTransaction) -> None:
            records.campaigns.save_version(campaign(), NOW)
            for lead_id in "abc":
                qualified = later_event(lead_id, EventKind.QUALIFIED, deadline=show_time(ends))
                records.append(received_event(lead_id), qualified)
            statement = ClosedStatement(
                "acme-0001", "acme", "guide", "2026-11", '{"lines":[]}', "", NOW
            )
            records.statements.save(statement, [("a", ""), ("b", "")])

        ledger.transact(work)

        def check(reading: ReadTransaction) -> None:
            assert reading.statements.billable_leads("guide", "2026-11", NOW) == {"a", "b"}
            assert reading.statements.billable_leads("guide", "2026-11", ends) == {"a", "b", "c"}
            assert reading.statements.billable_leads("guide", "2026-12", ends) == {"c"}
            assert reading.statements.billable_leads("other", "2026-11", ends) == set()
            assert list(reading.statements.numbers()) == ["acme-0001"]
            assert set(reading.statements.lines("acme-0001")) == {("a", ""), ("b", "")}
            assert list(reading.statements.lines("acme-0002")) == []
            assert reading.statements.count_lines("acme-0001") == 2
            assert reading.statements.count_lines("acme-0002") == 0
            assert reading.statements.count_due("guide", ends) == 0
            assert reading.statements.count_due("guide", ends + HOUR) == 1
            assert reading.statements.count_due("other", ends + HOUR) == 0
            assert reading.campaigns.versions("guide", NOW) == [campaign().version]
            assert reading.campaigns.versions("guide", NOW - HOUR) == []
            assert reading.campaigns.versions("other", NOW) == []

        ledger.read(check)

    def test_spam_and_discarded_leads_are_found_newest_first(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for number, lead_id in enumerate("abcd"):
                at = NOW + number * HOUR
                records.append(received_event(lead_id, at=at))
                records.append(later_event(lead_id, EventKind.SPAM, at=at, signals=["honeypot"]))
            records.append(
                received_event("e"),
                later_event("e", EventKind.QUARANTINED, signals=[]),
                later_event("e", EventKind.DISCARDED),
                received_event("t", test=True),
                later_event("t", EventKind.SPAM, signals=["honeypot"]),
                later_event("b", EventKind.ERASED),
                received_event("q"),
                later_event("q", EventKind.QUALIFIED),
            )

        ledger.transact(work)

        def page(limit: int = 9, **query: Any) -> list[Lead]:
            asked = SpamQuery(**{"since": NOW, "limit": limit, **query})
            return list(ledger.read(lambda reading: reading.leads.spam(asked)))

        def ids(limit: int = 9, **query: Any) -> str:
            return "".join(lead.lead_id for lead in page(limit, **query))

        assert ids() == "dcea"
        assert ids(since=NOW + HOUR) == "dc"
        assert ids(campaign="guide") == "dcea"
        assert ids(campaign="other") == ""
        last = page(2)[-1]
        assert ids(2, after=(last.received_at, last.lead_id)) == "ea"

    def test_spam_that_looks_alike_is_found_by_its_signals(self, ledger: Ledger) -> None:
        signals = {"a": ["honeypot"], "b": ["too_fast", "honeypot"], "c": ["honeypot"]}

        def work(records: WriteTransaction) -> None:
            for number, lead_id in enumerate("abcde"):
                at = NOW + number * HOUR
                names = signals.get(lead_id, ["honeypot"])
                records.append(received_event(lead_id, at=at))
                records.append(later_event(lead_id, EventKind.SPAM, at=at, signals=names))
            records.append(
                later_event("d", EventKind.CORRECTED, by="Ada", fields=[], not_spam=True),
                later_event("d", EventKind.QUALIFIED),
            )

        ledger.transact(work)

        def ids(*names: str, **query: Any) -> str:
            asked = SpamQuery(NOW, 9, signals=names, **query)
            found = ledger.read(lambda reading: reading.leads.spam(asked))
            return "".join(lead.lead_id for lead in found)

        assert ids("honeypot") == "eca"
        assert ids("too_fast", "honeypot") == "b"
        assert ids("too_fast") == ""
        assert ids("honeypot", received_until=NOW + 2 * HOUR) == "ca"
        assert ids("honeypot", received_until=NOW + 2 * HOUR - MOMENT) == "a"

    def test_the_event_that_put_each_lead_into_quarantine_is_found(self, ledger: Ledger) -> None:
        def hold(lead_id: str, name: str) -> Event:
            return later_event(lead_id, EventKind.HELD_BACK, signals=[{"name": name}])

        def work(records: WriteTransaction) -> None:
            for lead_id in "abc":
                records.append(
                    received_event(lead_id),
                    later_event(lead_id, EventKind.QUALIFIED, deadline=None),
                )
            records.append(
                hold("a", "burst"),
                later_event("a", EventKind.RELEASED),
                hold("a", "network"),
                hold("b", "alike"),
                later_event("b", EventKind.RELEASED),
                received_event("d"),
                later_event("d", EventKind.QUARANTINED, signals=[{"name": "burst"}]),
            )

        ledger.transact(work)

        def names(campaign: str | None = None) -> dict[str, str]:
            holds = ledger.read(lambda reading: reading.events.holds(campaign))
            return {lead_id: event.data["signals"][0]["name"] for lead_id, event in holds.items()}

        assert names() == names("guide") == {"a": "network", "d": "burst"}
        assert names("other") == {}
