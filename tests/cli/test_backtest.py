"""`gatepost backtest` shows its result and writes nothing (rule 19 of docs/rules.md)."""

import io
import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW
from tests.service import GATEPOST
from tests.waiting import HANG_SECONDS

WITH_SIZES = CAMPAIGN.replace('"101+"', '"101-500", "501+"')
DRAFT = WITH_SIZES.replace("at_least = 101", "at_least = 501").replace("rate = 50", "rate = 60")


@pytest.fixture
def project_with_leads(project: Project) -> Iterator[Project]:
    """A project with two qualified leads in review; the draft would disqualify one of them."""
    (project.folder / "campaigns/guide.toml").write_text(WITH_SIZES)
    (project.folder / "draft.toml").write_text(DRAFT)
    project.take(company_size="501+")
    project.take(company_size="101-500", email="bob@other.example")
    with time_machine.travel(NOW + timedelta(hours=1)):
        yield project


def content(project: Project) -> list[str]:
    db = sqlite3.connect(project.folder / "var/gatepost.db")
    lines = list(db.iterdump())
    db.close()
    return lines


def test_it_shows_the_changes_by_criterion_and_the_amounts(project_with_leads: Project) -> None:
    ran = project_with_leads.run("backtest", "guide", "--file", "draft.toml")
    assert (ran.code, ran.err) == (0, "")
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert lines[0] == "campaign guide"
    assert lines[1].startswith("now draft.toml, version ")
    assert lines[2:4] == [
        "then the verdicts that were given to 2 leads",
        "changes 1 lead would get another verdict",
    ]
    for line in (
        "qualified not qualified 1 0",
        "company_size then Company size is at least 101 2 of 2",
        "now Company size is at least 501 1 of 2 1 no longer met",
        "2026-11 2 1 $100.00 $60.00 -$40.00",
        "all 2 1 $100.00 $60.00 -$40.00",
        "Leads that change, the newest 1 of 1",
    ):
        assert line in lines
    assert lines[-1].endswith(
        "2026-11-23 qualified not qualified company_size: answered 101-500, which is not at "
        "least 501"
    )


def test_without_a_file_it_tries_the_current_campaign_file(project_with_leads: Project) -> None:
    out = project_with_leads.run("backtest", "guide").out
    assert "campaigns/guide.toml, version" in out
    assert "no verdict would change" in out
    (project_with_leads.folder / "campaigns/guide.toml").write_text(DRAFT)
    assert "1 lead would get another verdict" in project_with_leads.run("backtest", "guide").out


def test_a_draft_can_come_from_standard_input(
    project_with_leads: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DRAFT.encode())))
    out = project_with_leads.run("backtest", "guide", "--file", "-").out
    assert "standard input, version" in out
    assert "1 lead would get another verdict" in out


def test_the_table_shows_new_and_removed_criteria(project_with_leads: Project) -> None:
    wine = '[fields.wine]\nlabel = "Wine"\ntype = "choice"\nchoices = ["Red", "White"]\n[criteria]'
    draft = DRAFT.replace("[criteria]\ncompany_size = { at_least = 501 }", wine)
    draft = draft.replace("[price]", '[criteria.wine]\nequal = "Red"\n[price]')
    (project_with_leads.folder / "draft.toml").write_text(draft)
    out = project_with_leads.run("backtest", "guide", "--file", "draft.toml").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "wine now Wine is Red 0 of 2 no criterion then, 2 not asked then" in lines
    assert "company_size then Company size is at least 101 2 of 2 no criterion now" in lines
    assert lines[-1].endswith("qualified not qualified wine: not asked then")


def test_json_has_the_complete_result(project_with_leads: Project) -> None:
    data = json.loads(
        project_with_leads.run("backtest", "guide", "--file", "draft.toml", "--json").out
    )
    assert (data["campaign"], data["file"], data["since"]) == ("guide", "draft.toml", None)
    assert (data["judged"], data["erased"], data["left_out"], data["changes"]) == (2, 0, {}, 1)
    assert data["criteria"][0]["no_longer_met"] == 1
    assert data["bill"]["total"] == {
        "leads_then": 2,
        "leads_now": 1,
        "amount_then": 10000,
        "amount_now": 6000,
        "difference": -4000,
    }
    (lead,) = data["changed"]
    assert lead["received_at"] == "2026-11-23T15:00:00Z"
    assert lead["deciding"][0]["rule"] == "Company size is at least 501"


