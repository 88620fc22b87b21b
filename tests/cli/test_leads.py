"""`gatepost leads` lists leads; `gatepost lead ID` shows one."""

import json
from datetime import timedelta

import time_machine

from tests.cli.conftest import Project
from tests.samples import NOW


def test_without_leads_it_prints_a_message(project: Project) -> None:
    assert project.run("leads").out == "No leads yet.\n"
    assert project.run("leads", "guide").out == "No leads of guide here.\n"


def test_a_mistyped_campaign_or_month_is_reported(project: Project) -> None:
    ran = project.run("leads", "giude")
    assert (ran.code, ran.out) == (1, "")
    assert "guide" in ran.err
    assert project.run("leads", "--month", "11/2026").code == 2


def test_leads_are_listed_the_newest_first_with_their_stage_now(project: Project) -> None:
    old = project.take(at=NOW - timedelta(days=30))
    new = project.take(email="bob@other.example", company_size="1-50")
    lines = project.run("leads").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [new, old]
    assert "disqualified" in lines[1]
    assert "accepted" in lines[2]


def test_a_list_can_be_filtered_and_printed_as_json(project: Project) -> None:
    project.take()
    failed = project.take(email="bob@other.example", company_size="1-50")
    found = json.loads(project.run("leads", "guide", "--stage", "disqualified", "--json").out)
    assert [(row["lead_id"], row["email"]) for row in found] == [(failed, "bob@other.example")]


def test_a_lead_shows_its_verdict_criterion_by_criterion_and_its_events(project: Project) -> None:
    out = project.run("lead", project.take(company_size="51-100")).out
    assert "NO   Company size is at least 101  answered 51-100" in out
    assert "received" in out
    assert "disqualified" in out


def test_a_lead_shows_when_it_is_due_and_which_statement_billed_it_rule_33(
    project: Project,
) -> None:
    lead_id = project.take()
    assert "next due     2026-11-25T15:00:00Z" in project.run("lead", lead_id).out
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        project.run("close", "acme", "--month", "2026-11")
        (row,) = json.loads(project.run("leads", "--json").out)
    assert (row["due"], row["billed"]) == (None, "acme-0001")
    assert "billed on    acme-0001" in project.run("lead", lead_id).out


def test_the_beginning_of_an_id_is_enough(project: Project) -> None:
    lead_id = project.take()
    assert lead_id in project.run("lead", lead_id[:5]).out


def test_an_unknown_lead_prints_one_line_with_code_1(project: Project) -> None:
    ran = project.run("lead", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "no lead 'nobody': `gatepost leads` lists them\n"


def test_a_lead_shows_the_answers_of_an_earlier_disqualification_rule_3(project: Project) -> None:
    first = project.take(company_size="1-50")
    out = project.run("lead", project.take()).out
    assert f"Earlier answers, lead {first}" in out
    assert "[needs_explicit_acceptance]" in out


def test_control_characters_never_reach_the_terminal(project: Project) -> None:
    lead_id = project.take(full_name="\x1b[2J\x07\u202e[bold]x")
    for out in (project.run("lead", lead_id).out, project.run("lead", lead_id, "--json").out):
        assert not set(out) & {"\x1b", "\x07", "\u202e"}
    assert "[bold]x" in project.run("lead", lead_id).out


def test_json_has_every_fact_of_a_lead(project: Project) -> None:
    facts = json.loads(project.run("lead", project.take(), "--json").out)
    assert facts["lead"]["stage"] in {"qualified", "accepted"}
    assert [event["kind"] for event in facts["events"]] == ["received", "qualified"]
    assert facts["answers"]["full_name"] == "Ann Lee"
