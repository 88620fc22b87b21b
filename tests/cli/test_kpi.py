"""`gatepost kpi` shows the figures, for the agency."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from capture.intake.submission import Submission
from capture.lead.events import Actor
from capture.review.acts import Act, reject
from capture.site import Site
from tests.cli.conftest import CommandResult, Project
from tests.samples import ANSWERS, NOW, consent_to

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


def kpi(project: Project, *args: str, command: str = "kpi") -> CommandResult:
    with time_machine.travel(DECEMBER, tick=False):
        return project.run(command, *args)


def figures(project: Project, *args: str) -> dict[str, Any]:
    data = json.loads(kpi(project, "--json", *args).out)
    figures: dict[str, Any] = data["currencies"][0]["whole"]["figures"]
    return figures


@pytest.fixture
def closed_project(project: Project) -> Project:
    """A project with three leads, one of them rejected, and a closed November of $100.00."""
    project.take()
    project.take(email="bob@other.example")
    third = project.take(email="cy@third.example")
    act = Act(third, "Carol", Actor.CLIENT)
    later = NOW + timedelta(hours=2)
    project.ledger.transact(lambda records: reject(records, act, "too_small", later))
    assert kpi(project, "acme", "--month", "2026-11", command="close").code == 0
    return project


def test_without_leads_every_figure_is_a_sentence(project: Project) -> None:
    ran = kpi(project)
    assert ran.code == 0
    assert "no leads yet" in ran.out
    assert "nothing billed yet" in ran.out


def test_the_figures_of_a_month(closed_project: Project) -> None:
    data = figures(closed_project)
    numbers = {key: one["number"] for key, one in data.items()}
    assert numbers["spend"] == 10_000
    assert numbers["cost_per_lead"] == 3333
    assert numbers["cost_per_qualified_lead"] == 5000
    assert numbers["acceptance_rate"] == 66.7
    assert numbers["median_review_seconds"] == 7200
    assert numbers["accepted_by_silence"] == 2
    assert data["cost_per_appointment"] == {
        "number": None,
        "unit": "minor units",
        "shown": "no appointments held yet",
    }


def test_explain_puts_the_numbers_into_the_formulas(closed_project: Project) -> None:
    out = kpi(closed_project, "--explain").out
    assert "accepted / (accepted + rejected) x 100" in out
    assert "2 / 3 x 100 = 66.7 %" in out
    assert "$100.00 / 3 = $33.33" in out
    assert "a person or company that already is a lead of the campaign" in out


@pytest.mark.parametrize("by", ["campaign", "month", "post", "source"])
def test_every_grouping_is_a_table(closed_project: Project, by: str) -> None:
    ran = kpi(closed_project, "--by", by)
    assert ran.code == 0
    name = {"campaign": "guide", "month": "2026-11", "post": "not given", "source": "form"}[by]
    (line,) = [line for line in ran.out.splitlines() if line.startswith(f"{name}  ")][:1]
    assert "$100.00" in line


def test_the_agency_sees_its_own_costs_and_margin(closed_project: Project) -> None:
    text = 'since = "2026-11"\n[fixed]\nwriting = 30.00\n'
    (closed_project.folder / "campaigns/guide.costs.toml").write_text(text)
    data = figures(closed_project, "--by", "month")
    assert (data["costs"]["number"], data["margin"]["number"]) == (3000, 7000)
    assert data["margin_rate"]["shown"] == "70.0 %"


def test_no_client_sees_the_costs_and_no_version_changes(closed_project: Project) -> None:
    commands = [
        ("sla", "guide"),
        ("campaigns", "show", "guide", "--json"),
        ("statement", "acme-0001", "--format", "json"),
        ("sla", "guide", "--against", "campaigns/guide.toml"),
    ]
    before = [closed_project.run(*args).out for args in commands]
    text = 'since = "2026-11"\n[fixed]\nwriting = 31.07\n'
    (closed_project.folder / "campaigns/guide.costs.toml").write_text(text)
    assert [closed_project.run(*args).out for args in commands] == before
    assert closed_project.run("campaigns", "check").out == "1 campaign is sound.\n"


def test_check_reports_a_mistake_in_the_costs(closed_project: Project) -> None:
    (closed_project.folder / "campaigns/guide.costs.toml").write_text("[fixed]\nads = 5\n")
    ran = closed_project.run("campaigns", "check")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("campaigns/guide.costs.toml:1: fixed: has no first month")


def test_a_period_with_part_of_a_month_gives_the_reason_for_no_money(
    closed_project: Project,
) -> None:
    data = figures(closed_project, "--from", "2026-11-10", "--to", "2026-11")
    assert data["leads"]["number"] == 3
    assert data["spend"]["shown"] == (
        "money is counted by complete months, and this period has an incomplete one"
    )


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--from", "2026-11", "--to", "2026-10"), 2, "2026-10-31 is before --from 2026-11-01"),
        (("--from", "soon"), 2, "write a date (2026-11-01) or a month (2026-11)"),
        (("--campaign", "giude"), 1, "no campaign `giude`; did you mean `guide`?"),
        (("--client", "acne"), 1, "no client `acne`; did you mean `acme`?"),
    ],
)
def test_a_refusal_prints_one_line(
    project: Project, args: tuple[str, ...], code: int, message: str
) -> None:
    ran = kpi(project, *args)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_a_campaign_without_its_file_still_counts(closed_project: Project) -> None:
    (closed_project.folder / "campaigns/guide.toml").rename(closed_project.folder / "old.toml")
    assert figures(closed_project)["spend"]["number"] == 10_000
    assert figures(closed_project, "--campaign", "guide")["leads"]["number"] == 3


def test_control_characters_in_a_path_are_not_printed(project: Project) -> None:
    sent = {"path": "/\x1b[31mred\u202e"}
    project.send(submission_with(sent))
    out = kpi(project, "--by", "post").out
    assert "\x1b" not in out
    assert "/�[31mred�" in out


def test_articles_have_their_titles_as_in_the_report(project: Project) -> None:
    assert "Articles are shown by path" in kpi(project, "--by", "post").err
    built = {"/how-to-choose/": "How to choose"}
    named = Site(name="S", tagline="", language="en", url="", publisher="P", titles=built)
    named.write(project.folder / "output/site.json")
    for number, path in enumerate(["/how-to-choose/", "/elsewhere/"]):
        sent = submission_with({"path": path})
        project.send(replace(sent, answers={**ANSWERS, "email": f"ann@clinic{number}.example"}))
    ran = kpi(project, "--by", "post")
    assert "\nHow to choose (/how-to-choose/)  1 " in ran.out
    assert "\n/elsewhere/ " in ran.out
    assert ran.err == ""
    (currency,) = json.loads(kpi(project, "--by", "post", "--json").out)["currencies"]
    titles = {path: group["title"] for path, group in currency["groups"]["last touch"].items()}
    assert titles == {"/how-to-choose/": "How to choose", "/elsewhere/": None}


def submission_with(touch: dict[str, str]) -> Submission:
    return Submission(ANSWERS, consent_to(""), first_touch=touch, last_touch=touch)
