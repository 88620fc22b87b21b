"""Makes the API's schema of a lead from the ledger's facts."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from capture.client_access.client_leads import ClientLead
from capture.lead.events import ON_BEHALF_OF, Event, EventKind, show_time
from capture.lead.model import Lead
from capture.money import from_minor
from capture.outcomes.record import KINDS
from capture.web.api.schemas import (
    AppointmentSchema,
    ConsentSchema,
    CriterionSchema,
    Entered,
    EventSchema,
    LeadSchema,
    SaleSchema,
    TouchSchema,
)

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
        *KINDS.values(),
    }
)
"""The events that a client sees. Earlier verdicts and quarantine are not among them (rule 6)."""


def serialize_lead(one: ClientLead, now: datetime) -> LeadSchema:
    """The lead as its client sees it at `now`."""
    lead, personal_data = one.lead, one.personal_data
    return LeadSchema(
        id=lead.lead_id,
        campaign=lead.campaign,
        campaign_version=lead.version,
        received_at=show_time(lead.received_at),
        month=lead.month,
        stage=lead.review_at(now),
        deadline=_time(lead.deadline),
        accepted_at=_time(lead.accepted_as_of(now)),
        silence_never_accepts=lead.needs_explicit_acceptance,
        entered=_entered_review(lead, now),
        disputed=lead.disputed,
        free_over_cap=lead.free_over_cap,
        currency=one.terms.currency,
        reasons=dict(one.terms.review.reasons),
        answers=None
        if personal_data is None
        else {k: _answer(v) for k, v in personal_data.answers.items()},
        unverified=None if personal_data is None else dict(personal_data.unverified),
        consent=ConsentSchema(**asdict(lead.consent)),
        verdict=_verdict(one),
        first_touch=_touch({} if personal_data is None else personal_data.first_touch),
        last_touch=_touch({} if personal_data is None else personal_data.last_touch),
        appointment=AppointmentSchema(
            stage=lead.appointment_at(now),
            meeting_at=_time(lead.meeting_at),
            deemed_held_at=_time(lead.deemed_held_at),
        ),
        sale=_sale(one),
        events=[_event(event, one) for event in one.events if event.kind in EVENTS],
    )


def _entered_review(lead: Lead, now: datetime) -> Entered | None:
    """The review that the agency entered for this client, while the client may object to it."""
    if not lead.entered or lead.deadline is None or lead.deadline <= now:
        return None
    return "accepted" if lead.review == "qualified" else "rejected"


def _verdict(one: ClientLead) -> list[CriterionSchema]:
    reason = {} if one.personal_data is None else one.personal_data.reasons
    return [
        CriterionSchema(
            id=criterion["id"],
            rule=criterion["rule"],
            met=criterion["passed"],
            reason=reason.get(criterion["id"], ""),
        )
        for criterion in one.life.verdict.get("criteria", ())
    ]


def _touch(touch: Mapping[str, str]) -> TouchSchema:
    return TouchSchema(**{name: touch.get(name) for name in TouchSchema.model_fields})


def _sale(one: ClientLead) -> SaleSchema:
    history = one.life
    return SaleSchema(
        stage=history.lead.sale,
        amount=None if history.won is None else _money(history.won.amount, one),
        refunded=_money(sum(refund.amount for refund in history.refunds), one),
    )


def _event(event: Event, one: ClientLead) -> EventSchema:
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
        amount=_money(data["amount"], one) if "amount" in data else None,
        period=data.get("period"),
        reference=data.get("reference"),
        final_at=data.get("final_at"),
        on_behalf_of=data.get(ON_BEHALF_OF),
        cause=data.get("cause"),
    )


def _money(minor: int, one: ClientLead) -> str:
    return str(from_minor(minor, one.terms.currency))


def _answer(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
