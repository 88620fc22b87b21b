"""The client's review of a lead: told, accepted, rejected, taken back, disputed, settled.

Each act is one event; who did it is kept in the event as a keyed hash, and by name in a note that
can be erased (rule 31). An act counts by its recorded time and must come strictly before the
deadline (rule 12).

The client speaks by its own token. What the agency enters for the client is the agency's event and
says so (rule 41): the client may object to it for `review.hours`. An acceptance is final only then;
since silence makes it final, it does no more than silence may. A rejection holds at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from capture.billing.lines import first_accepting_outcome
from capture.campaign.model import Campaign
from capture.errors import Hint, MoveRefused, NotFound, Refused
from capture.lead.events import ON_BEHALF_OF, Actor, Event, EventKind, show_time
from capture.lead.fold import fold_events
from capture.lead.model import Lead
from capture.lead.moves import MOVES, Track
from capture.lead.review_window import deadline
from capture.ledger.facts import Note
from capture.ledger.protocol import Reading, Records
from capture.ledger.terms import saved_campaign
from capture.text import is_blank, trim_invisible

UNDO: Final = timedelta(seconds=10)
"""How long the same person may take a review back (rule 13)."""

_SECOND: Final = timedelta(seconds=1)
_AT_ONCE: Final = 1000
"""Events appended together where there may be very many."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does to a lead in review."""

    lead_id: str
    by: str
    """The person's name as they gave it."""
    actor: Actor
    """The client by its own token; or the agency, which enters it for the client (rule 41)."""
    note: str = ""


def accept(records: Records, act: Act, now: datetime) -> Lead:
    """The client accepts by word, or the agency enters that it did.

    Raises `Refused` after the deadline, `MoveRefused` else.
    """
    lead = find_lead(records, act.lead_id)
    _check_in_time(lead, now)
    if act.actor is Actor.AGENCY:
        _check_entry(lead)
    return _record(records, lead, EventKind.ACCEPTED, act, now)


def reject(records: Records, act: Act, reason: str, now: datetime) -> Lead:
    """The client rejects, naming one of the reasons of the lead's campaign version (rule 16).

    Raises `MoveRefused` if the client itself recorded that the lead paid (rule 41).
    """
    lead = find_lead(records, act.lead_id)
    terms = saved_campaign(records, lead.campaign, lead.version)
    reasons = terms.review.reasons
    if reason not in reasons:
        known = ", ".join(reasons)
        raise Refused(f"{reason!r} is no reason of {lead.campaign}; it allows: {known}")
    _check_unpaid(records, lead, terms)
    _check_in_time(lead, now)
    return _record(records, lead, EventKind.REJECTED, act, now, reason=reason)


def withdraw(records: Records, act: Act, now: datetime) -> Lead:
    """Takes one's own review back, within ten seconds (rule 13)."""
    lead = find_lead(records, act.lead_id)
    events = [one.event for one in records.events.select(lead_id=lead.lead_id)]
    last = _last_act(events)
    if last is None:
        raise MoveRefused(
            f"lead {lead.lead_id} is {lead.review}: there is no review to take back",
            lead.review,
            MOVES[Track.REVIEW][lead.review],
        )
    by = records.people.pseudonym(lead.client, act.by)
    if (last.data.get("by"), last.actor) != (by, act.actor):
        raise Refused(f"lead {lead.lead_id}: only who reviewed it can take that back")
    since = now - last.recorded_at
    if since > UNDO:
        raise Refused(
            f"lead {lead.lead_id}: its review was {since // _SECOND} seconds ago; "
            f"it can be taken back for {UNDO // _SECOND}"
        )
    if last.kind is EventKind.ACCEPTED:
        _check_unpaid(records, lead, saved_campaign(records, lead.campaign, lead.version))
    before = fold_events(_up_to(events, last))
    back = {}
    if before.entered or last.data.get(ON_BEHALF_OF):
        ends = before.deadline and show_time(before.deadline)
        back["back"] = {"review": before.review, "entered": before.entered, "deadline": ends}
    return _record(records, lead, EventKind.WITHDRAWN, act, now, **back)


