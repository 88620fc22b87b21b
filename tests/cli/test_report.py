"""`gatepost report` writes the monthly page for the client."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Browser

from capture.campaign.model import Campaign
from capture.cli import report as command
from capture.errors import Refused
from capture.intake.submission import Submission
from capture.site import Site
from tests.cli.conftest import CommandResult, Project
from tests.samples import ANSWERS, consent_to

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


def run(project: Project, *args: str) -> CommandResult:
    with time_machine.travel(DECEMBER, tick=False):
        return project.run(*args)


def report(project: Project, month: str = "2026-11") -> str:
    ran = run(project, "report", "guide", "--month", month, "-o", "report.html")
    assert ran.code == 0
    return (project.folder / "report.html").read_text()


def write_site_facts(project: Project, **titles: str) -> None:
    known = {f"/{name}/": title for name, title in titles.items()}
    Site(name="Site", tagline="", language="en", url="", publisher="Site", titles=known).write(
        project.folder / "output/site.json"
    )


def test_a_closed_month_with_its_figures_and_articles(project: Project) -> None:
    project.take()
    touch = {"path": "/numbers/"}
    answers = {**ANSWERS, "email": "bob@other.example"}
    project.send(Submission(answers, consent_to(""), first_touch=touch, last_touch=touch))
    run(project, "close", "acme", "--month", "2026-11")
    write_site_facts(project, numbers="The four numbers")
    message = report(project)
    assert "invoice acme-0001" in message
    assert "$100.00 / 2 = $50.00" in message
    assert "The four numbers" in message


def test_the_report_names_no_person(project: Project) -> None:
    project.take()
    message = report(project)
    assert "Ann" not in message
    assert "clinic" not in message


def test_the_report_has_none_of_the_agencys_costs(project: Project) -> None:
    project.take()
    before = report(project)
    text = 'since = "2026-11"\n[fixed]\nwriting = 31.07\n'
    (project.folder / "campaigns/guide.costs.toml").write_text(text)
    assert report(project) == before


def test_without_leads_the_report_says_so(project: Project) -> None:
    message = report(project)
    assert "0 leads came" in message
    assert "no leads yet" in message


def test_before_a_build_articles_have_no_titles_and_the_command_gives_the_reason(
    project: Project,
) -> None:
    ran = run(project, "report", "guide", "--month", "2026-11", "-o", "report.html")
    assert ran.err == "Articles are shown by path: run `gatepost build` to get their titles.\n"


def test_refusals_print_one_line(project: Project) -> None:
    assert run(project, "report", "giude", "--month", "2026-11").code == 1
    ran = run(project, "report", "guide", "--month", "2026-11", "-o", "none/report.html")
    assert ran.code == 1
    assert "No such file" in ran.err.splitlines()[-1]


def test_the_report_fits_a_phone_and_prints(
    project: Project, browser: Browser, tmp_path: Path
) -> None:
    project.take()
    report(project)
    page = browser.new_page(viewport={"width": 390, "height": 800})
    request_urls: list[str] = []
    page.on("request", lambda request: request_urls.append(request.url))
    page.goto((project.folder / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert len(request_urls) == 1
    assert page.get_by_role("img", name="Lead funnel").count() == 1
    assert page.pdf(path=tmp_path / "report.pdf")[:5] == b"%PDF-"
    page.close()


def test_the_reports_of_all_campaigns_go_into_a_folder(project: Project) -> None:
    """Also that of a campaign whose file was deleted."""
    project.take()
    alone = report(project)
    text = (project.folder / "campaigns/guide.toml").read_text()
    (project.folder / "campaigns/other.toml").write_text(text)
    (project.folder / "campaigns/guide.toml").unlink()
    ran = run(project, "report", "--all", "--month", "2026-11", "-o", "reports")
    assert (ran.code, ran.out) == (
        0,
        "reports/report-guide-2026-11.html\nreports/report-other-2026-11.html\n",
    )
    assert (project.folder / "reports/report-guide-2026-11.html").read_text() == alone


def test_a_report_that_cannot_be_made_does_not_stop_the_others(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (project.folder / "campaigns/guide.toml").read_text()
    (project.folder / "campaigns/other.toml").write_text(text)
    make = command.make_report

    def refuse_guide(terms: Campaign, *args: Any) -> Any:
        if terms.slug == "guide":
            raise Refused("no report today")
        return make(terms, *args)

    monkeypatch.setattr(command, "make_report", refuse_guide)
    ran = run(project, "report", "--all", "--month", "2026-11", "-o", "reports")
    assert (ran.code, ran.out) == (1, "reports/report-other-2026-11.html\n")
    assert "guide: no report today\n" in ran.err
    names = [path.name for path in (project.folder / "reports").iterdir()]
    assert names == ["report-other-2026-11.html"]


def test_a_report_of_no_campaign_is_wrong_use(project: Project) -> None:
    ran = run(project, "report", "--month", "2026-11")
    assert (ran.code, ran.out) == (2, "")
    assert "name one campaign, or give --all" in ran.err
