"""A separate project folder for each test, in which the real command runs."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from capture.campaign.model import Answer
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.events import Actor
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.review.acts import Act
from gatepost.settings import SettingsWithSources, secret
from tests.cli.running import CommandResult, runner
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign, consent_to

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Project:
    """A folder with one campaign `guide`, the current folder of the test."""

    folder: Path
    run: Callable[..., CommandResult]
    ledger: Ledger

    def take(
        self, *, at: datetime = NOW, test: bool = False, slug: str = "guide", **answers: Answer
    ) -> str:
        """Receives a lead through the intake. Returns its id."""
        submission = Submission({**ANSWERS, **answers}, consent_to(""), test=test)
        return self.send(submission, at=at, slug=slug)

    def client(self, act: Callable[..., Lead], lead_id: str, at: datetime, *more: str) -> Lead:
        """Records a review by the client itself, as its API token does."""
        decision = Act(lead_id, "Carol", Actor.CLIENT, "a fine one")
        return self.ledger.transact(lambda records: act(records, decision, *more, at))

    def send(self, submission: Submission, *, at: datetime = NOW, slug: str = "guide") -> str:
        """Receives a submission with the consent of the campaign file. Returns the lead's id."""
        text = (self.folder / f"campaigns/{slug}.toml").read_text()
        terms = campaign(slug=slug, text=text)
        submission = replace(submission, consent=consent_to(terms.version))
        return self.ledger.transact(
            lambda records: receive_submission(records, terms, submission, at)
        ).lead_id


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Project]:
    for folder in ("campaigns", "clients", "content/gated"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "clients/acme.toml", tmp_path / "clients/acme.toml")
    (tmp_path / "campaigns/guide.toml").write_text(CAMPAIGN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEPOST_AGENCY_ADDRESS", "1 Main Street; New York")
    monkeypatch.setenv("GATEPOST_MAIL_DOMAIN_CHECK", "off")

    settings = SettingsWithSources.read().settings
    ledger = open_ledger(settings.database_url, secret(settings, "duplicate_key"))
    yield Project(tmp_path, runner(monkeypatch, capfdbinary), ledger)
    ledger.close()
