"""Makes a lead as its client sees it from what the ledger holds of it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from capture.client_access.client_leads import OpenLead
from capture.lead.events import ON_BEHALF_OF, Event, Kind, show_time
from capture.lead.model import Lead
from capture.money import from_minor
from capture.outcomes.record import KINDS
from capture.web.api.schemas import (
    AppointmentShown,
    ConsentShown,
    CriterionShown,
    Entered,
    EventShown,
    LeadShown,
    SaleShown,
    TouchShown,
)

EVENTS: Final = frozenset(
    {
        Kind.RECEIVED,
        Kind.QUALIFIED,
        Kind.TOLD,
        Kind.CORRECTED,
        Kind.ACCEPTED,
        Kind.REJECTED,
        Kind.WITHDRAWN,
        Kind.DISPUTED,
        Kind.SETTLED,
        *KINDS.values(),
    }
)
"""What concerns the client; how a lead was judged before it was theirs does not (rule 6)."""


def shown(one: OpenLead, now: datetime) -> LeadShown:
    """The lead as of `now`."""
    lead, dossier = one.lead, one.dossier
    return LeadShown(
        id=lead.lead_id,
        campaign=lead.campaign,
        campaign_version=lead.version,
        received_at=show_time(lead.received_at),
        month=lead.month,
        stage=lead.review_at(now),
        deadline=_time(lead.deadline),
        accepted_at=_time(lead.accepted_as_of(now)),
        needs_your_word=lead.explicit,
        entered=_entered(lead, now),
        disputed=lead.disputed,
        free=lead.free,
        currency=one.terms.currency,
        reasons=dict(one.terms.review.reasons),
        answers=None if dossier is None else {k: _answer(v) for k, v in dossier.answers.items()},
        unverified=None if dossier is None else dict(dossier.unverified),
        consent=ConsentShown(**asdict(lead.consent)),
        verdict=_verdict(one),
        first_touch=_touch({} if dossier is None else dossier.first_touch),
        last_touch=_touch({} if dossier is None else dossier.last_touch),
        appointment=AppointmentShown(
            stage=lead.appointment_at(now),
            meeting_at=_time(lead.meeting_at),
            taken_held_at=_time(lead.taken_held_at),
        ),
        sale=_sale(one),
        events=[_event(event, one) for event in one.events if event.kind in EVENTS],
    )


def _entered(lead: Lead, now: datetime) -> Entered | None:
    """What the agency entered as this client's review, while the client may object to it."""
    if not lead.entered or lead.deadline is None or lead.deadline <= now:
        return None
    return "accepted" if lead.review == "qualified" else "rejected"


def _verdict(one: OpenLead) -> list[CriterionShown]:
    why = {} if one.dossier is None else one.dossier.reasons
    return [
        CriterionShown(
            id=criterion["id"],
            rule=criterion["rule"],
            met=criterion["passed"],
            why=why.get(criterion["id"], ""),
        )
        for criterion in one.life.verdict.get("criteria", ())
    ]


def _touch(touch: Mapping[str, str]) -> TouchShown:
    return TouchShown(**{name: touch.get(name) for name in TouchShown.model_fields})


def _sale(one: OpenLead) -> SaleShown:
    life = one.life
    return SaleShown(
        stage=life.lead.sale,
        amount=None if life.won is None else _money(life.won.amount, one),
        refunded=_money(sum(refund.amount for refund in life.refunds), one),
    )


def _event(event: Event, one: OpenLead) -> EventShown:
    """Only what is named here: an event also holds a hash of who did it."""
    data = event.data
    return EventShown(
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


def _money(minor: int, one: OpenLead) -> str:
    return str(from_minor(minor, one.terms.currency))


def _answer(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)
