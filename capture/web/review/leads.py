"""`/r/<token>`: the review of one lead, or the list of all that wait, through a contact's link.

GET and HEAD change nothing. In particular, opening a page is no notice (rule 11 of docs/rules.md):
nobody is notified by a program that follows the links in a letter. A POST records one act under
the address that the link was sent to, and answers 303 to the same page. Who decides on a lead knows
it, so a decision notifies, as in the API.
"""

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import (
    find_client_lead,
    open_client_lead,
    read_client_lead,
    waiting_leads,
)
from capture.errors import EventNotAllowed, NotFound, Refused
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.review.acts import Act, withdraw
from capture.review.decisions import KINDS, Decision, decide
from capture.signed_links import Subject
from capture.text import trim_invisible
from capture.web.desk.lead_view import LeadView, lead_view
from capture.web.review.access import (
    LinkEnded,
    LinkUnknown,
    Visitor,
    find_visitor,
    is_sent_by_another_site,
)
from capture.web.services import message_page, page_template, services

blueprint = Blueprint("review", __name__, template_folder="../desk/templates")

MAX_NOTE: Final = 2000
"""Most characters of a note, as in the API."""
_UNDO: Final = "undo"

_TOO_LATE = (
    "Your answer was not recorded, because the review had ended before. What counts is shown here."
)
_TOO_LATE_TO_UNDO = (
    "It was not undone: a review can be undone for ten seconds, by the person who made it. "
    "What counts is shown here. If it is wrong, ask the agency."
)
_NO_REASON = "Choose one of the reasons. The agreement allows no other."
_LONG_NOTE = f"The note is longer than {MAX_NOTE} characters. Shorten it, and send it again."


@blueprint.get("/r/<token>")
def show(token: str) -> ResponseReturnValue:
    """The lead, or the list of all that wait."""
    now = datetime.now(UTC)
    visitor = find_visitor(token, now, Subject.LEAD, Subject.LIST)
    if visitor.grant.subject is Subject.LIST:
        return _list_page(visitor, token, now)
    return _lead_page(visitor, visitor.grant.id, now)


@blueprint.get("/r/<token>/<lead_id>")
def show_listed(token: str, lead_id: str) -> ResponseReturnValue:
    """One lead of the list."""
    now = datetime.now(UTC)
    visitor = find_visitor(token, now, Subject.LIST)
    return _lead_page(visitor, lead_id, now, list_url=url_for("review.show", token=token))


@blueprint.post("/r/<token>")
def act(token: str) -> ResponseReturnValue:
    """Accepts, rejects or undoes."""
    now = datetime.now(UTC)
    visitor = find_visitor(token, now, Subject.LEAD)
    return _record(visitor, visitor.grant.id, now)


@blueprint.post("/r/<token>/<lead_id>")
def act_listed(token: str, lead_id: str) -> ResponseReturnValue:
    """The same for one lead of the list."""
    now = datetime.now(UTC)
    visitor = find_visitor(token, now, Subject.LIST)
    return _record(visitor, lead_id, now, list_url=url_for("review.show", token=token))


@blueprint.after_request
def add_headers(response: Response) -> Response:
    """Keeps the token out of other sites' logs, of caches and of search engines."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.errorhandler(LinkUnknown)
def link_unknown(_: LinkUnknown) -> ResponseReturnValue:
    text = "This link is not complete. Copy all of it from the letter, and try again."
    return message_page("Not found", text), 404


@blueprint.errorhandler(LinkEnded)
def link_ended(error: LinkEnded) -> ResponseReturnValue:
    publisher = services().site.current().publisher
    return message_page("Link ended", f"{error} If you need help, ask {publisher}."), 410


@blueprint.errorhandler(NotFound)
def lead_gone(_: NotFound) -> ResponseReturnValue:
    return link_ended(
        LinkEnded("This lead does not wait for you any more. It may have been judged again.")
    )


def _record(
    visitor: Visitor, lead_id: str, now: datetime, *, list_url: str = ""
) -> ResponseReturnValue:
    """Records the act of the form, and leads back to the page."""
    if is_sent_by_another_site():
        text = "Another site sent this form, so nothing was recorded. Open the link in your letter."
        return message_page("Not accepted", text), 403
    action, note = request.form.get("action", ""), request.form.get("note", "")
    reason = request.form.get("reason", "") if action == "reject" else ""
    status, notice = 422, ""
    if len(trim_invisible(note)) > MAX_NOTE:
        notice = _LONG_NOTE
    elif action == _UNDO:
        status, notice = _undo(visitor, lead_id, now)
    elif action in KINDS:
        status, notice = _decide(visitor, lead_id, KINDS[action], reason, note, now)
    else:
        notice = "Nothing was recorded. Use one of the buttons."
    if not notice:
        return redirect(request.path, 303)
    return _lead_page(visitor, lead_id, now, list_url=list_url, notice=notice, status=status)


def _decide(  # noqa: PLR0913, PLR0917 - the parts of a decision, and its time
    visitor: Visitor, lead_id: str, kind: EventKind, reason: str, note: str, now: datetime
) -> tuple[int, str]:
    """Status and notice; no notice if it is recorded, or was before."""
    client = visitor.client_slug
    decision = Decision(Act(lead_id, visitor.address, Actor.CLIENT, note), kind, reason)

    def record(records: WriteTransaction) -> None:
        open_client_lead(records, client, lead_id, now)
        decide(records, decision, now)

    try:
        services().ledger.transact(record)
    except EventNotAllowed:
        return 409, _TOO_LATE
    except Refused:  # the only other refusal: the reason is not one of the campaign's
        return 422, _NO_REASON
    return 303, ""


def _undo(visitor: Visitor, lead_id: str, now: datetime) -> tuple[int, str]:
    """The same for undoing the review. A second click on the button changes nothing."""
    client = visitor.client_slug
    act = Act(lead_id, visitor.address, Actor.CLIENT)

    def record(records: WriteTransaction) -> None:
        if find_client_lead(records, client, lead_id, now).review_at(now) != "qualified":
            withdraw(records, act, now)

    try:
        services().ledger.transact(record)
    except Refused:
        return 409, _TOO_LATE_TO_UNDO
    return 303, ""


def _lead_page(  # noqa: PLR0913
    visitor: Visitor,
    lead_id: str,
    now: datetime,
    *,
    list_url: str = "",
    notice: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    client, address = visitor.client_slug, visitor.address

    def read(reading: ReadTransaction) -> LeadView:
        viewer = reading.people.pseudonym(client, address)
        return lead_view(read_client_lead(reading, client, lead_id, now), viewer, now)

    page = page_template(
        "desk/lead.html",
        lead=services().ledger.read(read),
        visitor=visitor,
        notice=notice,
        typed=request.form,
        max_note=MAX_NOTE,
        list_url=list_url,
    )
    return page, status


def _list_page(visitor: Visitor, token: str, now: datetime) -> ResponseReturnValue:
    client, address = visitor.client_slug, visitor.address

    def read(reading: ReadTransaction) -> list[LeadView]:
        viewer = reading.people.pseudonym(client, address)
        return [lead_view(lead, viewer, now) for lead in waiting_leads(reading, client, now)]

    leads = services().ledger.read(read)
    urls = {
        lead.lead_id: url_for("review.show_listed", token=token, lead_id=lead.lead_id)
        for lead in leads
    }
    return page_template("desk/waiting.html", leads=leads, urls=urls, visitor=visitor)
