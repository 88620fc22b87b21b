"""Months: the preview of a month of each client, and its close."""

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.campaign.catalogue import read_changed_files
from capture.closing.month_end import State
from capture.closing.month_of_clients import MonthOfClients
from capture.documents.agreement.model import month_name
from capture.errors import NotFound
from capture.jobs.close_months import MonthCloser, close_details
from capture.jobs.model import JobKind
from capture.text import count_noun
from capture.web.desk.access import AGENCY, allow, log_access, user
from capture.web.desk.month_choice import is_month, month_in_address, shift_month
from capture.web.desk.month_view import MonthTable, month_list, month_table, previews, reason_of_end
from capture.web.desk.own_jobs import start_job
from capture.web.desk.pages import desk, desk_page
from capture.web.services import services

blueprint = Blueprint("months", __name__)

MOST_SECONDS: Final = 10.0
"""The page before a close computes the months of as many clients as fit in this time, and says how
many are left."""
MOST_LINES: Final = 200
"""The list of months computes the sums of so many lines; larger months have theirs in the
preview."""

STATES: Final = {
    State.CLOSED: ("Closed", "good"),
    State.READY: ("Ready", "warning"),
    State.NOT_READY: ("Not ready", ""),
    State.NO_LEADS: ("No leads", ""),
}
"""The words and the tone of each state of a month."""


@blueprint.get("/months")
@allow(AGENCY)
def show_list() -> ResponseReturnValue:
    """The month of each client: its state, its sums, and how much there is to decide."""
    now = datetime.now(UTC)
    month = month_in_address(shift_month(f"{now:%Y-%m}", -1))
    return desk_page(
        "months.html",
        table=month_list(services().ledger, _month(month), now, MOST_LINES),
        states=STATES,
        reason_of_end=reason_of_end,
        month=month,
        month_words=month_name(month),
        earlier=shift_month(month, -1),
        later=shift_month(month, 1),
    )


@blueprint.get("/months/<month>/clients/<client>")
@allow(AGENCY)
def preview(month: str, client: str) -> ResponseReturnValue:
    """What a client's document would be now, and what to decide before the close."""
    now, of_client = datetime.now(UTC), _month(month, client)
    shown = services().ledger.read(lambda reading: previews(reading, of_client, now))
    if not shown:
        raise NotFound(f"no lead of {client} yet")
    lead_ids = [lead_id for each in shown for lead_id in each.lead_ids]
    services().ledger.transact(
        lambda records: log_access(records, "statement preview", lead_ids, now)
    )
    return desk_page(
        "month.html",
        previews=shown,
        is_ready=any(each.end.state is State.READY for each in shown),
        states=STATES,
        reason_of_end=reason_of_end,
        client=client,
        month=month,
        month_words=month_name(month),
    )


@blueprint.get("/months/<month>/close")
@allow(AGENCY)
def confirm(month: str) -> ResponseReturnValue:
    """The sums of the months that can be closed, before they are closed."""
    return _confirm_page(month, request.args.get("client"))


def _confirm_page(month: str, client: str | None, failure: str = "") -> ResponseReturnValue:
    table = _table(month, datetime.now(UTC), client)
    page = desk_page(
        "month_close.html",
        table=table,
        failure=failure,
        month=month,
        month_words=month_name(month),
        client=client,
    )
    return page, 409 if failure else 200


@blueprint.post("/months/<month>/close")
@allow(AGENCY)
def close(month: str) -> ResponseReturnValue:
    """Closes the month of one client. Several clients are a job."""
    of_clients = _month(month)
    seen = {
        client: request.form.get(f"seen-{client}", "") for client in request.form.getlist("client")
    }
    if len(seen) > 1:
        title = f"Close of {month_name(month)} for {count_noun(len(seen), 'client')}"
        return start_job(JobKind.CLOSE, title, close_details(month, seen))
    closer = MonthCloser(services().ledger, of_clients, user().name)
    for client, sums in seen.items():
        found = closer.close(client, sums, datetime.now(UTC))
        if isinstance(found, str):
            return _confirm_page(month, request.form.get("only"), found)
        numbers = ", ".join(found) or "nothing to bill, no document"
        flash(f"{month_name(month)} is closed: {client} ({numbers}).")
    return redirect(url_for(".show_list", month=month), 303)


def _month(month: str, client: str | None = None) -> MonthOfClients:
    """The month, with the files as they are now. An impossible month is no page."""
    if not is_month(month):
        raise NoSuchPage
    config = services().config
    files = read_changed_files(config.campaigns, config.clients, config.gated)
    return MonthOfClients(desk().supplier, files, month, client)


def _table(month: str, now: datetime, client: str | None = None) -> MonthTable:
    return month_table(services().ledger, _month(month, client), now, MOST_SECONDS)
