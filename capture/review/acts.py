"""The client's review of a lead: notify, accept, reject, undo, dispute, settle.

Each act appends one event. The event holds a keyed hash of the person's name; the name itself is in
a note, which can be erased (rule 31 of docs/rules.md). An act counts by its recorded time and must
come strictly before the deadline (rule 12).

The client acts with its own API token or a letter's link. The agency may also enter a review for
the client; the event is then marked `on_behalf_of` (rule 41), and the client may object for
`review.hours`. An acceptance entered this way is final only after that time, like silence, so it is
allowed only where silence could accept. A rejection holds immediately.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from capture.billing.lines import first_accepting_outcome
from capture.campaign.model import Campaign
from capture.errors import EventNotAllowed, Hint, NotFound, Refused
from capture.lead.events import ON_BEHALF_OF, Actor, Event, EventKind, show_time
from capture.lead.fold import fold_events
from capture.lead.model import Lead, event_of
from capture.lead.moves import MOVES, Track
from capture.lead.review_window import deadline
from capture.ledger.administration import BY_GATEPOST, acting_side
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import Note
from capture.text import is_blank, trim_invisible

UNDO: Final = timedelta(seconds=10)
"""Time in which the same person may undo a review (rule 13)."""

_SECOND: Final = timedelta(seconds=1)
_BATCH_SIZE: Final = 1000
"""Events per append: silence may accept many leads at the same time."""


@dataclass(frozen=True, slots=True)
class Act:
    """One action of one person on a lead in review."""

    lead_id: str
    by: str
    """The person's name as they typed it."""
    actor: Actor
    """CLIENT by its own token or link; AGENCY if it enters the act for the client (rule 41)."""
    note: str = ""


def accept(records: WriteTransaction, act: Act, now: datetime) -> Lead:
    """Records an acceptance, by the client or entered by the agency for the client.

    Raises `EventNotAllowed` after the deadline or if the stage does not allow it; `Refused` if the
    agency may not enter it; `NotFound` for an unknown lead.
    """
    lead = find_lead(records, act.lead_id)
    _check_in_time(lead, now)
    if act.actor is Actor.AGENCY:
        check_agency_may_accept(lead)
    return _record(records, lead, EventKind.ACCEPTED, act, now)


def reject(records: WriteTransaction, act: Act, reason: str, now: datetime) -> Lead:
    """Records a rejection with one of the reasons of the lead's campaign version (rule 16).

    Raises `Refused` for an unknown reason; `EventNotAllowed` after the deadline, or if the client
    itself recorded an outcome that accepts the lead (rule 41).
    """
    lead = find_lead(records, act.lead_id)
    terms = saved_campaign(records, lead.campaign, lead.version)
    reasons = terms.review.reasons
    if reason not in reasons:
        allowed = ", ".join(reasons)
        raise Refused(f"{reason!r} is not a reason of {lead.campaign}; choose one of: {allowed}")
    _check_no_accepting_outcome(records, lead, terms)
    _check_in_time(lead, now)
    return _record(records, lead, EventKind.REJECTED, act, now, reason=reason)


def withdraw(records: WriteTransaction, act: Act, now: datetime) -> Lead:
    """Undoes the person's own review, within ten seconds (rule 13)."""
    lead = find_lead(records, act.lead_id)
    events = [recorded.event for recorded in records.events.select(lead_id=lead.lead_id)]
    last = current_review(events)
    if last is None:
        raise EventNotAllowed(
            f"lead {lead.lead_id} is {lead.review}: there is no review to undo",
            lead.review,
            MOVES[Track.REVIEW][lead.review],
        )
    by = records.people.pseudonym(lead.client, act.by)
    if (last.data.get("by"), last.actor) != (by, act.actor):
        raise Refused(f"lead {lead.lead_id}: only the person who reviewed it can undo the review")
    elapsed = now - last.recorded_at
    if elapsed > UNDO:
        raise Refused(
            f"lead {lead.lead_id}: its review was {elapsed // _SECOND} seconds ago; "
            f"a review can be undone for {UNDO // _SECOND} seconds"
        )
    if last.kind is EventKind.ACCEPTED:
        _check_no_accepting_outcome(
            records, lead, saved_campaign(records, lead.campaign, lead.version)
        )
    earlier = fold_events(_events_before(events, last))
    data = {}
    if earlier.entered or last.data.get(ON_BEHALF_OF):
        ends = earlier.deadline and show_time(earlier.deadline)
        data["back"] = {"review": earlier.review, "entered": earlier.entered, "deadline": ends}
    return _record(records, lead, EventKind.WITHDRAWN, act, now, **data)


def dispute(records: WriteTransaction, act: Act, now: datetime) -> Lead:
    """Records that the agency disputes a rejection. The lead stays rejected until `settle`."""
    lead = find_lead(records, act.lead_id)
    if lead.disputed:
        raise Refused(f"lead {lead.lead_id} is disputed already; the client has to settle it")
    return _record(records, lead, EventKind.DISPUTED, act, now)


