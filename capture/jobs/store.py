"""Jobs as folders with files: what is requested, how far it is, and its result.

A job is not in the ledger: its progress would wait for the same lock as the forms of visitors, and
its request may name a person. The folder of a job has these files:

    job.json       the request
    progress.json  how far it is; it exists as soon as the job was started
    result.json    how it ended
    seen           empty; it exists as soon as the user has seen the end
    result         the file that it made, if it made one
    work/          temporary files

A process that does a job holds the kernel's lock on the job's folder. The kernel releases it when
the process ends, in whatever way, so a job that was started, has no result and is not locked was
interrupted.
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from capture.errors import Refused, Unavailable
from capture.files import atomic_write, locked_folder, make_private_folder, open_private
from capture.jobs.model import Job, JobProgress, JobRequest, JobResult, JobState

MOST_AT_ONCE: Final = 2
"""The most jobs that run at the same time; the others wait in order."""
MOST_OPEN: Final = 5
"""The most jobs of one user that wait, run or were interrupted."""
MOST_KEPT: Final = 20
"""The most jobs of one user that are kept; a new one replaces the oldest that is over."""
LIFE: Final = timedelta(hours=24)
"""How long a job with personal data is kept after its end."""
LIFE_WITHOUT_PERSONAL_DATA: Final = timedelta(days=30)

_ID: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class _Stored:
    """The content of `job.json`."""

    number: int
    request: JobRequest
    requested_at: datetime


_REQUEST: Final = TypeAdapter(JobRequest)
_STORED: Final = TypeAdapter(_Stored)
_PROGRESS: Final = TypeAdapter(JobProgress)
_RESULT: Final = TypeAdapter(JobResult)


class JobStore:
    """The jobs in one folder. Every method raises `Unavailable` if a file fails."""

    def __init__(self, folder: Path) -> None:
        """The folder is created with the first job."""
        self._folder = folder

    def folder_of(self, job_id: str) -> Path:
        """The folder of a job."""
        return self._folder / job_id

    def result_file(self, job_id: str) -> Path:
        """The file that the job made."""
        return self._folder / job_id / "result"

    def work_folder(self, job_id: str) -> Path:
        """The folder for its temporary files."""
        return self._folder / job_id / "work"

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        with self._translated_errors():
            jobs = filter(None, map(self._load, self._ids()))
            return sorted(jobs, key=lambda job: job.number, reverse=True)

    def get(self, job_id: str) -> Job | None:
        """The job with this id, which may be any text; None if there is none."""
        with self._translated_errors():
            return self._load(job_id) if _ID.fullmatch(job_id) else None

    def add(self, request: JobRequest, now: datetime) -> Job:
        """Stores a new job, or returns the user's job with the same request that has not ended.

        Raises `Refused` if the user has too many jobs that have not ended.
        """
        with self._translated_errors():
            make_private_folder(self._folder)
            with locked_folder(self._folder):
                jobs = self.all()
                own = [job for job in jobs if job.request.user_id == request.user_id]
                open_jobs = [job for job in own if job.result is None]
                for job in open_jobs:
                    if _REQUEST.dump_json(job.request) == _REQUEST.dump_json(request):
                        if job.state is JobState.INTERRUPTED:
                            self._reset(job.id)
                        return self._load(job.id) or job
                if len(open_jobs) >= MOST_OPEN:
                    raise Refused(
                        f"{len(open_jobs)} pieces of your work have not ended: wait for one, or "
                        "delete one that was interrupted"
                    )
                over = [job for job in own if job.state.is_over]
                for job in over[max(0, MOST_KEPT - len(open_jobs) - 1) :]:
                    self._remove(job.id)
                number = max((job.number for job in jobs), default=0) + 1
                return self._create(_Stored(number, request, now))

    def mark_seen(self, job_id: str) -> None:
        """Stores that the user has seen the end of the job. Does nothing if it is deleted."""
        with self._translated_errors(), suppress(FileNotFoundError):
            (self.folder_of(job_id) / "seen").touch(mode=0o600)

    def start_again(self, job_id: str) -> None:
        """Makes a job that failed or was interrupted wait again. Does nothing in other states."""
        with self._translated_errors(), locked_folder(self._folder):
            job = self._load(job_id)
            if job is not None and job.state in {JobState.FAILED, JobState.INTERRUPTED}:
                self._reset(job_id)

    def delete(self, job_id: str) -> bool:
        """Deletes a job that is over, with its files. False if it is not over."""
        with self._translated_errors(), locked_folder(self._folder):
            job = self._load(job_id)
            if job is None or not job.state.is_over:
                return False
            self._remove(job_id)
            return True

    def delete_old(self, now: datetime) -> int:
        """Deletes jobs that are over since a while, with their files. Returns how many."""
        return self._delete_where(lambda job: is_old(job, now))

    def delete_personal_data(self) -> int:
        """Deletes all jobs that are over and may hold personal data. Returns how many.

        One that runs begins again by itself, because data was erased meanwhile.
        """
        return self._delete_where(lambda job: job.request.kind.has_personal_data)

    def with_personal_data(self) -> int:
        """The number of jobs that `delete_personal_data` would delete."""
        return sum(job.state.is_over and job.request.kind.has_personal_data for job in self.all())

    def _delete_where(self, condition: Callable[[Job], bool]) -> int:
        return sum(self.delete(job.id) for job in self.all() if condition(job))

    # --- for the process that does the jobs ---

    @contextmanager
    def slot(self) -> Iterator[bool]:
        """Takes one of the places of jobs that run at the same time. False if none is free."""
        with self._translated_errors():
            make_private_folder(self._folder)
            handle = self._free_slot()
        try:
            yield handle is not None
        finally:
            if handle is not None:
                os.close(handle)

    def has_free_slot(self) -> bool:
        """Whether fewer jobs run than may run at the same time."""
        with self.slot() as is_free:
            return is_free

    def _free_slot(self) -> int | None:
        for number in range(MOST_AT_ONCE):
            handle = open_private(self._folder / f"slot-{number}")
            if _lock(handle):
                return handle
            os.close(handle)
        return None

    def has_waiting(self) -> bool:
        """Whether a job waits."""
        return any(job.state is JobState.WAITING for job in self.all())

    @contextmanager
    def next_waiting(self, now: datetime) -> Iterator[Job | None]:
        """Starts the job that waits longest, and holds its lock; None if none waits."""
        with self._translated_errors():
            claimed = self._claim(now)
        try:
            yield None if claimed is None else claimed[0]
        finally:
            if claimed is not None:
                os.close(claimed[1])

    def _claim(self, now: datetime) -> tuple[Job, int] | None:
        if not self._folder.is_dir():
            return None
        with locked_folder(self._folder):
            for job in reversed(self.all()):
                if job.state is not JobState.WAITING:
                    continue
                handle = os.open(self.folder_of(job.id), os.O_RDONLY | os.O_CLOEXEC)
                if _lock(handle):
                    self.save_progress(job.id, JobProgress(at=now))
                    return job, handle
                os.close(handle)
        return None

    def save_progress(self, job_id: str, progress: JobProgress) -> None:
        """Stores how far the job is."""
        self._write(job_id, "progress", _PROGRESS.dump_json(progress))

    def finish(self, job_id: str, result: JobResult, is_valid: Callable[[], bool]) -> bool:
        """Stores how the job ended, and deletes its temporary files.

        False, and nothing is stored, if the result is not valid any more. Nothing is deleted by
        `delete_personal_data` between the question and the answer.
        """
        with self._translated_errors(), locked_folder(self._folder):
            if not is_valid():
                return False
            shutil.rmtree(self.work_folder(job_id), ignore_errors=True)
            self._write(job_id, "result", _RESULT.dump_json(result))
            return True

    # --- files ---

    def _ids(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return [entry.name for entry in os.scandir(self._folder) if _ID.fullmatch(entry.name)]

    def _create(self, stored: _Stored) -> Job:
        """Creates the folder of a job under its final name only when it is complete."""
        job_id = secrets.token_hex(8)
        draft = self._folder / f"new-{job_id}"
        draft.mkdir(mode=0o700)
        with atomic_write(draft / "job.json") as file:
            file.write_bytes(_STORED.dump_json(stored))
        draft.rename(self.folder_of(job_id))
        return self._as_job(job_id, stored)

    def _load(self, job_id: str) -> Job | None:
        """The job; None if it does not exist, or was deleted meanwhile."""
        stored = self._read(job_id, "job", _STORED)
        return None if stored is None else self._as_job(job_id, stored)

    def _as_job(self, job_id: str, stored: _Stored) -> Job:
        # The result is read again after the lock: the process may have ended in between.
        result = self._read(job_id, "result", _RESULT)
        progress = self._read(job_id, "progress", _PROGRESS)
        state = JobState.WAITING
        if result is None and progress is not None:
            state = JobState.RUNNING if self._is_locked(job_id) else JobState.INTERRUPTED
            if state is JobState.INTERRUPTED:
                result = self._read(job_id, "result", _RESULT)
        if result is not None:
            state = JobState.FAILED if result.error else JobState.DONE
        return Job(
            id=job_id,
            number=stored.number,
            request=stored.request,
            requested_at=stored.requested_at,
            state=state,
            progress=progress,
            result=result,
            is_seen=(self.folder_of(job_id) / "seen").exists(),
        )

    def _read(self, job_id: str, name: str, adapter: TypeAdapter[Any]) -> Any:
        try:
            return adapter.validate_json((self.folder_of(job_id) / f"{name}.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None

    def _write(self, job_id: str, name: str, content: bytes) -> None:
        with (
            self._translated_errors(),
            atomic_write(self.folder_of(job_id) / f"{name}.json") as file,
        ):
            file.write_bytes(content)

    def _is_locked(self, job_id: str) -> bool:
        try:
            handle = os.open(self.folder_of(job_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _lock(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)

    def _reset(self, job_id: str) -> None:
        """Deletes all files of a job but its request."""
        folder = self.folder_of(job_id)
        shutil.rmtree(folder / "work", ignore_errors=True)
        for path in folder.iterdir():
            if path.name not in {"job.json", "work"}:
                path.unlink(missing_ok=True)

    def _remove(self, job_id: str) -> None:
        """Deletes the request last: what is left after an interruption can be deleted again."""
        self._reset(job_id)
        shutil.rmtree(self.folder_of(job_id))

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self._folder
            raise Unavailable(f"{where}: {error.strerror}") from None


def is_old(job: Job, now: datetime) -> bool:
    """Whether the job has been over for so long that it is deleted."""
    life = LIFE if job.request.kind.has_personal_data else LIFE_WITHOUT_PERSONAL_DATA
    return job.state.is_over and job.ended_at < now - life


def _lock(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Takes the kernel's lock on an open file or folder; False if another process has it."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
