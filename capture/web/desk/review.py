"""The review: a queue of leads in the order of their deadline, to accept or reject.

A client's user decides for the client. A user of the agency enters what the client said; the entry
is marked as such, and the client may object to it (rule 41 of docs/rules.md). Opening the page is
no notice (rule 11).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import (
    ClientLead,
    LeadRemoved,
    disputed_leads,
    find_linked_lead,
    held_back_leads,
    leads_rejected_for_client,
    load_client_lead,
    waiting_leads,
)
from capture.client_access.client_review import (
    Contradiction,
    ShownLead,
    decide_on_lead,
    revision,
    undo_review,
)
from capture.errors import NotFound, Refused
from capture.lead.events import Actor, EventKind, show_time
from capture.lead.model import Lead
from capture.lead_details.other_leads import EarlierLead, find_earlier_leads
from capture.lead_details.stages import review_in_words
from capture.ledger.protocol import ReadTransaction
from capture.ledger.review_queue import ReviewCursor, ReviewQuery
from capture.ledger.users import Role
from capture.review.acts import Act, find_lead
from capture.review.decisions import KINDS, Decision, DecisionResult
from capture.review.recent import undoable_reviews
from capture.web.desk.access import AGENCY_AND_CLIENT, allow, log_access, own_client, user
from capture.web.desk.lead_view import LeadView, Reader, lead_title, lead_view
from capture.web.desk.pages import desk_page
from capture.web.desk.positions import read_position, read_time, show_position
from capture.web.desk.review_words import (
    AGENCY_REJECTING,
    NO_LEAD,
    NOT_STATED,
    REMOVED,
    TOO_LATE_TO_UNDO,
    agency_accepting,
    agency_may_accept,
    refusal_words,
)
from capture.web.desk.times import reader_zone
from capture.web.review.access import MAX_NOTE, UNKNOWN_REASON, typed_note
from capture.web.services import services

blueprint = Blueprint("review", __name__)

PAGE_SIZE: Final = 20
_MOST_DECIDED: Final = 5
"""Most decisions that the page offers to undo one by one."""
_FILTERS: Final = ("client", "after")
_LONGEST_PART: Final = 200
"""Most characters of a part of the address that a redirect repeats."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One lead of the queue."""

    view: LeadView
    client: str
    campaign: str
    """Its slug."""
    revision: int
    explanation: str
    may_accept: bool
    may_reject: bool
    accepting: str
    """What an acceptance does and costs."""
    rejecting: str
    earlier: Sequence[EarlierLead]
    """Earlier leads of the person that the user may see."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What the page shows."""

    items: Sequence[QueueItem]
    count: int
    next_page: str
    """The cursor of the next page; empty if there is none."""
    held_back: Sequence[LeadView]
    disputed: Sequence[LeadView]
    """For a client: rejections that the agency disputes, the oldest ones."""
    disputed_count: int
    rejected_for_client: Sequence[LeadView]
    """For a client: rejections that the agency entered for it, while it may still accept the lead.
    The first ones that become final."""
    clients: Mapping[str, str]
    """For the agency: the clients with leads in the queue, with their names and numbers."""
    decided: Sequence[LeadView]
    """Leads that the user decided within the last seconds, the newest first."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the page says about a form that was sent and not recorded."""

    notice: str = ""
    lead_id: str = ""
    question: Contradiction | None = None
    typed: Mapping[str, str] = field(default_factory=dict)


@blueprint.get("/review")
@allow(AGENCY_AND_CLIENT)
def show() -> ResponseReturnValue:
    """The queue."""
    return _page(Reply())