def settle(records: WriteTransaction, act: Act, now: datetime) -> Lead:
    """Records that the client agrees with the dispute: the lead is accepted from now on.

    Only the client itself may settle: silence never turns a rejection into a bill.
    """
    if act.actor is not Actor.CLIENT:
        raise Refused(f"lead {act.lead_id}: only the client itself can settle a dispute")
    lead = find_lead(records, act.lead_id)
    if lead.review == "rejected" and not lead.disputed:
        raise Refused(f"lead {lead.lead_id}: the agency has not disputed the rejection")
    return _record(records, lead, EventKind.SETTLED, act, now)


def notify_client(
    records: WriteTransaction, campaign: Campaign, now: datetime, by: str = BY_GATEPOST
) -> list[Lead]:
    """Records that the client was notified of every lead that waits for notice (rule 11).

    The end of the review window is computed here, once, and stored in the event. A lead that needs
    an explicit acceptance gets no deadline (rules 3, 15 and 36). `by` is the name of who gives the
    client the notice. Returns the leads as they are now.
    """
    return notify_client_of(records, unnotified_leads(records, campaign), now, by)


def notify_client_of(
    records: WriteTransaction, leads: Sequence[Lead], now: datetime, by: str = BY_GATEPOST
) -> list[Lead]:
    """Like `notify_client`, for given leads. Each of them must be `is_unnotified`."""
    if by:
        check_name(by)
    for lead in leads:
        terms = saved_campaign(records, lead.campaign, lead.version)
        ends = None if lead.silence_never_accepts else deadline(terms, now)
        end = ends and show_time(ends)
        actor, data = acting_side(records, lead.client, by)
        records.append(event_of(lead, EventKind.NOTIFIED, actor, now, deadline=end, **data))
        if by:
            note = Note(lead.lead_id, EventKind.NOTIFIED.value, by.strip(), "", now)
            records.people.save_note(note)
    return [find_lead(records, lead.lead_id) for lead in leads]


def leads_notified_at(reading: ReadTransaction, campaign: str, moment: datetime) -> list[Lead]:
    """The leads of a campaign that the client was notified of at exactly this time."""
    ids = [
        recorded.event.lead_id
        for recorded in reading.events.select(campaign=campaign)
        if recorded.event.kind is EventKind.NOTIFIED
        and recorded.event.recorded_at == moment
        and recorded.event.lead_id
    ]
    return [find_lead(reading, lead_id) for lead_id in ids]


def unnotified_leads(reading: ReadTransaction, campaign: Campaign) -> list[Lead]:
    """Qualified leads that the client was not notified of, oldest first; no tests (rule 5)."""
    return [lead for lead in reading.leads.in_review(campaign.slug) if is_unnotified(lead)]


def is_unnotified(lead: Lead) -> bool:
    """Whether the client must still be notified of the lead; never true for a test (rule 5)."""
    return lead.review == "qualified" and not lead.notified and not lead.test


def silently_accepted(
    reading: ReadTransaction, now: datetime, campaign: str | None = None
) -> list[Lead]:
    """Leads that silence has accepted by `now`, but that have no event for it yet (rule 12)."""
    leads = reading.leads.in_review(campaign, silent_by=now)
    return [lead for lead in leads if lead.is_silently_accepted_at(now)]


def record_silent_acceptances(
    records: WriteTransaction, now: datetime, campaign: str | None = None
) -> Sequence[Lead]:
    """Appends an accepted event, dated at the deadline, for each silent acceptance (rule 12)."""
    silent = silently_accepted(records, now, campaign)
    for start in range(0, len(silent), _BATCH_SIZE):
        batch = silent[start : start + _BATCH_SIZE]
        records.append(*(_silent_acceptance(lead, now) for lead in batch))
    return silent


def record_silent_acceptance(records: WriteTransaction, lead: Lead, now: datetime) -> Lead:
    """Appends the accepted event if silence has accepted the lead by `now`. Returns the lead."""
    if not lead.is_silently_accepted_at(now):
        return lead
    records.append(_silent_acceptance(lead, now))
    return find_lead(records, lead.lead_id)


def _silent_acceptance(lead: Lead, now: datetime) -> Event:
    ended = lead.deadline or now  # for the type checker: such a lead has a deadline
    return event_of(lead, EventKind.ACCEPTED, Actor.SYSTEM, now, occurred_at=ended, silence=True)


def record_held_meetings(
    records: WriteTransaction, now: datetime, campaign: str | None = None
) -> Sequence[Lead]:
    """Appends a held event for each meeting that silence takes as held by `now` (rule 14)."""
    leads = records.leads.with_pending_meeting(campaign, silent_by=now)
    silent = [lead for lead in leads if lead.is_deemed_held_at(now)]
    return [record_held_meeting(records, lead, now) for lead in silent]


