"""The backtest of a version at the desk, and the page of clients."""

from datetime import timedelta

import pytest

from tests.samples import CAMPAIGN, NOW
from tests.web.desk.conftest import DeskWorld
from tests.web.desk.test_campaigns import change_file, reload_files

STRICTER = CAMPAIGN.replace("at_least = 101", "at_most = 50").replace("rate = 50", "rate = 80")
VIEW = "capture.web.desk.backtest_view"


@pytest.fixture
def version(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> str:
    """A later version by which the two leads, which qualified, do not qualify."""
    for _ in range(2):
        desk.world.take()
    reload_files(monkeypatch)
    return change_file(desk, STRICTER)


def test_a_version_is_tried_on_past_leads_with_the_difference_on_the_bill(
    desk: DeskWorld, version: str
) -> None:
    ada = desk.user("ada")
    assert f"/campaigns/guide/backtest/{version}" in ada.get("/campaigns/guide").text
    text = ada.text(f"/campaigns/guide/backtest/{version}")
    assert "2 of 2 leads would get another verdict." in text
    assert "November 2026 2 0 $100.00 $0.00 -$100.00" in text
    assert "Company size is at least 101 Company size is at most 50 2 2 0" in text
    assert "the newest 2 of 2" in text
    first = desk.world.terms["guide"].version
    text = ada.text(f"/campaigns/guide/backtest/{first}")
    assert "None of 2 leads would get another verdict." in text


def test_a_look_at_the_changed_leads_is_logged(desk: DeskWorld, version: str) -> None:
    desk.user("ada").get(f"/campaigns/guide/backtest/{version}")
    ((_, access),) = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=5))
    assert (access.page, access.count) == ("backtest", 2)


def test_a_start_is_typed_and_a_wrong_one_is_explained(desk: DeskWorld, version: str) -> None:
    ada, path = desk.user("ada"), f"/campaigns/guide/backtest/{version}?since="
    assert "2 of 2 leads" in ada.text(f"{path}2026-11-23")
    assert "The criteria judged no lead in this time." in ada.text(f"{path}2026-11-24")
    answer = ada.get(f"{path}soon")
    assert answer.status_code == 422
    assert "Write the day like 2026-11-30." in answer.text
    assert 'value="soon"' in answer.text


def test_of_too_many_leads_a_page_judges_those_of_the_last_months(
    desk: DeskWorld, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, path = desk.user("ada"), f"/campaigns/guide/backtest/{version}"
    monkeypatch.setattr(f"{VIEW}.MOST_LEADS", 1)
    text = ada.text(f"{path}?since=2026-11-01")
    assert "All 2 leads since 2026-11-01 take longer than a page should" in text
    assert "Verdicts" not in text
    desk.clock.move_to(NOW + timedelta(days=30))
    ada.log_in("ada")  # the session has ended
    assert "These are the leads since 2026-12-01. All 2 leads take longer" in ada.text(path)
    desk.world.take(at=NOW + timedelta(days=30))
    assert "1 of 1 leads would get another verdict." in ada.text(path)


def test_all_of_too_many_leads_are_judged_as_a_piece_of_work(
    desk: DeskWorld, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, path = desk.user("ada"), f"/campaigns/guide/backtest/{version}"
    monkeypatch.setattr(f"{VIEW}.MOST_LEADS", 1)
    ada.get(path)
    assert ada.post(path, since="soon").location == f"/desk{path}?since=soon"
    page = ada.post(path, since="").location.removeprefix("/desk")
    assert "Waiting" in ada.text(page)
    desk.run_jobs()
    text = ada.text(page)
    assert f"Backtest of guide, version {version[:12]}" in text
    assert "2 of 2 leads would get another verdict." in text
    assert "November 2026 2 0 $100.00 $0.00 -$100.00" in text
    ((_, access),) = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=5))
    assert (access.page, access.count) == ("backtest", 2)


def test_only_the_agency_runs_a_backtest(desk: DeskWorld, version: str) -> None:
    carol = desk.user("carol")
    assert "acktest" not in carol.get("/campaigns/guide").text
    assert carol.get(f"/campaigns/guide/backtest/{version}").status_code == 403
    assert desk.user("ada").get("/campaigns/guide/backtest/unknown").status_code == 404


def test_clients_are_listed_with_contacts_terms_and_campaigns(desk: DeskWorld) -> None:
    answer = desk.user("ada").get("/clients")
    assert "/desk/campaigns/guide" in answer.text
    assert "/desk/statements?client=acme" in answer.text
    text = desk.user("ada").text("/clients")
    assert "clients/acme.toml" in text
    assert "clients/other.toml" in text
    assert "USD" in text
