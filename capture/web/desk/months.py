"""Months: the preview of a month of each client, and its close."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.campaign.catalogue import read_all_files
from capture.closing.month_end import FAILURES, State
from capture.closing.month_of_clients import MonthOfClients
from capture.documents.agreement.model import month_name
from capture.errors import GatepostError, NotFound
from capture.text import count_noun
from capture.web.desk.access import AGENCY, allow, log_access, user
from capture.web.desk.month_choice import is_month, month_in_address, shift_month
from capture.web.desk.month_view import MonthTable, month_table, previews
from capture.web.desk.pages import desk, desk_page
from capture.web.services import services

blueprint = Blueprint("months", __name__)

MOST_SECONDS: Final = 10.0
"""A page computes or closes the months of as many clients as fit in this time, and says how many
are left."""

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
        table=_table(month, now),
        states=STATES,
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
        client=client,
        month=month,
        month_words=month_name(month),
    )


@blueprint.get("/months/<month>/close")
@allow(AGENCY)
def confirm(month: str) -> ResponseReturnValue:
    """The sums of the months that can be closed, before they are closed."""
    return _confirm_page(month, request.args.get("client"))


def _confirm_page(
    month: str, client: str | None, failures: Sequence[str] = ()
) -> ResponseReturnValue:
    table = _table(month, datetime.now(UTC), client)
    page = desk_page(
        "month_close.html",
        table=table,
        failures=failures,
        month=month,
        month_words=month_name(month),
        client=client,
    )
    return page, 409 if failures else 200


@blueprint.post("/months/<month>/close")
@allow(AGENCY)
def close(month: str) -> ResponseReturnValue:
    """Closes the month of the chosen clients, one after another, while there is time."""
    of_clients = _month(month)
    chosen = list(dict.fromkeys(request.form.getlist("client")))
    end_time = time.monotonic() + MOST_SECONDS
    closed, failures = list[str](), list[str]()
    for client in chosen:
        try:
            numbers = _close(of_clients, client)
        except FAILURES as error:
            known = isinstance(error, GatepostError)
            failures.append(f"{error}." if known else f"{client}: an unexpected error.")
        else:
            closed.append(f"{client} ({', '.join(numbers) or 'nothing to bill, no document'})")
        if time.monotonic() >= end_time:
            break
    left = len(chosen) - len(closed) - len(failures)
    if closed:
        flash(f"{month_name(month)} is closed: {', '.join(closed)}.")
    if left:
        flash(f"{count_noun(left, 'client')} not closed yet. Close the others with another click.")
    if failures:
        return _confirm_page(month, request.form.get("only"), failures)
    if left:
        return redirect(url_for(".confirm", month=month), 303)
    return redirect(url_for(".show_list", month=month), 303)


def _close(of_clients: MonthOfClients, client: str) -> list[str]:
    now, seen, by = datetime.now(UTC), request.form.get(f"seen-{client}", ""), user().name
    return services().ledger.transact(
        lambda records: of_clients.close_as_seen(records, client, seen, by, now)
    )


def _month(month: str, client: str | None = None) -> MonthOfClients:
    """The month, with the files as they are now. An impossible month is no page."""
    if not is_month(month):
        raise NoSuchPage
    config = services().config
    files = read_all_files(config.campaigns, config.clients, config.gated)
    return MonthOfClients(desk().supplier, files, month, client)


def _table(month: str, now: datetime, client: str | None = None) -> MonthTable:
    return month_table(services().ledger, _month(month, client), now, MOST_SECONDS)
