"""Every command that takes a time prints it in the campaign's zone and in UTC."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cli.conftest import Project

APRIL = datetime(2027, 4, 10, 12, tzinfo=UTC)
SPRING = "2027-03-14T02:30"
"""A time that does not exist in New York, because the clocks go forward."""
NEAR = "write 2027-03-14T01:30-05:00 or 2027-03-14T03:30-04:00"
AUTUMN = "2026-11-01T01:30"
FIRST = (
    "2026-11-01T01:30-04:00 in America/New_York, 2026-11-01T05:30:00Z "
    "(the first of two: the clocks go back; the second is 2026-11-01T01:30-05:00)"
)


def test_a_time_that_does_not_exist_is_refused_with_the_two_nearest(
    project: Project,
) -> None:
    lead_id = project.take()
    ran = project.run("outcome", lead_id, "scheduled", "--at", SPRING, "--as", "Ada")
    assert (ran.code, ran.out) == (2, "")
    assert f"{SPRING} does not exist in America/New_York: the clocks go forward; {NEAR}" in ran.err
    assert "scheduled" not in project.run("lead", lead_id).out


def test_of_a_time_that_occurs_twice_the_first_is_used_and_named(project: Project) -> None:
    lead_id = project.take(at=datetime(2026, 10, 20, 15, tzinfo=UTC))
    with time_machine.travel(APRIL, tick=False):
        parts = ("--at", AUTUMN, "--on", "2026-10-21T10:00", "--as", "Ada")
        ran = project.run("outcome", lead_id, "scheduled", *parts)
    assert ran.out.splitlines()[-2:] == [
        "--on: 2026-10-21T10:00-04:00 in America/New_York, 2026-10-21T14:00:00Z.",
        f"--at: {FIRST}.",
    ]


@pytest.mark.parametrize(
    "command",
    [
        ("export", "guide", "--month", "2026-11", "--as-of"),
        ("statement", "preview", "acme", "--month", "2026-11", "--as-of"),
        ("backtest", "guide", "--since"),
    ],
)
def test_a_given_time_is_printed_to_standard_error(
    project: Project, command: tuple[str, ...]
) -> None:
    project.take()
    assert f"{command[-1]}: {FIRST}.\n" in project.run(*command, AUTUMN).err
    refused = project.run(*command, SPRING)
    assert refused.code == 2
    assert NEAR in refused.err


def test_an_imported_table_is_answered_in_the_same_way(project: Project) -> None:
    lead_id = project.take(at=datetime(2026, 10, 20, 15, tzinfo=UTC))
    table = f"lead_id,outcome,on,at\n{lead_id},scheduled,2026-10-21 10:00,{AUTUMN}\n"
    (project.folder / "crm.csv").write_text(table)
    command = ("outcomes", "import", "crm.csv", "--as", "Ada")
    with time_machine.travel(APRIL, tick=False):
        (row,) = json.loads(project.run(*command, "--dry-run", "--json").out)
        assert (row["on"], row["on_local"]) == ("2026-10-21T14:00:00Z", "2026-10-21T10:00-04:00")
        assert (row["at"], row["at_local"]) == ("2026-11-01T05:30:00Z", "2026-11-01T01:30-04:00")
        assert "2026-11-01T01:30-04:00" in project.run(*command, "--dry-run").out
        assert project.run(*command).out.startswith(f"line 2: at is {FIRST}.\n1 new")
        (project.folder / "crm.csv").write_text(table.replace(AUTUMN, SPRING))
        assert NEAR in project.run(*command).err
