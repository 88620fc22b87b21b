"""The `sh` blocks of README and docs: each command is run, or stands here with the reason why not.

A block shows commands without what they print. Each is run as it is written, in a project of
their own, at the moment and after the commands that it needs: `SCENES` says which.
"""

import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from capture.ledger.protocol import ReadTransaction
from tests.needs import needs
from tests.service import ROOT, Service, person

pytestmark = pytest.mark.server

STORY = [ROOT / "docs" / name for name in ("leads.md", "billing.md", "api.md")]
"""In the order in which a month happens: leads come, it is closed, the client answers a debit."""
PAGES = [
    *STORY,
    *(page for page in sorted(ROOT.glob("docs/*.md")) if page not in STORY),
    *sorted(ROOT.glob("*.md")),
    ROOT / "deploy/README.md",
]
BLOCK = re.compile(r"^```(?:sh|bash|shell)\n(.*?)^```", re.DOTALL | re.MULTILINE)
GATEPOST = ".venv/bin/gatepost "
SHOWN_ID = "7ffwzp2npa6a"
SHOWN_HASH = "59CE3A61 0B77"
SHOWN_TOKEN = "gp_YOUR_TOKEN"
SHOWN_TOKEN_ID = "5f0c1a2b"
ON_THE_SERVER = (
    "a new server's root does it once; tests/deploy has its parts: git, hooks, nginx, units"
)
NOT_RUN: Mapping[str, str] = {
    "apt-get install ": ON_THE_SERVER,
    "adduser ": ON_THE_SERVER,
    "install -": ON_THE_SERVER,
    "git init --quiet --initial-branch=main /opt/": ON_THE_SERVER,
    "git -C /opt/": ON_THE_SERVER,
    "cp /opt/gatepost/": ON_THE_SERVER,
    "sed -i 's/journal.example/": ON_THE_SERVER,
    "touch /etc/": ON_THE_SERVER,
    "ln -sf ": ON_THE_SERVER,
    "rm -f /etc/": ON_THE_SERVER,
    "runuser ": ON_THE_SERVER,
    "cd /opt/": ON_THE_SERVER,
    "cd /srv/": ON_THE_SERVER,
    "make -C /opt/": ON_THE_SERVER,
    "/opt/gatepost/deploy/": ON_THE_SERVER,
    "systemctl ": ON_THE_SERVER,
    "nginx -t": ON_THE_SERVER,
    "git push root@": "there is no such server",
    "git remote add live ": "there is no such server",
    "git push live main": "there is no such server",
    ".venv/bin/pip install ": "asks a package index, which a test does not",
    ".venv/bin/pytest ": "runs tests from within a test",
    ".venv/bin/gatepost serve": "runs until it is ended: the project here was started by it",
}
"""By the start of the command: why no test runs it. Its syntax is checked."""


@dataclass(frozen=True)
class Scene:
    """What a command needs to find."""

    on: str = "2026-11-23 15:04:05"
    """The moment, in UTC, at which it is run."""
    lead: str = "ann"
    """Whose lead the page's example id stands for."""
    after: tuple[str, ...] = ()
    """Commands that are run before it, at the same moment."""


DECEMBER = "2026-12-03 12:00:00"
CLOSED = "2026-12-11 12:00:00"
OUTCOME = f"{GATEPOST}outcome {SHOWN_ID} "
SCENES: Mapping[str, Scene] = {
    f"{GATEPOST}correct {SHOWN_ID} --not-spam": Scene(lead="robot"),
    f"{GATEPOST}review {SHOWN_ID}": Scene(lead="carol"),
    f"{GATEPOST}review {SHOWN_ID} dispute": Scene(
        lead="dan", after=(f"{GATEPOST}review {SHOWN_ID} reject --reason too_small --as Ada",)
    ),
    OUTCOME: Scene(on=DECEMBER, lead="eve"),
    f"{OUTCOME}scheduled": Scene(on="2026-11-23 16:00:00", lead="eve"),
    f"{OUTCOME}objected": Scene(
        on=DECEMBER,
        lead="gus",
        after=(
            f"{OUTCOME}scheduled --at 2026-12-01T10:00 --on 2026-11-24T10:00 --as Ada",
            f"{OUTCOME}held --as Ada --from client",
        ),
    ),
    f"{GATEPOST}outcomes import": Scene(on=CLOSED),
    f"{GATEPOST}close ": Scene(on=CLOSED),
    f"{GATEPOST}statement": Scene(on=CLOSED),
    f"{GATEPOST}evidence ": Scene(on=CLOSED),
    f"{GATEPOST}verify ": Scene(on=CLOSED),
    f"{GATEPOST}credit ": Scene(on=CLOSED, lead="fay"),
    f"{GATEPOST}debit ": Scene(on=CLOSED, lead="fay"),
    f"{GATEPOST}paid ": Scene(on="2027-01-02 12:00:00"),
}
"""By the start of the command; the longest start counts."""


def shell_commands(page: Path) -> list[str]:
    """Every command of the page's `sh` blocks, with the lines that it goes on for."""
    text = "\n".join(block.group(1) for block in BLOCK.finditer(page.read_text()))
    lines = re.sub(r"\\\n\s*", "", text).split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def reason(command: str) -> str | None:
    """Why the command is not run; None if it is."""
    return next((detail for start, detail in NOT_RUN.items() if command.startswith(start)), None)


def scene_of(command: str) -> Scene:
    starts = [start for start in SCENES if command.startswith(start)]
    return SCENES[max(starts, key=len)] if starts else Scene()


