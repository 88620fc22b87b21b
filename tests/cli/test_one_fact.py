"""One fact is recorded once, by command and by CSV (rule 38 of docs/rules.md)."""

import json
from datetime import timedelta

import pytest
import time_machine

from tests.cli.conftest import Project
from tests.cli.running import CommandResult
from tests.samples import NOW

HOUR = timedelta(hours=1)
HEADING = "lead_id,outcome,on,amount,reference,again"


@pytest.fixture
def sold_id(project: Project) -> str:
    lead_id = project.take()
    record(project, lead_id, "won", "--amount", "900", hours=1)
    return lead_id


def record(project: Project, lead_id: str, *args: str, hours: float = 2) -> CommandResult:
    with time_machine.travel(NOW + hours * HOUR, tick=False):
        return project.run("outcome", lead_id, *args, "--as", "Ada")


def refund(project: Project, lead_id: str, *more: str, hours: float = 2) -> CommandResult:
    return record(project, lead_id, "refunded", "--amount", "100", *more, hours=hours)


def import_rows(project: Project, *rows: str) -> CommandResult:
    (project.folder / "crm.csv").write_text("\n".join([HEADING, *rows]) + "\n")
    with time_machine.travel(NOW + 3 * HOUR, tick=False):
        return project.run("outcomes", "import", "crm.csv", "--as", "Ada")


def refunds(project: Project, lead_id: str) -> int:
    data = json.loads(project.run("lead", lead_id, "--json").out)
    return [event["kind"] for event in data["events"]].count("refunded")


def test_the_same_reference_twice_records_one_refund(project: Project, sold_id: str) -> None:
    assert refund(project, sold_id, "--reference", "R-1").code == 0
    again = refund(project, sold_id, "--reference", "R-1", hours=2.5)
    assert again.out == (
        f"{sold_id}: refunded R-1 is recorded already, at 2026-11-23T17:00:00Z; "
        "nothing was written.\n"
    )
    assert refunds(project, sold_id) == 1


def test_other_content_under_a_reference_is_refused_in_one_line(
    project: Project, sold_id: str
) -> None:
    refund(project, sold_id, "--reference", "R-1")
    ran = record(project, sold_id, "refunded", "--amount", "101", "--reference", "R-1")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "R-1" in ran.err


def test_a_similar_outcome_is_refused_without_again(project: Project, sold_id: str) -> None:
    refund(project, sold_id)
    ran = refund(project, sold_id, hours=2.001)
    assert (ran.code, "again" in ran.err) == (1, True)
    assert refund(project, sold_id, "--again", hours=2.002).code == 0
    assert refunds(project, sold_id) == 2


def test_a_row_with_the_reference_of_a_recorded_outcome_changes_nothing(
    project: Project, sold_id: str
) -> None:
    refund(project, sold_id, "--reference", "R-1")
    for on in ("2026-11-23", "2026-11-23T12:00:01"):
        ran = import_rows(project, f"{sold_id},refunded,{on},100.00,R-1,")
        assert ran.out == "0 new, 1 known already.\n"
    assert refunds(project, sold_id) == 1


def test_a_row_that_nearly_repeats_an_outcome_is_refused_with_its_line(
    project: Project, sold_id: str
) -> None:
    refund(project, sold_id)
    ran = import_rows(project, f"{sold_id},refunded,2026-11-23T12:00:01,100.00,,")
    assert (ran.code, ran.err.startswith("crm.csv:2: ")) == (1, True)
    assert "again" in ran.err
    assert refunds(project, sold_id) == 1


def test_a_row_with_again_is_recorded_once(project: Project, sold_id: str) -> None:
    refund(project, sold_id)
    row = f"{sold_id},refunded,2026-11-23T12:00:01,100.00,,yes"
    assert import_rows(project, row).out == "1 new (1 refunded), 0 known already.\n"
    assert import_rows(project, row).out == "0 new, 1 known already.\n"
    assert refunds(project, sold_id) == 2


def test_similar_rows_with_different_references_are_recorded(
    project: Project, sold_id: str
) -> None:
    rows = [
        f"{sold_id},refunded,2026-11-23T12:00,100.00,{reference},"
        for reference in ("R-1", "R-2", "R-1")
    ]
    assert import_rows(project, *rows).out == "2 new (2 refunded), 1 known already.\n"
    assert import_rows(project, *rows).out == "0 new, 3 known already.\n"


def test_rows_that_nearly_repeat_each_other_are_refused(project: Project, sold_id: str) -> None:
    rows = [f"{sold_id},refunded,2026-11-23T12:00:0{second},100.00,," for second in (1, 2)]
    ran = import_rows(project, *rows)
    assert (ran.code, ran.err.startswith("crm.csv:3: ")) == (1, True)
    assert refunds(project, sold_id) == 0


def test_a_row_with_other_content_under_a_reference_is_reported_with_its_line(
    project: Project, sold_id: str
) -> None:
    refund(project, sold_id, "--reference", "R-1")
    ran = import_rows(project, f"{sold_id},refunded,2026-11-23T12:00:01,101.00,R-1,")
    assert (ran.code, ran.err.startswith("crm.csv:2: ")) == (1, True)


@pytest.mark.parametrize(("reference", "again"), [("ann@clinic.example", ""), ("R-1", "perhaps")])
def test_an_invalid_cell_is_reported_by_its_column(
    project: Project, sold_id: str, reference: str, again: str
) -> None:
    ran = import_rows(project, f"{sold_id},refunded,2026-11-23T12:00:01,1.00,{reference},{again}")
    assert ran.code == 1
    assert ("again = " if again else "reference = ") in ran.err


def test_the_command_refuses_an_invalid_reference(project: Project, sold_id: str) -> None:
    ran = refund(project, sold_id, "--reference", "ann@clinic.example")
    assert (ran.code, "reference" in ran.err) == (1, True)
