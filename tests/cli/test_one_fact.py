"""Rule 38, at the command line and by CSV: one fact is recorded once."""

import json
from datetime import timedelta

import pytest
import time_machine

from tests.cli.conftest import Project
from tests.cli.running import Ran
from tests.samples import NOW

HOUR = timedelta(hours=1)
HEADING = "lead_id,outcome,on,amount,reference,again"


@pytest.fixture
def sold(project: Project) -> str:
    lead_id = project.take()
    say(project, lead_id, "won", "--amount", "900", hours=1)
    return lead_id


def say(project: Project, lead_id: str, *args: str, hours: float = 2) -> Ran:
    with time_machine.travel(NOW + hours * HOUR, tick=False):
        return project.run("outcome", lead_id, *args, "--as", "Ada")


def refund(project: Project, lead_id: str, *more: str, hours: float = 2) -> Ran:
    return say(project, lead_id, "refunded", "--amount", "100", *more, hours=hours)


def bring(project: Project, *rows: str) -> Ran:
    (project.folder / "crm.csv").write_text("\n".join([HEADING, *rows]) + "\n")
    with time_machine.travel(NOW + 3 * HOUR, tick=False):
        return project.run("outcomes", "import", "crm.csv", "--as", "Ada")


def refunds(project: Project, lead_id: str) -> int:
    data = json.loads(project.run("lead", lead_id, "--json").out)
    return [event["kind"] for event in data["events"]].count("refunded")


def test_a_reference_typed_twice_is_one_refund(project: Project, sold: str) -> None:
    assert refund(project, sold, "--reference", "R-1").code == 0
    again = refund(project, sold, "--reference", "R-1", hours=2.5)
    assert again.out == (
        f"{sold}: refunded R-1 is recorded already, at 2026-11-23T17:00:00Z; nothing was written.\n"
    )
    assert refunds(project, sold) == 1


def test_other_content_under_a_reference_is_one_line(project: Project, sold: str) -> None:
    refund(project, sold, "--reference", "R-1")
    ran = say(project, sold, "refunded", "--amount", "101", "--reference", "R-1")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "R-1" in ran.err


def test_a_twin_is_refused_until_it_is_said_to_be_another(project: Project, sold: str) -> None:
    refund(project, sold)
    ran = refund(project, sold, hours=2.001)
    assert (ran.code, "again" in ran.err) == (1, True)
    assert refund(project, sold, "--again", hours=2.002).code == 0
    assert refunds(project, sold) == 2


def test_a_row_with_the_reference_of_a_command_is_known(project: Project, sold: str) -> None:
    refund(project, sold, "--reference", "R-1")
    for on in ("2026-11-23", "2026-11-23T12:00:01"):
        ran = bring(project, f"{sold},refunded,{on},100.00,R-1,")
        assert ran.out == "0 new, 1 known already.\n"
    assert refunds(project, sold) == 1


def test_a_row_that_nearly_repeats_a_command_is_faulty_on_its_line(
    project: Project, sold: str
) -> None:
    refund(project, sold)
    ran = bring(project, f"{sold},refunded,2026-11-23T12:00:01,100.00,,")
    assert (ran.code, ran.err.startswith("crm.csv:2: ")) == (1, True)
    assert "again" in ran.err
    assert refunds(project, sold) == 1


def test_a_row_that_is_said_to_be_another_is_recorded_once(project: Project, sold: str) -> None:
    refund(project, sold)
    row = f"{sold},refunded,2026-11-23T12:00:01,100.00,,yes"
    assert bring(project, row).out == "1 new (1 refunded), 0 known already.\n"
    assert bring(project, row).out == "0 new, 1 known already.\n"
    assert refunds(project, sold) == 2


def test_rows_with_references_of_their_own_may_be_alike(project: Project, sold: str) -> None:
    rows = [f"{sold},refunded,2026-11-23T12:00,100.00,{one}," for one in ("R-1", "R-2", "R-1")]
    assert bring(project, *rows).out == "2 new (2 refunded), 1 known already.\n"
    assert bring(project, *rows).out == "0 new, 3 known already.\n"


def test_rows_that_nearly_repeat_each_other_are_refused(project: Project, sold: str) -> None:
    rows = [f"{sold},refunded,2026-11-23T12:00:0{second},100.00,," for second in (1, 2)]
    ran = bring(project, *rows)
    assert (ran.code, ran.err.startswith("crm.csv:3: ")) == (1, True)
    assert refunds(project, sold) == 0


def test_other_content_under_a_reference_is_told_with_its_line(project: Project, sold: str) -> None:
    refund(project, sold, "--reference", "R-1")
    ran = bring(project, f"{sold},refunded,2026-11-23T12:00:01,101.00,R-1,")
    assert (ran.code, ran.err.startswith("crm.csv:2: ")) == (1, True)


@pytest.mark.parametrize(("reference", "again"), [("ann@clinic.example", ""), ("R-1", "perhaps")])
def test_a_faulty_cell_is_told_by_its_name(
    project: Project, sold: str, reference: str, again: str
) -> None:
    ran = bring(project, f"{sold},refunded,2026-11-23T12:00:01,1.00,{reference},{again}")
    assert ran.code == 1
    assert ("again = " if again else "reference = ") in ran.err


def test_a_faulty_reference_is_refused_at_the_terminal(project: Project, sold: str) -> None:
    ran = refund(project, sold, "--reference", "ann@clinic.example")
    assert (ran.code, "reference" in ran.err) == (1, True)
