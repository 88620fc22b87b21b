"""The newest versions of a campaign file in a clone, and in the repository of a release."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from capture.campaign import git_history
from capture.campaign.git_history import committed_versions
from gatepost.releases.store import Release
from tests.repositories import commit_file, git

PATH = "project/campaigns/guide.toml"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the project in a folder of its own."""
    folder = tmp_path / "clone"
    (folder / "project/campaigns").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    return folder


def texts(campaigns: Path) -> list[str]:
    return [each.content.decode() for each in committed_versions(campaigns, "guide")]


def test_versions_of_all_branches_are_listed_the_newest_first_each_once(clone: Path) -> None:
    commits = [commit_file(clone, PATH, text) for text in ("one", "two", "one")]
    git(clone, "checkout", "-q", "-b", "proposal", commits[1])
    commit_file(clone, PATH, "three")
    git(clone, "checkout", "-q", "main")
    (clone / PATH).write_text("not committed")
    git(clone, "stash")
    found = committed_versions(clone / "project/campaigns", "guide")
    assert {each.content for each in found} == {b"one", b"two", b"three"}
    by_content = {each.content: each for each in found}
    assert by_content[b"one"].commit == commits[0]
    assert by_content[b"one"].version == sha256(b"one").hexdigest()
    assert found[-1] == by_content[b"one"]


def test_only_the_newest_commits_and_no_large_file_are_read(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two", "x" * (256 * 1024 + 1), "three"):
        commit_file(clone, PATH, text)
    monkeypatch.setattr(git_history, "MOST_COMMITS", 3)
    assert texts(clone / "project/campaigns") == ["three", "two"]


def test_a_removed_file_keeps_its_versions(clone: Path) -> None:
    commit_file(clone, PATH, "one")
    commit_file(clone, "other.txt", "so that the folder remains")
    git(clone, "rm", "-q", PATH)
    git(clone, "commit", "-q", "-m", "removed")
    (clone / "project/campaigns").mkdir(parents=True, exist_ok=True)
    assert texts(clone / "project/campaigns") == ["one"]


def make_release(folder: Path, repository: Path, commit: str) -> Path:
    """A release as a push makes it, behind the link to the live one. Returns its campaigns."""
    release = folder / "releases/one"
    (release / "campaigns").mkdir(parents=True)
    Release("one", commit, str(repository), "change", datetime(2026, 11, 2, tzinfo=UTC)).write(
        release
    )
    (folder / "current").symlink_to("releases/one")
    return folder / "current/campaigns"


@pytest.fixture
def bare(clone: Path, tmp_path: Path) -> tuple[Path, str]:
    """A bare repository of a server, and the commit that is live."""
    (clone / "campaigns").mkdir()
    commit = [commit_file(clone, "campaigns/guide.toml", text) for text in ("one", "two")][-1]
    git(clone, "clone", "-q", "--bare", ".", str(tmp_path / "live.git"))
    return tmp_path / "live.git", commit


def test_a_release_has_the_history_of_its_commit(tmp_path: Path, bare: tuple[Path, str]) -> None:
    campaigns = make_release(tmp_path / "releases", *bare)
    assert texts(campaigns) == ["two", "one"]


def test_the_configuration_of_the_repository_is_not_followed(
    tmp_path: Path, bare: tuple[Path, str]
) -> None:
    """It has another owner, and git runs commands that a configuration names."""
    repository, commit = bare
    (repository / "config").write_text("not even a configuration")
    assert texts(make_release(tmp_path / "releases", repository, commit)) == ["two", "one"]


@pytest.mark.parametrize("commit", ["--all", "", "0" * 40])
def test_a_release_of_an_unknown_commit_has_no_versions(
    tmp_path: Path, bare: tuple[Path, str], commit: str
) -> None:
    assert texts(make_release(tmp_path / "releases", bare[0], commit)) == []


def test_without_a_repository_or_a_readable_release_there_are_no_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: tuple[Path, str], clone: Path
) -> None:
    campaigns = make_release(tmp_path / "releases", tmp_path / "missing.git", bare[1])
    assert texts(campaigns) == []
    (campaigns.parent / "release.json").write_text("[]")
    assert texts(campaigns) == []
    (tmp_path / "plain").mkdir()
    assert texts(tmp_path / "plain") == []
    monkeypatch.setenv("PATH", str(tmp_path))
    assert texts(clone / "campaigns") == []
