"""What is typed at the agency's terminal is the agency's entry (rule 41 of docs/rules.md)."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from capture.review.acts import accept
from tests.cli.conftest import Project
from tests.samples import NOW

HOUR = timedelta(hours=1)
BY_CAROL = ("--as", "Ada", "--from", "client")


def run_at(project: Project, hours: float, *args: str) -> str:
    with time_machine.travel(NOW + hours * HOUR, tick=False):
        ran = project.run(*args)
    assert ran.code == 0, ran.err
    return ran.out


def events(project: Project, lead_id: str) -> list[dict[str, Any]]:
    data = json.loads(project.run("lead", lead_id, "--json").out)
    lead_events: list[dict[str, Any]] = data["events"]
    return lead_events


def test_an_acceptance_typed_by_the_agency_is_the_agencys_entry(project: Project) -> None:
    lead_id = project.take()
    text = run_at(project, 1, "review", lead_id, "accept", "--as", "Ada")
    assert text == (
        f"{lead_id}: acceptance entered for the client; it is final at 2026-11-25T16:00:00Z "
        "unless the client rejects the lead before.\n"
    )
    event = events(project, lead_id)[-1]
    assert (event["kind"], event["actor"]) == ("accepted", "agency")
    assert event["data"]["on_behalf_of"] == "client"
    assert event["data"]["final_at"] == "2026-11-25T16:00:00.000000Z"
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        shown = project.run("lead", lead_id).out
    assert "qualified [entered]" in shown
    assert "accepted, entered by the agency, by Ada" in shown
    assert "agency for client" in shown


def test_a_rejection_typed_by_the_agency_is_the_agencys_entry(project: Project) -> None:
    lead_id = project.take()
    reject = ("review", lead_id, "reject", "--reason", "too_small", "--as", "Ada")
    assert run_at(project, 1, *reject) == (
        f"{lead_id} is rejected: entered for the client, which may still accept it until "
        "2026-11-25T16:00:00Z.\n"
    )
    event = events(project, lead_id)[-1]
    assert (event["kind"], event["actor"]) == ("rejected", "agency")


@pytest.mark.parametrize(
    "outcome", [("won", "--amount", "900"), ("scheduled", "--at", "2026-11-25T10:00")]
)
def test_an_outcome_from_the_client_is_the_agencys_entry(
    project: Project, outcome: tuple[str, ...]
) -> None:
    lead_id = project.take()
    run_at(project, 1, "outcome", lead_id, *outcome, *BY_CAROL)
    event = events(project, lead_id)[-1]
    assert (event["actor"], event["data"]["on_behalf_of"]) == ("agency", "client")


def test_a_row_from_the_client_is_the_agencys_entry(project: Project) -> None:
    lead_id = project.take()
    (project.folder / "crm.csv").write_text(
        f"lead_id,outcome,on,amount,from\n{lead_id},won,2026-11-23T10:30,900,client\n"
    )
    run_at(project, 1, "outcomes", "import", "crm.csv", "--as", "Ada")
    event = events(project, lead_id)[-1]
    assert (event["actor"], event["data"]["on_behalf_of"]) == ("agency", "client")


def test_a_paying_outcome_that_the_agency_enters_for_the_client_waits_for_an_objection(
    project: Project,
) -> None:
    text = (project.folder / "campaigns/guide.toml").read_text()
    text = text.replace('"cpl"', '"cpap"').replace('"accepted"', '"scheduled"')
    (project.folder / "campaigns/guide.toml").write_text(text)
    lead_id = project.take()
    run_at(project, 1, "outcome", lead_id, "scheduled", "--at", "2026-12-09T10:00", *BY_CAROL)
    assert events(project, lead_id)[-1]["data"]["final_at"] == "2026-11-25T16:00:00.000000Z"


@pytest.mark.parametrize("entered", [True, False])
def test_statement_and_evidence_mark_the_lines_that_the_agency_entered(
    project: Project, entered: bool
) -> None:
    lead_id = project.take()
    if entered:
        run_at(project, 1, "review", lead_id, "accept", "--as", "Ada")
    else:
        project.client(accept, lead_id, NOW + HOUR)
    run_at(project, 24 * 12, "close", "acme", "--month", "2026-11")
    data = json.loads(project.run("statement", "acme-0001", "--format", "json").out)
    (line,) = data["parts"][0]["lines"]
    assert line["entered"] is entered
    sheet = project.run("statement", "acme-0001", "--format", "html").out
    assert ("entered by the agency for the client" in sheet) is entered
    project.run("evidence", "acme-0001", "-o", "proof.db")
    with closing(sqlite3.connect(project.folder / "proof.db")) as proof:
        (text,) = proof.execute("SELECT entered FROM bill").fetchone()
    assert text == ("yes" if entered else "no")
    assert project.run("verify").code == 0


@pytest.mark.parametrize("command", [("debit", "approve"), ("debit", "decline")])
def test_no_command_answers_a_debit(project: Project, command: tuple[str, str]) -> None:
    ran = project.run(*command, "acme-0001", "--lead", "x", "--as", "Ada")
    assert ran.code == 2
    assert "No such command" in ran.err


def test_no_command_settles_a_dispute(project: Project) -> None:
    lead_id = project.take()
    run_at(project, 1, "review", lead_id, "reject", "--reason", "too_small", "--as", "Ada")
    run_at(project, 2, "review", lead_id, "dispute", "--as", "Ada")
    assert project.run("review", lead_id, "settle", "--as", "Ada").code == 2
