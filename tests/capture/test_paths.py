"""Whatever a name is made of, it leads to no file outside of its folder."""
# ruff: noqa: RUF001 - look-alikes are what is tested

import os
import posixpath
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.paths import ConfinedFolder, name_below

SECRET = "canary"
OURS = ["", ".", "..", "~", "%", "images", "posts", "dot.svg", "secret", "etc", "passwd"]
OURS += ["proc", "self", "environ", "out", "deep", "ring", "back", "content", "a" * 300]
PARTS = st.sampled_from(OURS)
DOTS = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "．．", "‥", "․․", "%ef%bc%8e．"]
SLASHES = ["/", "//", "\\", "%2f", "%5c", "%252F", "／", "＼", "⁄"]


@st.composite
def names(draw: st.DrawFn) -> str:
    """Parts, dots and slashes in every spelling."""
    parts = draw(st.lists(PARTS | st.sampled_from(DOTS), min_size=1, max_size=8))
    start = draw(st.sampled_from(["", "", "/", "////", "\\", "%2f", "/proc/self/root/"]))
    return start + "".join(
        part if number == 0 else draw(st.sampled_from(SLASHES)) + part
        for number, part in enumerate(parts)
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links out of it, into it and in a circle, and a secret beside it."""
    around = tmp_path_factory.mktemp("around")
    folder = around / "content"
    (folder / "images/deep").mkdir(parents=True)
    (folder / "posts").mkdir()
    (folder / "images/dot.svg").write_text("<svg/>")
    (around / "secret").write_text(SECRET)
    (folder / "images/secret").symlink_to(around / "secret")
    (folder / "out").symlink_to(around)
    (folder / "posts/etc").symlink_to("/etc")
    (folder / "deep").symlink_to("images/deep")
    (folder / "ring").symlink_to("ring")
    (folder / "back").symlink_to("images")
    (folder / "proc").symlink_to("/proc/self/root")
    return folder


def readings(name: str) -> Iterator[str]:
    """What Pelican, a browser, a file system or a careless plugin may take a name for."""
    for _ in range(4):
        for way in (name, posixpath.normpath(name), name.replace("\\", "/")):
            yield way
            yield unicodedata.normalize("NFKC", way)
        name = unquote(name)


@given(name=names())
@example(name="a/../\uff0f")  # shortened first, then read as the signs that it looks like
@example(name="a\uff0fb/..%5c..")  # decoded first, and the look-alike kept
def test_every_reading_of_an_allowed_name_stays_inside(content: Path, name: str) -> None:
    folder = ConfinedFolder(content)
    if folder.why_outside(name):
        assert folder.find_file(name) is None
        return
    inside = os.path.realpath(content)
    for reading in readings(name):
        real = os.path.realpath(content / reading)
        assert real == inside or real.startswith(f"{inside}/"), reading


@given(name=names(), beside=st.sampled_from(["", "posts", "images/deep"]))
def test_a_file_that_is_found_is_a_regular_one_inside(
    content: Path, name: str, beside: str
) -> None:
    found = ConfinedFolder(content).find_file(name_below(name, beside))
    if found is not None:
        assert found.resolve() == content.resolve() / "images/dot.svg"


@pytest.mark.parametrize(
    "name", ["images/dot.svg", "images/../images/dot.svg", "./images//dot.svg", "back/dot.svg"]
)
def test_a_name_inside_is_found(content: Path, name: str) -> None:
    folder = ConfinedFolder(content)
    assert folder.why_no_file(name) == ""
    assert folder.find_file(name) is not None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("../secret", "leads out of content/"),
        ("/etc/passwd", "leads out of content/"),
        ("deep/../../secret", "leads out of content/"),
        ("images/secret", "leads out of content/"),
        ("a\0b", "has a character that is not allowed in a file name: remove it"),
        ("a%00b", "has a character that is not allowed in a file name: remove it"),
        ("images", "is a folder: name a file"),
        ("%" + "25" * 300, "is encoded too many times: write it plainly"),
        ("gone.svg", ""),
    ],
)
def test_why_a_name_is_not_used(content: Path, name: str, fault: str) -> None:
    assert ConfinedFolder(content).why_no_file(name) == fault


def test_a_link_within_and_back_is_where_the_system_says(content: Path) -> None:
    """`deep` is images/deep, so `deep/..` is images: inside for both readings."""
    assert ConfinedFolder(content).why_outside("deep/../dot.svg") == ""
