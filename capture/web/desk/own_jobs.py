"""The jobs of the user of a request: starts them, finds them, and tells of them on every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.errors import Unavailable
from capture.jobs.model import Job, JobKind, JobRequest, JobState
from capture.jobs.store import is_old
from capture.ledger.users import Role, User
from capture.web.desk.access import AGENCY_AND_CLIENT, logged_in, user
from capture.web.desk.pages import desk


def start_job(kind: JobKind, title: str, details: Mapping[str, Any]) -> ResponseReturnValue:
    """Starts a job and shows its page. The same request, such as a second click, is the same job.

    Raises `Refused` if too many jobs of the user have not ended.
    """
    who = user()
    job = desk().jobs.add(
        JobRequest(
            kind=kind,
            title=title,
            user_id=who.id,
            user_name=who.name,
            client=who.client,
            details=details,
        ),
        datetime.now(UTC),
    )
    desk().start_jobs()
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def own_jobs() -> list[Job]:
    """The jobs that the user may see, the newest first."""
    who, now = user(), datetime.now(UTC)
    return [job for job in desk().jobs.all() if _may_see(who, job, now)]


def find_own_job(job_id: str) -> Job:
    """A job that the user may see. Raises 404 for an unknown one and for one of somebody else."""
    job = desk().jobs.get(job_id)
    if job is None or not _may_see(user(), job, datetime.now(UTC)):
        raise NoSuchPage
    return job


def _may_see(who: User, job: Job, now: datetime) -> bool:
    """A client's user sees only what the user has started; the agency sees all that is its own."""
    if is_old(job, now):  # it is deleted soon
        return False
    if who.role is Role.AGENCY:
        return not job.request.client
    return job.request.user_id == who.id


@dataclass(frozen=True, slots=True)
class JobNote:
    """What every page says of a job."""

    id: str
    title: str
    text: str


def frame_context() -> dict[str, Any]:
    """For the frame of each page: notes of the user's jobs that run or have just ended."""
    found = logged_in()
    if found is None or found.user.role not in AGENCY_AND_CLIENT:
        return {"has_jobs": False, "job_notes": []}
    try:
        jobs = own_jobs()
    except Unavailable:  # a page without notes is better than none
        jobs = []
    return {
        "has_jobs": bool(jobs),
        "job_notes": [
            JobNote(job.id, job.request.title, note_of(job))
            for job in jobs
            if request.blueprint != "jobs"
            and job.request.user_id == found.user.id
            and not job.is_seen
        ],
    }


def note_of(job: Job) -> str:
    """How far the job is, in a few words that follow a colon."""
    progress = job.progress
    if job.state is JobState.RUNNING and progress is not None and progress.total:
        return f"{progress.step.lower()}, {progress.done:,} of {progress.total:,}"
    return job.state.value
