"""One lead: what the person wrote, why it qualifies or not, its timeline, and what can be done."""

from datetime import UTC, datetime
from uuid import uuid4

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import LeadRemoved
from capture.errors import NotFound
from capture.ledger.protocol import ReadTransaction
from capture.web.desk import lead_acts
from capture.web.desk.access import AGENCY, AGENCY_AND_CLIENT, allow, log_access, own_client, user
from capture.web.desk.lead_acts import LeadAct, Problem, perform
from capture.web.desk.lead_page import LeadPage, agency_page, client_page
from capture.web.desk.pages import desk_page
from capture.web.review.access import MAX_NOTE
from capture.web.services import services

blueprint = Blueprint("lead", __name__)


@blueprint.get("/leads/<lead_id>")
@allow(AGENCY_AND_CLIENT)
def show(lead_id: str) -> ResponseReturnValue:
    """The page of the lead."""
    return _page(lead_id)


@blueprint.post("/leads/<lead_id>/review")
@allow(AGENCY_AND_CLIENT)
def review(lead_id: str) -> ResponseReturnValue:
    """Accepts, rejects, undoes, disputes or settles."""
    return _perform(lead_acts.review, "review", lead_id)


@blueprint.post("/leads/<lead_id>/quarantine")
@allow(AGENCY)
def decide_quarantine(lead_id: str) -> ResponseReturnValue:
    """Releases or discards the lead."""
    return _perform(lead_acts.decide_quarantine, "quarantine", lead_id)


@blueprint.post("/leads/<lead_id>/correction")
@allow(AGENCY)
def correct(lead_id: str) -> ResponseReturnValue:
    """Corrects answers, or marks the lead as not spam."""
    return _perform(lead_acts.correct, "correction", lead_id)


@blueprint.post("/leads/<lead_id>/outcome")
@allow(AGENCY_AND_CLIENT)
def record_outcome(lead_id: str) -> ResponseReturnValue:
    """Records a meeting, a sale, revenue, or an objection."""
    name = f"outcome-{request.form.get('outcome', '')}"
    return _perform(lead_acts.record_outcome_of_form, name, lead_id)


@blueprint.post("/leads/<lead_id>/note")
@allow(AGENCY)
def add_note(lead_id: str) -> ResponseReturnValue:
    """Stores a note of the agency."""
    return _perform(lead_acts.add_note, "note", lead_id)


def _perform(act: LeadAct, name: str, lead_id: str) -> ResponseReturnValue:
    try:
        done = perform(act, name, lead_id, request.form, datetime.now(UTC))
    except NotFound as error:
        return _no_lead(error)
    if isinstance(done, Problem):
        return _page(lead_id, done)
    flash(done)
    return redirect(url_for("lead.show", lead_id=lead_id), 303)


def _page(lead_id: str, problem: Problem | None = None) -> ResponseReturnValue:
    """The page, after a refused act with what was typed."""
    now, client, viewer = datetime.now(UTC), own_client(), user().name

    def read(reading: ReadTransaction) -> LeadPage:
        if client is None:
            return agency_page(reading, lead_id, viewer, now)
        return client_page(reading, client, lead_id, viewer, now)

    ledger = services().ledger
    try:
        page = ledger.read(read)
    except NotFound as error:
        return _no_lead(error)
    ledger.transact(lambda records: log_access(records, "lead", [lead_id], now))
    html = desk_page(
        "lead.html", page=page, now=now, problem=problem, once=uuid4().hex, max_note=MAX_NOTE
    )
    return html, 200 if problem is None else problem.status


def _no_lead(error: NotFound) -> ResponseReturnValue:
    title, text = "Not found", "There is no such lead. The address may be mistyped."
    if isinstance(error, LeadRemoved):
        title, text = "This lead was removed", "The agency has removed this lead. It costs nothing."
    return desk_page("message.html", title=title, text=text, link="overview.show"), 404
