"""The released site, as shipped, holds no gated or confidential file and no personal data."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
KEPT_BACK = ("content/gated", "campaigns", "clients")
PIECE = 48  # bytes in a row that no file shares with a gated one by chance
COUNTRIES = {"United States"}  # a form offers them all
MAIL = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Builds, and lists every file that was opened meanwhile, by whatever part of the program.
BUILD = """
import sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from click.testing import CliRunner
from publish.cli import build
done = CliRunner().invoke(build, ["--production", "--release"])
print(*opened, sep="\\n")
sys.exit(done.output if done.exit_code else 0)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ours, with a photo that says who took it, and with leads that were taken."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("pelicanconf.py", "publishconf.py", "theme", "publish"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("content", "campaigns", "clients"):
        shutil.copytree(ROOT / name, folder / name)
    message = Image.Exif()
    message[0x013B] = "Photographer Private"
    Image.radial_gradient("L").save(folder / "content/images/photo.jpg", exif=message)
    about = folder / "content/pages/about.md"
    about.write_text(about.read_text() + "\n![A light]({static}/images/photo.jpg)\n")
    (folder / "var").mkdir()
    (folder / "var/gatepost.db").write_bytes(b"SQLite format 3\0 Ann Lead, ann@clinic.example")
    return folder


@pytest.fixture(scope="module")
def opened(project: Path) -> set[Path]:
    environ = {key: text for key, text in os.environ.items() if not key.startswith("GATEPOST_")}
    environ |= {"GATEPOST_SITE_URL": "https://www.example.com", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=project, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return {(project / name).absolute() for name in built.stdout.split("\n")}


@pytest.fixture(scope="module")
def files(project: Path, opened: set[Path]) -> dict[str, bytes]:
    """Everything that a reader may ask for, unpacked."""
    assert opened
    site = project / "output" / "www"
    found = {
        str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }
    assert len(found) > 100
    packed = {name: gzip.decompress(text) for name, text in found.items() if name.endswith(".gz")}
    return found | packed


def kept_back(project: Path) -> Iterator[tuple[str, bytes]]:
    for folder in KEPT_BACK:
        for path in sorted((project / folder).rglob("*")):
            if path.is_file():
                yield str(path.relative_to(project)), path.read_bytes()


def test_no_part_of_a_gated_file_is_on_the_site(project: Path, files: dict[str, bytes]) -> None:
    everything = b"\0".join(files.values())
    leaked = [
        (name, at)
        for name, content in kept_back(project)
        for at in range(0, len(content) - PIECE, max(PIECE, len(content) // 200))
        if name.endswith((".pdf", ".xlsx")) and content[at : at + PIECE] in everything
    ]
    assert leaked == []


def written(project: Path) -> bytes:
    """What writers publish on purpose: an article may well quote a campaign."""
    texts = (project / "content").glob("p*/*.md")
    return b"\n".join(path.read_bytes() for path in sorted(texts))


def secrets(value: Any, key: str = "") -> Iterator[str]:
    """What a client's file says, without its public name; addresses wherever they stand."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from secrets(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets(inner, key)
    elif isinstance(value, str) and key not in {"name", "legal_name"}:
        yield from {value} - COUNTRIES if len(value) > 5 else ()


def test_nothing_that_a_clients_file_says_is_on_the_site(
    project: Path, files: dict[str, bytes]
) -> None:
    messages = [
        (secret, name)
        for path in (project / "clients").glob("*.toml")
        for secret in secrets(tomllib.loads(path.read_text()))
        for name, content in files.items()
        if secret.encode() in content
    ]
    assert messages == []


def test_no_line_of_a_campaigns_file_is_on_the_site(project: Path, files: dict[str, bytes]) -> None:
    lines = {
        line.strip()
        for path in (project / "campaigns").glob("*.toml")
        for line in path.read_bytes().splitlines()
        if b" = " in line or line.startswith((b"[", b"#"))
    }
    lines = {line for line in lines if len(line) > 9 and line not in written(project)}
    assert len(lines) > 50
    assert [(line, name) for line in lines for name in files if line in files[name]] == []


def test_the_only_addresses_of_people_are_those_that_a_writer_published(
    project: Path, files: dict[str, bytes]
) -> None:
    public = set(MAIL.findall(written(project)))
    shown = {name: set(MAIL.findall(content)) - public for name, content in files.items()}
    texts = {name for name in files if name.endswith((".html", ".xml", ".json", ".txt", ".svg"))}
    assert {name: found for name, found in shown.items() if found and name in texts} == {}


def test_a_picture_does_not_say_who_took_it(files: dict[str, bytes]) -> None:
    assert [name for name in files if name.startswith("pictures/")]
    assert [name for name, content in files.items() if b"Photographer Private" in content] == []


def test_a_build_opens_nothing_that_the_lead_service_keeps(
    project: Path, opened: set[Path], files: dict[str, bytes]
) -> None:
    assert project / "content/pages/about.md" in opened
    assert [path for path in opened if path.is_relative_to(project / "var")] == []
    assert [name for name, content in files.items() if b"Ann Lead" in content] == []


@pytest.mark.parametrize(
    ("link", "to"),
    [("images/v", "../../var"), ("images/k.png", "../../var/key"), ("posts/v.md", "../../var/key")],
)
def test_a_link_out_of_the_content_is_refused_and_nothing_of_it_published(
    site: Any, link: str, to: str
) -> None:
    site.write("var/key", "Title: A key\nDate: 2026-11-02\nSlug: key\n\nunspeakable\n")
    site.post("Text.")
    (site.root / "content" / link).symlink_to(to)
    message = f"content/{link}: leads out of content/, to {to}: put a copy in its place"
    assert site.mistakes() == [message]
    assert not site.site.exists()


def test_a_link_within_the_content_is_published_as_what_it_is(site: Any) -> None:
    site.post("![dot]({static}/images/same.svg)")
    (site.root / "content/images/same.svg").symlink_to("dot.svg")
    site.build()
    assert (site.site / "images/same.svg").read_text() == "<svg/>"
