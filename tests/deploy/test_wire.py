"""Files between two users who do not trust each other: what arrives is what was sent."""

import contextlib
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.releases.wire import WireError, receive_files, send_files

FOLDERS = ("output",)


def sent(facts: object, content: bytes = b"") -> bytes:
    return json.dumps(facts).encode() + b"\n" + content


def test_a_folder_arrives_as_it_is_and_links_stay_behind(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "output/www/deep").mkdir(parents=True)
    (source / "other").mkdir()
    target.mkdir()
    (source / "output/www/deep/page.html").write_text("<p>ä</p>")
    (source / "output/empty").touch()
    (source / "output/passwd").symlink_to("/etc/passwd")
    (source / "output/www/outside").symlink_to(source / "other")
    (source / "other/secret").touch()
    stream = io.BytesIO()
    send_files(stream, source, FOLDERS)
    stream.seek(0)
    receive_files(stream, target, FOLDERS, 1000)
    files = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert files == {"output/www/deep/page.html", "output/empty"}
    assert (target / "output/www/deep/page.html").read_text() == "<p>ä</p>"


@pytest.mark.parametrize(
    "path",
    ["../x", "output/../x", "/etc/x", "content/x", "output", "output/", "output//x", "output/./x",
     "output/a\0b", "", ".", "campaigns/x.toml", 7, None],
)  # fmt: skip
def test_nothing_is_written_outside_the_folder(tmp_path: Path, path: object) -> None:
    with pytest.raises(WireError):
        receive_files(io.BytesIO(sent({"path": path, "size": 0}) + b"\n"), tmp_path, FOLDERS, 10)
    assert [str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")] == ["output"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\n", b"[]\n", b"{}\n", sent({"path": "output/x", "size": -1}),
     sent({"path": "output/x", "size": "1"}), sent({"path": "output/x", "size": 3}, b"ab"),
     sent({"path": "output/x", "size": 1}, b"a"), b"x" * 20_000,
     sent({"path": "output/x", "size": 11}, b"a" * 11) + b"\n"],
)  # fmt: skip
def test_what_is_cut_off_too_large_or_no_list_of_files_is_told(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(WireError):
        receive_files(io.BytesIO(raw), tmp_path, FOLDERS, 10)


def test_a_file_is_never_written_twice_or_through_a_link(tmp_path: Path) -> None:
    twice = sent({"path": "output/x", "size": 0}) * 2 + b"\n"
    with pytest.raises(FileExistsError):
        receive_files(io.BytesIO(twice), tmp_path, FOLDERS, 10)
    (tmp_path / "output/link").symlink_to("/nowhere/at/all")
    with pytest.raises(OSError, match="link"):
        receive_files(
            io.BytesIO(sent({"path": "output/link", "size": 0}) + b"\n"), tmp_path, FOLDERS, 10
        )


@given(raw=st.binary(max_size=200), parts=st.lists(st.sampled_from(["..", ".", "", "a", "output"])))
def test_whatever_comes_stays_in_the_folder(
    raw: bytes, parts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wire")
    target = folder / "in/target"
    target.mkdir(parents=True)
    stream = io.BytesIO(sent({"path": "/".join(parts), "size": 0}) + raw)
    with contextlib.suppress(WireError, OSError):
        receive_files(stream, target, FOLDERS, 100)
    outside = [path for path in folder.rglob("*") if not path.is_relative_to(target)]
    assert outside == [folder / "in"]
    assert all(
        os.path.commonpath([path, target / "output"]) == str(target / "output")
        for path in target.iterdir()
    )
