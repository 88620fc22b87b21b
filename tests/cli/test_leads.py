"""`gatepost leads` and `gatepost lead ID`."""

import json
from datetime import timedelta

import time_machine

from tests.cli.conftest import Project
from tests.samples import NOW


def test_without_leads_it_says_so(project: Project) -> None:
    assert project.run("leads").out == "No leads yet.\n"
    assert project.run("leads", "guide").out == "No leads of guide here.\n"


def test_a_mistyped_campaign_or_month_is_told(project: Project) -> None:
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


def test_a_listing_can_be_narrowed_and_read_by_programs(project: Project) -> None:
    project.take()
    failed = project.take(email="bob@other.example", company_size="1-50")
    found = json.loads(project.run("leads", "guide", "--stage", "disqualified", "--json").out)
    assert [(row["lead_id"], row["email"]) for row in found] == [(failed, "bob@other.example")]


def test_a_lead_shows_its_verdict_criterion_by_criterion_and_its_events(project: Project) -> None:
    out = project.run("lead", project.take(company_size="51-100")).out
    assert "NO   Company size is at least 101  answered 51-100" in out
    assert "received" in out
    assert "disqualified" in out


def test_a_lead_says_when_it_falls_due_and_what_billed_it_rule_33(project: Project) -> None:
    lead_id = project.take()
    assert "next due     2026-11-25T15:00:00Z" in project.run("lead", lead_id).out
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        project.run("close", "guide", "--month", "2026-11")
        (row,) = json.loads(project.run("leads", "--json").out)
    assert (row["due"], row["billed"]) == (None, "acme-0001")
    assert "billed on    acme-0001" in project.run("lead", lead_id).out


def test_the_beginning_of_an_id_is_enough(project: Project) -> None:
    lead_id = project.take()
    assert lead_id in project.run("lead", lead_id[:5]).out


def test_an_unknown_lead_is_one_line_and_exit_code_1(project: Project) -> None:
    ran = project.run("lead", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "no lead 'nobody': `gatepost leads` lists them\n"


def test_after_a_disqualification_the_earlier_answers_stand_beside_rule_3(project: Project) -> None:
    first = project.take(company_size="1-50")
    out = project.run("lead", project.take()).out
    assert f"Earlier answers, lead {first}" in out
    assert "[needs_explicit_acceptance]" in out


def test_hostile_text_does_nothing_to_a_terminal(project: Project) -> None:
    lead_id = project.take(full_name="\x1b[2J\x07\u202e[bold]x")
    for out in (project.run("lead", lead_id).out, project.run("lead", lead_id, "--json").out):
        assert not set(out) & {"\x1b", "\x07", "\u202e"}
    assert "[bold]x" in project.run("lead", lead_id).out


def test_a_programs_answer_holds_all_there_is(project: Project) -> None:
    facts = json.loads(project.run("lead", project.take(), "--json").out)
    assert facts["lead"]["stage"] in {"qualified", "accepted"}
    assert [event["kind"] for event in facts["events"]] == ["received", "qualified"]
    assert facts["answers"]["full_name"] == "Ann Lee"
