"""`gatepost report` writes the monthly page for the client."""

from datetime import UTC, datetime
from pathlib import Path

import time_machine
from playwright.sync_api import Browser

from capture.intake.gate import Submission
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
