"""`gatepost campaigns ...`, `schema`, `suppress`, `test-lead` and `verify`."""

import json
import sqlite3
from contextlib import closing

from capture.ledger.administration import author_id
from capture.users.history import administration_history
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN


def test_campaigns_are_listed_with_price_and_state(project: Project) -> None:
    assert "guide" in project.run("campaigns", "list").out
    (row,) = json.loads(project.run("campaigns", "list", "--json").out)
    assert (row["price"], row["state"]) == ("$50.00 per accepted lead (CPL)", "open")


def test_show_prints_the_criteria_in_the_words_of_the_verdict(project: Project) -> None:
    out = project.run("campaigns", "show", "guide").out
    assert "Company size is at least 101" in out
    shown = json.loads(project.run("campaigns", "show", "guide", "--json").out)
    assert shown["criteria"]["company_size"]["at_least"] == 101


def test_check_passes_with_correct_files(project: Project) -> None:
    assert project.run("campaigns", "check").out == "1 campaign is sound.\n"


def test_check_refuses_a_changed_currency_once_there_are_leads_rule_17(project: Project) -> None:
    project.take()
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace("USD", "EUR"))
    ran = project.run("campaigns", "check")
    assert ran.code == 1
    assert "currency was 'USD' and is 'EUR'" in ran.err
    assert "new slug" in ran.err


def test_test_leads_do_not_fix_the_terms_rule_5(project: Project) -> None:
    project.take(test=True)
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace("USD", "EUR"))
    assert project.run("campaigns", "check").code == 0
    project.take(email="bob@other.example")
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN)
    assert "currency was 'EUR' and is 'USD'" in project.run("campaigns", "check").err


def test_an_invalid_file_stops_every_command_that_needs_it_with_one_line(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace('"cpl"', '"cpx"'))
    for command in (("campaigns", "check"), ("campaigns", "list"), ("test-lead", "guide")):
        ran = project.run(*command)
        assert ran.code == 1
        assert ran.err.startswith("campaigns/guide.toml:")
        assert len(ran.err.splitlines()) == 1


def test_a_paused_campaign_is_listed_as_paused_until_it_is_resumed(project: Project) -> None:
    assert project.run("campaigns", "pause", "guide", "--as", "Ada").code == 0
    assert "paused" in project.run("campaigns", "list").out
    assert project.run("campaigns", "pause", "guide", "--as", "Bob").err == (
        "campaign guide is paused already\n"
    )
    assert project.run("campaigns", "resume", "guide", "--as", "Ada").code == 0
    assert "paused" not in project.run("campaigns", "list").out


def test_a_schema_is_printed_for_editors(project: Project) -> None:
    assert json.loads(project.run("schema", "campaign").out)["title"]
    assert json.loads(project.run("schema", "client").out)["title"]


def test_a_suppression_list_is_imported_completely_or_not_at_all_rule_4(project: Project) -> None:
    file = project.folder / "list.csv"
    file.write_text("email\nann@clinic.example\nrival.example\nnot an address\n")
    refused = project.run("suppress", "acme", str(file))
    assert (refused.code, refused.out) == (1, "")
    assert "list.csv:4: 'not an address'" in refused.err
    file.write_text("email\nann@clinic.example\nrival.example\n")
    assert project.run("suppress", "acme", str(file)).out == (
        "2 new, 0 known already: acme's list.\n"
    )
    assert "suppressed" in project.run("lead", project.take()).out
    assert "2 known already" in project.run("suppress", "acme", str(file)).out


def test_an_extended_suppression_list_is_in_the_history_without_its_entries(
    project: Project,
) -> None:
    file = project.folder / "list.csv"
    file.write_text("email\nann@clinic.example\nrival.example\n")
    assert project.run("suppress", "acme", str(file), "--dry-run").code == 0
    assert project.ledger.read(lambda reading: reading.events.head()[0]) == 0
    for command in (("--as", "Ada"), ()):
        assert project.run("suppress", "acme", str(file), *command).code == 0
    again, first = project.ledger.read(lambda reading: administration_history(reading, limit=3))
    assert first.text == "Extended the suppression list of acme: 2 new, 0 known already."
    assert again.text == "Extended the suppression list of acme: 0 new, 2 known already."
    events = project.ledger.read(lambda reading: list(reading.events.select()))
    by, own = (recorded.event.data.pop("by") for recorded in events)
    assert by == project.ledger.read(lambda reading: author_id(reading, "Ada")) != own
    assert [recorded.event.data for recorded in events] == [
        {"client": "acme", "new": 2, "known": 0},
        {"client": "acme", "new": 0, "known": 2},
    ]


def test_suppress_suggests_a_name_for_an_unknown_client(project: Project) -> None:
    (project.folder / "list.csv").write_text("a@b.example\n")
    ran = project.run("suppress", "amce", "list.csv")
    assert ran.code == 1
    assert "acme" in ran.err


def test_a_test_lead_gets_a_link_to_the_form(project: Project) -> None:
    out = project.run("test-lead", "guide", "--no-open").out
    assert out.startswith("http://127.0.0.1:8000/f/guide?test=")


def test_verify_passes_with_an_intact_ledger_and_reports_a_changed_event(project: Project) -> None:
    project.take()
    assert "all is well" in project.run("verify").out
    db = sqlite3.connect(project.folder / "var/gatepost.db")
    db.execute("DROP TRIGGER events_never_updated")
    db.execute("UPDATE events SET occurred_at = '2020-01-01T00:00:00.000000Z' WHERE sequence = 1")
    db.commit()
    db.close()
    ran = project.run("verify")
    assert ran.code == 1
    assert "event 1 (received of" in ran.err
    assert "trigger events_never_updated: missing" in ran.err


def test_verify_names_the_command_that_repairs_a_count(project: Project) -> None:
    project.take()
    with closing(sqlite3.connect(project.folder / "var/gatepost.db", isolation_level=None)) as db:
        db.execute("UPDATE month_counts SET leads = 7")
    ran = project.run("verify")
    assert ran.code == 1
    difference, hint = ran.err.splitlines()
    assert difference.startswith("the counts of leads by month")
    assert hint == "rows, counts and sums that differ are derived again by `gatepost rebuild`"
    assert "1 lead: all rows and counts are derived again." in project.run("rebuild").out
    assert "all is well" in project.run("verify").out


def test_a_mistyped_command_gets_a_suggestion(project: Project) -> None:
    ran = project.run("leeds")
    assert ran.code == 2
    assert ran.err == "No such command 'leeds'. Did you mean 'leads'? (see `gatepost --help`)\n"
