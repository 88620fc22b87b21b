"""README and docs are correct: each command in them prints what they show; links lead somewhere.

A `console` block has commands after `$ `, each with its output. `...` means the rest of a line or,
alone on a line, any number of lines. Ids, times, hashes and durations are compared by their shape.
"""

import os
import re
import shlex
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gatepost.command_table import COMMANDS
from gatepost.settings import Settings
from tests.command_server import command_server, install_command
from tests.faketime import faketime
from tests.needs import needs
from tests.process_groups import end_group
from tests.service import GUIDE, PERSON, free_port, versions_in
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN_ID = "7ffwzp2npa6a"
SHOWN_TOKEN = "gp_YOUR_TOKEN"
NOW = "2026-11-23 15:04:05"
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
class DocumentedCommand:
    """A command of a page, with the output that the page shows."""

    page: str
    command: str
    output: tuple[str, ...]


def documented_commands(page: Path) -> list[DocumentedCommand]:
    """The commands of a page's `console` blocks."""
    commands = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.rstrip("\n").split("\n")
            commands.append(DocumentedCommand(page.name, command, tuple(output)))
    return commands


@dataclass(frozen=True)
class Project:
    """A project folder in which the service runs, with one lead."""

    folder: Path
    lead_id: str
    environment: dict[str, str]
    origin: str
    token: str

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        if command.startswith("curl"):  # to the service of this test
            needs("curl")
            command = command.replace("http://127.0.0.1:8000", self.origin)
        command = command.replace(SHOWN_TOKEN, self.token)
        args = shlex.split(command.replace(SHOWN_ID, self.lead_id))
        return subprocess.run(
            [*faketime(NOW), *args],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """`make run` in a new folder, as the README says, and a visitor who sends the form."""
    needs("faketime")  # the pages show a fixed day
    folder = tmp_path_factory.mktemp("project")
    for entry in ROOT.iterdir():
        if entry.name not in {".git", ".venv", "var", "output", ".env"}:
            (folder / entry.name).symlink_to(entry)
    calls = folder / "calls"
    install_command(calls, folder)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GATEPOST_")}
    # Letters are sent when a page says so, and not in the middle of another command.
    environment |= {"GATEPOST_DISPATCH": "off", "NO_COLOR": "1"}
    environment |= {"GATEPOST_SITE_URL": "https://journal.example"}
    port = free_port()
    # -o: skips the installation, which would change the environment in the middle of a test
    # BIN: the programs themselves; only commands of the pages are run by the command server
    command = ["make", "run", f"BIN={sys.prefix}/bin", f"PORT={port}", "-o", ".venv/run.stamp"]
    log = (folder / "run.log").open("w")
    process = subprocess.Popen(
        [*faketime(NOW), *command],
        cwd=folder,
        env={k: v for k, v in environment.items() if k != "GATEPOST_SITE_URL"},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        post_form(f"http://127.0.0.1:{port}", folder / "run.log")
        with command_server(calls):
            yield prepared(Project(folder, "", environment, f"http://127.0.0.1:{port}", ""))
    finally:
        end_group(process)
        log.close()


def prepared(project: Project) -> Project:
    """The project with a token of its client; its lead's notice was written."""
    token = project.run(".venv/bin/gatepost tokens add --client acme --name docs").stdout.strip()
    # The letter of `make run` may still be on its way; the notice by hand is there.
    project.run(".venv/bin/gatepost notify acme-cloud-guide -o var/notice.txt")
    listing = project.run(".venv/bin/gatepost leads").stdout
    return replace(project, lead_id=listing.splitlines()[1].split()[0], token=token)


def post_form(origin: str, log: Path) -> None:
    """Waits until the service answers, then sends the form of a lead that qualifies."""

    def is_up() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{origin}/healthz"):
            return True
        return False

    wait_until(is_up, log.read_text)
    form = {**PERSON, "gp_version": versions_in(ROOT)[GUIDE]}
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{origin}/f/acme-cloud-guide", body) as answer:
        assert "/thanks" in answer.url


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_page_prints_what_the_page_shows(page: Path, project: Project) -> None:
    for documented in documented_commands(page):
        process = project.run(documented.command)
        name = f"{documented.page}: {documented.command}"
        assert process.returncode == 0, f"{name}\n{process.stderr}"
        expected = pattern("\n".join(documented.output), project)
        output = normalized(process.stdout.rstrip("\n"), project)
        assert re.fullmatch(expected, output), f"{name}\n{process.stdout}"


def normalized(text: str, project: Project) -> str:
    """The text with the example id, and with a name in place of each value that varies."""
    text = text.replace(project.lead_id, SHOWN_ID)
    for expression, shape in SHAPES.items():
        text = re.sub(expression, shape, text)
    return text.strip()


def pattern(text: str, project: Project) -> str:
    """A regular expression for the documented output: `...` matches anything."""
    return (
        re.escape(normalized(text, project)).replace(r"\.\.\.", "(.*)").replace(r"\ (.*)\ ", "(.*)")
    )


def test_every_command_is_documented() -> None:
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


def test_every_dependency_is_listed_in_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text[text.index("## Libraries") :]
    pyproject = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", pyproject, re.DOTALL | re.MULTILINE)
    names = re.findall(r'"([a-z][a-z0-9-]*)', "".join(lists))
    missing = [name for name in names if name not in table and not name.startswith("types-")]
    assert missing == []


def test_every_link_within_the_docs_leads_to_a_file_and_a_heading() -> None:
    for page in [*PAGES, ROOT / "deploy/README.md", ROOT / "bench/README.md"]:
        # Examples of links are code. A piece of code may go on in the next line.
        text = re.sub(r"(?ms)^ *```.*?^ *```$|`[^`]*`", "", page.read_text())
        for link in re.findall(r"\]\((?!https?:)([^){]+)\)", text):
            path, _, heading = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name}: {link}"
            assert not heading or heading in anchors(target), f"{page.name}: {link}"


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub and GitLab name them in addresses."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_no_file_names_a_page_that_does_not_exist() -> None:
    """Links, comments and messages name no page that was renamed or divided."""
    lines = subprocess.run(
        ["git", "grep", "-nIE", r"docs/[a-z-]+\.md|agency\.md", "--", ":!tests/test_docs.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    # In a URL, `docs/` after host and branch belongs to another project.
    page = re.compile(r"(?:\.\./|(?<![\w/]))docs/([a-z-]+\.md)|\b(agency\.md)")
    mentions = {(line, "".join(match)) for line in lines for match in page.findall(line)}
    assert len(mentions) > 20
    assert [line for line, name in sorted(mentions) if not (ROOT / "docs" / name).exists()] == []


def test_no_file_names_a_package_registry() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    hosts = re.compile(r"pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".png", ".pdf", ".xlsx", ".svg"}:
            continue
        assert not hosts.search(path.read_text(encoding="utf-8")), name