def dispute(records: Records, act: Act, now: datetime) -> Lead:
    """The agency disputes a rejection; nothing changes until the client agrees."""
    lead = find_lead(records, act.lead_id)
    if lead.disputed:
        raise Refused(f"lead {lead.lead_id} is disputed already; it waits for the client")
    return _record(records, lead, EventKind.DISPUTED, act, now)


def settle(records: Records, act: Act, now: datetime) -> Lead:
    """The client agrees with the dispute: the lead counts as accepted, from now.

    Its own word alone does that: silence never turns a rejection into a bill.
    """
    if act.actor is not Actor.CLIENT:
        raise Refused(f"lead {act.lead_id}: only the client's own word settles a dispute")
    lead = find_lead(records, act.lead_id)
    if lead.review == "rejected" and not lead.disputed:
        raise Refused(f"lead {lead.lead_id}: the agency has not disputed the rejection")
    return _record(records, lead, EventKind.SETTLED, act, now)


def notify_client(records: Records, campaign: Campaign, now: datetime) -> list[Lead]:
    """Counts the client as told of every qualified lead that waits for notice (rule 11).

    The window's end is computed here, once, and stored in the event. A lead that only an explicit
    acceptance can make billable is told of too, and gets no deadline (rules 3 and 15).
    """
    return notify_client_of(records, unnotified_leads(records, campaign), now)


def notify_client_of(records: Records, found: Sequence[Lead], now: datetime) -> list[Lead]:
    """Counts the client as told of these leads, each of which `waits` for notice (rule 11)."""
    for lead in found:
        terms = saved_campaign(records, lead.campaign, lead.version)
        ends = None if lead.needs_explicit_acceptance else deadline(terms, now)
        data = {"deadline": ends and show_time(ends)}
        records.append(
            Event(lead.campaign, lead.lead_id, EventKind.TOLD, now, now, Actor.SYSTEM, data)
        )
    return [find_lead(records, lead.lead_id) for lead in found]


def notified_at(reading: Reading, campaign: str, moment: datetime) -> list[Lead]:
    """The leads of a campaign of which the client was notified at exactly this moment."""
    ids = [
        one.event.lead_id
        for one in reading.events.select(campaign=campaign)
        if one.event.kind is EventKind.TOLD
        and one.event.recorded_at == moment
        and one.event.lead_id
    ]
    return [find_lead(reading, lead_id) for lead_id in ids]


def unnotified_leads(reading: Reading, campaign: Campaign) -> list[Lead]:
    """Qualified leads that the client has not been told of, oldest first; no tests (rule 5)."""
    return [lead for lead in reading.leads.in_review(campaign.slug) if is_unnotified(lead)]


def is_unnotified(lead: Lead) -> bool:
    """Whether the client is still to be told of it; of a test never (rule 5)."""
    return lead.review == "qualified" and not lead.notified and not lead.test


def silently_accepted(reading: Reading, now: datetime, campaign: str | None = None) -> list[Lead]:
    """Leads that silence has accepted by `now`, though no event says so yet (rule 12)."""
    found = reading.leads.in_review(campaign, silent_by=now)
    return [lead for lead in found if lead.is_silently_accepted_at(now)]


def record_lapses(records: Records, now: datetime, campaign: str | None = None) -> Sequence[Lead]:
    """Appends what silence decided: an accepted event, dated at the stored deadline (rule 12)."""
    silent = silently_accepted(records, now, campaign)
    for start in range(0, len(silent), _AT_ONCE):
        records.append(*(_lapse(lead, now) for lead in silent[start : start + _AT_ONCE]))
    return silent


def _lapse(lead: Lead, now: datetime) -> Event:
    ended = lead.deadline or now  # silence decides nothing without a deadline
    data = {"silence": True}
    return Event(lead.campaign, lead.lead_id, EventKind.ACCEPTED, ended, now, Actor.SYSTEM, data)


def record_held_meetings(
    records: Records, now: datetime, campaign: str | None = None
) -> Sequence[Lead]:
    """Appends what silence says of meetings: held, dated when it was taken as held (rule 14)."""
    found = records.leads.with_pending_meeting(campaign, silent_by=now)
    silent = [lead for lead in found if lead.is_deemed_held_at(now)]
    return [record_held_meeting(records, lead, now) for lead in silent]


