"""`gatepost leads` lists leads; `gatepost lead ID` shows one."""

import json
from datetime import timedelta

import time_machine

from capture.intake.confirm import confirm_address
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW


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
    rows = json.loads(project.run("leads", "guide", "--stage", "disqualified", "--json").out)
    assert [(row["lead_id"], row["email"]) for row in rows] == [(failed, "bob@other.example")]


def test_a_lead_shows_its_verdict_criterion_by_criterion_and_its_events(project: Project) -> None:
    out = project.run("lead", project.take(company_size="51-100")).out
    assert "NO   Company size is at least 101  answered 51-100" in out
    assert "received" in out
    assert "disqualified" in out


def test_a_lead_shows_whether_its_address_is_proved(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(f'confirm = "email"\n{CAMPAIGN}')
    lead_id = project.take()
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        out = project.run("lead", lead_id).out
    assert "stage        unconfirmed" in out
    assert "address      not proved yet; the link works until 2026-11-30T15:00:00Z" in out
    with time_machine.travel(NOW + timedelta(days=8), tick=False):  # no dispatcher has run
        out = project.run("lead", lead_id).out
    assert "stage        expired" in out
    assert "address      not proved by 2026-11-30T15:00:00Z, when the link ended" in out
    again = project.take(at=NOW + timedelta(days=8))
    project.ledger.transact(
        lambda records: confirm_address(records, again, NOW + timedelta(days=9))
    )
    assert "address      proved by the person" in project.run("lead", again).out
    assert "address" not in project.run("lead", project.take(company_size="1-50")).out


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


def test_a_lead_shows_how_often_its_files_were_downloaded(project: Project) -> None:
    lead_id = project.take()
    assert "Downloads" not in project.run("lead", lead_id).out
    for hours in (0, 2):
        at = NOW + timedelta(hours=hours)
        project.ledger.transact(
            lambda records, at=at: records.downloads.count(lead_id, "guide.pdf", at)
        )
    assert "guide.pdf  2      2026-11-23T15:00:00Z" in project.run("lead", lead_id).out
    facts = json.loads(project.run("lead", lead_id, "--json").out)
    (download,) = facts["downloads"]
    assert download == {
        "file": "guide.pdf",
        "count": 2,
        "first_at": "2026-11-23T15:00:00Z",
        "last_at": "2026-11-23T17:00:00Z",
    }
    (row,) = json.loads(project.run("leads", "--json").out)
    assert row["downloads"] == 2


def test_a_search_finds_leads_by_name_email_phone_and_id(project: Project) -> None:
    bob = project.take(email="bob@other.example", phone="+12025550143")
    ann = project.take(full_name="Ann Löwe")

    def leads(*args: str) -> list[str]:
        return [row["lead_id"] for row in json.loads(project.run("leads", *args, "--json").out)]

    assert leads("--search", "LÖWE") == [ann]
    assert leads("guide", "--search", "Other.Example") == [bob]
    assert leads("--search", "+1 202 555 0143") == [bob]
    assert leads("--search", bob[:6].upper()) == [bob]
    assert set(leads("--search", "example")) == {ann, bob}
    assert leads("--search", "example", "--stage", "disqualified") == []
    assert leads("--search", "example", "--month", "2026-10") == []


def test_a_search_shows_only_the_answers_that_match(project: Project) -> None:
    lead_id = project.take(phone="+12025550143")
    lines = project.run("leads", "--search", "lee").out.splitlines()
    assert lines[0].split() == ["lead_id", "received_at", "campaign", "stage", "matches"]
    assert lines[1].startswith(lead_id)
    assert lines[1].endswith("full_name: Ann Lee")
    assert "clinic" not in lines[1]


def test_a_search_does_not_look_into_choices(project: Project) -> None:
    project.take(company_size="51-100")
    assert project.run("leads", "--search", "51-100").out == "No lead matches.\n"


def test_no_character_of_a_search_is_a_wildcard(project: Project) -> None:
    lead_id = project.take(full_name="100% Ann_Lee")
    for text in ("%nn", "Ann%Leo", "A_n"):
        assert project.run("leads", "--search", text).out == "No lead matches.\n"
    assert lead_id in project.run("leads", "--search", "100% ann_").out


def test_a_list_says_that_there_are_more_leads_than_it_shows(project: Project) -> None:
    for number in range(3):
        project.take(email=f"ann@clinic{number}.example")
    for search in ((), ("--search", "ann")):
        ran = project.run("leads", *search, "--limit", "2", "--json")
        assert len(json.loads(ran.out)) == 2
        assert ran.err == "More than 2 leads: raise --limit, or filter the list.\n"
        assert project.run("leads", *search, "--limit", "3").err == ""


def test_a_search_for_nothing_is_refused(project: Project) -> None:
    for text in ("", " ", "\u200b", "%", "x" * 201):
        ran = project.run("leads", "--search", text)
        assert (ran.code, ran.out) == (1, "")
        assert "give 1 to 200 characters" in ran.err
        assert len(ran.err.splitlines()) == 1