def test_json_lists_every_changed_lead_and_the_terminal_only_the_newest(
    project_with_leads: Project,
) -> None:
    for number in range(25):
        project_with_leads.take(company_size="101-500", email=f"ann@c{number}.example")
    command = ("backtest", "guide", "--file", "draft.toml")
    assert "the newest 20 of 26" in project_with_leads.run(*command).out
    assert "the newest 2 of 26" in project_with_leads.run(*command, "--limit", "2").out
    assert len(json.loads(project_with_leads.run(*command, "--json").out)["changed"]) == 26
    assert (
        len(json.loads(project_with_leads.run(*command, "--json", "--limit", "3").out)["changed"])
        == 3
    )


def test_since_starts_with_the_day_in_the_campaigns_zone(project_with_leads: Project) -> None:
    command = ("backtest", "guide", "--file", "draft.toml", "--json", "--since")
    assert json.loads(project_with_leads.run(*command, "2026-11-23").out)["judged"] == 2
    data = json.loads(project_with_leads.run(*command, "2026-11-24").out)
    assert (data["judged"], data["since"]) == (0, "2026-11-24T05:00:00Z")


def test_left_out_and_erased_leads_are_counted(project_with_leads: Project) -> None:
    project_with_leads.take(company_size="501+", test=True)
    lead_id = project_with_leads.take(company_size="501+", email="eve@else.example")
    db = sqlite3.connect(project_with_leads.folder / "var/gatepost.db")
    with db:
        db.execute("DELETE FROM personal_data WHERE lead_id = ?", (lead_id,))
    db.close()
    out = project_with_leads.run("backtest", "guide").out
    assert "1 test" in out
    assert "1 lead with erased answers, counted on neither side" in out


def test_nothing_is_written(project_with_leads: Project) -> None:
    before = content(project_with_leads)
    project_with_leads.run("backtest", "guide", "--file", "draft.toml")
    assert content(project_with_leads) == before


def test_control_characters_in_answers_never_reach_the_terminal(
    project_with_leads: Project,
) -> None:
    project_with_leads.take(
        company_size="501+", full_name="\x1b[2J\u202eEve", email="eve@else.example"
    )
    draft = DRAFT.replace("[price]", '[criteria.full_name]\nequal = "Ann Lee"\n[price]')
    (project_with_leads.folder / "draft.toml").write_text(draft)
    out = project_with_leads.run("backtest", "guide", "--file", "draft.toml").out
    assert "answered \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}Eve" in out
    assert "\x1b" not in out


def test_a_campaign_without_leads_gives_a_message(project: Project) -> None:
    ran = project.run("backtest", "guide")
    assert (ran.code, ran.out) == (0, "No leads of guide here.\n")


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (("giude",), 1, "no campaign `giude`; did you mean `guide`?"),
        (("giude", "--file", "draft.toml"), 1, "no campaign `giude`; did you mean `guide`?"),
        (("guide", "--file", "nowhere.toml"), 2, "does not exist"),
        (("guide", "--file", "broken.toml"), 1, "broken.toml:1: not TOML"),
        (("guide", "--file", "empty.toml"), 1, "empty.toml: is empty"),
        (
            ("guide", "--file", "split.toml"),
            1,
            "split.toml:23: criteria.company_size.at_least = 200: would split the choice",
        ),
        (("guide", "--since", "yesterday"), 2, "write a date (2026-12-01)"),
        (("guide", "--since", "9999-12-31T23:30"), 2, "write a date (2026-12-01)"),
        (("guide", "--limit", "-1"), 2, "'--limit'"),
    ],
)
def test_wrong_use_ends_with_code_2_and_refused_work_with_code_1(
    project_with_leads: Project, args: tuple[str, ...], code: int, line: str
) -> None:
    (project_with_leads.folder / "broken.toml").write_text("title =\n")
    (project_with_leads.folder / "empty.toml").write_text("")
    split = WITH_SIZES.replace("at_least = 101", "at_least = 200")
    (project_with_leads.folder / "split.toml").write_text(split)
    ran = project_with_leads.run("backtest", *args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_progress_bar_appears_only_in_a_terminal(project_with_leads: Project) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [GATEPOST, "backtest", "guide"],
        cwd=project_with_leads.folder,
        env={**os.environ, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
        timeout=HANG_SECONDS,
    )
    os.close(theirs)
    assert b"Judging" in os.read(ours, 65536)
    os.close(ours)
    assert b"Judging" not in done.stdout
    assert project_with_leads.run("backtest", "guide").err == ""
