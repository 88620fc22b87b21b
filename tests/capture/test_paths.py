"""No name leads to a file outside its folder."""
# ruff: noqa: RUF001 - look-alikes are tested

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
WORDS = ["", ".", "..", "~", "%", "images", "posts", "dot.svg", "secret", "etc", "passwd"]
WORDS += ["proc", "self", "environ", "out", "deep", "ring", "back", "content", "a" * 300]
PARTS = st.sampled_from(WORDS)
DOTS = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "．．", "‥", "․․", "%ef%bc%8e．"]
SLASHES = ["/", "//", "\\", "%2f", "%5c", "%252F", "／", "＼", "⁄"]


@st.composite
def names(draw: st.DrawFn) -> str:
    """Names of parts, dots and slashes in every spelling."""
    parts = draw(st.lists(PARTS | st.sampled_from(DOTS), min_size=1, max_size=8))
    start = draw(st.sampled_from(["", "", "/", "////", "\\", "%2f", "/proc/self/root/"]))
    return start + "".join(
        part if number == 0 else draw(st.sampled_from(SLASHES)) + part
        for number, part in enumerate(parts)
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links out of it, into it and in a circle, and a secret beside it."""
    parent = tmp_path_factory.mktemp("parent")
    folder = parent / "content"
    (folder / "images/deep").mkdir(parents=True)
    (folder / "posts").mkdir()
    (folder / "images/dot.svg").write_text("<svg/>")
    (parent / "secret").write_text(SECRET)
    (folder / "images/secret").symlink_to(parent / "secret")
    (folder / "out").symlink_to(parent)
    (folder / "posts/etc").symlink_to("/etc")
    (folder / "deep").symlink_to("images/deep")
    (folder / "ring").symlink_to("ring")
    (folder / "back").symlink_to("images")
    (folder / "proc").symlink_to("/proc/self/root")
    return folder


def readings(name: str) -> Iterator[str]:
    """The forms in which Pelican, a browser, a file system or a plugin may read a name."""
    for _ in range(4):
        for form in (name, posixpath.normpath(name), name.replace("\\", "/")):
            yield form
            yield unicodedata.normalize("NFKC", form)
        name = unquote(name)


@given(name=names())
@example(name="a/../\uff0f")  # normalized first, then its look-alikes are replaced
@example(name="a\uff0fb/..%5c..")  # decoded first, and the look-alike stays
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
def test_find_file_returns_only_a_regular_file_inside(
    content: Path, name: str, beside: str
) -> None:
    file = ConfinedFolder(content).find_file(name_below(name, beside))
    if file is not None:
        assert file.resolve() == content.resolve() / "images/dot.svg"


@pytest.mark.parametrize(
    "name", ["images/dot.svg", "images/../images/dot.svg", "./images//dot.svg", "back/dot.svg"]
)
def test_a_name_inside_is_found(content: Path, name: str) -> None:
    folder = ConfinedFolder(content)
    assert folder.why_no_file(name) == ""
    assert folder.find_file(name) is not None


@pytest.mark.parametrize(
    ("name", "problem"),
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
def test_a_name_that_is_not_allowed_has_a_reason(content: Path, name: str, problem: str) -> None:
    assert ConfinedFolder(content).why_no_file(name) == problem


def test_dots_after_a_link_stay_inside_for_the_system_and_for_pelican(content: Path) -> None:
    """`deep` links to images/deep. So `deep/..` is images for the system, content for Pelican."""
    assert ConfinedFolder(content).why_outside("deep/../dot.svg") == ""
