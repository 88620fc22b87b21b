"""The list of leads, with filters in its address."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import notify_of_shown
from capture.errors import Refused
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import LeadListQuery, list_position
from capture.web.desk.access import AGENCY_AND_CLIENT, allow, log_access, own_client
from capture.web.desk.lead_filters import (
    LeadFilters,
    read_filters,
    signal_choices,
    stage_choices,
)
from capture.web.desk.lead_rows import LeadRow, lead_row
from capture.web.desk.pages import desk_page
from capture.web.services import services

blueprint = Blueprint("leads", __name__)

PAGE_SIZE: Final = 50


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
    client = own_client()
    campaigns = services().ledger.read(lambda reading: reading.lead_list.campaigns(client))
    return desk_page(
        "leads.html",
        filters=filters,
        rows=rows,
        pages=pages,
        problem=problem,
        campaigns=campaigns,
        stages=stage_choices(client),
        signals=signal_choices() if client is None else {},
        is_agency=client is None,
    )
