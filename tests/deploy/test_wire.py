"""The protocol with the build worker: files arrive as they were sent, only in their folders."""

import contextlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.errors import Unavailable
from gatepost.releases.wire import WireError, receive_files, send_files

FOLDERS = ("output",)


class StreamWithHook(io.BytesIO):
    """A stream that calls a function after each header: between the size and the content."""

    def __init__(self, after_header: Callable[[], object]) -> None:
        super().__init__()
        self._after_header = after_header

    def write(self, data: Any) -> int:
        size = super().write(data)
        if data.startswith(b"{"):
            self._after_header()
        return size


def file_message(header: object, content: bytes = b"") -> bytes:
    return json.dumps(header).encode() + b"\n" + content


def test_a_folder_arrives_unchanged_and_without_its_links(tmp_path: Path) -> None:
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


def test_a_file_that_grows_while_it_is_sent_does_not_break_the_stream(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "output").mkdir(parents=True)
    target.mkdir()
    growing = source / "output/a.log"
    growing.write_bytes(b"first line\n")
    (source / "output/b.html").write_bytes(b"<p>b</p>")

    def append() -> None:
        with growing.open("ab") as file:
            file.write(b"second line\n")

    stream = StreamWithHook(append)
    send_files(stream, source, FOLDERS)
    stream.seek(0)
    receive_files(stream, target, FOLDERS, 1000)
    assert (target / "output/a.log").read_bytes() == b"first line\n"
    assert (target / "output/b.html").read_bytes() == b"<p>b</p>"


def test_a_file_that_becomes_shorter_while_it_is_sent_is_reported_by_name(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    file = tmp_path / "output/a.html"
    file.write_bytes(b"<p>a</p>")
    stream = StreamWithHook(lambda: os.truncate(file, 3))
    with pytest.raises(Unavailable, match=r"^output/a\.html: became shorter while it was sent"):
        send_files(stream, tmp_path, FOLDERS)
    stream.seek(0)
    (target := tmp_path / "to").mkdir()
    with pytest.raises(WireError):
        receive_files(stream, target, FOLDERS, 1000)


def test_a_file_that_the_receiver_has_is_linked_and_not_sent(tmp_path: Path) -> None:
    source, target, live = tmp_path / "from", tmp_path / "to", tmp_path / "live"
    for folder in (source / "output", live, target):
        folder.mkdir(parents=True)
    (source / "output/new.html").write_text("<p>new</p>")
    (source / "output/same.html").write_text("<p>same</p>")
    (live / "same.html").write_text("<p>same</p>")
    stream = io.BytesIO()
    send_files(stream, source, FOLDERS, lambda path: path == "output/same.html")
    assert b"<p>same</p>" not in stream.getvalue()
    stream.seek(0)
    known = {"output/same.html": live / "same.html"}
    assert receive_files(stream, target, FOLDERS, 20, known=known) == set(known)
    assert (target / "output/same.html").samefile(live / "same.html")
    assert (target / "output/new.html").read_text() == "<p>new</p>"
    stream.seek(0)
    (tmp_path / "other").mkdir()
    with pytest.raises(WireError):
        receive_files(stream, tmp_path / "other", FOLDERS, 20)


@pytest.mark.parametrize(
    "path",
    ["../x", "output/../x", "/etc/x", "content/x", "output", "output/", "output//x", "output/./x",
     "output/a\0b", "", ".", "campaigns/x.toml", 7, None],
)  # fmt: skip
def test_nothing_is_written_outside_the_folder(tmp_path: Path, path: object) -> None:
    stream = io.BytesIO(file_message({"path": path, "size": 0}) + b"\n")
    with pytest.raises(WireError):
        receive_files(stream, tmp_path, FOLDERS, 10)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["output"]


@pytest.mark.parametrize(
    "stream",
    [b"", b"\xff\n", b"[]\n", b"{}\n", file_message({"path": "output/x", "size": -1}),
     file_message({"path": "output/x", "size": "1"}),
     file_message({"path": "output/x", "size": 3}, b"ab"),
     file_message({"path": "output/x", "size": 1}, b"a"), b"x" * 20_000,
     file_message({"path": "output/x", "size": 11}, b"a" * 11) + b"\n"],
)  # fmt: skip
def test_an_incomplete_too_large_or_invalid_stream_is_refused(
    tmp_path: Path, stream: bytes
) -> None:
    with pytest.raises(WireError):
        receive_files(io.BytesIO(stream), tmp_path, FOLDERS, 10)


def test_a_file_is_never_written_twice_or_through_a_link(tmp_path: Path) -> None:
    twice = file_message({"path": "output/x", "size": 0}) * 2 + b"\n"
    with pytest.raises(FileExistsError):
        receive_files(io.BytesIO(twice), tmp_path, FOLDERS, 10)
    (tmp_path / "output/link").symlink_to("/nowhere/at/all")
    through_link = file_message({"path": "output/link", "size": 0}) + b"\n"
    with pytest.raises(OSError, match="link"):
        receive_files(io.BytesIO(through_link), tmp_path, FOLDERS, 10)


@given(
    rest=st.binary(max_size=200), parts=st.lists(st.sampled_from(["..", ".", "", "a", "output"]))
)
def test_no_stream_at_all_writes_outside_the_folder(
    rest: bytes, parts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wire")
    target = folder / "in/target"
    target.mkdir(parents=True)
    stream = io.BytesIO(file_message({"path": "/".join(parts), "size": 0}) + rest)
    with contextlib.suppress(WireError, OSError):
        receive_files(stream, target, FOLDERS, 100)
    outside = [path for path in folder.rglob("*") if not path.is_relative_to(target)]
    assert outside == [folder / "in"]
    assert all(
        os.path.commonpath([path, target / "output"]) == str(target / "output")
        for path in target.iterdir()
    )
