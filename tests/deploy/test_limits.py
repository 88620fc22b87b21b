"""The limits of a push: sizes are checked before anything is unpacked."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from capture.errors import Refused, Unavailable
from gatepost.releases.git import Entry, Repository
from gatepost.releases.limits import MEGABYTE, Limits
from gatepost.settings import Settings
from tests.needs import needs
from tests.service import ROOT

LIMITS = Limits.from_settings(Settings(reserve_mb=0))


def files(*megabytes: float) -> list[Entry]:
    return [
        Entry("100644", "0" * 40, int(size * MEGABYTE), f"content/gated/{number}.bin")
        for number, size in enumerate(megabytes)
    ]


def test_the_unpacked_size_is_limited_and_the_message_lists_the_largest_files() -> None:
    with pytest.raises(Refused) as refusal:
        LIMITS.check_push(files(10, 40, 40, 40, 40, 40, 40, 30))
    assert str(refusal.value) == (
        "this push unpacks to 280 MB in content/, campaigns/ and clients/, and the maximum is "
        "200 MB (GATEPOST_LARGEST_PUSH_MB, which the operator sets); the largest: "
        "content/gated/1.bin (40 MB), content/gated/2.bin (40 MB), content/gated/3.bin (40 MB): "
        "make them smaller, and remove them from the commits as well"
    )


def test_a_push_at_the_limit_is_accepted() -> None:
    assert LIMITS.check_push(files(200)) == 400 * MEGABYTE


def test_the_number_of_files_is_limited() -> None:
    limits = replace(LIMITS, files=3)
    limits.check_push(files(1, 1, 1))
    with pytest.raises(Refused, match=r"4 files in .*, and the maximum is 3 \(GATEPOST_MOST_FILES"):
        limits.check_push(files(1, 1, 1, 1))


def test_the_releases_in_use_and_a_new_one_are_limited_together() -> None:
    LIMITS.check_releases(1900 * MEGABYTE, 100 * MEGABYTE)
    with pytest.raises(Refused, match=r"have 1,900 MB, .* 101 MB, .*GATEPOST_LARGEST_RELEASES_MB"):
        LIMITS.check_releases(1900 * MEGABYTE, 101 * MEGABYTE)


def test_publishing_leaves_the_reserve_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 600 * MEGABYTE})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    limits = replace(LIMITS, reserve=500 * MEGABYTE)
    limits.check_disk_space(tmp_path, 100 * MEGABYTE)
    with pytest.raises(Unavailable, match=r"room for 100 MB beside the 500 MB .*RESERVE_MB"):
        limits.check_disk_space(tmp_path, 101 * MEGABYTE)
    with pytest.raises(Unavailable, match="this push needs more"):
        replace(LIMITS, reserve=601 * MEGABYTE).check_disk_space(tmp_path)


def git(folder: Path, *command: str, stdin: str = "") -> str:
    result = subprocess.run(
        [needs("git"), *command],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


@pytest.mark.parametrize("leaf", ["a file", "an empty folder"])
def test_a_tree_that_expands_to_a_billion_files_is_refused_early(tmp_path: Path, leaf: str) -> None:
    git(tmp_path, "init", "--quiet", "--bare", ".")
    name = git(tmp_path, "hash-object", "-w", "--stdin", stdin="x")
    line = f"100644 blob {name}" if leaf == "a file" else ""
    tree = git(tmp_path, "mktree", stdin=f"{line}\tx\n" if line else "")
    for _ in range(30):  # 2 to the power of 30
        tree = git(tmp_path, "mktree", stdin=f"040000 tree {tree}\ta\n040000 tree {tree}\tb\n")
    with pytest.raises(Refused, match="more than 100,000 files"):
        Repository(tmp_path).entries(tree)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the settings of deploy/README.md, but without hooks; and a clone."""
    bare = tmp_path / "live.git"
    bare.mkdir()
    git(bare, "init", "--quiet", "--bare", "--initial-branch=main", ".")
    options = re.findall(
        r"git config --file live\.git/config (\S+) (\S+)", (ROOT / "deploy/README.md").read_text()
    )
    for name, value in options:
        if name != "core.hooksPath":
            git(bare, "config", name, value)
    assert len(options) == 5
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "clone")
    return bare


def commit(clone: Path, tree: str) -> str:
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@writers.example")
    return git(clone, *author, "commit-tree", tree, "-m", "Pushed")


def push(bare: Path, commit: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "push", str(bare), f"{commit}:refs/heads/main"],
        cwd=bare.parent / "clone", capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_repository_stores_each_push_in_one_pack_file(repository: Path) -> None:
    clone = repository.parent / "clone"
    blob = git(clone, "hash-object", "-w", "--stdin", stdin="x")
    tree = git(clone, "mktree", stdin=f"100644 blob {blob}\tx\n")
    assert push(repository, commit(clone, tree)).returncode == 0
    assert len(list((repository / "objects/pack").glob("*.pack"))) == 1
    assert not [path for path in (repository / "objects").glob("??/*") if path.is_file()]


def test_the_repository_refuses_invalid_trees_and_too_large_pushes(
    repository: Path,
) -> None:
    clone = repository.parent / "clone"
    blob = git(clone, "hash-object", "-w", "--stdin", stdin="x")
    raw = b"100644 ..\0" + bytes.fromhex(blob)
    tree = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        cwd=clone, input=raw, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    result = push(repository, commit(clone, tree))
    assert (result.returncode, "hasDotdot" in result.stderr) == (1, True), result.stderr
    git(repository, "config", "receive.maxInputSize", "100")
    tree = git(clone, "mktree", stdin=f"100644 blob {blob}\tx\n")
    result = push(repository, commit(clone, tree))
    assert (result.returncode, "exceeds" in result.stderr) == (1, True), result.stderr
