"""Runs the jobs that wait, one after another, in a process of its own."""

import logging
import shutil
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from capture.billing.statement import Agency
from capture.campaign.catalogue import ReadFiles
from capture.errors import GatepostError
from capture.jobs.model import Job, JobKind, JobProgress, JobResult
from capture.jobs.store import JobStore
from capture.lead.events import Actor, EventKind
from capture.ledger.administration import record_act
from capture.ledger.protocol import Ledger, WriteTransaction

_SAVE_SECONDS: Final = 1.0
"""Progress is stored at most this often."""

log = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class JobContext:
    """What the jobs of all kinds need."""

    store: JobStore
    ledger: Ledger
    agency: Agency
    read_files: Callable[[], ReadFiles]
    """Reads the files of all campaigns and clients."""
    clock: Callable[[], datetime]


class Progress:
    """Stores how far a job is, once a second."""

    def __init__(self, context: JobContext, job_id: str) -> None:
        self._context = context
        self._job_id = job_id
        self._step, self._done, self._total = "", 0, 0
        self._saved_at = 0.0

    def begin(self, step: str, total: int = 0) -> None:
        """Begins a step of the work. `total`: the number of its items; 0 if it is not known."""
        self._step, self._done, self._total = step, 0, total
        self._save()

    def advance(self, number: int = 1) -> None:
        """Counts items that are done."""
        self._done += number
        if time.monotonic() - self._saved_at >= _SAVE_SECONDS:
            self._save()

    def count(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each counted when the next one is asked for."""
        for item in items:
            yield item
            self.advance()

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        progress = JobProgress(
            step=self._step, done=self._done, total=self._total, at=self._context.clock()
        )
        self._context.store.save_progress(self._job_id, progress)


Work = Callable[[JobContext, Job, Progress], JobResult]
"""Does a job. What it raises becomes the job's error."""


def record_job_act(
    records: WriteTransaction, kind: EventKind, job: Job, by: str, now: datetime
) -> None:
    """Records that a person starts or deletes a job. The job's title may name a person, so the
    event has only the kind and the id."""
    actor = Actor.CLIENT if job.request.client else Actor.AGENCY
    record_act(records, kind, by, now, actor=actor, job=job.id, work=job.request.kind.value)


def run_jobs(context: JobContext, works: Mapping[JobKind, Work]) -> Iterator[tuple[Job, JobResult]]:
    """Runs jobs until none waits. Returns without any if enough other processes run jobs.

    Yields each job after its end. Raises `Unavailable` if the ledger or a file fails.
    """
    store = context.store
    store.delete_old(context.clock())
    is_free = True
    # A job that was added just before a place became free found none: look once more after that.
    while is_free and store.has_waiting():
        with store.slot() as is_free:
            while is_free:
                with store.next_waiting(context.clock()) as job:
                    if job is None:
                        break
                    yield job, _run(context, job, works[job.request.kind])


def _run(context: JobContext, job: Job, work: Work) -> JobResult:
    """Runs one job, again if personal data that it has read was erased meanwhile.

    Its start is an act of the user who requested it.
    """
    now = context.clock()
    context.ledger.transact(
        lambda records: record_job_act(
            records, EventKind.JOB_STARTED, job, job.request.user_name, now
        )
    )
    while True:
        last = context.ledger.read(lambda reading: reading.events.head()[0])
        folder = context.store.work_folder(job.id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        result = _result(context, job, work)
        if context.store.finish(job.id, result, lambda: not _is_outdated(context, job, last)):  # noqa: B023
            return result


def _result(context: JobContext, job: Job, work: Work) -> JobResult:
    try:
        return work(context, job, Progress(context, job.id))
    except GatepostError as error:
        return JobResult(ended_at=context.clock(), error=str(error))
    except Exception as error:
        # Without the error's text, which may hold personal data.
        stack = "".join(traceback.format_tb(error.__traceback__))
        log.error("job %s: unexpected error\n%s%s", job.id, stack, type(error).__name__)
        text = "an unexpected error; the log of the desk has the details"
        return JobResult(ended_at=context.clock(), error=text)


def _is_outdated(context: JobContext, job: Job, last: int) -> bool:
    """Whether personal data was erased since the event with this number."""
    if not job.request.kind.has_personal_data:
        return False
    return context.ledger.read(
        lambda reading: any(
            recorded.event.kind is EventKind.ERASED
            for recorded in reading.events.select(after=last)
        )
    )
