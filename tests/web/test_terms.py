"""Campaign files change while the service runs: taken up, kept, refused (rules 16 to 18)."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from capture.campaign import read_campaign
from tests.service import GUIDE, Answer, Service, make_project, person, serving
from tests.web.markup import Markup

TWO_SECONDS = 2.0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own, since its campaigns change."""
    with serving(make_project(tmp_path)) as started:
        yield started


@pytest.fixture
def file(service: Service) -> Path:
    return service.folder / "campaigns" / f"{GUIDE}.toml"


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def within_two_seconds(told: Callable[[], bool]) -> None:
    """Asks until twelve answers in a row say so: by then both workers were among them."""
    since, in_a_row = time.monotonic(), 0
    while in_a_row < 12:
        in_a_row = in_a_row + 1 if told() else 0
        assert time.monotonic() - since < TWO_SECONDS, "not taken up within two seconds"


def test_a_changed_file_is_taken_up_in_two_seconds_and_no_request_is_lost(
    service: Service, file: Path
) -> None:
    with ThreadPoolExecutor(4) as pool:
        until = time.monotonic() + TWO_SECONDS + 1
        asking = [pool.submit(_ask_until, service, until) for _ in range(3)]
        edit(file, '"Get the Cloud Guide for healthcare"', '"The new title"')
        within_two_seconds(lambda: "The new title" in service.get(f"/f/{GUIDE}").text)
        answers = [answer for future in asking for answer in future.result()]
    assert {answer.status for answer in answers} == {200, 303}
    assert len(answers) > 20


def _ask_until(service: Service, until: float) -> list[Answer]:
    answers = []
    while time.monotonic() < until:
        answers += [service.get(f"/f/{GUIDE}"), service.post(person())]
    return answers


def test_a_broken_file_leaves_the_last_good_one_and_is_told_in_the_log(
    service: Service, file: Path
) -> None:
    edit(file, "at_least = 101", 'at_least = "many"')
    answers = _ask_until(service, time.monotonic() + TWO_SECONDS)
    assert {answer.status for answer in answers} == {200, 303}
    lines = service.log.read_text().splitlines()[1:]  # the first says where it listens
    assert len(lines) == 2, "a line for each worker"
    assert all(f"not taken up, the last good ones stay: campaigns/{GUIDE}" in it for it in lines)


def test_a_form_of_an_earlier_version_keeps_the_consent_that_was_shown(
    service: Service, file: Path
) -> None:
    shown = Markup(service.get(f"/f/{GUIDE}").text).values["gp_version"]
    edit(file, "I agree that", "I hereby agree that")
    within_two_seconds(lambda: "hereby" in service.get(f"/f/{GUIDE}").text)
    service.thanks(service.post(person(gp_version=shown)))
    with service.ledger() as ledger:
        (lead,) = ledger.read(lambda reading: list(reading.leads()))
    assert (lead.consent_version, lead.version) == (shown, read_campaign(file).version)


def test_a_consent_is_never_carried_over_to_words_that_were_not_shown(
    service: Service, file: Path
) -> None:
    form = person(gp_version=read_campaign(file).version, full_name=" ")
    assert Markup(service.post(form).text).values["consent"] == "y"
    edit(file, "I agree that", "I hereby agree that")
    within_two_seconds(lambda: "hereby" in service.get(f"/f/{GUIDE}").text)
    assert "consent" not in Markup(service.post(form).text).values


def test_a_form_of_an_unknown_version_comes_back_as_it_stands_today(service: Service) -> None:
    form = person(gp_version="0" * 64, full_name="Ann <Lee>")
    answer = service.post(form)
    page = Markup(answer.text)
    assert answer.status == 422
    assert "This form has changed since you opened it." in page.alert
    assert page.values["full_name"] == "Ann <Lee>"
    assert page.values["gp_version"] not in form.values()
    assert service.post({**form, "gp_version": page.values["gp_version"]}).status == 303


@pytest.mark.parametrize("form", [{}, person()])
def test_a_closed_campaign_says_so_to_all_who_come(
    service: Service, file: Path, form: dict[str, str]
) -> None:
    file.write_text("closes = 2020-01-31\n" + file.read_text())
    within_two_seconds(lambda: service.get(f"/f/{GUIDE}").status == 410)
    answer = service.post(form)
    assert (answer.status, "takes no more answers" in answer.text) == (410, True)


def test_a_paused_campaign_says_so_at_once_and_goes_on_when_resumed(service: Service) -> None:
    form = person()
    before = service.post(form)
    assert service.run("campaigns", "pause", GUIDE).returncode == 0
    assert [service.get(f"/f/{GUIDE}").status, service.post(person()).status] == [410, 410]
    assert service.post(form).bare == before.bare  # the retry of what was taken already
    assert service.run("campaigns", "resume", GUIDE).returncode == 0
    assert [service.get(f"/f/{GUIDE}").status, service.post(person()).status] == [200, 303]


def test_terms_that_bills_are_drawn_in_are_not_taken_up_under_a_slug_with_leads(
    service: Service, file: Path
) -> None:
    service.thanks(service.post(person()))
    edit(file, 'currency = "USD"', 'currency = "EUR"')
    answers = _ask_until(service, time.monotonic() + TWO_SECONDS)
    assert {answer.status for answer in answers} == {200, 303}
    assert "put the new terms under a new slug" in service.log.read_text()
    refused = service.run("campaigns", "check")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)


def test_a_new_build_is_seen_and_a_broken_one_changes_nothing(service: Service) -> None:
    facts = service.folder / "output" / "site.json"
    text = facts.read_text()
    facts.write_text("{half of")
    answers = _ask_until(service, time.monotonic() + TWO_SECONDS)
    assert {answer.status for answer in answers} == {200, 303}
    assert "the last good build stays: output/site.json" in service.log.read_text()
    facts.write_text(text.replace("A site.", "Built anew."))
    within_two_seconds(lambda: "Built anew." in service.get(f"/f/{GUIDE}").text)
