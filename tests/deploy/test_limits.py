"""What a push may take of the server, decided by sizes alone, before anything is unpacked."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from capture.errors import Refused, Unavailable
from gatepost.releases.git import Entry, Repository
from gatepost.releases.limits import MEGABYTE, Limits
from gatepost.settings import Settings
from tests.needs import needs

LIMITS = Limits.of(Settings(reserve_mb=0))


def files(*megabytes: float) -> list[Entry]:
    return [
        Entry("100644", "0" * 40, int(size * MEGABYTE), f"content/gated/{number}.bin")
        for number, size in enumerate(megabytes)
    ]


def test_what_a_push_unpacks_to_is_bounded_and_the_largest_files_are_named() -> None:
    with pytest.raises(Refused) as told:
        LIMITS.check_push(files(10, 40, 40, 40, 40, 40, 40, 30))
    assert str(told.value) == (
        "this push unpacks to 280 MB in content/, campaigns/ and clients/, and 200 MB is the most "
        "(GATEPOST_LARGEST_PUSH_MB, which the operator sets); the largest: "
        "content/gated/1.bin (40 MB), content/gated/2.bin (40 MB), content/gated/3.bin (40 MB): "
        "make them smaller, and take them out of the commits as well"
    )


def test_at_the_limit_a_push_is_taken() -> None:
    assert LIMITS.check_push(files(200)) == 400 * MEGABYTE


def test_the_number_of_files_is_bounded() -> None:
    few = replace(LIMITS, files=3)
    few.check_push(files(1, 1, 1))
    with pytest.raises(Refused, match=r"4 files in .*, and 3 is the most \(GATEPOST_MOST_FILES"):
        few.check_push(files(1, 1, 1, 1))


def test_releases_that_readers_need_and_a_new_one_are_bounded_together() -> None:
    LIMITS.check_releases(1900 * MEGABYTE, 100 * MEGABYTE)
    with pytest.raises(Refused, match=r"have 1,900 MB, .* 101 MB, .*GATEPOST_LARGEST_RELEASES_MB"):
        LIMITS.check_releases(1900 * MEGABYTE, 101 * MEGABYTE)


def test_publishing_leaves_the_reserve_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 600 * MEGABYTE})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    some = replace(LIMITS, reserve=500 * MEGABYTE)
    some.check_room(tmp_path, 100 * MEGABYTE)
    with pytest.raises(Unavailable, match=r"room for 100 MB beside the 500 MB .*RESERVE_MB"):
        some.check_room(tmp_path, 101 * MEGABYTE)
    with pytest.raises(Unavailable, match="this push wants more"):
        replace(LIMITS, reserve=601 * MEGABYTE).check_room(tmp_path)


def git(folder: Path, *command: str, given: str = "") -> str:
    ran = subprocess.run(
        [needs("git"), *command],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


@pytest.mark.parametrize("leaf", ["a file", "an empty folder"])
def test_a_tree_that_names_itself_a_million_times_is_not_walked_to_its_end(
    tmp_path: Path, leaf: str
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", ".")
    name = git(tmp_path, "hash-object", "-w", "--stdin", given="x")
    line = f"100644 blob {name}" if leaf == "a file" else ""
    tree = git(tmp_path, "mktree", given=f"{line}\tx\n" if line else "")
    for _ in range(30):  # 2 to the power of 30
        tree = git(tmp_path, "mktree", given=f"040000 tree {tree}\ta\n040000 tree {tree}\tb\n")
    with pytest.raises(Refused, match="more than 100,000 files"):
        Repository(tmp_path).entries(tree)