@dataclass
class Office:
    """A project in git with six commits, the service that runs in it, and leads that came."""

    folder: Path
    service: Service
    names: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, scene: Scene) -> str:
        """What the command prints. It must succeed."""
        for example, real in self.real_names(scene).items():
            command = command.replace(example, real)
        if re.match(r"make\b", command):  # it sets up, serves or tests: here make says what it does
            command = re.sub(r"^make", "make --dry-run", command)
        # Without it, curl ends well whatever the service says.
        command = re.sub(r"^curl", "curl --fail-with-body", command)
        ran = subprocess.run(
            ["faketime", "-f", f"@{scene.on}", "bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.service.environment() | {"NO_COLOR": "1", "TZ": "UTC"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def real_names(self, scene: Scene) -> dict[str, str]:
        """What stands for the examples of the pages in this project."""
        names = {**self.names, SHOWN_ID: self.leads[scene.lead]}
        statement = self.folder / "acme-0001.json"
        if statement.exists():
            names[SHOWN_HASH] = sha256(statement.read_bytes()).hexdigest()[:12]
        return names

    def come(self, name: str, slug: str = "acme-cloud-guide", **answers: str) -> None:
        """Takes a lead."""
        email = {"email": f"{name}@clinic.example", "full_name": f"{name.title()} Lee"}
        posted = self.service.post(person(**{**email, **answers}), slug)
        assert posted.status == 303, posted.text


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    needs("faketime")
    needs("curl")
    folder = tmp_path_factory.mktemp("office") / "project"
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name in {"campaigns", "clients", "content"}:
            shutil.copytree(entry, folder / entry.name)
        elif entry.name not in {".git", ".gitignore", ".venv", "var", "output", ".env"}:
            (folder / entry.name).symlink_to(entry)
    (folder / ".venv").symlink_to(sys.prefix)
    give_exports(folder)
    commit_six_times(folder)
    service = Service(
        folder, agency_address="1 Main Street; New York", min_fill_seconds="0", workers="1"
    )
    created = Office(folder, service, leads={"ann": "none yet"})
    created.run(f"{GATEPOST}build", Scene())
    try:
        service.start("faketime", "-f", f"@{Scene().on}")
        people_come(created)
        service.end()
        service.start("faketime", "-f", f"@{CLOSED}")  # when the client's programs ask
        yield created
    finally:
        service.end()


def people_come(office: Office) -> None:
    for name in ("ann", "carol", "dan", "eve", "fay"):
        office.come(name)
    office.come("robot", homepage="https://robots.example", consent="")
    for email in ("ann@clinic.example", "bo@ray-hospital.example", "gus@lee-labs.example"):
        office.come(email.partition("@")[0], "acme-demo", email=email, company_size="201-1000")
    with office.service.ledger() as ledger:
        office.leads = ledger.read(first_leads)
    office.run(f"{GATEPOST}tokens add --client acme --name lost", Scene())
    lost = office.run(f"{GATEPOST}tokens list", Scene()).splitlines()[1].split()[0]
    token = office.run(f"{GATEPOST}tokens add --client acme --name docs", Scene()).strip()
    origin = f"http://127.0.0.1:{office.service.port}"
    office.names = {"http://127.0.0.1:8000": origin, SHOWN_TOKEN: token, SHOWN_TOKEN_ID: lost}


def first_leads(reading: ReadTransaction) -> dict[str, str]:
    """By the name in each e-mail: the first lead of that person."""
    found: dict[str, str] = {}
    for lead in sorted(reading.leads.select(), key=lambda lead: lead.received_at):
        personal_data = reading.people.personal_data(lead.lead_id)
        assert personal_data is not None
        found.setdefault(str(personal_data.answers["email"]).partition("@")[0], lead.lead_id)
    return found


def give_exports(folder: Path) -> None:
    """What the pages of moving in begin with."""
    exports = ROOT / "tests/publish/importers/exports"
    shutil.copy(exports / "ghost.json", folder / "export.json")
    shutil.copy(exports / "wordpress.xml", folder / "export.xml")
    shutil.copytree(exports / "hugo", folder.parent / "old-site")


def commit_six_times(folder: Path) -> None:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@writers.example")
    git = ("git", "-C", str(folder), *who)
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "campaigns"], check=True)
    for number in range(6):
        parts = ("commit", "--quiet", "--allow-empty", "--message", f"Number {number}")
        subprocess.run([*git, *parts], check=True)


def test_every_command_of_the_pages_runs_or_is_named_with_its_reason(office: Office) -> None:
    ran = 0
    for command in itertools.chain.from_iterable(map(shell_commands, PAGES)):
        if reason(command) is None:
            scene = scene_of(command)
            for before in scene.after:
                office.run(before, scene)
            office.run(command, scene)
            ran += 1
    assert ran > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_not_run_is_a_shells_language_and_names_files_that_there_are(page: Path) -> None:
    for command in shell_commands(page):
        read = subprocess.run(
            ["bash", "-n"], input=command, capture_output=True, text=True, check=False
        )
        assert (read.returncode, read.stderr) == (0, ""), command
        for name in re.findall(r"/opt/gatepost/(deploy/[\w./*-]+)", command):
            assert list(ROOT.glob(name)), f"{page.name}: {command}"


def test_no_command_is_excused_that_no_page_shows() -> None:
    shown = [command for page in PAGES for command in shell_commands(page)]
    unused = [start for start in NOT_RUN if not any(one.startswith(start) for one in shown)]
    assert unused == []
