"""The events of a lead in sentences: what happened, when, and who did it.

The agency reads every event with the name of its person. A client reads the events that its API
shows, and which side recorded each of them, without names, notes and risk signals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from capture.campaign.model import Campaign
from capture.client_access.lead_serializer import visible_events
from capture.documents.agreement.model import join_words, visible_text
from capture.intake.signal_words import risk_signal_in_words
from capture.intake.spam import spam_signals_in_words
from capture.lead.events import ON_BEHALF_OF, Actor, Event, EventKind, parse_time
from capture.lead_details.details import LeadDetails
from capture.money import show_money

SENTENCES: Final[Mapping[EventKind, str]] = {
    EventKind.SUPPRESSED: "The person or company is on the suppression list.",
    EventKind.DISQUALIFIED: "It does not meet every criterion.",
    EventKind.UNCONFIRMED: "It waits for the person to prove the e-mail address.",
    EventKind.QUALIFIED: "It meets every criterion and is qualified.",
    EventKind.NOTIFIED: "The client was notified.",
    EventKind.ACCEPTED: "The lead was accepted.",
    EventKind.REJECTED: "The lead was rejected.",
    EventKind.WITHDRAWN: "The review was undone.",
    EventKind.DISPUTED: "The agency disputes the rejection.",
    EventKind.SETTLED: "The client agreed with the dispute. The lead is accepted.",
    EventKind.SCHEDULED: "A meeting was arranged.",
    EventKind.MOVED: "The meeting was moved.",
    EventKind.HELD: "The meeting took place.",
    EventKind.NO_SHOW: "The person did not come to the meeting.",
    EventKind.CANCELLED: "The meeting was cancelled.",
    EventKind.WON: "The person bought.",
    EventKind.LOST: "The person did not buy.",
    EventKind.REVENUE: "The customer paid.",
    EventKind.REFUNDED: "The customer got money back.",
    EventKind.CHURNED: "The customer left.",
    EventKind.OBJECTED: "The client objected to the outcome.",
    EventKind.BOUNCED: "A mail server refused the e-mail address. Silence never accepts the lead.",
    EventKind.CONFIRMED: "The person proved the e-mail address.",
    EventKind.EXPIRED: "The person did not prove the e-mail address in time.",
    EventKind.RELEASED: "The agency checked the lead and released it.",
    EventKind.DISCARDED: "The agency discarded the lead: it is not from a real person.",
    EventKind.HELD_BACK: "The lead went back into quarantine.",
    EventKind.CONSENT_WITHDRAWN: "The person withdrew the consent.",
    EventKind.NOTED: "A note of the agency.",
}
"""By kind of event: the sentence, as far as it does not depend on the event's data."""
_FOR_CLIENT: Final[Mapping[EventKind, str]] = {
    EventKind.HELD_BACK: "The agency is checking the lead. The review is stopped.",
    EventKind.RELEASED: "The agency released the lead.",
    EventKind.DISCARDED: "The agency removed the lead.",
    EventKind.CORRECTED: "The agency corrected the lead, and it was judged again.",
}
"""Words for clients where those for the agency say more than a client may know."""
_SILENT: Final[Mapping[EventKind, str]] = {
    EventKind.ACCEPTED: "Silence accepted the lead at the end of its review window.",
    EventKind.HELD: "Nobody reported a result, so the meeting counts as held.",
}
_CAUSES: Final[Mapping[str, str]] = {
    "scheduled": "arranged a meeting",
    "held": "reported that the meeting took place",
    "won": "reported a sale",
    "revenue": "reported revenue",
}
_CAPS: Final[Mapping[str, str]] = {
    "leads_a_month": "the agreed number of leads a month",
    "leads_a_company": "the agreed number of leads of one company",
}
_TIMES: Final[Mapping[str, str]] = {
    "deadline": "Review ends",
    "until": "Link ends",
    "meeting_at": "Meeting",
    "deemed_held_at": "Counts as held",
    "final_at": "Final",
}
"""By key of an event's data: the label of the time."""
_SIDES: Final[Mapping[Actor, str]] = {
    Actor.VISITOR: "The person",
    Actor.CLIENT: "The client",
    Actor.AGENCY: "The agency",
    Actor.SYSTEM: "Gatepost",
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event in words. Every text is ready to print."""

    text: str
    who: str
    """The person and the side, or only the side."""
    occurred_at: datetime
    recorded_at: datetime
    is_recorded_later: bool
    """Whether it was recorded at another time than it happened."""
    times: Sequence[tuple[str, datetime]] = ()
    """Label and time: deadlines, and the time of a meeting."""
    note: str = ""
    sequence: int = 0
    """The event's number; 0 for a note that belongs to no event."""


def agency_timeline(details: LeadDetails) -> list[TimelineEntry]:
    """Every event and every note of a lead, the oldest first."""
    entries = []
    for recorded in details.recorded:
        event, note = recorded.event, details.note_of(recorded.event)
        is_own_note = note is not None and note.kind == event.kind.value
        entries.append(
            _entry(
                event,
                _agency_sentence(event, details),
                _who(event, details.author_of(event)),
                note.text if note is not None and is_own_note else "",
                recorded.sequence,
            )
        )
    entries += [
        TimelineEntry(
            SENTENCES[EventKind.NOTED],
            _with_name(_SIDES[Actor.AGENCY], note.author),
            note.written_at,
            note.written_at,
            is_recorded_later=False,
            note=visible_text(note.text),
        )
        for note in details.notes_without_event()
    ]
    return sorted(entries, key=lambda entry: entry.recorded_at)


def client_timeline(events: Sequence[Event], terms: Campaign) -> list[TimelineEntry]:
    """The events of a lead that its client may see, the oldest first."""
    return [
        _entry(event, _FOR_CLIENT.get(event.kind) or _sentence(event, terms), _who(event, ""), "")
        for event in visible_events(events)
    ]


def _entry(event: Event, text: str, who: str, note: str, sequence: int = 0) -> TimelineEntry:
    return TimelineEntry(
        text=visible_text(text),
        who=who,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        is_recorded_later=event.occurred_at != event.recorded_at,
        times=[
            (label, parse_time(event.data[key]))
            for key, label in _TIMES.items()
            if event.data.get(key)
        ],
        note=visible_text(note),
        sequence=sequence,
    )


def _who(event: Event, name: str) -> str:
    side = _SIDES[event.actor]
    return _with_name(side, name) + (" for the client" if event.data.get(ON_BEHALF_OF) else "")


def _with_name(side: str, name: str) -> str:
    return f"{visible_text(name)} ({side.lower()})" if name else side


def _agency_sentence(event: Event, details: LeadDetails) -> str:
    """The sentence with what only the agency may know: signals, caps, other leads."""
    data, text = event.data, ""
    match event.kind:
        case EventKind.SPAM:
            text = f"It looked like spam: {'; '.join(spam_signals_in_words(event))}."
        case EventKind.DUPLICATE:
            again = " Its letter was sent again." if data.get("asks_again") else ""
            text = f"It is a duplicate of lead {data['duplicate_of']}.{again}"
        case EventKind.OVER_CAP:
            text = f"It came over {_CAPS.get(data.get('cap', ''), 'a cap')}."
        case EventKind.QUARANTINED:
            text = f"It went into quarantine. {_signals(data)}"
        case EventKind.HELD_BACK:
            text = f"{SENTENCES[event.kind]} {_signals(data)}"
        case EventKind.CORRECTED:
            text = _correction(data, details)
        case EventKind.QUALIFIED if data.get("signals"):
            text = f"{_sentence(event, details.terms)} Not enough for quarantine: {_signals(data)}"
    return text or _sentence(event, details.terms)


def _sentence(event: Event, terms: Campaign) -> str:
    """The sentence for everybody who may see the event."""
    data = event.data
    match event.kind:
        case EventKind.RECEIVED if data["source"] == "form":
            return "The person sent the form."
        case EventKind.RECEIVED:
            return f"The lead was imported. Source: {data['source']}."
        case EventKind.ERASED:
            cause = "on request" if data.get("reason") == "request" else "because of its age"
            return f"The personal data was erased {cause}."
        case EventKind.ACCEPTED if data.get("cause"):
            cause = _CAUSES.get(data["cause"], data["cause"])
            return f"The client {cause}, which accepts the lead."
        case kind if data.get("silence"):
            return _SILENT.get(kind, SENTENCES[kind])
    parts = [SENTENCES[event.kind]]
    if reason := data.get("reason"):
        parts.append(f"Reason: {terms.review.reasons.get(reason, reason)}")
    if "amount" in data:
        parts.append(f"Amount: {show_money(data['amount'], terms.currency)}, net of tax.")
    if period := data.get("period"):
        parts.append(f"Period from {period}.")
    if reference := data.get("reference"):
        parts.append(f"Reference: {reference}.")
    if data.get("free_over_cap"):
        parts.append("It came over the agreed number of leads, so it is free.")
    if data.get("needs_explicit_acceptance"):
        parts.append("Silence never accepts it.")
    return " ".join(parts)


def _correction(data: Mapping[str, Any], details: LeadDetails) -> str:
    fields = details.terms.fields
    labels = [fields[name].label if name in fields else name for name in data.get("fields", ())]
    parts = [f"The agency corrected {join_words(labels)}."] if labels else []
    if data.get("not_spam"):
        parts.append("The agency marked the lead as sent by a real person.")
    if basis := data.get("basis"):
        parts.append(f"Lawful basis: {basis}.")
    return " ".join([*parts, "It was judged again."])


def _signals(data: Mapping[str, Any]) -> str:
    return " ".join(map(risk_signal_in_words, data.get("signals", ())))
