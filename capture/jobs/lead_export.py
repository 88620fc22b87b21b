"""Exports a list of leads of any length: read in short pages, written row by row.

The columns are known only after the last lead. So the rows are first written to a temporary file,
and then to the file of the result.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import TypeAdapter

from capture.client_access.client_leads import is_listed_for
from capture.client_access.lead_table import lead_table
from capture.documents.lead_export import EXCEL, WRITERS, Row
from capture.files import open_private
from capture.jobs.model import Job, JobResult
from capture.jobs.run import JobContext, Progress
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.ledger.types import LeadListQuery, list_position
from capture.review.acts import is_unnotified

_PAGE: Final = 1_000
"""Leads that are read in one transaction."""
_QUERY: Final = TypeAdapter(LeadListQuery)
_NOT_STORED: Final = frozenset({"now", "limit", "after", "before"})
"""Of the query: each run has its own time, and reads the list from its beginning."""


def export_details(query: LeadListQuery, shape: str) -> Mapping[str, Any]:
    """The details of the request: the list, and the format `csv` (for Excel) or `xlsx`."""
    stored = _QUERY.dump_python(query, mode="json", exclude=set(_NOT_STORED))
    return {"format": shape, "query": stored}


def export_leads(context: JobContext, job: Job, progress: Progress) -> JobResult:
    """Writes the leads of the list. A client counts as notified of them with its download.

    The result's details name the leads of which the client was not notified: `unnotified`.
    """
    now, ledger, details = context.clock(), context.ledger, job.request.details
    query = _QUERY.validate_python({**details["query"], "now": now, "limit": _PAGE}, strict=False)
    lead_ids = _list_ids(ledger, query, progress)
    work, unnotified = context.store.work_folder(job.id), list[str]()
    columns: dict[str, None] = {}
    count = 0
    with os.fdopen(open_private(work / "rows"), "w+", encoding="utf-8") as spool:
        progress.begin("Reading the leads", len(lead_ids))
        for start in range(0, len(lead_ids), _PAGE):
            page = lead_ids[start : start + _PAGE]
            leads, names, rows = ledger.read(
                lambda reading, page=page: _read_page(reading, query, page)  # type: ignore[misc]
            )
            columns |= dict.fromkeys(names)
            unnotified += (lead.lead_id for lead in leads if is_unnotified(lead))
            spool.writelines(f"{json.dumps(row)}\n" for row in rows)
            count += len(rows)
            progress.advance(len(page))
        spool.seek(0)
        progress.begin("Writing the file", count)
        rows_again: Iterator[Row] = (json.loads(line) for line in spool)
        shape = details["format"]
        with _temporary_files_in(work), os.fdopen(open_private(work / "result"), "wb") as out:
            _write(out, shape, columns, progress.count(rows_again))
            out.flush()
            os.fsync(out.fileno())
    (work / "result").replace(context.store.result_file(job.id))
    return JobResult(
        ended_at=context.clock(),
        file_name=f"leads-{now:%Y-%m-%d}.{shape}",
        details={"leads": count, "unnotified": unnotified if query.client else []},
    )


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Puts temporary files there, so that what a killed process leaves is deleted with the job."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _list_ids(ledger: Ledger, query: LeadListQuery, progress: Progress) -> list[str]:
    """The ids of all leads of the list, in its order, read page by page."""
    progress.begin("Finding the leads")
    lead_ids = list[str]()
    while True:
        leads = ledger.read(lambda reading, query=query: reading.lead_list.page(query))  # type: ignore[misc]
        lead_ids += (lead.lead_id for lead in leads)
        progress.advance(len(leads))
        if len(leads) < query.limit:
            return lead_ids
        query = replace(query, after=list_position(leads[-1], query.sort))


def _read_page(
    reading: ReadTransaction, query: LeadListQuery, lead_ids: Sequence[str]
) -> tuple[Sequence[Lead], Sequence[str], Sequence[Row]]:
    """The leads as they are now, without those that the client may no longer see."""
    found = [reading.leads.get(lead_id) for lead_id in lead_ids]
    leads = [
        lead
        for lead in found
        if lead is not None and (query.client is None or is_listed_for(lead, query.client))
    ]
    columns, rows = lead_table(reading, leads, query.now, with_source=query.client is None)
    return leads, columns, rows


def _write(out: BinaryIO, shape: str, columns: Mapping[str, None], rows: Iterator[Row]) -> None:
    last = "unverified"  # also the last column of each page
    names = [*(name for name in columns if name != last), last]
    WRITERS[EXCEL if shape == "csv" else shape](out, names, rows)
