"""Backtests of any number of leads."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from capture.backtest.findings import Backtest
from capture.backtest.run import backtest
from capture.campaign.model import Campaign
from capture.files import atomic_write
from capture.jobs.model import Job, JobResult
from capture.jobs.run import JobContext, Progress
from capture.jobs.store import JobStore
from capture.ledger.campaigns import parse_version
from capture.ledger.protocol import ReadTransaction

MOST_CHANGED: Final = 50
"""Changed leads that a result lists, the newest ones."""
_BACKTEST: Final = TypeAdapter(Backtest)


def backtest_details(draft: Campaign, since: str) -> Mapping[str, Any]:
    """The details of the request: a version, and the first day as ISO 8601 or empty.

    They carry the text of the version, because the ledger has only those that were in force.
    """
    version = {"campaign": draft.slug, "version": draft.version, "text": draft.text}
    return version | {"since": since}


def midnight(draft: Campaign, day: date) -> datetime:
    """The beginning of a day in the campaign's time zone."""
    return datetime.combine(day, time(), draft.zone)


def run_backtest(context: JobContext, job: Job, progress: Progress) -> JobResult:
    """Judges the campaign's leads by the version. The result is a file with the findings."""
    details, now = job.request.details, context.clock()

    def judge(reading: ReadTransaction) -> Backtest:
        slug = details["campaign"]
        draft = parse_version(slug, details["version"], details["text"])
        since = midnight(draft, date.fromisoformat(details["since"])) if details["since"] else None
        progress.begin("Judging the leads", reading.leads.count(slug, since))
        leads = progress.count(reading.leads.judged(slug, since))
        return backtest(reading, draft, leads, now, MOST_CHANGED)

    found = context.ledger.read(judge)
    with atomic_write(context.store.result_file(job.id)) as file:
        file.write_bytes(_BACKTEST.dump_json(found))
    return JobResult(ended_at=context.clock())


def read_findings(store: JobStore, job: Job) -> Backtest | None:
    """The findings of a backtest that is done.

    None if its file was deleted meanwhile, or written by another version of Gatepost.
    """
    try:
        return _BACKTEST.validate_json(store.result_file(job.id).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
