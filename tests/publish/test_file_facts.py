"""The facts by which a build knows that a file or folder has not changed."""

from pathlib import Path

import pytest

from publish.file_facts import HasLinksError, is_older, read_tree


def test_a_file_system_with_whole_seconds_needs_a_file_older_than_two() -> None:
    second = 1_000_000_000
    assert is_older([(1, 0, 5 * second, 1)], 7 * second + 1)
    assert not is_older([(1, 0, 5 * second, 1)], 7 * second)
    assert is_older([(1, 0, 5 * second + 1, 1), None], 5 * second + 2)
    assert not is_older([(1, 0, 5 * second + 1, 1)], 5 * second + 1)


def test_a_tree_is_the_same_with_and_without_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/file").touch()
    (tmp_path / "a/b/file").touch()
    first = read_tree(str(tmp_path), {})
    assert read_tree(str(tmp_path), first) == first
    (tmp_path / "a/b/new").touch()
    second = read_tree(str(tmp_path), first)
    assert second == read_tree(str(tmp_path), {}) != first
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(HasLinksError):
        read_tree(str(tmp_path), second)


def test_files_of_a_folder_that_is_the_same_may_be_taken_over(tmp_path: Path) -> None:
    for name in ("a/in-place", "a/renamed", "b/in-place"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    first = read_tree(str(tmp_path), {})
    (tmp_path / "a/in-place").write_text("changed")
    (tmp_path / "b/in-place").write_text("changed")
    (tmp_path / "draft").write_text("changed")
    (tmp_path / "draft").replace(tmp_path / "a/renamed")
    now = read_tree(str(tmp_path), first)
    trusting = read_tree(str(tmp_path), first, trusts_folders=True)
    assert trusting[f"{tmp_path}/a"] == now[f"{tmp_path}/a"] != first[f"{tmp_path}/a"]
    assert trusting[f"{tmp_path}/b"] == first[f"{tmp_path}/b"] != now[f"{tmp_path}/b"]
