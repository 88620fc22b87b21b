"""`gatepost review --file`: many decisions at once."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from capture.review.acts import accept, record_silent_acceptances, reject
from tests.cli.conftest import Project
from tests.cli.running import CommandResult
from tests.samples import NOW

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW + HOUR, tick=False):
        yield


def review(project: Project, *lines: str, by: str = "Ada", more: tuple[str, ...] = ()) -> Any:
    (project.folder / "decisions.csv").write_text("\n".join(lines) + "\n")
    return project.run("review", "--file", "decisions.csv", "--as", by, *more)


def results(ran: CommandResult) -> list[str]:
    return [row["result"] for row in json.loads(ran.out)]


def stage(project: Project, lead_id: str) -> str:
    return str(json.loads(project.run("lead", lead_id, "--json").out)["lead"]["review"])


def head(project: Project) -> tuple[int, str]:
    return project.ledger.read(lambda reading: reading.events.head())


def test_each_row_is_answered_and_a_refused_row_does_not_undo_the_others(
    project: Project,
) -> None:
    first, second = project.take(), project.take(email="bob@other.example")
    ran = review(
        project,
        "lead_id,decision,reason,note",
        f"{first},reject,too_small,7 people",
        "nobody,accept,,",
        f"{second},accept,,",
    )
    assert ran.code == 1
    assert [line.split()[:4] for line in ran.out.splitlines()[1:4]] == [
        ["2", first, "reject", "recorded"],
        ["3", "nobody", "accept", "refused"],
        ["4", second, "accept", "recorded"],
    ]
    assert ran.out.splitlines()[-1] == "2 recorded, 0 already recorded, 1 refused."
    assert ran.err == "decisions.csv:3: no lead 'nobody'\n"
    assert stage(project, first) == "rejected"
    shown = project.run("lead", first).out
    assert "rejected  Ada     7 people" in shown
    assert json.loads(project.run("lead", second, "--json").out)["lead"]["entered"]


def test_the_entries_are_the_agencys_on_behalf_of_the_client_rule_41(project: Project) -> None:
    lead_id = project.take()
    review(project, "lead_id,decision,reason", f"{lead_id},reject,too_small")
    event = json.loads(project.run("lead", lead_id, "--json").out)["events"][-1]
    assert (event["actor"], event["by"], event["data"]["on_behalf_of"]) == (
        "agency",
        "Ada",
        "client",
    )


def test_the_same_file_again_changes_nothing(project: Project) -> None:
    first, second = project.take(), project.take(email="bob@other.example")
    lines = (
        "lead_id;decision;reason;note",
        f"{first};Reject;too_small;7 people",
        f"{second};accept;;",
    )
    assert review(project, *lines).code == 0
    before = head(project)
    ran = review(project, *lines, by="Bea", more=("--json",))
    assert (ran.code, results(ran)) == (0, ["already recorded", "already recorded"])
    assert head(project) == before


def test_the_same_file_again_changes_nothing_after_silence_made_it_final(
    project: Project,
) -> None:
    lead_id = project.take()
    lines = "lead_id,decision", f"{lead_id},accept"
    assert review(project, *lines).code == 0
    later = NOW + timedelta(days=10)
    with time_machine.travel(later, tick=False):
        silent = project.ledger.transact(lambda records: record_silent_acceptances(records, later))
        assert [lead.lead_id for lead in silent] == [lead_id]
        ran = review(project, *lines, more=("--json",))
    assert (ran.code, results(ran)) == (0, ["already recorded"])


def test_what_the_client_decided_itself_is_recorded_already(project: Project) -> None:
    first, second = project.take(), project.take(email="bob@other.example")
    project.client(accept, first, NOW)
    project.client(reject, second, NOW, "too_small")
    ran = review(
        project,
        "lead_id,decision,reason",
        f"{first},accept,",
        f"{second},reject,too_small",
        more=("--json",),
    )
    assert (ran.code, results(ran)) == (0, ["already recorded", "already recorded"])


def test_another_decision_on_a_decided_lead_is_refused(project: Project) -> None:
    lead_id = project.take()
    review(project, "lead_id,decision,reason,note", f"{lead_id},reject,too_small,7 people")
    for row in (f"{lead_id},accept,,", f"{lead_id},reject,too_small,8 people"):
        ran = review(project, "lead_id,decision,reason,note", row, more=("--json",))
        assert (ran.code, results(ran)) == (1, ["refused"])
        assert ran.err.startswith(f"decisions.csv:2: lead {lead_id}")
        assert len(ran.err.splitlines()) == 1


def test_after_the_deadline_a_row_is_refused_with_its_line(project: Project) -> None:
    old = project.take(at=NOW - timedelta(days=3))
    new = project.take(email="bob@other.example")
    ran = review(
        project, "lead_id,decision,reason", f"{old},reject,too_small", f"{new},reject,too_small"
    )
    assert ran.code == 1
    assert f"decisions.csv:2: lead {old}: its review window ended at" in ran.err
    assert stage(project, new) == "rejected"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",accept,,", "lead_id: name the lead"),
        ("LEAD,acept,,", 'decision = "acept": no such decision; did you mean `accept`?'),
        ("LEAD,,,", "no such decision; write accept or reject"),
        ("LEAD,accept,too_small,", "reject needs a code of the campaign's reasons"),
        ("LEAD,reject,,", "reject needs a code of the campaign's reasons"),
        ("LEAD,reject,ugly,", "'ugly' is not a reason of guide; choose one of: too_small"),
    ],
)
def test_a_faulty_row_is_refused_with_its_line_and_how_to_fix_it(
    project: Project, row: str, problem: str
) -> None:
    lead_id, other = project.take(), project.take(email="bob@other.example")
    ran = review(
        project,
        "lead_id,decision,reason,note",
        row.replace("LEAD", lead_id),
        f"{other},reject,too_small,",
    )
    assert ran.code == 1
    assert ran.err.startswith("decisions.csv:2: ")
    assert problem in ran.err
    assert (stage(project, lead_id), stage(project, other)) == ("qualified", "rejected")


def test_rows_that_contradict_each_other_are_all_refused(project: Project) -> None:
    lead_id, other = project.take(), project.take(email="bob@other.example")
    ran = review(
        project,
        "lead_id,decision,reason",
        f"{lead_id},accept,",
        f"{other},accept,",
        f"{lead_id},reject,too_small",
        f"{other},accept,",
        more=("--json",),
    )
    assert results(ran) == ["refused", "recorded", "refused", "already recorded"]
    assert f"lead {lead_id}: lines 2 and 4 decide it differently; keep one" in ran.err
    assert stage(project, lead_id) == "qualified"


@pytest.mark.parametrize(
    ("heading", "row", "problem"),
    [
        ("lead_id,decisoin", "LEAD,accept", ':1: no column "decisoin"'),
        ("lead_id,reason", "LEAD,too_small", ":1: no column for decision"),
        ("lead_id,decision", "LEAD,accept,,x", ":3: 4 cells, and the heading has 2"),
        ("lead_id,decision", "LEAD", ":3: 1 cell, and the heading has 2"),
    ],
)
def test_a_wrong_table_stops_everything_before_the_first_act(
    project: Project, heading: str, row: str, problem: str
) -> None:
    lead_id = project.take()
    before = head(project)
    ran = review(project, heading, f"{lead_id},accept", row.replace("LEAD", lead_id))
    assert (ran.code, ran.out) == (1, "")
    assert f"decisions.csv{problem}" in ran.err
    assert head(project) == before


def test_an_empty_table_and_a_blank_name_are_refused(project: Project) -> None:
    lead_id = project.take()
    assert "no decisions below it" in review(project, "lead_id,decision").err
    ran = review(project, "lead_id,decision", f"{lead_id},accept", by=" ")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "give the name of the person who does it: --as NAME\n"


def test_decisions_of_more_than_one_transaction_are_all_recorded(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.cli.review._BATCH_SIZE", 2)
    leads = [project.take(email=f"ann@clinic{number}.example") for number in range(5)]
    rows = [f"{lead_id},reject,too_small" for lead_id in leads]
    ran = review(project, "lead_id,decision,reason", *rows, more=("--json",))
    assert (ran.code, results(ran)) == (0, ["recorded"] * 5)
    assert {stage(project, lead_id) for lead_id in leads} == {"rejected"}


@pytest.mark.parametrize(
    "args",
    [
        ("someone", "accept", "--file", "decisions.csv"),
        ("--file", "decisions.csv", "--note", "x"),
        ("--file", "decisions.csv", "--reason", "x"),
        ("someone",),
        (),
        ("someone", "accept", "--json"),
    ],
)
def test_a_lead_and_a_file_together_or_neither_is_wrong_use(
    project: Project, args: tuple[str, ...]
) -> None:
    (project.folder / "decisions.csv").write_text("lead_id,decision\n")
    ran = project.run("review", *args, "--as", "Ada")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
