"""The released site contains no gated file, no confidential data and no personal data."""

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
PRIVATE_FOLDERS = ("content/gated", "campaigns", "clients")
CHUNK = 48  # so many equal bytes in two files are no coincidence
COUNTRIES = {"United States"}  # the forms list all countries
EMAIL_ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Builds, and prints every file that any part of the program opened.
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
    """The shipped project with a photo that names its photographer, and with leads."""
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
def opened_files(project: Path) -> set[Path]:
    environ = {key: text for key, text in os.environ.items() if not key.startswith("GATEPOST_")}
    environ |= {"GATEPOST_SITE_URL": "https://www.example.com", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=project, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return {(project / name).absolute() for name in built.stdout.split("\n")}


@pytest.fixture(scope="module")
def files(project: Path, opened_files: set[Path]) -> dict[str, bytes]:
    """Every file that a reader can request, uncompressed."""
    assert opened_files
    site = project / "output" / "www"
    site_files = {
        str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }
    assert len(site_files) > 100
    unpacked = {
        name: gzip.decompress(content)
        for name, content in site_files.items()
        if name.endswith(".gz")
    }
    return site_files | unpacked


def private_files(project: Path) -> Iterator[tuple[str, bytes]]:
    for folder in PRIVATE_FOLDERS:
        for path in sorted((project / folder).rglob("*")):
            if path.is_file():
                yield str(path.relative_to(project)), path.read_bytes()


def test_no_part_of_a_gated_file_is_on_the_site(project: Path, files: dict[str, bytes]) -> None:
    everything = b"\0".join(files.values())
    leaked = [
        (name, start)
        for name, content in private_files(project)
        for start in range(0, len(content) - CHUNK, max(CHUNK, len(content) // 200))
        if name.endswith((".pdf", ".xlsx")) and content[start : start + CHUNK] in everything
    ]
    assert leaked == []


def article_sources(project: Path) -> bytes:
    """The text of articles and pages, which can quote a campaign."""
    texts = (project / "content").glob("p*/*.md")
    return b"\n".join(path.read_bytes() for path in sorted(texts))


def confidential_texts(value: Any, key: str = "") -> Iterator[str]:
    """The texts of a client file, except the public names and the countries."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from confidential_texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from confidential_texts(inner, key)
    elif isinstance(value, str) and key not in {"name", "legal_name"}:
        yield from {value} - COUNTRIES if len(value) > 5 else ()


def test_no_text_of_a_client_file_is_on_the_site(project: Path, files: dict[str, bytes]) -> None:
    leaked = [
        (secret, name)
        for path in (project / "clients").glob("*.toml")
        for secret in confidential_texts(tomllib.loads(path.read_text()))
        for name, content in files.items()
        if secret.encode() in content
    ]
    assert leaked == []


def test_no_line_of_a_campaign_file_is_on_the_site(project: Path, files: dict[str, bytes]) -> None:
    lines = {
        line.strip()
        for path in (project / "campaigns").glob("*.toml")
        for line in path.read_bytes().splitlines()
        if b" = " in line or line.startswith((b"[", b"#"))
    }
    lines = {line for line in lines if len(line) > 9 and line not in article_sources(project)}
    assert len(lines) > 50
    assert [(line, name) for line in lines for name in files if line in files[name]] == []


def test_the_site_has_only_email_addresses_that_a_writer_published(
    project: Path, files: dict[str, bytes]
) -> None:
    public = set(EMAIL_ADDRESS.findall(article_sources(project)))
    unexpected = {
        name: set(EMAIL_ADDRESS.findall(content)) - public for name, content in files.items()
    }
    texts = {name for name in files if name.endswith((".html", ".xml", ".json", ".txt", ".svg"))}
    assert {
        name: addresses for name, addresses in unexpected.items() if addresses and name in texts
    } == {}


def test_a_picture_does_not_name_its_photographer(files: dict[str, bytes]) -> None:
    assert [name for name in files if name.startswith("pictures/")]
    assert [name for name, content in files.items() if b"Photographer Private" in content] == []


def test_a_build_opens_no_file_of_the_lead_service(
    project: Path, opened_files: set[Path], files: dict[str, bytes]
) -> None:
    assert project / "content/pages/about.md" in opened_files
    assert [path for path in opened_files if path.is_relative_to(project / "var")] == []
    assert [name for name, content in files.items() if b"Ann Lead" in content] == []


@pytest.mark.parametrize(
    ("link", "target"),
    [("images/v", "../../var"), ("images/k.png", "../../var/key"), ("posts/v.md", "../../var/key")],
)
def test_a_symbolic_link_out_of_the_content_folder_is_refused(
    site: Any, link: str, target: str
) -> None:
    site.write("var/key", "Title: A key\nDate: 2026-11-02\nSlug: key\n\nunspeakable\n")
    site.post("Text.")
    (site.root / "content" / link).symlink_to(target)
    message = f"content/{link}: leads out of content/, to {target}: put a copy in its place"
    assert site.mistakes() == [message]
    assert not site.site.exists()


def test_a_symbolic_link_inside_the_content_folder_is_published_as_a_file(site: Any) -> None:
    site.post("![dot]({static}/images/same.svg)")
    (site.root / "content/images/same.svg").symlink_to("dot.svg")
    site.build()
    assert (site.site / "images/same.svg").read_text() == "<svg/>"
