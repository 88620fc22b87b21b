"""Versions of a campaign that were committed and never published: listed, and tried."""

from pathlib import Path

import pytest

from tests.repositories import commit_file, git
from tests.samples import CAMPAIGN, campaign
from tests.web.desk.conftest import DeskWorld
from tests.web.desk.test_backtest import STRICTER, VIEW
from tests.web.desk.test_campaigns import change_file, reload_files

FILE = "campaigns/guide.toml"
HEADING = "Committed, never in force"


@pytest.fixture
def proposal(desk: DeskWorld) -> str:
    """The version of a branch by which the two leads, which qualified, do not qualify."""
    for _ in range(2):
        desk.world.take()
    propose(desk.folder, STRICTER)
    return campaign(text=STRICTER).version


def propose(folder: Path, text: str) -> str:
    """Commits the file in a branch, and goes back to the main branch. Returns the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
        commit_file(folder, FILE, CAMPAIGN)
    git(folder, "checkout", "-q", "-b", f"proposal-{abs(hash(text))}")
    commit = commit_file(folder, FILE, text)
    git(folder, "checkout", "-q", "main")
    return commit


def test_a_version_of_a_branch_is_listed_and_tried(desk: DeskWorld, proposal: str) -> None:
    ada = desk.user("ada")
    text = ada.text("/campaigns/guide")
    section = text.partition(HEADING)[2].partition("Nothing of the agreement")[0]
    assert f"{proposal[:12]} commit" in section
    assert "23 Nov 2026, 15:00 Backtest" in section
    assert desk.world.terms["guide"].version[:12] not in section
    text = ada.text(f"/campaigns/guide/backtest/{proposal}")
    assert f"version {proposal[:12]} , committed and never in force" in text
    assert "2 of 2 leads would get another verdict." in text
    assert "November 2026 2 0 $100.00 $0.00 -$100.00" in text
    assert ada.get(f"/campaigns/guide/versions/{proposal}").status_code == 404


def test_it_is_tried_on_all_leads_as_long_work(
    desk: DeskWorld, proposal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, path = desk.user("ada"), f"/campaigns/guide/backtest/{proposal}"
    monkeypatch.setattr(f"{VIEW}.MOST_LEADS", 1)
    ada.get(path)
    page = ada.post(path, since="").location.removeprefix("/desk")
    desk.run_jobs()
    assert "November 2026 2 0 $100.00 $0.00 -$100.00" in ada.text(page)


def test_a_version_that_is_published_is_a_version_in_force(
    desk: DeskWorld, proposal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its first lead too, with its differences and a backtest."""
    reload_files(monkeypatch)
    assert change_file(desk, STRICTER) == proposal
    answer = desk.user("ada").get("/campaigns/guide")
    assert HEADING not in answer.text
    assert answer.text.count(f"/campaigns/guide/backtest/{proposal}") == 1


def test_an_invalid_version_is_listed_with_its_mistakes_and_not_tried(desk: DeskWorld) -> None:
    text = CAMPAIGN.replace("hours = 48", "hours = true")
    propose(desk.folder, text)
    page = desk.user("ada").text("/campaigns/guide")
    assert "Not a valid campaign file, so it cannot be tried: guide.toml:" in page
    assert "must be a whole number without quotes" in page
    version = campaign(text=text.replace("true", "72")).version
    assert desk.user("ada").get(f"/campaigns/guide/backtest/{version}").status_code == 404


def test_a_version_with_another_client_is_not_listed_and_not_tried(desk: DeskWorld) -> None:
    text = CAMPAIGN.replace('client = "acme"', 'client = "other"')
    propose(desk.folder, text)
    ada, version = desk.user("ada"), campaign(text=text).version
    assert HEADING not in ada.text("/campaigns/guide")
    assert ada.get(f"/campaigns/guide/backtest/{version}").status_code == 404


def test_a_version_that_neither_git_nor_the_ledger_has_is_not_found(
    desk: DeskWorld, proposal: str
) -> None:
    ada = desk.user("ada")
    for version in ("0" * 64, proposal[:12], proposal.upper(), "HEAD", "--all"):
        assert ada.get(f"/campaigns/guide/backtest/{version}").status_code == 404
        assert ada.post(f"/campaigns/guide/backtest/{version}").status_code == 404


def test_only_the_agency_sees_what_was_never_in_force(desk: DeskWorld, proposal: str) -> None:
    carol = desk.user("carol")
    assert proposal[:12] not in carol.text("/campaigns/guide")
    assert carol.get(f"/campaigns/guide/backtest/{proposal}").status_code == 403
    for ending in ("", "/agreement.pdf"):
        assert carol.get(f"/campaigns/guide/versions/{proposal}{ending}").status_code == 404
