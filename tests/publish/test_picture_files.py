"""The files of pictures are made by several processes, and cached only when they are complete."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publish import child_processes
from publish.file_types import content_problem
from publish.plugins import gallery
from publish.plugins.picture_files import clean_drafts, find_picture_files, make_picture_files
from tests.publish.test_pictures import photo, showing, write_files
from tests.waiting import wait_until


@pytest.mark.parametrize("processors", [1, 2, 5])
def test_the_files_are_the_same_with_any_number_of_processors(
    site: Any, monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    for name in "abc":
        photo(site.root / f"content/images/{name}.jpg", (450 + ord(name), 300))
    expected = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for files, folder in (
            write_files(site.root / f"content/images/{name}.jpg", site.root / "other")
            for name in "abc"
        )
        for name in files.names
    }
    monkeypatch.setattr(child_processes, "processor_count", lambda: processors)
    showing(site, "\n\n".join(f"![{name}]({{static}}/images/{name}.jpg)" for name in "abc"))
    made = {path.name: path for path in (site.site / "pictures").iterdir()}
    assert {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in made.items()
    } == expected


def test_a_picture_whose_encoder_crashes_is_named(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(source: Path, cache: Path) -> None:
        del source, cache
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(gallery, "make_picture_files", crash)
    photo(site.root / "content/images/shot.jpg", (30, 20))
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post("Text.\n\n![Bad]({static}/images/shot.jpg)")
    (message,) = site.mistakes_of_build()
    assert message == (
        "content/posts/post.md:6: content/images/shot.jpg crashes the library that opens it "
        "(exit code -9): make it smaller or simpler"
    )


def test_what_a_killed_build_leaves_is_deleted_by_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / "pictures/drafts/tmpkilled/files/half.avif"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    with clean_drafts(tmp_path):
        assert not left.exists()
        left.parent.mkdir(parents=True)
        with clean_drafts(tmp_path):  # a second build beside the first one
            assert left.parent.exists()


def test_a_draft_is_no_picture_of_the_cache(tmp_path: Path, monkeypatch: Any) -> None:
    source, cache = photo(tmp_path / "a.jpg", (30, 20)), tmp_path / "cache"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            make_picture_files(source, cache)
    assert find_picture_files(source, cache) is None
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def write_other_json(path: Path) -> None:
    path.write_text('{"picture": {"width": []}}')


@pytest.mark.parametrize("ending", ["picture.json", ".avif", ".webp", ".jpg"])
@pytest.mark.parametrize("damage", [cut, make_empty, Path.unlink, write_other_json])
def test_a_damaged_file_of_the_cache_is_made_again(
    site: Any, ending: str, damage: Callable[[Path], object]
) -> None:
    photo(site.root / "content/images/shot.jpg", (450, 300))
    showing(site, "![Sky](../images/shot.jpg)")
    complete = site.files()
    cached = sorted((site.root / "cache/pictures").rglob(f"*{ending}"))
    damage(cached[0])
    site.set("ANY_SETTING = 1")  # else the page needs no picture file of the cache
    site.build()
    assert site.files() == complete
    assert find_picture_files(site.root / "content/images/shot.jpg", site.root / "cache")


def test_the_cache_of_an_earlier_version_is_used(tmp_path: Path) -> None:
    source, cache = photo(tmp_path / "a.jpg", (30, 20)), tmp_path / "cache"
    _, folder = make_picture_files(source, cache)
    index = folder / "picture.json"
    data = json.loads(index.read_text())
    del data["sizes"]
    index.write_text(json.dumps(data))
    assert find_picture_files(source, cache)
    make_empty(next(folder.glob("*.avif")))
    assert find_picture_files(source, cache) is None


def test_a_killed_build_leaves_nothing_half_written(site: Any) -> None:
    """The build is killed as soon as a picture is in the cache, while others are made."""
    for name in "abcd":
        photo(site.root / f"content/images/{name}.jpg", (900 + ord(name), 600))
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.post("\n\n".join(f"![{name}](../images/{name}.jpg)" for name in "abcd"))
    pictures = site.root / "cache/pictures"
    with subprocess.Popen(
        [sys.executable, "-m", "pelican", "-s", "pelicanconf.py"],
        cwd=site.root,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as build:
        wait_until(lambda: any(pictures.glob("??/*/picture.json")) or build.poll() is not None)
        os.killpg(build.pid, signal.SIGKILL)
    folders = [path.parent for path in pictures.glob("??/*/picture.json")]
    assert folders
    for folder in folders:
        for path in folder.iterdir():
            assert path.name == "picture.json" or content_problem(path) == ""
    site.build()
    made = [
        find_picture_files(site.root / f"content/images/{n}.jpg", site.root / "cache")
        for n in "abcd"
    ]
    names = {name for files, _ in filter(None, made) for name in files.names}
    assert len(names) == 4 * 5
    assert {path.name for path in (site.site / "pictures").iterdir()} == names
    assert [path.name for path in (pictures / "drafts").iterdir()] == [".lock"]
