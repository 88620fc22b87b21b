"""The desk's server starts work that waited when the machine was restarted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.jobs.lead_export import export_details
from capture.jobs.model import JobKind, JobRequest, JobState
from capture.jobs.store import JobStore
from capture.lead.events import EventKind
from capture.ledger.types import LeadListQuery
from tests.samples import NOW
from tests.service import Service, make_project
from tests.waiting import wait_until

pytestmark = pytest.mark.server


class Desk(Service):
    """`gatepost serve --desk` with two workers."""

    command = ("serve", "--desk")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, desk_url="", workers="2", agency_address="1 Main Street; New York")
        self.settings["desk_port"] = str(self.port)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    server = Desk(make_project(tmp_path / "project"))
    yield server
    server.end()


def test_work_that_waits_is_started_once_without_a_request(desk: Desk) -> None:
    store = JobStore(desk.folder / "var" / "jobs")
    ids = []
    for number in range(2):
        request = JobRequest(
            kind=JobKind.EXPORT,
            title="Export",
            user_id=str(number),
            user_name="Ada",
            client="",
            details=export_details(LeadListQuery(NOW, 1), "csv"),
        )
        ids.append(store.add(request, NOW).id)
    desk.start()
    wait_until(lambda: all(job.state is JobState.DONE for job in store.all()))
    with desk.ledger() as ledger:
        events = ledger.read(lambda reading: reading.events.of_administration(limit=9))
    acts = [(each.event.kind, each.event.data["job"]) for each in events]
    assert sorted(acts) == sorted((EventKind.JOB_STARTED, job_id) for job_id in ids)
