"""`gatepost quarantine` lists, releases and discards leads in quarantine."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from capture.intake.quarantine import hold_back
from capture.privacy.erase import erase_leads
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

BY_MAIL = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')
BURST: Sequence[dict[str, Any]] = [{"name": "burst", "weight": 100, "leads": 12, "minutes": 60}]
NETWORK: Sequence[dict[str, Any]] = [{"name": "network", "weight": 120, "leads": 30}]


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


class Desk:
    """The project with leads in quarantine."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.run = project.run
        self._number = 0

    def held(
        self, signals: Sequence[dict[str, Any]] = BURST, *, hours: float = 5, slug: str = "guide"
    ) -> str:
        self._number += 1
        email = f"p{self._number}@c{self._number}.example"
        at = ago(hours=hours) + timedelta(seconds=self._number)
        lead_id = self.project.take(at=at, slug=slug, email=email)

        def hold(records: Any) -> None:
            lead = records.leads.get(lead_id)
            hold_back(records, lead, signals, at + timedelta(minutes=30))

        self.project.ledger.transact(hold)
        return lead_id

    def json(self, *args: str, code: int = 0) -> Any:
        result = self.run("quarantine", *args, "--json")
        assert result.code == code, result.err
        return json.loads(result.out)

    def refusal(self, *args: str, code: int = 1) -> str:
        result = self.run("quarantine", *args)
        assert (result.code, len(result.err.splitlines())) == (code, 1)
        return result.err


@pytest.fixture
def desk(project: Project) -> Iterator[Desk]:
    """The commands run at `NOW`."""
    (project.folder / "campaigns/guide.toml").write_text(BY_MAIL)
    with time_machine.travel(NOW, tick=False):
        yield Desk(project)


def test_the_list_shows_the_lead_that_waits_longest_first(desk: Desk) -> None:
    assert desk.run("quarantine").out == "No lead is in quarantine.\n"
    second, first = desk.held(), desk.held(NETWORK, hours=30)
    lines = desk.run("quarantine").out.splitlines()
    assert lines[0].split() == [
        *("lead_id", "waits", "campaign", "stage", "signals", "company", "email_domain")
    ]
    assert lines[1].split() == [
        *(first, "1", "day", "5", "hours", "guide", "quarantined", "network", "c2.example")
    ]
    assert lines[2].split()[:3] == [second, "4", "hours"]
    rows = desk.json("list", "--campaign", "guide")
    assert [row["lead_id"] for row in rows] == [first, second]
    assert rows[1]["signals"] == list(BURST)


def test_the_list_of_an_unknown_campaign_names_near_spellings(desk: Desk) -> None:
    assert "guide" in desk.refusal("list", "--campaign", "guid")


def test_show_explains_the_signals_and_says_what_to_do(desk: Desk) -> None:
    lead_id = desk.held()
    desk.held()
    shown = desk.run("quarantine", "show", lead_id[:6]).out
    for text in (
        "quarantined: the client does not see it",
        "1 other lead with the same signals",
        "Sum of weights: 100. A lead goes into quarantine at 100.",
        "p1@c1.example",
        f"gatepost quarantine release {lead_id} --as NAME",
    ):
        assert text in shown
    facts = desk.json("show", lead_id)
    assert (facts["alike"], facts["hold_at"], facts["signals"]) == (1, 100, list(BURST))


def test_a_lead_that_was_erased_by_age_is_no_longer_listed(desk: Desk) -> None:
    erased, waiting = desk.held(), desk.held()
    desk.project.ledger.transact(lambda records: erase_leads(records, [erased], NOW))
    assert [row["lead_id"] for row in desk.json("list")] == [waiting]
    assert f"lead {erased} is discarded: it is not in quarantine" in desk.refusal("show", erased)
    assert desk.json("show", waiting)["alike"] == 0
    assert [row["stage"] for row in desk.json("release", "--all", "--as", "Ada")] == ["qualified"]


def test_show_refuses_a_lead_that_is_not_in_quarantine(desk: Desk) -> None:
    lead_id = desk.project.take(at=ago(hours=1))
    assert f"lead {lead_id} is qualified: it is not in quarantine" in desk.refusal("show", lead_id)


def test_a_lead_is_released_by_its_id(desk: Desk) -> None:
    lead_id, other = desk.held(), desk.held()
    result = desk.run("quarantine", "release", lead_id[:8], "--as", "Ada", "--note", "called")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "1 released (1 qualified)."
    shown = desk.run("lead", lead_id).out
    assert "released  Ada     called" in shown
    assert [row["lead_id"] for row in desk.json("list")] == [other]


