"""The `sh` blocks of README and docs: each command runs here, or `NOT_RUN` has the reason why not.

Such a block shows commands without their output. They run as they are written, in a project of
their own. `SCENES` has the time and the earlier commands that a command needs.
"""

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from capture.ledger.protocol import ReadTransaction
from tests.command_server import command_server, install_command
from tests.faketime import faketime
from tests.needs import needs
from tests.service import ROOT, Service, person
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.server

ORDERED_PAGES = [ROOT / "docs" / name for name in ("leads.md", "billing.md", "api.md")]
"""In the order of a month: leads come, the month is closed, the client answers a debit."""
PAGES = [
    *ORDERED_PAGES,
    *(page for page in sorted(ROOT.glob("docs/*.md")) if page not in ORDERED_PAGES),
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
    "root does it once on a new server; tests/deploy tests the parts: git, hooks, nginx, units"
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
    ".venv/bin/pip install ": "needs a package index, which tests do not use",
    ".venv/bin/pytest ": "runs tests from within a test",
    ".venv/bin/gatepost serve": "runs until it is stopped; this test has started the service by it",
}
"""By the start of a command: why no test runs it. Only its syntax is checked."""


@dataclass(frozen=True)
class Scene:
    """The conditions under which a command runs."""

    now: str = "2026-11-23 15:04:05"
    """The time in UTC."""
    lead: str = "ann"
    """The person whose lead replaces the example id of the page."""
    setup: tuple[str, ...] = ()
    """Commands that run before it, at the same time."""


DECEMBER = "2026-12-03 12:00:00"
CLOSED = "2026-12-11 12:00:00"
JANUARY = "2027-01-02 12:00:00"
OUTCOME = f"{GATEPOST}outcome {SHOWN_ID} "
SCENES: Mapping[str, Scene] = {
    f"{GATEPOST}correct {SHOWN_ID} --not-spam": Scene(lead="robot"),
    f"{GATEPOST}review {SHOWN_ID}": Scene(lead="carol"),
    f"{GATEPOST}review {SHOWN_ID} dispute": Scene(
        lead="dan", setup=(f"{GATEPOST}review {SHOWN_ID} reject --reason too_small --as Ada",)
    ),
    f"{GATEPOST}quarantine ": Scene(lead="hal"),
    f"{GATEPOST}quarantine release --like": Scene(lead="ivy"),
    OUTCOME: Scene(now=DECEMBER, lead="eve"),
    f"{OUTCOME}scheduled": Scene(now="2026-11-23 16:00:00", lead="eve"),
    f"{OUTCOME}objected": Scene(
        now=DECEMBER,
        lead="gus",
        setup=(
            f"{OUTCOME}scheduled --at 2026-12-01T10:00 --on 2026-11-24T10:00 --as Ada",
            f"{OUTCOME}held --as Ada --from client",
        ),
    ),
    f"{GATEPOST}outcomes import": Scene(now=CLOSED),
    f"{GATEPOST}close ": Scene(now=CLOSED),
    f"{GATEPOST}month-end ": Scene(now=CLOSED),
    f"{GATEPOST}statement": Scene(now=CLOSED),
    f"{GATEPOST}evidence ": Scene(now=CLOSED),
    f"{GATEPOST}verify ": Scene(now=CLOSED),
    f"{GATEPOST}credit ": Scene(now=CLOSED, lead="fay"),
    f"{GATEPOST}debit ": Scene(now=CLOSED, lead="fay"),
    f"{GATEPOST}paid ": Scene(now=JANUARY),
    f"{GATEPOST}payments ": Scene(now=JANUARY),
    f"{GATEPOST}journal ": Scene(
        now=JANUARY,
        setup=tuple(
            f"echo GATEPOST_{setting} >> .env"
            for setting in (
                "REVENUE_ACCOUNT=8400",
                "BANK_ACCOUNT=1200",
                "RECEIVABLES_ACCOUNT=1400",
                "TAX_CODES=0=",
            )
        ),
    ),
}
"""By the start of a command; the longest matching start counts."""


def shell_commands(page: Path) -> list[str]:
    """The commands of the page's `sh` blocks; continued lines are joined."""
    text = "\n".join(block.group(1) for block in BLOCK.finditer(page.read_text()))
    lines = re.sub(r"\\\n\s*", "", text).split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def reason_not_to_run(command: str) -> str | None:
    """The reason why no test runs the command; None if it runs."""
    return next((reason for start, reason in NOT_RUN.items() if command.startswith(start)), None)


def scene_of(command: str) -> Scene:
    starts = [start for start in SCENES if command.startswith(start)]
    return SCENES[max(starts, key=len)] if starts else Scene()


