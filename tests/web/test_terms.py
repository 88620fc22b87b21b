"""Campaign files change while the service runs: loaded, kept or refused (rules 16 to 18 of
docs/rules.md).

One service for all; each test changes a campaign of its own, and leaves it as it was.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from capture.campaign.files import read_campaign
from capture.web import config as site_facts
from capture.web import services as catalogue
from tests.service import GUIDE, Answer, Service, make_project, person, serving
from tests.waiting import wait_until
from tests.web.markup import Markup

SLUGS = [f"guide-{number}" for number in range(12)]
_fresh = itertools.cycle(SLUGS)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = make_project(tmp_path_factory.mktemp("terms"))
    guide = (folder / "campaigns" / f"{GUIDE}.toml").read_text()
    for slug in SLUGS:
        (folder / "campaigns" / f"{slug}.toml").write_text(guide)
    with serving(folder) as started:
        yield started


@pytest.fixture
def slug(service: Service) -> Iterator[str]:
    """A campaign that no other test changes."""
    mine = next(_fresh)
    file = service.folder / "campaigns" / f"{mine}.toml"
    text = file.read_text()
    yield mine
    save(file, text)


@pytest.fixture
def file(service: Service, slug: str) -> Path:
    return service.folder / "campaigns" / f"{slug}.toml"


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    save(file, text.replace(before, after))


def save(file: Path, text: str) -> None:
    """Replaces the file in one step, as git and most editors do: no reader sees a part of it."""
    draft = file.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(file)


def until_all_say(message: Callable[[], bool]) -> None:
    """Repeats until twelve answers in a row agree: by then both workers have answered."""
    wait_until(lambda: all(message() for _ in range(12)))


@contextmanager
def asking(service: Service, slug: str) -> Iterator[list[Answer]]:
    """Three visitors read and post while the block runs. Yields the list of all answers."""
    answers: list[Answer] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.append(service.get(f"/f/{slug}"))
            answers.append(service.post(person(), slug))

    with ThreadPoolExecutor(3) as pool:
        visitors = [pool.submit(ask) for _ in range(3)]
        try:
            yield answers
        finally:
            over.set()
    for visitor in visitors:
        visitor.result()


def test_changes_are_checked_each_second() -> None:
    """So both workers have a change within two seconds."""
    assert catalogue.RELOAD_SECONDS <= 1
    assert site_facts.RELOAD_SECONDS <= 1


def test_a_changed_file_is_loaded_and_no_request_fails(
    service: Service, slug: str, file: Path
) -> None:
    with asking(service, slug) as answers:
        edit(file, '"Get the Cloud Guide for healthcare"', '"The new title"')
        until_all_say(lambda: "The new title" in service.get(f"/f/{slug}").text)
    assert {answer.status for answer in answers} == {200, 303}
    assert len(answers) > 20


def test_a_broken_file_leaves_the_last_good_one_and_is_logged(
    service: Service, slug: str, file: Path
) -> None:
    message = f"not loaded, the last good ones stay in force: campaigns/{slug}"
    with asking(service, slug) as answers:
        edit(file, "at_least = 101", 'at_least = "many"')
        wait_until(lambda: service.log.read_text().count(message) == 2)  # a line for each worker
        seen = len(answers)
        wait_until(lambda: len(answers) > seen + 20)
    assert {answer.status for answer in answers} == {200, 303}
    lines = [line for line in service.log.read_text().splitlines() if slug in line]
    assert len(lines) == 2
    assert all(message in line for line in lines)


def test_a_form_of_an_earlier_version_keeps_the_consent_that_was_shown(
    service: Service, slug: str, file: Path
) -> None:
    shown = Markup(service.get(f"/f/{slug}").text).values["gp_version"]
    edit(file, "I agree that", "I hereby agree that")
    until_all_say(lambda: "hereby" in service.get(f"/f/{slug}").text)
    service.thanks(service.post(person(gp_version=shown), slug))
    with service.ledger() as ledger:
        leads = ledger.read(lambda reading: list(reading.leads.select()))
    (lead,) = (lead for lead in leads if lead.campaign == slug)
    assert (lead.consent_version, lead.version) == (shown, read_campaign(file).version)


def test_a_consent_never_applies_to_a_text_that_was_not_shown(
    service: Service, slug: str, file: Path
) -> None:
    form = person(gp_version=read_campaign(file).version, full_name=" ")
    assert Markup(service.post(form, slug).text).values["consent"] == "y"
    edit(file, "I agree that", "I hereby agree that")
    until_all_say(lambda: "hereby" in service.get(f"/f/{slug}").text)
    assert "consent" not in Markup(service.post(form, slug).text).values


def test_a_form_of_an_unknown_version_comes_back_in_its_current_version(
    service: Service, slug: str
) -> None:
    form = person(gp_version="0" * 64, full_name="Ann <Lee>")
    answer = service.post(form, slug)
    page = Markup(answer.text)
    assert answer.status == 422
    assert "This form has changed since you opened it." in page.alert
    assert page.values["full_name"] == "Ann <Lee>"
    assert page.values["gp_version"] not in form.values()
    again = {**form, "gp_version": page.values["gp_version"]}
    assert service.post(again, slug).status == 303


@pytest.mark.parametrize("form", [{}, person()])
def test_a_closed_campaign_says_so_to_every_visitor(
    service: Service, slug: str, file: Path, form: dict[str, str]
) -> None:
    save(file, "closes = 2020-01-31\n" + file.read_text())
    until_all_say(lambda: service.get(f"/f/{slug}").status == 410)
    answer = service.post(form, slug)
    assert (answer.status, "takes no more answers" in answer.text) == (410, True)


def test_a_paused_campaign_says_so_at_once_and_can_be_resumed(service: Service, slug: str) -> None:
    form = person()
    before = service.post(form, slug)
    assert service.run("campaigns", "pause", slug, "--as", "Ada").returncode == 0
    assert [service.get(f"/f/{slug}").status, service.post(person(), slug).status] == [410, 410]
    assert service.post(form, slug).bare == before.bare  # the retry of what was taken already
    assert service.run("campaigns", "resume", slug, "--as", "Ada").returncode == 0
    assert [service.get(f"/f/{slug}").status, service.post(person(), slug).status] == [200, 303]


def test_billing_terms_cannot_change_under_a_slug_with_leads(
    service: Service, slug: str, file: Path
) -> None:
    service.thanks(service.post(person(), slug))
    with asking(service, slug) as answers:
        edit(file, 'currency = "USD"', 'currency = "EUR"')
        message = f"{slug} has leads already, so put the new terms under a new slug"
        wait_until(lambda: service.log.read_text().count(message) == 2)
        seen = len(answers)
        wait_until(lambda: len(answers) > seen + 20)
    assert {answer.status for answer in answers} == {200, 303}
    refused = service.run("campaigns", "check")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)


def test_a_new_build_is_loaded_and_a_broken_one_changes_nothing(
    service: Service, slug: str
) -> None:
    facts = service.folder / "output" / "site.json"
    text = facts.read_text()
    with asking(service, slug) as answers:
        facts.write_text("{half of")
        wait_until(
            lambda: "the last good build stays in use: output/site.json" in service.log.read_text()
        )
        seen = len(answers)
        wait_until(lambda: len(answers) > seen + 20)
    assert {answer.status for answer in answers} == {200, 303}
    save(facts, text.replace("A site.", "Built anew."))
    until_all_say(lambda: "Built anew." in service.get(f"/f/{slug}").text)
