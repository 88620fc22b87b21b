"""Projects with several clients and campaigns, for tests of the month's end."""

from datetime import UTC, datetime

import time_machine

from capture.campaign.files import parse_campaign
from capture.intake.receive import receive_submission
from capture.lead.events import Actor
from capture.review.acts import Act, accept
from tests.cli.conftest import CommandResult, Project
from tests.samples import CAMPAIGN, NOW, submission

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


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
