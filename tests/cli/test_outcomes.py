"""`gatepost outcomes import` records the outcomes of a CSV table."""

import json
import shutil
from datetime import UTC, datetime

import pytest
import time_machine

from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from tests.cli.conftest import ROOT, CommandResult, Project
from tests.samples import NOW, campaign, consent_to

DECEMBER = datetime(2026, 12, 10, 12, tzinfo=UTC)
TABLE = """\
email;outcome;on;at;amount
ann@clinic.example;scheduled;2026-11-24 09:00;2026-12-01 10:00;
ann@clinic.example;held;2026-12-01 10:30;;
ann@clinic.example;won;2026-12-03 16:00;;1.200,00
"""
DEMO = {
    "full_name": "Ann Lee",
    "company": "Clinic",
    "job_title": "CIO",
    "company_size": "201-1000",
    "country": "US",
}


def import_table(project: Project, table: str | bytes = TABLE, *more: str) -> CommandResult:
    content = table if isinstance(table, bytes) else table.encode()
    (project.folder / "crm.csv").write_bytes(content)
    with time_machine.travel(DECEMBER, tick=False):
        return project.run(
            "outcomes", "import", "crm.csv", "--as", "Ada", "--campaign", "guide", *more
        )


def test_importing_the_same_table_again_changes_nothing(project: Project) -> None:
    lead_id = project.take()
    assert import_table(project).out == "3 new (1 scheduled, 1 held, 1 won), 0 known already.\n"
    shown = project.run("lead", lead_id).out
    assert import_table(project).out == "0 new, 3 known already.\n"
    assert project.run("lead", lead_id).out == shown
    assert project.run("verify").code == 0


def test_a_dry_run_shows_what_is_new_and_writes_nothing(project: Project) -> None:
    lead_id = project.take()
    import_table(project, "".join(TABLE.splitlines(keepends=True)[:2]))
    out = import_table(project, TABLE, "--dry-run").out
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "line lead_id outcome on on_local at at_local",
        f"3 {lead_id} held 2026-12-01T15:30:00Z 2026-12-01T10:30-05:00",
        f"4 {lead_id} won 2026-12-03T21:00:00Z 2026-12-03T16:00-05:00",
        "2 new (1 held, 1 won), 1 known already. Nothing was written.",
    ]
    assert import_table(project).out == "2 new (1 held, 1 won), 1 known already.\n"


def test_json_has_every_row(project: Project) -> None:
    lead_id = project.take()
    rows = json.loads(import_table(project, TABLE, "--json").out)
    assert rows[0] == {
        "line": 2,
        "lead_id": lead_id,
        "outcome": "scheduled",
        "on": "2026-11-24T14:00:00Z",
        "on_local": "2026-11-24T09:00-05:00",
        "at": "2026-12-01T15:00:00Z",
        "at_local": "2026-12-01T10:00-05:00",
        "known": False,
    }
    assert [row["known"] for row in json.loads(import_table(project, TABLE, "--json").out)] == [
        True
    ] * 3


def test_one_invalid_row_stops_the_import(project: Project) -> None:
    lead_id = project.take()
    before = project.run("lead", lead_id).out
    ran = import_table(project, TABLE + "ann@clinic.example;refunded;2026-12-04;;1,200\n")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        'crm.csv:5: amount = "1,200": its comma may separate thousands or decimals; write 1200 or '
        "1200.00\n"
    )
    assert project.run("lead", lead_id).out == before


def test_a_row_of_an_outcome_recorded_by_command_changes_nothing(project: Project) -> None:
    lead_id = project.take()
    parts = ("won", "--on", "2026-12-03T16:00", "--amount", "1200", "--as", "Ada")
    with time_machine.travel(DECEMBER, tick=False):
        assert project.run("outcome", lead_id, *parts).code == 0
    rows = json.loads(import_table(project, TABLE, "--json").out)
    assert [row["known"] for row in rows] == [False, False, True]


@pytest.mark.parametrize(
    ("table", "err"),
    [
        (b"email,outcome,on\nJos\xe9\n", "crm.csv:2: not UTF-8 text; save it as CSV UTF-8\n"),
        (TABLE.encode("utf-16"), "crm.csv:1: not UTF-8 text; save it as CSV UTF-8\n"),
        (b"\0", 'crm.csv:1: no column "\\u0000" in a table of outcomes\n'),
    ],
)
def test_a_file_that_is_no_table_is_reported_in_one_line(
    project: Project, table: bytes, err: str
) -> None:
    ran = import_table(project, table)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(err)
    assert "Traceback" not in ran.err


def test_the_name_of_the_author_is_required(project: Project) -> None:
    (project.folder / "crm.csv").write_text(TABLE)
    ran = project.run("outcomes", "import", "crm.csv")
    assert (ran.code, ran.out) == (2, "")
    assert "--as" in ran.err


def test_the_example_table_is_imported_completely(project: Project) -> None:
    for campaign_file in (ROOT / "campaigns").glob("*.toml"):
        shutil.copy(campaign_file, project.folder / "campaigns")
    terms = campaign(text=(ROOT / "campaigns/acme-demo.toml").read_text(), slug="acme-demo")
    for email in ("ann@clinic.example", "bo@ray-hospital.example"):
        sent = Submission({**DEMO, "email": email}, consent_to(terms.version))
        project.ledger.transact(
            lambda records, sent=sent: receive_submission(records, terms, sent, NOW)
        )
    shutil.copy(ROOT / "docs/outcomes-example.csv", project.folder / "example.csv")
    with time_machine.travel(DECEMBER, tick=False):
        ran = project.run("outcomes", "import", "example.csv", "--as", "Ada")
    assert ran.err == ""
    assert ran.out == "5 new (2 scheduled, 1 held, 1 no-show, 1 won), 0 known already.\n"


@pytest.mark.parametrize(("amount", "code"), [("1e30", 2), ("9" * 16, 1), ("1e-400", 2)])
def test_every_invalid_amount_is_refused_in_one_line(
    project: Project, amount: str, code: int
) -> None:
    lead_id = project.take()
    ran = project.run("outcome", lead_id, "won", "--amount", amount, "--as", "Ada")
    assert ran.code == code
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [
        ("scheduled", "--at", "9999-12-30"),
        ("scheduled", "--at", "2926-12-01"),
        ("revenue", "--amount", "5", "--period", "9999-12-01", "--months", "120"),
    ],
)
def test_every_impossible_date_is_refused_in_one_line(project: Project, args: tuple[str]) -> None:
    lead_id = project.take()
    ran = project.run("outcome", lead_id, *args, "--as", "Ada")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "more than ten years ahead" in ran.err