def record_held_meeting(records: Records, lead: Lead, now: datetime) -> Lead:
    """The lead once what silence has said of its meeting is written down: nobody can undo it."""
    if lead.deemed_held_at is None or not lead.is_deemed_held_at(now):
        return lead
    since, data = lead.deemed_held_at, {"silence": True}
    records.append(
        Event(lead.campaign, lead.lead_id, EventKind.HELD, since, now, Actor.SYSTEM, data)
    )
    return find_lead(records, lead.lead_id)


def find_lead(reading: Reading, lead_id: str) -> Lead:
    """Raises `NotFound`."""
    lead = reading.leads.get(lead_id)
    if lead is None:
        raise NotFound(f"no lead {lead_id!r}")
    return lead


def _check_in_time(lead: Lead, now: datetime) -> None:
    """An act must come strictly before the deadline, if there is one, written down or not."""
    if lead.review == "rejected" and lead.entered and lead.deadline and lead.deadline <= now:
        ended = lead.deadline.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise MoveRefused(
            f"lead {lead.lead_id}: its rejection, which the agency entered for the client, has "
            f"been final since {ended}",
            "rejected",
        )
    if lead.deadline is not None and lead.accepted_as_of(now) == lead.deadline <= now:
        ended = lead.deadline.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise MoveRefused(
            f"lead {lead.lead_id}: its review window ended at {ended}, and silence accepted it",
            "accepted",
        )


def _check_entry(lead: Lead) -> None:
    """What the agency may enter: the client's silence makes it final, so it must be able to."""
    if lead.entered:
        raise Refused(
            f"lead {lead.lead_id}: the agency entered a review for the client already; only the "
            "client's own word changes it"
        )
    if lead.review != "qualified":
        return  # the table of moves refuses it, and names the moves that are allowed
    if lead.needs_explicit_acceptance:
        raise Refused(
            f"lead {lead.lead_id}: silence never accepts it, so only the client's own word does, "
            "by its API token"
        )
    if lead.deadline is None:
        raise Refused(
            f"lead {lead.lead_id}: the client was not notified of it yet; notify it first",
            Hint.NOTIFY,
            campaign=lead.campaign,
        )


def _check_unpaid(reading: Reading, lead: Lead, terms: Campaign) -> None:
    """Rule 41: who said that the lead paid has accepted it."""
    events = (one.event for one in reading.events.select(lead_id=lead.lead_id))
    kind = first_accepting_outcome(events, terms)
    if kind is not None:
        raise MoveRefused(
            f"lead {lead.lead_id}: the client recorded {kind}, which accepts the lead; no "
            "rejection follows it",
            lead.review,
        )


def _up_to(events: Sequence[Event], last: Event) -> Iterator[Event]:
    """The events before one of them."""
    for event in events:
        if event is last:
            return
        yield event


def _last_act(events: Sequence[Event]) -> Event | None:
    """The review that holds now, if a person made it."""
    acts = [
        event
        for event in events
        if event.kind
        in {EventKind.ACCEPTED, EventKind.REJECTED, EventKind.WITHDRAWN, EventKind.SETTLED}
    ]
    holds = bool(acts) and acts[-1].kind in {EventKind.ACCEPTED, EventKind.REJECTED}
    return acts[-1] if holds else None


def _record(
    records: Records, lead: Lead, kind: EventKind, act: Act, now: datetime, **data: Any
) -> Lead:
    if is_blank(act.by):
        raise Refused("say who does it", Hint.BY)
    record_held_meeting(records, lead, now)
    actor = Actor.AGENCY if kind is EventKind.DISPUTED else act.actor
    text = {"by": records.people.pseudonym(lead.client, act.by), **data}
    if actor is Actor.AGENCY and kind in {EventKind.ACCEPTED, EventKind.REJECTED}:
        final = deadline(saved_campaign(records, lead.campaign, lead.version), now)
        text |= {ON_BEHALF_OF: Actor.CLIENT.value, "final_at": show_time(final)}
    records.append(Event(lead.campaign, lead.lead_id, kind, now, now, actor, text))
    records.people.save_note(
        Note(lead.lead_id, kind.value, act.by.strip(), trim_invisible(act.note), now)
    )
    return find_lead(records, lead.lead_id)
