"""Acts on many leads of the list, and the export."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from werkzeug.test import TestResponse

from capture.client_access.lead_table import lead_table
from capture.documents.lead_export import Row
from capture.intake.quarantine import hold_back
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import find_lead
from capture.web.desk import leads as page
from tests.samples import NOW
from tests.web.desk.conftest import Browser, DeskWorld, words

HOUR = timedelta(hours=1)
SURE = {"reason": "too_small", "sure": "too_small"}
"""A rejection whose reason contradicts the answers, and that is confirmed."""


def act(browser: Browser, lead_ids: list[str], **fields: object) -> str:
    """Sends the form, and returns the words of the page that follows."""
    browser.get("/leads")
    answer = browser.post("/leads", lead=lead_ids, **fields)
    assert answer.status_code == 303, answer.text
    return words(browser.get(answer.location.removeprefix("/desk")))


def export(browser: Browser, lead_ids: list[str], **fields: object) -> TestResponse:
    browser.get("/leads")
    return browser.post("/leads/export", lead=lead_ids, **fields)


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def stages(desk: DeskWorld, lead_ids: list[str]) -> list[str]:
    leads = desk.world.ledger.read(
        lambda reading: [reading.leads.get(lead_id) for lead_id in lead_ids]
    )
    return [lead.review for lead in leads if lead is not None]


def test_a_client_accepts_many_leads_and_a_second_click_changes_nothing(desk: DeskWorld) -> None:
    leads = [desk.world.take(), desk.world.take()]
    foreign = desk.world.take("rival")
    carol = desk.user("carol")
    text = act(carol, [leads[0]], act="accept")
    assert "1 accepted." in text
    text = act(carol, [*leads, foreign], act="accept", campaign="guide")
    assert "1 accepted, 1 was accepted before, 1 not accepted." in text
    assert f"lead {foreign}: There is no such lead." in text
    assert stages(desk, [*leads, foreign]) == ["accepted", "accepted", "qualified"]


def test_a_rejection_needs_a_reason_and_each_refusal_is_named(desk: DeskWorld) -> None:
    lead, small = desk.world.take(), desk.world.take(company_size="1-50")
    carol, ada = desk.user("carol"), desk.user("ada")
    assert "Choose the reason" in act(carol, [lead], act="reject")
    assert "is not a reason of guide" in act(carol, [lead], act="reject", reason="no")
    assert "1 rejected." in act(carol, [lead], act="reject", **SURE)
    assert "Tick that the client told you so" in act(ada, [lead], act="accept")
    text = act(ada, [small], act="accept", stated="yes")
    assert "0 accepted, 1 not accepted." in text
    assert small in text
    assert stages(desk, [lead, small]) == ["rejected", "disqualified"]


def test_a_reason_that_contradicts_answers_is_asked_about_before_anything_is_recorded(
    desk: DeskWorld,
) -> None:
    lead, decided = desk.world.take(full_name="Ann <b>"), desk.world.take()
    foreign = desk.world.take("rival", full_name="Rita Rival")
    carol = desk.user("carol")
    act(carol, [decided], act="accept")
    carol.get("/leads")
    selected = [lead, decided, foreign, "x\0"]
    answer = carol.post(
        "/leads", lead=selected, act="reject", reason="too_small", campaign="guide", q="ann"
    )
    assert answer.status_code == 422
    text = words(answer)
    assert "Nothing was recorded yet. The reason “too small” contradicts what this person" in text
    assert "Ann <b> : “101+” for “Company size”" in text
    assert "Rita Rival" not in text
    assert "Reject all 4 anyway" in text
    assert "Reject only the other 3" in text
    for kept in ('name="sure" value="too_small"', 'name="campaign" value="guide"', "?q=ann&amp;"):
        assert kept in answer.text
    assert stages(desk, [lead, decided]) == ["qualified", "accepted"]
    assert "0 rejected, 1 not rejected" in act(carol, [decided], act="reject", reason="too_small")
    assert "1 rejected." in act(carol, [lead], act="reject", **SURE)


def test_the_agency_confirms_a_contradiction_and_its_source_once(desk: DeskWorld) -> None:
    lead, ada = desk.world.take(), desk.user("ada")
    ada.get("/leads")
    answer = ada.post("/leads", lead=[lead], act="reject", reason="too_small", stated="yes")
    assert answer.status_code == 422
    assert answer.text.count('name="stated" value="yes"') == 1
    assert "1 rejected." in act(ada, [lead], act="reject", stated="yes", **SURE)


def test_decisions_on_many_leads_can_be_undone_for_ten_seconds(desk: DeskWorld) -> None:
    leads = [desk.world.take(), desk.world.take()]
    rival = desk.world.take("rival")
    carol, ada = desk.user("carol"), desk.user("ada")
    text = act(carol, leads, act="accept")
    assert "You just decided 2 leads. You can undo it until 15:00:10" in text
    page = carol.get("/leads").text
    assert 'data-seconds-left="10"' in page
    assert "You just decided" not in desk.user("oscar").text("/leads")
    assert "You just decided" not in ada.text("/leads")
    assert "2 undone." in act(carol, leads, act="undo", campaign="guide")
    assert stages(desk, leads) == ["qualified", "qualified"]
    text = act(carol, [*leads, rival], act="undo")  # a second click
    assert "0 undone, 2 were undone before, 1 not undone." in text
    assert "You just decided" not in text
    act(ada, [*leads, rival], act="reject", stated="yes", **SURE)
    assert "You just decided 3 leads." in ada.text("/leads")
    assert "0 undone, 1 not undone." in act(carol, leads[:1], act="undo")
    assert "3 undone." in act(ada, [*leads, rival], act="undo")
    act(carol, leads[:1], act="accept")
    desk.clock.shift(timedelta(seconds=11))
    assert "You just decided" not in carol.text("/leads")
    assert "a review can be undone for 10 seconds" in act(carol, leads[:1], act="undo")
    assert stages(desk, [*leads, rival]) == ["accepted", "qualified", "qualified"]


def test_only_the_agency_releases_and_discards_leads_in_quarantine(desk: DeskWorld) -> None:
    world = desk.world
    held = [world.take("notified"), world.take("notified")]
    signals = [{"name": "burst", "weight": 100}]

    def hold(records: WriteTransaction) -> None:
        for lead_id in held:
            hold_back(records, find_lead(records, lead_id), signals, NOW)

    world.ledger.transact(hold)
    assert stages(desk, held) == ["quarantined", "quarantined"]
    ada, carol = desk.user("ada"), desk.user("carol")
    assert "Use one of the buttons" in act(carol, held, act="release")
    assert "1 released." in act(ada, held[:1], act="release")
    assert "1 discarded, 1 not discarded." in act(ada, held, act="discard")
    assert "1 was discarded before" in act(ada, held[1:], act="discard")
    assert stages(desk, held) == ["qualified", "discarded"]


def test_nothing_happens_without_a_selection_or_a_known_act(desk: DeskWorld) -> None:
    desk.world.take()
    assert "Select leads first" in act(desk.user("carol"), [], act="accept")
    assert "Use one of the buttons" in act(desk.user("carol"), ["x"], act="sell")
    assert "no such lead" in act(desk.user("carol"), ["x\0"], act="accept")


def test_the_export_has_the_selected_leads_or_all_of_the_list(desk: DeskWorld) -> None:
    world = desk.world
    first = world.take(full_name="=Ann()", at=NOW - HOUR)
    second = world.take("notified")
    foreign = world.take("rival")
    ada, carol = desk.user("ada"), desk.user("carol")
    rows = table(export(carol, [first, foreign], format="csv"))
    assert [row["lead_id"] for row in rows] == [first]
    assert (rows[0]["full_name"], rows[0]["article"]) == ("'=Ann()", "/first")
    assert "source" not in rows[0]
    everything = table(export(carol, [], format="csv"))
    assert [row["lead_id"] for row in everything] == [second, first]
    assert "notified" in world.kinds(second)
    rows = table(export(ada, [], format="csv", campaign="rival"))
    assert [(row["lead_id"], row["source"]) for row in rows] == [(foreign, "form")]
    answer = export(ada, [], format="xlsx", campaign="guide")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert [row[0].value for row in sheet.iter_rows()] == ["lead_id", first]
    logged = world.ledger.read(lambda reading: reading.users.accesses(limit=100))
    assert [each.count for _, each in logged if each.page == "leads as csv"] == [1, 2, 1]


def test_a_large_export_does_not_hold_the_lock_of_writers(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.world.take()
    may_write = []

    def watched_table(
        reading: ReadTransaction, *leads_and_time: Any, with_source: bool
    ) -> tuple[Sequence[str], Sequence[Row]]:
        may_write.append(hasattr(reading, "append"))
        return lead_table(reading, *leads_and_time, with_source=with_source)

    monkeypatch.setattr(page, "lead_table", watched_table)
    assert len(table(export(desk.user("carol"), [], format="csv"))) == 1
    assert may_write == [False]


def test_an_export_in_no_known_format_is_refused(desk: DeskWorld) -> None:
    desk.world.take()
    assert export(desk.user("ada"), [], format="pdf").status_code == 409
