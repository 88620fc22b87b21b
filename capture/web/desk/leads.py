"""The list of leads, with filters in its address."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from flask import Blueprint, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import is_listed_for, notify_of_shown
from capture.client_access.lead_table import lead_table
from capture.documents.lead_export import EXCEL, WRITERS, XLSX_TYPE
from capture.errors import Refused
from capture.jobs.lead_export import export_details
from capture.jobs.model import JobKind
from capture.lead.events import Actor
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import LeadListQuery, list_position
from capture.review.acts import UNDO
from capture.review.decisions import KINDS
from capture.review.recent import undoable_reviews
from capture.web.desk.access import AGENCY_AND_CLIENT, allow, log_access, own_client, user
from capture.web.desk.bulk_acts import (
    AGENCY_ACTS,
    PAST,
    BulkAct,
    ContradictedLead,
    act_on_leads,
    contradicted_leads,
    results_in_words,
)
from capture.web.desk.lead_filters import (
    LeadFilters,
    read_filters,
    signal_choices,
    stage_choices,
)
from capture.web.desk.lead_rows import LeadRow, lead_row
from capture.web.desk.own_jobs import start_job
from capture.web.desk.pages import desk_page
from capture.web.desk.review_words import NOT_STATED
from capture.web.desk.times import reader_zone, time_in_words
from capture.web.services import services

blueprint = Blueprint("leads", __name__)

PAGE_SIZE: Final = 50
MOST_SELECTED: Final = 200
MOST_EXPORTED: Final = 10_000
"""Most leads of a file that is made within one request."""
_MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": XLSX_TYPE,
}


@blueprint.get("/leads")
@allow(AGENCY_AND_CLIENT)
def show() -> ResponseReturnValue:
    """A page of the list."""
    client = own_client()
    filters = read_filters(request.args, client)
    try:
        query = filters.query(client, datetime.now(UTC), PAGE_SIZE + 1)
    except Refused as refused:
        return _page(filters, [], {}, str(refused)), 422
    leads = services().ledger.read(lambda reading: reading.lead_list.page(query))
    has_more = len(leads) > PAGE_SIZE
    if query.before is not None:
        leads = leads[-PAGE_SIZE:]
    leads = leads[:PAGE_SIZE]
    rows = _load_rows(leads, query)
    return _page(filters, rows, _pages(filters, query, leads, has_more=has_more))


@blueprint.post("/leads")
@allow(AGENCY_AND_CLIENT)
def act() -> ResponseReturnValue:
    """Accepts, rejects, releases or discards the selected leads, each on its own; or undoes that.

    Before a rejection that contradicts answers, it asks about these leads.
    """
    form, client, now, ledger = request.form, own_client(), datetime.now(UTC), services().ledger
    filters = read_filters(form, client)
    bulk_act = BulkAct(form.get("act", ""), user().name, client, form.get("reason", ""))
    lead_ids = _selected()
    problem = _fault_of_form(bulk_act, lead_ids)
    if problem:
        flash(problem)
    else:
        if form.get("sure") != bulk_act.reason:
            asked = ledger.read(
                lambda reading: contradicted_leads(reading, bulk_act, lead_ids, now)
            )
            if asked:
                return _question(filters, bulk_act, lead_ids, asked), 422
        results = act_on_leads(ledger, bulk_act, lead_ids, now)
        known = sum(result.is_known for result in results)
        problems = [result.problem for result in results if result.problem]
        done = len(results) - known - len(problems)
        for line in results_in_words(PAST[bulk_act.act], done, problems, known=known):
            flash(line)
    return redirect(filters.here(), 303)


def _question(
    filters: LeadFilters,
    bulk_act: BulkAct,
    lead_ids: Sequence[str],
    asked: Sequence[ContradictedLead],
) -> str:
    """The page that asks whether to reject leads whose answers contradict the reason."""
    asked_ids = [each.lead_id for each in asked]
    services().ledger.transact(
        lambda records: log_access(records, "leads", asked_ids, datetime.now(UTC))
    )
    return desk_page(
        "leads_question.html",
        filters=filters,
        reason=bulk_act.reason,
        stated=request.form.get("stated", ""),
        asked=asked,
        all_ids=lead_ids,
        other_ids=[lead_id for lead_id in lead_ids if lead_id not in asked_ids],
    )


@blueprint.post("/leads/export")
@allow(AGENCY_AND_CLIENT)
def export() -> ResponseReturnValue:
    """A file with the selected leads, or with all leads of the list if none is selected. More leads
    than fit into one request are a job."""
    client, now, ledger = own_client(), datetime.now(UTC), services().ledger
    filters, shape = read_filters(request.form, client), request.form.get("format", "")
    if shape not in _MEDIA_TYPES:
        raise Refused("choose CSV or XLSX")
    query = replace(filters.query(client, now, MOST_EXPORTED + 1), after=None, before=None)
    lead_ids = _selected()

    found = ledger.read(lambda reading: _leads_to_export(reading, query, lead_ids))
    if len(found) > MOST_EXPORTED:
        details = {"address": filters.address(), **export_details(query, shape)}
        return start_job(JobKind.EXPORT, f"Export of leads as {shape.upper()}", details)

    def record(records: WriteTransaction) -> Sequence[Lead]:
        log_access(records, f"leads as {shape}", [lead.lead_id for lead in found], now)
        return found if client is None else notify_of_shown(records, found, now)

    leads = ledger.transact(record)  # short: the form of a visitor waits for it
    columns, rows = ledger.read(
        lambda reading: lead_table(reading, leads, now, with_source=client is None)
    )
    out = BytesIO()
    WRITERS[EXCEL if shape == "csv" else shape](out, columns, rows)
    out.seek(0)
    name = f"leads-{now:%Y-%m-%d}.{shape}"
    return send_file(out, _MEDIA_TYPES[shape], as_attachment=True, download_name=name)


def _leads_to_export(
    reading: ReadTransaction, query: LeadListQuery, lead_ids: Sequence[str]
) -> Sequence[Lead]:
    """The leads with these ids, or else those of the list, one more than `MOST_EXPORTED` if it has
    more."""
    if lead_ids:
        found = [reading.leads.get(lead_id) for lead_id in lead_ids]
        return [
            lead
            for lead in found
            if lead is not None and (query.client is None or is_listed_for(lead, query.client))
        ]
    return reading.lead_list.page(query)


def _selected() -> list[str]:
    """The ids of the selected leads, each once."""
    return list(dict.fromkeys(request.form.getlist("lead")))[:MOST_SELECTED]


def _fault_of_form(bulk_act: BulkAct, lead_ids: Sequence[str]) -> str:
    """Why nothing can be done; empty if it can."""
    if bulk_act.act not in PAST or (bulk_act.client is not None and bulk_act.act in AGENCY_ACTS):
        return "Nothing was done. Use one of the buttons."
    if not lead_ids:
        return "Nothing was done. Select leads first."
    if bulk_act.act == "reject" and not bulk_act.reason:
        return "Nothing was done. Choose the reason of the rejection."
    is_stated = bulk_act.client is not None or request.form.get("stated")
    return NOT_STATED if bulk_act.act in KINDS and not is_stated else ""


def _load_rows(leads: Sequence[Lead], query: LeadListQuery) -> Sequence[LeadRow]:
    """The rows, of which a client counts as notified (rule 11 of docs/rules.md)."""
    ledger, now = services().ledger, query.now

    def record(records: WriteTransaction) -> Sequence[LeadRow]:
        log_access(records, "leads", [lead.lead_id for lead in leads], now)
        if query.client is not None:
            return rows(records, notify_of_shown(records, leads, now))
        return []

    def rows(reading: ReadTransaction, shown: Sequence[Lead]) -> Sequence[LeadRow]:
        return [lead_row(reading, lead, now) for lead in shown]

    if not leads or request.method == "HEAD":
        return []
    recorded = ledger.transact(record)
    return recorded or ledger.read(lambda reading: rows(reading, leads))


def _pages(
    filters: LeadFilters, query: LeadListQuery, leads: Sequence[Lead], *, has_more: bool
) -> dict[str, str]:
    """The addresses of the pages before and after."""
    if not leads:
        return {"before": filters.address()} if query.after or query.before else {}
    is_backward = query.before is not None
    addresses = {}
    if has_more if is_backward else query.after is not None:
        addresses["before"] = filters.address(before=list_position(leads[0], query.sort))
    if is_backward or has_more:
        addresses["after"] = filters.address(after=list_position(leads[-1], query.sort))
    return addresses


def _page(
    filters: LeadFilters, rows: Sequence[LeadRow], pages: dict[str, str], problem: str = ""
) -> str:
    client, now, ledger = own_client(), datetime.now(UTC), services().ledger
    campaigns = ledger.read(lambda reading: reading.lead_list.campaigns(client))
    actor = Actor.AGENCY if client is None else Actor.CLIENT
    decided = ledger.read(
        lambda reading: undoable_reviews(reading, user().name, actor, now, client)
    )
    undo_ends = min((event.recorded_at for event in decided.values()), default=now) + UNDO
    return desk_page(
        "leads.html",
        filters=filters,
        rows=rows,
        pages=pages,
        problem=problem,
        campaigns=campaigns,
        stages=stage_choices(client),
        reasons={code: text for row in rows for code, text in row.reasons.items()},
        signals=signal_choices() if client is None else {},
        is_agency=client is None,
        decided=list(decided)[:MOST_SELECTED],
        undo_until=time_in_words(undo_ends, reader_zone()),
        seconds_left=int((undo_ends - now).total_seconds()),
    )