@blueprint.post("/review/<lead_id>")
@allow(AGENCY_AND_CLIENT)
def decide(lead_id: str) -> ResponseReturnValue:
    """Records an acceptance or a rejection, and leads to the next lead."""
    now, form = datetime.now(UTC), request.form
    fault = _fault_of_form()
    if fault:
        return _page(Reply(fault, lead_id, typed=form)), 422
    kind = KINDS[form["action"]]
    act = Act(lead_id, user().name, _actor(), typed_note())
    decision = Decision(act, kind, form["reason"] if kind is EventKind.REJECTED else "")
    shown = ShownLead(form.get("seen", default=0, type=int), form.get("sure", ""))
    try:
        result = services().ledger.transact(
            lambda records: decide_on_lead(
                records, _client_of(records, lead_id), decision, now, shown
            )
        )
    except Contradiction as question:
        return _page(Reply("", lead_id, question, form)), 422
    except NotFound as error:
        is_removed = isinstance(error, LeadRemoved)
        reply = Reply(REMOVED if is_removed else NO_LEAD, lead_id, typed=form)
        return _page(reply), 409 if is_removed else 404
    except Refused as error:
        return _page(Reply(_why_refused(error, lead_id, now), lead_id, typed=form)), 409
    if result.known is not None and not _is_own(result):
        flash("Somebody else recorded the same before you. Nothing had to be changed.")
    return redirect(_queue_url(form.get("next", "")), 303)


def _fault_of_form() -> str:
    """What is missing in a form that was sent; empty if nothing is."""
    form = request.form
    if form.get("action") not in KINDS:
        return "Nothing was recorded. Use one of the buttons."
    if form["action"] == "reject" and not form.get("reason"):
        return UNKNOWN_REASON
    if len(typed_note()) > MAX_NOTE:
        return f"The note is longer than {MAX_NOTE} characters. Shorten it, and send it again."
    return NOT_STATED if _actor() is Actor.AGENCY and not form.get("stated") else ""


@blueprint.post("/review/<lead_id>/undo")
@allow(AGENCY_AND_CLIENT)
def undo(lead_id: str) -> ResponseReturnValue:
    """Undoes the user's own decision within ten seconds."""
    now, act = datetime.now(UTC), Act(lead_id, user().name, _actor())
    try:
        services().ledger.transact(
            lambda records: undo_review(records, _client_of(records, lead_id), act, now)
        )
    except NotFound:
        return _page(Reply(NO_LEAD)), 404
    except Refused:
        return _page(Reply(TOO_LATE_TO_UNDO)), 409
    flash("Undone. The lead waits for an answer again.")
    return redirect(_queue_url(lead_id), 303)


def _actor() -> Actor:
    return Actor.AGENCY if user().role is Role.AGENCY else Actor.CLIENT


def _client_of(reading: ReadTransaction, lead_id: str) -> str:
    """The client for which the user acts on a lead. Raises `NotFound` for an unknown lead."""
    return own_client() or find_lead(reading, lead_id).client


def _queue_url(lead_id: str = "") -> str:
    """The address of the queue as the user sees it, at one of its leads."""
    anchor = f"lead-{lead_id[:_LONGEST_PART]}" if lead_id.isalnum() else None
    return url_for("review.show", _anchor=anchor, **_kept())


def _kept() -> dict[str, Any]:
    """The parts of the address that choose what the queue shows."""
    return {name: request.args[name][:_LONGEST_PART] for name in _FILTERS if request.args.get(name)}


def _is_own(result: DecisionResult) -> bool:
    """Whether the user recorded the known decision."""
    viewer = services().ledger.read(lambda reading: _viewer(reading, result.lead.client))
    return result.known is not None and result.known.data.get("by") == viewer


def _why_refused(error: Refused, lead_id: str, now: datetime) -> str:
    def read(reading: ReadTransaction) -> str:
        client_lead = load_client_lead(reading, find_lead(reading, lead_id))
        view = _view(reading, client_lead, now)
        return refusal_words(error, lead_title(client_lead)[0], view)

    return services().ledger.read(read)


def _page(reply: Reply) -> str:
    now, client = datetime.now(UTC), own_client() or request.args.get("client") or None
    after = _read_cursor(request.args.get("after", ""))
    queue = services().ledger.read(lambda reading: _queue(reading, now, client, after))
    views = [item.view for item in queue.items]
    views += [*queue.held_back, *queue.disputed, *queue.rejected_for_client, *queue.decided]
    earlier = [each.lead.lead_id for item in queue.items for each in item.earlier]
    shown = dict.fromkeys([*(view.lead_id for view in views), *earlier])
    services().ledger.transact(lambda records: log_access(records, "review", shown, now))
    return desk_page(
        "review.html",
        queue=queue,
        reply=reply,
        is_agency=_actor() is Actor.AGENCY,
        client=client or "",
        max_note=MAX_NOTE,
        now=now,
        kept=_kept(),
    )


