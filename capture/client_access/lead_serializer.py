"""Makes the schema of a client's lead from the ledger's facts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from capture.client_access.client_leads import ClientLead
from capture.client_access.lead_schema import (
    AppointmentSchema,
    ConsentSchema,
    CriterionSchema,
    Entered,
    EventSchema,
    LeadSchema,
    SaleSchema,
    TouchSchema,
)
from capture.lead.events import ON_BEHALF_OF, Event, EventKind, show_time
from capture.lead.fold import apply_event
from capture.lead.model import Lead
from capture.lead.moves import REMOVED
from capture.money import from_minor
from capture.outcomes.record import KINDS

EVENTS: Final = frozenset(
    {
        EventKind.RECEIVED,
        EventKind.QUALIFIED,
        EventKind.NOTIFIED,
        EventKind.CORRECTED,
        EventKind.ACCEPTED,
        EventKind.REJECTED,
        EventKind.WITHDRAWN,
        EventKind.DISPUTED,
        EventKind.SETTLED,
        EventKind.BOUNCED,
        EventKind.CONSENT_WITHDRAWN,
        EventKind.ERASED,
        EventKind.HELD_BACK,
        EventKind.RELEASED,
        EventKind.DISCARDED,
        *KINDS.values(),
    }
)
"""The kinds of event that a client may see: no earlier verdicts (rule 6 of docs/rules.md)."""


def serialize_lead(client_lead: ClientLead, now: datetime) -> LeadSchema:
    """The lead as its client sees it at `now`. A removed lead has no personal data."""
    lead, stage = client_lead.lead, client_lead.lead.client_stage_at(now)
    if stage == REMOVED:
        client_lead = replace(client_lead, personal_data=None)
    personal_data = client_lead.personal_data
    return LeadSchema(
        id=lead.lead_id,
        campaign=lead.campaign,
        campaign_version=lead.version,
        received_at=show_time(lead.received_at),
        month=lead.month,
        stage=stage,
        deadline=_time(lead.deadline),
        accepted_at=_time(lead.accepted_as_of(now)),
        silence_never_accepts=lead.silence_never_accepts,
        bounced=lead.bounced,
        entered=_entered_review(lead, now),
        disputed=lead.disputed,
        free_over_cap=lead.free_over_cap,
        currency=client_lead.terms.currency,
        reasons=dict(client_lead.terms.review.reasons),
        answers=None
        if personal_data is None
        else {k: _answer(v) for k, v in personal_data.answers.items()},
        unverified=None if personal_data is None else dict(personal_data.unverified),
        consent=ConsentSchema(
            given=lead.consent.given, version=lead.consent.version, basis=lead.consent.basis
        ),
        consent_withdrawn=lead.consent_withdrawn,
        erased=lead.erased,
        verdict=[] if stage == REMOVED else _verdict(client_lead),
        first_touch=_touch({} if personal_data is None else personal_data.first_touch),
        last_touch=_touch({} if personal_data is None else personal_data.last_touch),
        appointment=AppointmentSchema(
            stage=lead.appointment_at(now),
            meeting_at=_time(lead.meeting_at),
            deemed_held_at=_time(lead.deemed_held_at),
        ),
        sale=_sale(client_lead),
        events=[_event(event, client_lead) for event in visible_events(client_lead.events)],
    )


def visible_events(events: Iterable[Event]) -> list[Event]:
    """Selects the events that the client sees from all events of a lead.

    Leaves out the time in the stage `quarantined` and the verdict before it, because the client did
    not have the lead then.
    """
    lead: Lead | None = None
    visible: list[Event] = []
    for event in events:
        earlier, lead = lead, apply_event(lead, event)
        if event.kind is EventKind.HELD_BACK and lead.review == "quarantined":
            visible = [each for each in visible if each.kind is not EventKind.QUALIFIED]
        elif event.kind not in EVENTS or _is_of_quarantine(event, earlier):
            continue
        else:
            visible.append(event)
    return visible


def _is_of_quarantine(event: Event, earlier: Lead | None) -> bool:
    """Whether the event ends the stage `quarantined`, which the client does not see. `earlier` is
    the lead before the event."""
    ends = event.kind in {EventKind.RELEASED, EventKind.DISCARDED}
    return ends and earlier is not None and earlier.review == "quarantined"


def _entered_review(lead: Lead, now: datetime) -> Entered | None:
    """The review that the agency entered for this client, while the client may object to it."""
    if not lead.entered or lead.deadline is None or lead.deadline <= now:
        return None
    return "accepted" if lead.review == "qualified" else "rejected"


def _verdict(client_lead: ClientLead) -> list[CriterionSchema]:
    reason = {} if client_lead.personal_data is None else client_lead.personal_data.reasons
    return [
        CriterionSchema(
            id=criterion["id"],
            rule=criterion["rule"],
            met=criterion["passed"],
            reason=reason.get(criterion["id"], ""),
        )
        for criterion in client_lead.history.verdict.get("criteria", ())
    ]


def _touch(touch: Mapping[str, str]) -> TouchSchema:
    return TouchSchema(**{name: touch.get(name) for name in TouchSchema.model_fields})


def _sale(client_lead: ClientLead) -> SaleSchema:
    history = client_lead.history
    return SaleSchema(
        stage=history.lead.sale,
        amount=None if history.won is None else _money(history.won.amount, client_lead),
        refunded=_money(sum(refund.amount for refund in history.refunds), client_lead),
    )


def _event(event: Event, client_lead: ClientLead) -> EventSchema:
    """The public facts of an event. The event itself also has a hash of the person who did it."""
    data = event.data
    return EventSchema(
        type=event.kind.value,
        occurred_at=show_time(event.occurred_at),
        recorded_at=show_time(event.recorded_at),
        source=event.actor.value,
        silence=bool(data.get("silence", False)),
        reason=data.get("reason"),
        meeting_at=data.get("meeting_at"),
        amount=_money(data["amount"], client_lead) if "amount" in data else None,
        period=data.get("period"),
        reference=data.get("reference"),
        final_at=data.get("final_at"),
        on_behalf_of=data.get(ON_BEHALF_OF),
        cause=data.get("cause"),
    )


def _money(minor: int, client_lead: ClientLead) -> str:
    return str(from_minor(minor, client_lead.terms.currency))


def _answer(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
