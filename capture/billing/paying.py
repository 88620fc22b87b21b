"""Which outcomes pay, and which of them accept the lead when the client itself records them."""

from collections.abc import Iterable, Mapping
from typing import Final

from capture.campaign import Campaign
from capture.lead import Actor, Event, Kind

PAYS: Final[Mapping[str, Kind]] = {
    "scheduled": Kind.SCHEDULED,
    "held": Kind.HELD,
    "won": Kind.WON,
    "revenue": Kind.REVENUE,
}
"""What pays beside acceptance, by the word that the campaign file uses."""

_ALWAYS_ACCEPT: Final = frozenset({Kind.HELD, Kind.WON, Kind.REVENUE})
"""Nobody meets with or sells to a lead that they do not take. A booking is less: it may come
before acceptance (rule 10), unless the price is for bookings."""


def pays(kind: Kind, terms: Campaign) -> bool:
    """Whether the campaign's price is for this outcome."""
    return PAYS.get(terms.price.billable) is kind


def is_acceptance(kind: Kind, terms: Campaign) -> bool:
    """Whether the client accepts the lead by recording this outcome (rule 41)."""
    return kind in _ALWAYS_ACCEPT or pays(kind, terms)


def accepting_outcome(events: Iterable[Event], terms: Campaign) -> Kind | None:
    """The first outcome by which the client itself accepted the lead; None if there is none."""
    own = (event.kind for event in events if event.actor is Actor.CLIENT)
    return next((kind for kind in own if is_acceptance(kind, terms)), None)