def _queue(
    reading: ReadTransaction, now: datetime, client: str | None, after: ReviewCursor | None
) -> Queue:
    waiting = waiting_leads(reading, ReviewQuery(now, client), PAGE_SIZE, after)
    last = waiting.leads[-1].lead if waiting.has_more else None
    held_back = [] if client is None else held_back_leads(reading, client, PAGE_SIZE)
    own = own_client()
    disputed = disputed_leads(reading, own) if own else []
    rejected = leads_rejected_for_client(reading, own, now, PAGE_SIZE) if own else []
    return Queue(
        items=[_item(reading, client_lead, now) for client_lead in waiting.leads],
        count=waiting.count,
        next_page="" if last is None else _show_cursor(last),
        held_back=[_view(reading, client_lead, now) for client_lead in held_back],
        disputed=[
            _view(reading, load_client_lead(reading, lead), now) for lead in disputed[:PAGE_SIZE]
        ],
        disputed_count=len(disputed),
        rejected_for_client=[_view(reading, client_lead, now) for client_lead in rejected],
        clients={} if own_client() else _clients(reading, now),
        decided=list(_decided(reading, now)),
    )


def _clients(reading: ReadTransaction, now: datetime) -> dict[str, str]:
    """By client with leads in the queue: its name and their number."""
    counts = reading.review_queue.counts(ReviewQuery(now))
    return {slug: f"{_client_name(slug)} ({number:,})" for slug, number in counts.items()}


def _item(reading: ReadTransaction, client_lead: ClientLead, now: datetime) -> QueueItem:
    lead, view = client_lead.lead, _view(reading, client_lead, now)
    is_agency = _actor() is Actor.AGENCY
    return QueueItem(
        view=view,
        client=_client_name(lead.client),
        campaign=lead.campaign,
        revision=revision(client_lead.events),
        explanation=review_in_words(lead, view.deadline) if is_agency else view.explanation,
        may_accept=agency_may_accept(lead) if is_agency else view.may_accept,
        may_reject=view.may_reject and not (is_agency and lead.entered),
        accepting=agency_accepting(lead, client_lead.terms) if is_agency else view.accepting,
        rejecting=AGENCY_REJECTING if is_agency else view.rejecting,
        earlier=find_earlier_leads(reading, client_lead, for_client=not is_agency),
    )


def _decided(reading: ReadTransaction, now: datetime) -> Iterator[LeadView]:
    """The leads whose review the user may still undo, the newest first."""
    found = undoable_reviews(reading, user().name, _actor(), now, own_client())
    for lead_id in islice(found, _MOST_DECIDED):
        try:
            lead = find_linked_lead(reading, _client_of(reading, lead_id), lead_id)
        except NotFound:
            continue
        view = _view(reading, load_client_lead(reading, lead), now)
        if view.undo_ends is not None:
            yield view


def _client_name(slug: str) -> str:
    try:
        return services().catalogue.client(slug).name
    except NotFound:  # its file was removed
        return slug


def _view(reading: ReadTransaction, client_lead: ClientLead, now: datetime) -> LeadView:
    viewer = _viewer(reading, client_lead.lead.client)
    return lead_view(client_lead, Reader(viewer, _actor(), reader_zone()), now)


def _viewer(reading: ReadTransaction, client: str) -> str:
    """The user's pseudonym in events on the client's leads."""
    return reading.people.pseudonym(client, user().name)


def _show_cursor(lead: Lead) -> str:
    """The lead's place in the queue, for an address."""
    deadline = "" if lead.deadline is None else show_time(lead.deadline)
    return f"{deadline}~{show_position((lead.received_at, lead.lead_id))}"


def _read_cursor(text: str) -> ReviewCursor | None:
    """The place that `_show_cursor` wrote; None for any other text."""
    deadline, _, rest = text.partition("~")
    ends, position = read_time(deadline), read_position(rest)
    if position is None or bool(deadline) != (ends is not None):
        return None
    return ReviewCursor(ends, *position)