def record_held_meeting(records: WriteTransaction, lead: Lead, now: datetime) -> Lead:
    """Appends the held event if silence takes the lead's meeting as held. Returns the lead.

    Later acts must not undo what silence has decided, so they call this first.
    """
    if lead.deemed_held_at is None or not lead.is_deemed_held_at(now):
        return lead
    since = lead.deemed_held_at
    records.append(
        event_of(lead, EventKind.HELD, Actor.SYSTEM, now, occurred_at=since, silence=True)
    )
    return find_lead(records, lead.lead_id)


def find_lead(reading: ReadTransaction, lead_id: str) -> Lead:
    """The lead with this id. Raises `NotFound`."""
    lead = reading.leads.get(lead_id)
    if lead is None:
        raise NotFound(f"no lead {lead_id!r}")
    return lead


def check_name(by: str) -> None:
    """Raises `Refused` for a blank name: every act has a person."""
    if is_blank(by):
        raise Refused("give the name of the person who does it", Hint.BY)


def _check_in_time(lead: Lead, now: datetime) -> None:
    """Raises `EventNotAllowed` for a lead that is `held_back`, and at or after the deadline, even
    if no event records the acceptance by silence."""
    if lead.review == "held_back":
        raise EventNotAllowed(
            f"lead {lead.lead_id}: the agency is checking it, so nothing can be decided now; if it "
            "is released, a full review window begins",
            lead.review,
        )
    if lead.review == "rejected" and lead.entered and lead.deadline and lead.deadline <= now:
        ended = lead.deadline.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise EventNotAllowed(
            f"lead {lead.lead_id}: the agency entered its rejection for the client; it has been "
            f"final since {ended}",
            "rejected",
        )
    if lead.deadline is not None and lead.accepted_as_of(now) == lead.deadline <= now:
        ended = lead.deadline.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise EventNotAllowed(
            f"lead {lead.lead_id}: its review window ended at {ended}, and silence accepted it",
            "accepted",
        )


def check_agency_may_accept(lead: Lead) -> None:
    """Raises `Refused` if the agency may not enter an acceptance: silence must make it final."""
    if lead.entered:
        raise Refused(
            f"lead {lead.lead_id}: the agency entered a review for the client already; only the "
            "client itself can change it"
        )
    if lead.review != "qualified":
        return  # the table of moves refuses it, and names the moves that are allowed
    if lead.silence_never_accepts:
        raise Refused(
            f"lead {lead.lead_id}: silence never accepts it, so only the client itself can accept "
            "it, with its API token or its link"
        )
    if lead.deadline is None:
        raise Refused(
            f"lead {lead.lead_id}: the client was not notified of it yet; notify the client first",
            Hint.NOTIFY,
            campaign=lead.campaign,
        )


def _check_no_accepting_outcome(reading: ReadTransaction, lead: Lead, terms: Campaign) -> None:
    """Raises `EventNotAllowed` if an outcome of the client has accepted the lead (rule 41)."""
    events = (recorded.event for recorded in reading.events.select(lead_id=lead.lead_id))
    kind = first_accepting_outcome(events, terms)
    if kind is not None:
        raise EventNotAllowed(
            f"lead {lead.lead_id}: the client recorded {kind}, which accepts the lead; it can no "
            "longer be rejected",
            lead.review,
        )


def _events_before(events: Sequence[Event], end: Event) -> Iterator[Event]:
    for event in events:
        if event is end:
            return
        yield event


def current_review(events: Sequence[Event]) -> Event | None:
    """The acceptance or rejection that holds now; None if there is none or it was undone."""
    reviews = [
        event
        for event in events
        if event.kind
        in {EventKind.ACCEPTED, EventKind.REJECTED, EventKind.WITHDRAWN, EventKind.SETTLED}
    ]
    is_undoable = bool(reviews) and reviews[-1].kind in {EventKind.ACCEPTED, EventKind.REJECTED}
    return reviews[-1] if is_undoable else None


def _record(
    records: WriteTransaction, lead: Lead, kind: EventKind, act: Act, now: datetime, **data: Any
) -> Lead:
    check_name(act.by)
    record_held_meeting(records, lead, now)
    actor = Actor.AGENCY if kind is EventKind.DISPUTED else act.actor
    event_data = {"by": records.people.pseudonym(lead.client, act.by), **data}
    if actor is Actor.AGENCY and kind in {EventKind.ACCEPTED, EventKind.REJECTED}:
        final = deadline(saved_campaign(records, lead.campaign, lead.version), now)
        event_data |= {ON_BEHALF_OF: Actor.CLIENT.value, "final_at": show_time(final)}
    records.append(event_of(lead, kind, actor, now, **event_data))
    records.people.save_note(
        Note(lead.lead_id, kind.value, act.by.strip(), trim_invisible(act.note), now)
    )
    return find_lead(records, lead.lead_id)
