"""README and docs are true: every command in them is run, and says what they show.

A `console` block holds commands after `$ ` and what each prints. `...` stands for the rest of a
line, or, alone, for any lines. Ids, times, hashes and durations are compared by their shape.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gatepost.cli import COMMANDS
from gatepost.settings import Settings
from tests.needs import needs
from tests.service import PERSON

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN_ID = "7ffwzp2npa6a"
SHOWN_TOKEN = "gp_YOUR_TOKEN"
FAKED = ("faketime", "-f", "@2026-11-23 15:04:05")
SHAPES = {
    r"\b[0-9a-f]{64}\b": "HASH64",
    r"\b[0-9a-f]{12}\b": "HASH12",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z": "TIME",
    r"\d+\.\d seconds": "SECONDS",
    r"test=\S+": "test=TOKEN",
    r"http://127\.0\.0\.1:\d+|https://journal\.example": "HOST",
    r"events \d+": "events N",
    r"\s+": " ",
}


@dataclass(frozen=True)
class Shown:
    """A command of a page and what the page says that it prints."""

    page: str
    command: str
    output: tuple[str, ...]


def shown_commands(page: Path) -> list[Shown]:
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.rstrip("\n").split("\n")
            found.append(Shown(page.name, command, tuple(output)))
    return found


@dataclass(frozen=True)
class Place:
    """A project folder with the product running in it, one lead taken."""

    folder: Path
    lead_id: str
    environment: dict[str, str]
    origin: str
    token: str

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        if command.startswith("curl"):  # it asks the service that runs here
            needs("curl")
            command = command.replace("http://127.0.0.1:8000", self.origin)
        command = command.replace(SHOWN_TOKEN, self.token)
        args = shlex.split(command.replace(SHOWN_ID, self.lead_id))
        while True:
            ran = subprocess.run(
                [*FAKED, *args],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            # faketime names a semaphore by its process id, and one that was killed leaves it behind
            if not ran.stderr.startswith("faketime: sem_open: File exists"):
                return ran


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """`make run` in a folder of its own, as the README says, and a visitor who sends the form."""
    needs("faketime")  # the pages show a certain day
    folder = tmp_path_factory.mktemp("project")
    for entry in ROOT.iterdir():
        if entry.name not in {".git", ".venv", "var", "output", ".env"}:
            (folder / entry.name).symlink_to(entry)
    (folder / ".venv").symlink_to(sys.prefix)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GATEPOST_")}
    environment |= {"GATEPOST_SITE_URL": "https://journal.example", "NO_COLOR": "1"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # -o: what is set up already is not set up again, from this folder, in the middle of a test
    command = ["make", "run", f"PORT={port}", "-o", ".venv/run.stamp"]
    log = (folder / "run.log").open("w")
    process = subprocess.Popen(
        [*FAKED, *command],
        cwd=folder,
        env={k: v for k, v in environment.items() if k != "GATEPOST_SITE_URL"},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        post_form(f"http://127.0.0.1:{port}", folder / "run.log")
        origin = f"http://127.0.0.1:{port}"
        created = Place(folder, "", environment, origin, "")
        token = created.run(
            ".venv/bin/gatepost tokens add --client acme --name docs"
        ).stdout.strip()
        listing = created.run(".venv/bin/gatepost leads").stdout
        yield replace(created, lead_id=listing.splitlines()[1].split()[0], token=token)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        log.close()


def post_form(origin: str, log: Path) -> None:
    """Waits until the service answers, then sends the form of a lead that qualifies."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{origin}/healthz", timeout=5):
                break
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
    body = urllib.parse.urlencode(PERSON).encode()
    with urllib.request.urlopen(f"{origin}/f/acme-cloud-guide", body, timeout=30) as answer:
        assert "/thanks" in answer.url


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_page_prints_what_the_page_shows(page: Path, place: Place) -> None:
    for shown in shown_commands(page):
        ran = place.run(shown.command)
        assert ran.returncode == 0, f"{shown.page}: {shown.command}\n{ran.stderr}"
        expected = pattern("\n".join(shown.output), place)
        printed = shaped(ran.stdout.rstrip("\n"), place)
        assert re.fullmatch(expected, printed), f"{shown.page}: {shown.command}\n{ran.stdout}"


def shaped(text: str, place: Place) -> str:
    text = text.replace(place.lead_id, SHOWN_ID)
    for sign, shape in SHAPES.items():
        text = re.sub(sign, shape, text)
    return text.strip()


def pattern(text: str, place: Place) -> str:
    return re.escape(shaped(text, place)).replace(r"\.\.\.", "(.*)").replace(r"\ (.*)\ ", "(.*)")


def test_every_command_has_a_place_in_the_docs() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    for name in COMMANDS:
        assert f"gatepost {name}" in text or f"`{name}`" in text, f"`gatepost {name}`: not in docs"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = [line for line in (ROOT / "docs/operator.md").read_text().splitlines() if "|" in line]
    for name, field in Settings.model_fields.items():
        row = next((row for row in rows if f"`{name.upper()}`" in row.split("|")[1]), None)
        assert row is not None, f"{name.upper()}: not in docs/operator.md"
        default = str(field.default)
        text = default in row or (isinstance(field.default, float) and f"{field.default:g}" in row)
        assert text or isinstance(field.default, Path) or not default, row


def test_every_dependency_has_its_reason_in_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text[text.index("## Libraries") :]
    pyproject = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", pyproject, re.DOTALL | re.MULTILINE)
    names = re.findall(r'"([a-z][a-z0-9-]*)', "".join(lists))
    missing = [name for name in names if name not in table and not name.startswith("types-")]
    assert missing == []


def test_every_link_within_the_docs_leads_to_a_file_and_a_heading() -> None:
    for page in [*PAGES, ROOT / "deploy/README.md", ROOT / "bench/README.md"]:
        for link in re.findall(r"\]\((?!https?:)([^){]+)\)", page.read_text()):
            path, _, heading = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name}: {link}"
            assert not heading or heading in anchors(target), f"{page.name}: {link}"


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub and GitLab name them in addresses."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_no_file_names_a_page_that_does_not_exist() -> None:
    """In links, comments and messages: a page that was renamed or divided is named nowhere."""
    found = subprocess.run(
        ["git", "grep", "-nIE", r"docs/[a-z-]+\.md|agency\.md", "--", ":!tests/test_docs.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    # A `docs/` of another project stands in a URL, after its host and branch.
    page = re.compile(r"(?:\.\./|(?<![\w/]))docs/([a-z-]+\.md)|\b(agency\.md)")
    named = {(line, "".join(match)) for line in found for match in page.findall(line)}
    assert len(named) > 20
    assert [line for line, name in sorted(named) if not (ROOT / "docs" / name).exists()] == []


def test_no_text_of_ours_names_a_registry_or_a_package_source() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    hosts = re.compile(r"pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".png", ".pdf", ".xlsx", ".svg"}:
            continue
        assert not hosts.search(path.read_text(encoding="utf-8")), name