@dataclass
class Office:
    """A project in git with six commits, the service that runs in it, and its leads."""

    folder: Path
    service: Service
    names: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, scene: Scene) -> str:
        """The output of the command, which must succeed."""
        for example, real in self.replacements(scene).items():
            command = command.replace(example, real)
        if re.match(r"make\b", command):  # it would install, serve or test
            command = re.sub(r"^make", "make --dry-run", command)
        # Without this option curl succeeds whatever the service answers.
        command = re.sub(r"^curl", "curl --fail-with-body", command)
        process = subprocess.run(
            [*faketime(scene.now), "bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.service.environment() | {"NO_COLOR": "1", "TZ": "UTC"},
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )
        assert process.returncode == 0, f"{command}\n{process.stdout}{process.stderr}"
        return process.stdout

    def replacements(self, scene: Scene) -> dict[str, str]:
        """By example of the pages: the real id, token, address or hash in this project."""
        names = {**self.names, SHOWN_ID: self.leads[scene.lead]}
        statement = self.folder / "acme-0001.json"
        if statement.exists():
            names[SHOWN_HASH] = sha256(statement.read_bytes()).hexdigest()[:12]
        return names

    def add_lead(self, name: str, slug: str = "acme-cloud-guide", **answers: str) -> None:
        """Posts the form of a person who qualifies unless `answers` says otherwise."""
        email = {"email": f"{name}@clinic.example", "full_name": f"{name.title()} Lee"}
        response = self.service.post(person(**{**email, **answers}), slug)
        assert response.status == 303, response.text


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
    calls = folder.parent / "calls"
    install_command(calls, folder)
    add_exports(folder)
    allow_e_invoices(folder)
    commit_six_times(folder)
    service = Service(
        folder,
        agency_address="1 Main Street; New York",
        agency_country="US",
        agency_legal_id="NY 1234567",
        agency_email="bills@northgate.example",
        min_fill_seconds="0",
        workers="1",
    )
    office = Office(folder, service, leads={"ann": "none yet"})
    with command_server(calls):
        office.run(f"{GATEPOST}build", Scene())
        try:
            service.start(*faketime(Scene().now))
            add_leads(office)
            service.end()
            service.start(*faketime(CLOSED))  # the time of the API commands
            yield office
        finally:
            service.end()


def add_leads(office: Office) -> None:
    for name in ("ann", "carol", "dan", "eve", "fay"):
        office.add_lead(name)
    office.add_lead("robot", homepage="https://robots.example", consent="")
    for name in ("hal", "ivy"):  # their browsers fill the hidden field
        office.add_lead(name, email=f"{name}@{name}-labs.example", homepage="https://x.example")
    for email in ("ann@clinic.example", "bo@ray-hospital.example", "gus@lee-labs.example"):
        office.add_lead(email.partition("@")[0], "acme-demo", email=email, company_size="201-1000")
    with office.service.ledger() as ledger:
        office.leads = ledger.read(first_leads)
    for slug in ("acme-cloud-guide", "acme-demo"):  # the service sends no letters
        office.run(f"{GATEPOST}notify {slug} -o ../notice-{slug}.txt", Scene())
    office.run(f"{GATEPOST}tokens add --client acme --name lost", Scene())
    lost_token = office.run(f"{GATEPOST}tokens list", Scene()).splitlines()[1].split()[0]
    token = office.run(f"{GATEPOST}tokens add --client acme --name docs", Scene()).strip()
    origin = f"http://127.0.0.1:{office.service.port}"
    office.names = {"http://127.0.0.1:8000": origin, SHOWN_TOKEN: token, SHOWN_TOKEN_ID: lost_token}


def first_leads(reading: ReadTransaction) -> dict[str, str]:
    """By the local part of each e-mail address: the id of that person's first lead."""
    lead_ids: dict[str, str] = {}
    for lead in sorted(reading.leads.select(), key=lambda lead: lead.received_at):
        personal_data = reading.people.personal_data(lead.lead_id)
        assert personal_data is not None
        lead_ids.setdefault(str(personal_data.answers["email"]).partition("@")[0], lead.lead_id)
    return lead_ids


def add_exports(folder: Path) -> None:
    """Adds the exports of other systems that the pages on importing need."""
    exports = ROOT / "tests/publish/importers/exports"
    shutil.copy(exports / "ghost.json", folder / "export.json")
    shutil.copy(exports / "wordpress.xml", folder / "export.xml")
    shutil.copytree(exports / "hugo", folder.parent / "old-site")


def allow_e_invoices(folder: Path) -> None:
    """Adds what an e-invoice requires to the client's file, above its first table."""
    file = folder / "clients/acme.toml"
    keys = 'country = "US"\nvat_category = "not_subject"'
    file.write_text(file.read_text().replace("\nlanguages", f"\n{keys}\nlanguages", 1))


def commit_six_times(folder: Path) -> None:
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@writers.example")
    git = ("git", "-C", str(folder), *author)
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "campaigns"], check=True)
    for number in range(6):
        arguments = ("commit", "--quiet", "--allow-empty", "--message", f"Number {number}")
        subprocess.run([*git, *arguments], check=True)


def test_every_command_of_the_pages_runs_unless_there_is_a_reason(office: Office) -> None:
    count = 0
    for command in itertools.chain.from_iterable(map(shell_commands, PAGES)):
        if reason_not_to_run(command) is None:
            scene = scene_of(command)
            for setup_command in scene.setup:
                office.run(setup_command, scene)
            office.run(command, scene)
            count += 1
    assert count > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_is_valid_shell_and_names_files_that_exist(page: Path) -> None:
    for command in shell_commands(page):
        process = subprocess.run(
            ["bash", "-n"], input=command, capture_output=True, text=True, check=False
        )
        assert (process.returncode, process.stderr) == (0, ""), command
        for name in re.findall(r"/opt/gatepost/(deploy/[\w./*-]+)", command):
            assert list(ROOT.glob(name)), f"{page.name}: {command}"


def test_every_exception_applies_to_a_command_of_a_page() -> None:
    commands = [command for page in PAGES for command in shell_commands(page)]
    unused = [
        start for start in NOT_RUN if not any(command.startswith(start) for command in commands)
    ]
    assert unused == []
