"""A folder with the ledger of two clients, and the jobs on it."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from capture.billing.statement import Agency
from capture.campaign.catalogue import read_all_files
from capture.intake.receive import receive_submission
from capture.jobs.model import Job, JobKind, JobRequest
from capture.jobs.run import JobContext, Work, run_jobs
from capture.jobs.store import JobStore
from capture.jobs.works import WORKS
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from tests.samples import CAMPAIGN, NOW, PARTIES, campaign, submission
from tests.service import ROOT

KEY = b"a key for tests only"
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
CLIENTS = {"guide": "acme", "rival": "other"}
"""By campaign: its client."""


@dataclass(frozen=True)
class Office:
    """The folder, which another process may open too."""

    folder: Path

    @property
    def store(self) -> JobStore:
        return JobStore(self.folder / "jobs")

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with closing(open_ledger(f"sqlite:///{self.folder}/ledger.db", KEY)) as ledger:
            yield ledger

    def take(self, slug: str = "guide", **answers: str) -> str:
        terms = campaign(slug=slug, text=text_of(slug))
        with self.ledger() as ledger:
            return ledger.transact(
                lambda records: receive_submission(
                    records, terms, submission(terms, **answers), NOW
                )
            ).lead_id

    def add(self, kind: JobKind, details: Mapping[str, Any], client: str = "") -> str:
        request = JobRequest(
            kind=kind,
            title=kind.value,
            user_id="ada",
            user_name="Ada",
            client=client,
            details=details,
        )
        return self.store.add(request, NOW).id

    def run(self, works: Mapping[JobKind, Work] = WORKS) -> list[Job]:
        """Runs the jobs that wait. Returns them after their end."""
        folder = self.folder
        with self.ledger() as ledger:
            context = JobContext(
                store=self.store,
                ledger=ledger,
                agency=Agency(PARTIES.supplier, PARTIES.payment),
                read_files=lambda: read_all_files(
                    folder / "campaigns", folder / "clients", folder / "gated"
                ),
                clock=lambda: DECEMBER,
            )
            return [self.job(job.id) for job, _ in run_jobs(context, works)]

    def job(self, job_id: str) -> Job:
        job = self.store.get(job_id)
        assert job is not None
        return job


def text_of(slug: str) -> str:
    return CAMPAIGN.replace('client = "acme"', f'client = "{CLIENTS[slug]}"')


@pytest.fixture
def office(tmp_path: Path) -> Office:
    for name in ("campaigns", "clients", "gated"):
        (tmp_path / name).mkdir()
    for slug, client in CLIENTS.items():
        (tmp_path / f"campaigns/{slug}.toml").write_text(text_of(slug))
        file = (ROOT / "clients/acme.toml").read_text()
        (tmp_path / f"clients/{client}.toml").write_text(file)
    return Office(tmp_path)
