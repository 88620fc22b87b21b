"""The contract of every ledger for lists of leads by page.

The test module of a backend subclasses `LeadListContract` and gives it a `ledger`.
"""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from capture.lead.events import EventKind, show_time
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import LeadListQuery, LeadSort, PersonalData, list_position
from tests.samples import NOW, later_event, received_event

HOUR = timedelta(hours=1)
QUERY = LeadListQuery(NOW, 100)
ENDS = {"deadline": show_time(NOW + HOUR)}
ENDED = {"deadline": show_time(NOW)}
BURST: dict[str, object] = {"signals": [{"name": "burst", "weight": 100}]}
MEETING = {"meeting_at": ENDS["deadline"], "deemed_held_at": ENDED["deadline"]}
PATHS = {"a": "/posts/a/", "b": "/posts/a?utm_source=mail", "c": "/"}


def save_leads(records: WriteTransaction) -> None:
    """Ten leads, `a` to `j`, one a minute; `j` is a test."""
    for minute, lead_id in enumerate("abcdefghij"):
        at = NOW - HOUR + timedelta(minutes=minute)
        records.append(received_event(lead_id, at=at, test=lead_id == "j"))
        data = PersonalData({}, first_touch={"path": PATHS.get(lead_id, "")}, page="/form/")
        records.people.save_personal_data("guide", lead_id, data)
    records.append(
        later_event("a", EventKind.QUALIFIED, **ENDS),
        later_event("b", EventKind.QUALIFIED, **ENDED),
        later_event("c", EventKind.QUALIFIED, **ENDS),
        later_event("d", EventKind.QUARANTINED, **BURST),
        later_event("e", EventKind.SPAM, signals=["honeypot"]),
        later_event("f", EventKind.QUALIFIED, **ENDED),
        later_event("g", EventKind.DISQUALIFIED),
        later_event("h", EventKind.QUALIFIED, **ENDS, **BURST),
        later_event("i", EventKind.UNCONFIRMED, until=ENDED["deadline"]),
        later_event("j", EventKind.QUALIFIED, **ENDS),
        later_event("c", EventKind.REJECTED),
        later_event("f", EventKind.ACCEPTED),
        later_event("f", EventKind.SCHEDULED, **MEETING),
        later_event("f", EventKind.WON),
    )


def ids(ledger: Ledger, query: LeadListQuery) -> str:
    leads = ledger.read(lambda reading: reading.lead_list.page(query))
    return "".join(lead.lead_id for lead in leads)


class LeadListContract:
    """Each test gets `ledger`: a new one."""

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, "jihgfedcba"),
            ({"limit": 2}, "ji"),
            ({"sort": LeadSort.OLDEST}, "abcdefghij"),
            ({"sort": LeadSort.DEADLINE}, "ahj"),
            ({"client": "acme"}, "hfcba"),
            ({"client": "other"}, ""),
            ({"campaign": "guide"}, "jihgfedcba"),
            ({"campaign": "other"}, ""),
            ({"review": "qualified"}, "jha"),
            ({"review": "accepted"}, "fb"),
            ({"review": "accepted", "client": "acme", "sort": LeadSort.OLDEST}, "bf"),
            ({"review": "unconfirmed"}, ""),
            ({"review": "expired"}, "i"),
            ({"review": "spam"}, "e"),
            ({"review": "spam", "client": "acme"}, ""),
            ({"appointment": "scheduled"}, ""),
            ({"appointment": "held"}, "f"),
            ({"appointment": "held", "review": "accepted"}, "f"),
            ({"sale": "won"}, "f"),
            ({"sale": "lost"}, ""),
            ({"source": "form", "limit": 1}, "j"),
            ({"source": "fair"}, ""),
            ({"article": "/posts/a"}, "ba"),
            ({"article": "/posts/a/?x"}, "ba"),
            ({"article": "/"}, "c"),
            ({"article": "/form", "campaign": "guide"}, "jihgfed"),
            ({"signal": "burst"}, "hd"),
            ({"signal": "burst", "review": "quarantined"}, "d"),
            ({"signal": "burst", "sort": LeadSort.DEADLINE}, "h"),
            ({"signal": "honeypot"}, ""),
            ({"received_since": NOW - timedelta(minutes=54)}, "jihg"),
            ({"received_until": NOW - timedelta(minutes=58)}, "ba"),
        ],
    )
    def test_a_list_of_leads_has_those_that_meet_all_conditions(
        self, ledger: Ledger, changes: dict[str, object], expected: str
    ) -> None:
        ledger.transact(save_leads)
        assert ids(ledger, replace(QUERY, **changes)) == expected  # type: ignore[arg-type]
        assert ledger.verify().problems == ()

    def test_pages_of_every_list_follow_one_another_in_both_directions(
        self, ledger: Ledger
    ) -> None:
        ledger.transact(save_leads)
        for sort in LeadSort:
            for changes in ({}, {"review": "accepted"}, {"signal": "burst"}, {"client": "acme"}):
                query = replace(QUERY, sort=sort, **changes)  # type: ignore[arg-type]
                leads = ledger.read(lambda reading, query=query: reading.lead_list.page(query))
                for number, lead in enumerate(leads):
                    position = list_position(lead, sort)
                    all_ids = "".join(lead.lead_id for lead in leads)
                    after = replace(query, after=position, limit=2)
                    before = replace(query, before=position, limit=2)
                    assert ids(ledger, after) == all_ids[number + 1 : number + 3]
                    assert ids(ledger, before) == all_ids[max(0, number - 2) : number]

    def test_leads_of_the_same_moment_are_listed_by_their_ids(self, ledger: Ledger) -> None:
        lead_ids = [f"{number:02d}" for number in range(30)]
        random.Random(1).shuffle(lead_ids)
        ledger.transact(lambda records: records.append(*map(received_event, lead_ids)))
        assert ids(ledger, replace(QUERY, sort=LeadSort.OLDEST)) == "".join(sorted(lead_ids))

    def test_the_campaigns_of_a_client_are_those_of_its_leads(self, ledger: Ledger) -> None:
        ledger.transact(save_leads)
        for client, expected in ((None, ["guide"]), ("acme", ["guide"]), ("other", [])):
            slugs = ledger.read(
                lambda reading, client=client: list(reading.lead_list.campaigns(client))
            )
            assert slugs == expected

    def test_the_article_of_an_erased_lead_finds_nothing(self, ledger: Ledger) -> None:
        ledger.transact(save_leads)
        ledger.transact(lambda records: records.erasure.erase(["a"], NOW))
        assert ids(ledger, replace(QUERY, article="/posts/a")) == "b"

    def test_the_list_of_a_client_has_the_stages_that_a_client_sees(self, ledger: Ledger) -> None:
        ledger.transact(save_leads)
        leads = ledger.read(lambda reading: reading.lead_list.page(replace(QUERY, client="acme")))
        assert {lead.review for lead in leads} <= VISIBLE_TO_CLIENT
