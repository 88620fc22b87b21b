"""`gatepost leads import` imports a CSV table of leads."""

import json

import pytest

from tests.cli.conftest import CommandResult, Project

HEADING = "Name;Work e-mail;Company size\n"
TABLE = f"\ufeff{HEADING}Ann Lee;ann@clinic.example;101+\nBob;bob@other.example;1-50\n"
BASIS = "consent, GDPR art. 6(1)(a)"


def import_table(project: Project, table: str = TABLE, *more: str) -> CommandResult:
    (project.folder / "stand.csv").write_text(table, encoding="utf-8")
    origin = ("--campaign", "guide", "--source", "event-2026", "--basis", BASIS)
    return project.run("leads", "import", "stand.csv", *origin, *more)


def test_importing_the_same_table_again_changes_nothing(project: Project) -> None:
    assert import_table(project).out == "2 new (1 qualified, 1 disqualified), 0 known already.\n"
    listing = project.run("leads").out
    assert import_table(project).out == "0 new, 2 known already.\n"
    assert project.run("leads").out == listing
    assert project.run("verify").code == 0


def test_an_imported_lead_shows_its_source_and_basis_instead_of_a_consent(project: Project) -> None:
    import_table(project)
    lead_id = project.run("leads", "--stage", "qualified").out.splitlines()[1].split()[0]
    shown = project.run("lead", lead_id).out.splitlines()
    assert "source       event-2026" in shown
    assert f"basis        {BASIS}" in shown
    assert json.loads(project.run("lead", lead_id, "--json").out)["consent"] == {
        "given": False,
        "version": None,
        "basis": BASIS,
        "withdrawn": False,
    }
    by_form = project.run("lead", project.take(email="eve@e.example")).out
    assert "source       form\nconsent      given to version " in by_form
    assert "basis" not in by_form


def test_a_dry_run_shows_the_result_of_each_row_and_writes_nothing(project: Project) -> None:
    known = project.take(full_name="A. Lee")
    out = import_table(project, TABLE, "--dry-run").out
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "line email stage reason",
        f"2 ann@clinic.example duplicate of lead {known}",
        "3 bob@other.example disqualified Company size is at least 101: answered 1-50, "
        "which is not at least 101",
        "2 new (1 duplicate, 1 disqualified), 0 known already. Nothing was written.",
    ]
    assert len(json.loads(project.run("leads", "--json").out)) == 1


def test_the_person_who_imports_is_in_the_event_and_in_a_note(project: Project) -> None:
    import_table(project, TABLE, "--as", "Ada")
    lead_id = json.loads(project.run("leads", "--json").out)[0]["lead_id"]
    author = project.ledger.read(lambda reading: reading.people.pseudonym("acme", "Ada"))
    events = project.ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    assert events[0].event.data["by"] == author
    (note,) = project.ledger.read(lambda reading: reading.people.notes(lead_id))
    assert (note.kind, note.author, note.text) == ("received", "Ada", "")
    result = import_table(project, TABLE.replace("Ann", "Bea"), "--as", " ")
    assert (result.code, result.err) == (1, "give the name of the person who does it: --as NAME\n")


def test_json_has_the_ids_of_stored_leads_only(project: Project) -> None:
    twice = TABLE + TABLE.splitlines()[1]
    dry_run_rows = json.loads(import_table(project, twice, "--dry-run", "--json").out)
    assert [(row["lead_id"], row["known"]) for row in dry_run_rows] == [
        (None, False),
        (None, False),
        (None, True),
    ]
    done = json.loads(import_table(project, twice, "--json").out)
    assert done[0]["lead_id"] == done[2]["lead_id"]
    assert json.loads(project.run("leads", "--json").out)[1]["lead_id"] == done[0]["lead_id"]


def test_one_invalid_row_stops_the_import(project: Project) -> None:
    ran = import_table(project, TABLE + "Eve;eve@;101+\n")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == ('stand.csv:4: email = "eve@": Enter your work e-mail as name@company.com.\n')
    assert project.run("leads").out == "No leads yet.\n"


def test_a_paused_campaign_is_reported_before_the_table_is_read(project: Project) -> None:
    project.run("campaigns", "pause", "guide", "--as", "Ada")
    ran = import_table(project, "no table")
    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.err
        == "campaign guide is paused; `gatepost campaigns resume guide --as NAME` opens it\n"
    )


@pytest.mark.parametrize("missing", ["--campaign", "--source", "--basis"])
def test_campaign_source_and_basis_are_required(project: Project, missing: str) -> None:
    (project.folder / "stand.csv").write_text(TABLE)
    data = {"--campaign": "guide", "--source": "event", "--basis": BASIS}
    options = [part for pair in data.items() if pair[0] != missing for part in pair]
    ran = project.run("leads", "import", "stand.csv", *options)
    assert (ran.code, ran.out) == (2, "")
    assert missing in ran.err


def test_leads_without_a_subcommand_lists_leads(project: Project) -> None:
    lead_id = project.take()
    for command in (["leads"], ["leads", "guide"], ["leads", "--limit", "3"], ["leads", "list"]):
        assert lead_id in project.run(*command).out
    assert "import" in project.run("leads", "--help").out