def test_all_leads_with_the_same_signals_are_released_in_one_step(desk: Desk) -> None:
    alike, other = [desk.held(), desk.held(), desk.held()], desk.held(NETWORK)
    rows = desk.json("release", "--like", alike[1], "--as", "Ada")
    assert [row["lead_id"] for row in rows] == alike
    assert {row["stage"] for row in rows} == {"qualified"}
    assert [row["lead_id"] for row in desk.json("list")] == [other]


def test_all_leads_of_a_campaign_are_discarded_in_one_step(desk: Desk) -> None:
    text = BY_MAIL.replace("The guide", "The other")
    (desk.project.folder / "campaigns/other.toml").write_text(text)
    discarded, other = [desk.held(), desk.held(NETWORK)], desk.held(slug="other")
    result = desk.run("quarantine", "discard", "--all", "--campaign", "guide", "--as", "Ada")
    assert result.out.splitlines()[-1] == "2 discarded."
    assert [row["lead_id"] for row in desk.json("list")] == [other]
    assert {
        row["lead_id"]
        for row in json.loads(desk.run("leads", "list", "--stage", "discarded", "--json").out)
    } == set(discarded)
    assert desk.run("quarantine", "discard", "--all", "--as", "Ada").code == 0
    assert desk.json("list") == []


def test_a_dry_run_shows_the_result_and_writes_nothing(desk: Desk) -> None:
    lead_id = desk.held()
    result = desk.run("quarantine", "release", "--all", "--as", "Ada", "--dry-run")
    assert result.out.splitlines()[-1] == "1 released (1 qualified). Nothing was written."
    assert [row["lead_id"] for row in desk.json("list")] == [lead_id]


def test_a_refused_lead_does_not_stop_the_others(desk: Desk) -> None:
    lead_id, qualified = desk.held(), desk.project.take(at=ago(hours=1))
    result = desk.run("quarantine", "release", qualified, lead_id, "--as", "Ada")
    assert result.code == 1
    assert result.out.splitlines()[-1] == "1 released (1 qualified), 1 refused."
    assert result.err == (
        f"lead {qualified} is qualified: only a lead in quarantine can be released or discarded\n"
    )
    rows = desk.json("release", lead_id, "--as", "Ada", code=1)
    assert (rows[0]["result"], "is qualified" in rows[0]["problem"]) == ("refused", True)


def test_a_lead_that_is_named_twice_is_released_once(desk: Desk) -> None:
    lead_id = desk.held()
    rows = desk.json("release", lead_id, lead_id[:8], "--as", "Ada")
    assert [row["lead_id"] for row in rows] == [lead_id]


@pytest.mark.parametrize(
    "args",
    [
        ("release", "--as", "Ada"),
        ("release", "abc", "--all", "--as", "Ada"),
        ("discard", "--all", "--like", "abc", "--as", "Ada"),
        ("discard", "abc", "--campaign", "guide", "--as", "Ada"),
        ("release", "abc"),
    ],
)
def test_an_unclear_selection_is_a_usage_error(desk: Desk, args: Sequence[str]) -> None:
    desk.refusal(*args, code=2)


def test_an_unknown_lead_and_a_blank_name_are_refused(desk: Desk) -> None:
    lead_id = desk.held()
    assert "no lead 'zzz'" in desk.refusal("release", "zzz", "--as", "Ada")
    desk.held()
    for leads in ((lead_id,), ("--all",)):  # one line for any number of leads
        refusal = desk.refusal("discard", *leads, "--as", " ")
        assert "name of the person who does it: --as NAME" in refusal


def test_control_characters_in_a_company_do_not_reach_the_terminal(desk: Desk) -> None:
    text = BY_MAIL.replace("[fields.phone]", '[fields.company]\nlabel = "Company"\n[fields.phone]')
    (desk.project.folder / "campaigns/guide.toml").write_text(text)
    lead_id = desk.project.take(at=ago(hours=1), company="Acme \x1b[31m\u202eInc")

    def hold(records: Any) -> None:
        hold_back(records, records.leads.get(lead_id), BURST, ago(minutes=5))

    desk.project.ledger.transact(hold)
    shown = desk.run("quarantine").out + desk.run("quarantine", "show", lead_id).out
    assert "Acme" in shown
    assert not {"\x1b", "\u202e"} & set(shown)
