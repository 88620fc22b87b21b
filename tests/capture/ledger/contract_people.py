"""The contract of every ledger for people: personal data, duplicates, caps, suppression lists.

The test module of a backend subclasses `PeopleContract` and gives it a `ledger`.
"""

from datetime import datetime, timedelta

import pytest

from capture.lead.events import EventKind, show_time
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import DuplicateQuery, PersonalData
from tests.samples import NOW, campaign, later_event, received_event

HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)
QUALIFIED = DuplicateQuery(frozenset({"qualified"}))


class PeopleContract:
    """Each test gets `ledger`: a new one."""

    def test_personal_data_reads_back_with_tuples_and_integers(self, ledger: Ledger) -> None:
        personal_data = PersonalData(
            {"email": "a@b.example", "many": ("x", "y"), "seats": 5}, {"size": "5"}
        )

        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"))
            records.people.save_personal_data("guide", "a", personal_data)

        ledger.transact(work)
        assert ledger.read(lambda reading: reading.people.personal_data("a")) == personal_data

    def test_leads_are_found_by_their_exact_address(self, ledger: Ledger) -> None:
        typed = {"a": "Ann@b.example", "b": "ann@b.example", "c": "Ann@b.example", "d": ""}

        def work(records: WriteTransaction) -> None:
            for lead_id, email in typed.items():
                records.append(received_event(lead_id))
                answers = {"email": email} if email else {}
                records.people.save_personal_data("guide", lead_id, PersonalData(answers))

        ledger.transact(work)

        def leads_of(address: str) -> list[str]:
            return list(ledger.read(lambda reading: reading.people.leads_of_address(address)))

        assert leads_of("Ann@b.example") == leads_of(" Ann@B.Example ") == ["a", "c"]
        assert leads_of("ann@b.example") == ["b"]
        assert leads_of("Ann+1@b.example") == leads_of("") == []
        corrected = PersonalData({"email": "ann@b.example"})
        ledger.transact(lambda records: records.people.replace_personal_data("a", corrected))
        assert leads_of("Ann@b.example") == ["c"]
        assert leads_of("ann@b.example") == ["a", "b"]

    def test_a_domain_is_found_in_either_of_its_spellings(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"))
            data = PersonalData({"email": "ann@b\u00fccher.example"})
            records.people.save_personal_data("guide", "a", data)

        ledger.transact(work)
        address = "ann@xn--bcher-kva.example"
        assert ledger.read(lambda reading: reading.people.leads_of_address(address)) == ["a"]

    def test_personal_data_and_keys_can_be_replaced(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for lead_id in "ab":
                records.append(received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED))
                records.people.save_personal_data(
                    "guide", lead_id, PersonalData({"email": "x@b.example"})
                )
                records.people.save_keys(lead_id, "acme", {"email": "x@b.example"})
            records.people.replace_personal_data(
                "a", PersonalData({"email": "y@b.example"}, last_touch={"path": "/"})
            )
            records.people.replace_keys("a", "acme", {"email": "y@b.example"})

        ledger.transact(work)

        def match(email: str) -> list[str]:
            leads = ledger.read(
                lambda reading: reading.leads.matching("acme", {"email": email}, QUALIFIED)
            )
            return [lead.lead_id for lead in leads]

        assert (match("x@b.example"), match("y@b.example")) == (["b"], ["a"])
        replaced, other = (
            ledger.read(lambda reading, lead_id=lead_id: reading.people.personal_data(lead_id))
            for lead_id in "ab"
        )
        assert replaced == PersonalData({"email": "y@b.example"}, last_touch={"path": "/"})
        assert other == PersonalData({"email": "x@b.example"})

    def test_a_submission_is_found_by_its_id_even_with_other_answers(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.people.save_submission("id", "answers", NOW, "a"))
        later = NOW + timedelta(days=30)
        lead_id = ledger.read(lambda reading: reading.people.submitted_lead("id", "others", later))
        assert lead_id == "a"

    def test_a_submission_without_an_id_is_found_by_its_recent_answers(
        self, ledger: Ledger
    ) -> None:
        ledger.transact(lambda records: records.people.save_submission(None, "answers", NOW, "a"))
        earlier, later = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)

        def match(answers: str, since: datetime) -> str | None:
            return ledger.read(lambda reading: reading.people.submitted_lead("", answers, since))

        assert match("answers", earlier) == "a"
        assert match("answers", later) is None
        assert match("others", earlier) is None

    def test_people_match_by_any_key_but_only_within_one_client(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            records.append(received_event("a"), later_event("a", EventKind.QUALIFIED))
            records.people.save_keys("a", "acme", {"email": "a@b.example", "phone": "+15550100"})

        ledger.transact(work)

        def match(client: str, **keys: str) -> list[str]:
            return ledger.read(
                lambda reading: [
                    lead.lead_id for lead in reading.leads.matching(client, keys, QUALIFIED)
                ]
            )

        assert match("acme", email="a@b.example") == ["a"]
        assert match("acme", email="other@b.example", phone="+15550100") == ["a"]
        assert match("acme", phone="a@b.example") == []
        assert match("other", email="a@b.example") == []

    def test_test_leads_match_no_one_and_do_not_count_towards_caps(self, ledger: Ledger) -> None:
        terms = campaign()

        def work(records: WriteTransaction) -> None:
            records.append(received_event("a", test=True), later_event("a", EventKind.QUALIFIED))
            records.people.save_keys("a", "acme", {"email": "a@b.example"})

        ledger.transact(work)
        keys = {"email": "a@b.example"}
        assert ledger.read(lambda reading: reading.leads.matching("acme", keys, QUALIFIED)) == []
        assert (
            ledger.read(lambda reading: reading.campaigns.count_towards_cap(terms, "2026-11", NOW))
            == 0
        )

    @pytest.mark.parametrize(
        ("kind", "count"),
        [
            (EventKind.QUALIFIED, 1),
            (EventKind.UNCONFIRMED, 1),
            (EventKind.SPAM, 0),
            (EventKind.OVER_CAP, 0),
        ],
    )
    def test_only_leads_that_may_reach_the_client_count_towards_caps(
        self, ledger: Ledger, kind: EventKind, count: int
    ) -> None:
        until = show_time(NOW + timedelta(days=7))
        event = later_event("a", kind, until=until)
        ledger.transact(lambda records: records.append(received_event("a"), event))
        terms = campaign()
        assert (
            ledger.read(lambda reading: reading.campaigns.count_towards_cap(terms, "2026-11", NOW))
            == count
        )
        assert (
            ledger.read(lambda reading: reading.campaigns.count_towards_cap(terms, "2026-12", NOW))
            == 0
        )

    @pytest.mark.parametrize(
        ("over", "after", "count"),
        [
            ("refuse", timedelta(hours=2) - MOMENT, 1),
            ("refuse", timedelta(hours=2), 0),
            ("free", timedelta(days=7) - MOMENT, 1),
            ("free", timedelta(days=7), 0),
        ],
    )
    def test_an_unconfirmed_lead_counts_towards_a_cap_for_a_time(
        self, ledger: Ledger, over: str, after: timedelta, count: int
    ) -> None:
        until = show_time(NOW + timedelta(days=7))
        event = later_event("a", EventKind.UNCONFIRMED, until=until)
        ledger.transact(lambda records: records.append(received_event("a"), event))
        terms = campaign(f'[caps]\nleads_a_month = 1\nover = "{over}"')
        counted = ledger.read(
            lambda reading: reading.campaigns.count_towards_cap(terms, "2026-11", NOW + after)
        )
        assert counted == count

    def test_a_suppression_list_belongs_to_one_client(self, ledger: Ledger) -> None:
        entries = [("email", "a@b.example"), ("email", "a@b.example")]
        assert ledger.transact(lambda records: records.people.suppress("acme", entries, NOW)) == 1
        keys = {"email": "a@b.example"}
        assert ledger.read(lambda reading: reading.people.is_suppressed("acme", keys))
        assert not ledger.read(lambda reading: reading.people.is_suppressed("other", keys))
