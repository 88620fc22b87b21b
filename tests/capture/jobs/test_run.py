"""The process that runs jobs: in order, until none waits, and what becomes of a killed one."""

import csv
import os
import signal
from collections.abc import Mapping
from multiprocessing.synchronize import Barrier

import pytest

from capture.billing.statement import Agency
from capture.campaign.catalogue import read_all_files
from capture.closing.documents import documents_of
from capture.closing.month_of_clients import MonthOfClients, sums_seen
from capture.errors import Refused
from capture.jobs import lead_export
from capture.jobs.close_months import MonthCloser, close_details
from capture.jobs.lead_export import export_details, export_leads
from capture.jobs.model import Job, JobKind, JobResult, JobState
from capture.jobs.run import JobContext, Progress, Work
from capture.ledger.types import LeadListQuery
from capture.privacy.erase import erase_leads
from tests.capture.jobs.conftest import DECEMBER, Office
from tests.processes import PROCESSES
from tests.samples import NOW, PARTIES
from tests.waiting import wait_until

EVERY = export_details(LeadListQuery(NOW, 1), "csv")
"""An export of all leads."""


def works(work: Work) -> Mapping[JobKind, Work]:
    return dict.fromkeys(JobKind, work)


def table(office: Office, job: Job) -> list[dict[str, str]]:
    assert job.state is JobState.DONE, job.result
    text = office.store.result_file(job.id).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_jobs_run_until_none_waits_and_one_that_fails_stops_no_other(office: Office) -> None:
    def fail_first(context: JobContext, job: Job, _: Progress) -> JobResult:
        if job.request.details["number"] == 0:
            raise Refused("the disk is full")
        if job.request.details["number"] == 1:
            raise ZeroDivisionError("Ann Lee")
        return JobResult(ended_at=context.clock())

    for number in range(3):
        office.add(JobKind.EXPORT, {"number": number})
    jobs = office.run(works(fail_first))
    assert [job.result and job.result.error for job in jobs] == [
        "the disk is full",
        "an unexpected error; the log of the desk has the details",
        "",
    ]


def test_a_job_that_comes_while_another_runs_is_run_after_it(office: Office) -> None:
    def add_another(context: JobContext, job: Job, _: Progress) -> JobResult:
        if job.request.kind is JobKind.EXPORT:
            office.add(JobKind.BACKTEST, {})
        return JobResult(ended_at=context.clock())

    office.add(JobKind.EXPORT, {})
    kinds = [job.request.kind for job in office.run(works(add_another))]
    assert kinds == [JobKind.EXPORT, JobKind.BACKTEST]


def test_a_process_that_finds_no_place_leaves_the_jobs_to_the_others(office: Office) -> None:
    job_id = office.add(JobKind.EXPORT, EVERY)
    with office.store.slot(), office.store.slot():
        assert office.run() == []
    assert office.job(job_id).state is JobState.WAITING


def test_an_export_of_many_pages_has_each_lead_once_in_the_order_of_the_list(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_export, "_PAGE", 2)
    leads = [office.take(email=f"ann@clinic{number}.example") for number in range(5)]
    leads.append(office.take("rival", phone="+1 212 555 0100"))
    office.add(JobKind.EXPORT, EVERY)
    office.add(JobKind.EXPORT, export_details(LeadListQuery(NOW, 1, client="acme"), "csv"))
    every, own = (table(office, job) for job in office.run())
    assert sorted(row["lead_id"] for row in every) == sorted(leads)
    assert [row["lead_id"] for row in own] == [
        row["lead_id"] for row in every if row["campaign"] == "guide"
    ]
    assert "source" in every[0]
    assert "source" not in own[0]
    assert [*every[0]][-1] == "unverified"


def test_an_export_begins_again_if_data_is_erased_while_it_runs(office: Office) -> None:
    lead_id, runs = office.take(), list[str]()

    def erase_after_reading(context: JobContext, job: Job, progress: Progress) -> JobResult:
        result = export_leads(context, job, progress)
        runs.append(office.store.result_file(job.id).read_text())
        if len(runs) == 1:
            context.ledger.transact(lambda records: erase_leads(records, [lead_id], DECEMBER))
        return result

    office.add(JobKind.EXPORT, EVERY)
    (job,) = office.run(works(erase_after_reading))
    assert ["Ann Lee" in text for text in runs] == [True, False]
    assert [row["lead_id"] for row in table(office, job)] == [lead_id]
    files = [path for path in office.store.folder_of(job.id).rglob("*") if path.is_file()]
    assert not any(b"Ann Lee" in path.read_bytes() for path in files)


