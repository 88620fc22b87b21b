"""The process that the desk starts for long work, and the settings that it gets."""

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from capture.intake.receive import receive_submission
from capture.jobs.lead_export import export_details
from capture.jobs.model import JobKind, JobRequest, JobState
from capture.jobs.store import JobStore
from capture.ledger import open_ledger
from capture.ledger.types import LeadListQuery
from gatepost.server.job_processes import JobProcesses
from gatepost.settings import Settings, secret
from tests.samples import NOW, campaign, submission
from tests.service import ROOT
from tests.waiting import wait_until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a project that no environment variable names, such as a demonstration."""
    for name in ("campaigns", "clients"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Settings.model_validate({}).model_copy(
        update={
            "database_url": f"sqlite:///{tmp_path}/var/gatepost.db",
            "var_dir": tmp_path / "var",
            "campaigns_dir": tmp_path / "campaigns",
            "clients_dir": tmp_path / "clients",
            "agency_address": "1 Main Street; New York",
        }
    )


@pytest.fixture
def processes(settings: Settings) -> Iterator[JobProcesses]:
    started = JobProcesses(settings)
    yield started
    for process in started.started:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def test_a_process_of_its_own_does_the_work_in_the_project_of_the_settings(
    settings: Settings, processes: JobProcesses
) -> None:
    with closing(open_ledger(settings.database_url, secret(settings, "duplicate_key"))) as ledger:
        lead_id = ledger.transact(
            lambda records: receive_submission(records, campaign(), submission(campaign()), NOW)
        ).lead_id
    store = JobStore(settings.var_dir / "jobs")
    request = JobRequest(
        kind=JobKind.EXPORT,
        title="Export",
        user_id="1",
        user_name="Ada",
        client="",
        details=export_details(LeadListQuery(NOW, 1), "csv"),
    )
    job_id = store.add(request, NOW).id
    processes.start()
    wait_until(lambda: (job := store.get(job_id)) and job.state is JobState.DONE)
    assert lead_id in store.result_file(job_id).read_text()
    (process,) = processes.started
    assert process.wait() == 0
    processes.start()  # none waits, so it ends
    (process,) = processes.started  # the one before is no zombie
    assert process.wait() == 0
