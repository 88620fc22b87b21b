"""Long work: how far it is, and its result. See `capture.jobs`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.client_access.client_leads import is_listed_for, notify_of_shown
from capture.documents.agreement.model import month_name
from capture.jobs.backtest import read_findings
from capture.jobs.model import Job, JobKind, JobState
from capture.jobs.run import record_job_act
from capture.lead.events import EventKind
from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Access
from capture.web.desk.access import AGENCY_AND_CLIENT, allow, log_access, own_client, user
from capture.web.desk.own_jobs import find_own_job, note_of, own_jobs
from capture.web.desk.pages import desk, desk_page
from capture.web.services import services

blueprint = Blueprint("jobs", __name__)

STATES: Final = {
    JobState.WAITING: ("Waiting", ""),
    JobState.RUNNING: ("Running", "warning"),
    JobState.DONE: ("Done", "good"),
    JobState.FAILED: ("Failed", "bad"),
    JobState.INTERRUPTED: ("Interrupted", "bad"),
}
"""The words and the tone of each state."""
_NOTIFIED_AT_ONCE: Final = 200
"""The most leads in one transaction, because visitors wait while it runs."""


@blueprint.get("/jobs")
@allow(AGENCY_AND_CLIENT)
def show_list() -> ResponseReturnValue:
    """The user's long work; the agency sees that of all its users."""
    jobs = own_jobs()
    return desk_page("jobs.html", jobs=jobs, states=STATES, note_of=note_of, is_own=own_client())


@blueprint.get("/jobs/<job_id>")
@allow(AGENCY_AND_CLIENT)
def show(job_id: str) -> ResponseReturnValue:
    """One piece of work: its progress or its result."""
    job = find_own_job(job_id)
    if job.state.is_over and job.request.user_id == user().id:
        desk().jobs.mark_seen(job_id)
    return desk_page(
        "job.html",
        job=job,
        states=STATES,
        is_open=not job.state.is_over,
        is_next=job.state is JobState.WAITING and desk().jobs.has_free_slot(),
        **(_result_of(job) if job.state is JobState.DONE else {}),
    )


def _result_of(job: Job) -> Mapping[str, Any]:
    """What the page shows of the result of a job that is done."""
    details = job.request.details
    if job.request.kind is JobKind.CLOSE:
        return {"month_words": month_name(details["month"])}
    if job.request.kind is JobKind.BACKTEST:
        findings = read_findings(desk().jobs, job)
        if findings is None:
            raise NoSuchPage
        lead_ids = [lead.lead_id for lead in findings.changed]
        now = datetime.now(UTC)
        services().ledger.transact(lambda records: log_access(records, "backtest", lead_ids, now))
        return {"findings": findings}
    return {}


@blueprint.get("/jobs/<job_id>/file")
@allow(AGENCY_AND_CLIENT)
def download(job_id: str) -> ResponseReturnValue:
    """The file that the work has made. A client counts as notified of the leads in it (rule 11)."""
    job = find_own_job(job_id)
    if job.result is None or not job.result.file_name:
        raise NoSuchPage
    name = job.result.file_name
    path = desk().jobs.result_file(job_id).absolute()
    try:
        answer = send_file(path, as_attachment=True, download_name=name)
    except FileNotFoundError:  # deleted meanwhile
        raise NoSuchPage from None
    if request.method != "HEAD":
        _record_download(job, job.result.details)
    return answer


def _record_download(job: Job, details: Mapping[str, Any]) -> None:
    now, ledger, client = datetime.now(UTC), services().ledger, own_client()
    page = f"leads as {job.request.details['format']}"
    access = Access(user_id=user().id, at=now, page=page, count=details["leads"])
    ledger.transact(lambda records: records.users.log_access(access))
    unnotified: Sequence[str] = details["unnotified"] if client else ()
    for start in range(0, len(unnotified), _NOTIFIED_AT_ONCE):
        lead_ids = unnotified[start : start + _NOTIFIED_AT_ONCE]

        def notify(records: WriteTransaction, lead_ids: Sequence[str] = lead_ids) -> None:
            found = (records.leads.get(lead_id) for lead_id in lead_ids)
            leads = [lead for lead in found if lead and is_listed_for(lead, str(client))]
            notify_of_shown(records, leads, now)

        ledger.transact(notify)


@blueprint.post("/jobs/<job_id>/again")
@allow(AGENCY_AND_CLIENT)
def start_again(job_id: str) -> ResponseReturnValue:
    """Starts work again that was interrupted or has failed. A second click changes nothing."""
    job = find_own_job(job_id)
    desk().jobs.start_again(job.id)
    desk().start_jobs()
    return redirect(url_for(".show", job_id=job.id), 303)


@blueprint.post("/jobs/<job_id>/delete")
@allow(AGENCY_AND_CLIENT)
def delete(job_id: str) -> ResponseReturnValue:
    """Deletes work that is over, with its file."""
    job, who, now = find_own_job(job_id), user(), datetime.now(UTC)
    is_deleted = desk().jobs.delete(job.id)
    if is_deleted:
        services().ledger.transact(
            lambda records: record_job_act(records, EventKind.JOB_DELETED, job, who.name, now)
        )
    flash(f"{job.request.title}: {'deleted' if is_deleted else 'it is running, so it is kept'}.")
    return redirect(url_for(".show_list"), 303)