def test_no_temporary_file_is_left(office: Office) -> None:
    office.take()
    office.add(JobKind.EXPORT, export_details(LeadListQuery(NOW, 1), "xlsx"))
    (job,) = office.run()
    names = {path.name for path in office.store.folder_of(job.id).iterdir()}
    assert names == {"job.json", "progress.json", "result.json", "result"}


def test_two_requests_at_the_same_moment_are_one_job(office: Office) -> None:
    barrier = PROCESSES.Barrier(4)
    processes = [PROCESSES.Process(target=add_at, args=(office, barrier)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(office.store.all()) == 1


def add_at(office: Office, barrier: Barrier) -> None:
    """Requests an export as soon as all processes are ready."""
    barrier.wait()
    office.add(JobKind.EXPORT, EVERY)


def test_a_killed_job_is_interrupted_and_runs_from_its_beginning_when_it_starts_again(
    office: Office,
) -> None:
    lead_id = office.take()
    job_id = office.add(JobKind.EXPORT, EVERY)
    process = PROCESSES.Process(target=run_and_pause, args=(office,))
    process.start()
    wait_until(lambda: "rows" in names_of(office, job_id))
    assert office.job(job_id).state is JobState.RUNNING
    process.kill()
    process.join()
    assert office.job(job_id).state is JobState.INTERRUPTED
    assert office.run() == []
    office.store.start_again(job_id)
    assert names_of(office, job_id) == {"job.json"}
    (job,) = office.run()
    assert [row["lead_id"] for row in table(office, job)] == [lead_id]


def names_of(office: Office, job_id: str) -> set[str]:
    return {path.name for path in office.store.folder_of(job_id).rglob("*")}


def run_and_pause(office: Office) -> None:
    """Runs the jobs in this process, which stops before it has written a file."""
    lead_export._write = lambda *_: signal.pause()
    office.run()


def test_a_killed_close_leaves_complete_months_and_another_start_closes_the_others(
    office: Office,
) -> None:
    office.take()
    office.take("rival")
    job_id = office.add(JobKind.CLOSE, close_details("2026-11", sums(office)))
    process = PROCESSES.Process(target=close_one_and_die, args=(office,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (office.job(job_id).state, numbers(office)) == (JobState.INTERRUPTED, ["acme-0001"])
    office.store.start_again(job_id)
    (job,) = office.run()
    assert numbers(office) == ["acme-0001", "other-0001"]
    assert job.result is not None
    assert job.result.details == {
        "closed": {"acme": ["acme-0001"], "other": ["other-0001"]},
        "not_closed": {},
    }


def sums(office: Office) -> Mapping[str, str]:
    folder = office.folder
    files = read_all_files(folder / "campaigns", folder / "clients", folder / "gated")
    agency = Agency(PARTIES.supplier, PARTIES.payment)
    with office.ledger() as ledger:
        return {
            client: sums_seen(
                ledger.read(lambda reading, month=month: month.ends(reading, DECEMBER))  # type: ignore[misc]
            )
            for client in ("acme", "other")
            for month in [MonthOfClients(agency, files, "2026-11", client)]
        }


def numbers(office: Office) -> list[str]:
    with office.ledger() as ledger:
        return sorted(document.number for document in ledger.read(documents_of))


def close_one_and_die(office: Office) -> None:
    """Runs the jobs in this process, which dies before it closes the month of a second client."""
    close, calls = MonthCloser.close, list[str]()

    def close_or_die(closer: MonthCloser, client: str, *more: object) -> object:
        calls.append(client)
        if len(calls) > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return close(closer, client, *more)  # type: ignore[arg-type]

    MonthCloser.close = close_or_die  # type: ignore[method-assign, assignment]
    office.run()
