"""Projects with several clients and campaigns, for tests of the month's end."""

import json
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from capture.campaign.files import parse_campaign
from capture.intake.receive import receive_submission
from capture.lead.events import Actor
from capture.review.acts import Act, accept
from capture.site import Site
from tests.cli.conftest import CommandResult, Project
from tests.samples import CAMPAIGN, NOW, submission

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
OVER_IN_BERLIN = datetime(2026, 12, 1, 0, tzinfo=UTC)
"""December in Berlin, still November in New York."""
MONTH = ("month-end", "--month", "2026-11")
FOLDER = Path("var/month-end/2026-11")
ALL_FILES = {
    f"{number}.{shape}"
    for number in ("acme-0001", "acme-0002", "other-0001")
    for shape in ("pdf", "html", "json")
} | {f"report-{slug}-2026-11.html" for slug in ("guide", "euros", "berlin", "talk")}
OTHERS_FILES = {
    name for name in ALL_FILES if name.startswith(("other", "report-berlin", "report-talk"))
}


def run(project: Project, *args: str, at: datetime = DECEMBER) -> CommandResult:
    """Runs the command at a time."""
    with time_machine.travel(at, tick=False):
        return project.run(*args)


def add_campaign(project: Project, slug: str, *replacements: tuple[str, str]) -> None:
    """Writes the sample campaign under another slug, with some texts replaced."""
    text = CAMPAIGN
    for old, new in replacements:
        text = text.replace(old, new)
    (project.folder / f"campaigns/{slug}.toml").write_text(text)


def take(project: Project, slug: str, at: datetime = NOW) -> str:
    """A lead of any campaign that its client accepted; its id."""
    text = (project.folder / f"campaigns/{slug}.toml").read_text()
    terms = parse_campaign(slug, text, f"{slug}.toml")
    sent = submission(terms, email=f"ann@{slug}{at:%d}.example")
    lead_id = project.ledger.transact(
        lambda records: receive_submission(records, terms, sent, at)
    ).lead_id
    act = Act(lead_id, "Carol", Actor.CLIENT)
    project.ledger.transact(lambda records: accept(records, act, at))
    return lead_id


def make_agency(project: Project) -> Project:
    """A built site and two clients; acme has two currencies, other is in Berlin."""
    titles = {"/numbers/": "The four numbers"}
    site = Site(name="Site", tagline="", language="en", url="", publisher="Site", titles=titles)
    site.write(project.folder / "output/site.json")
    client = (project.folder / "clients/acme.toml").read_text()
    (project.folder / "clients/other.toml").write_text(
        client.replace("Acme Cloud, Inc.", "Other GmbH").replace("vat_rate = 0", "vat_rate = 19")
    )
    add_campaign(project, "euros", ('"USD"', '"EUR"'))
    other = ('"acme"', '"other"'), ("America/New_York", "Europe/Berlin")
    add_campaign(project, "berlin", *other)
    add_campaign(project, "talk", *other, ("rate = 50", "rate = 70"))
    for slug in ("guide", "euros", "berlin", "talk"):
        take(project, slug)
    return project


def contents(folder: Path = FOLDER) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def closed_numbers(project: Project) -> list[str]:
    rows = json.loads(run(project, "statements", "--json").out)
    return [row["number"] for row in rows]
