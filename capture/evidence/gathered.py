"""What the ledger holds on one lead of a statement, as far as the statement saw it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from capture.billing import life_of
from capture.canonical import canonical
from capture.lead import Event, Kind, Lead, follow_all
from capture.ledger import Dossier, Reading, Recorded

_OTHERS: Final = ("earlier", "duplicate_of")
"""What in an event's data names other leads, which are nobody's business here."""


@dataclass(frozen=True, slots=True)
class Chained:
    """An event, the hash before it, and what of its data is shown."""

    recorded: Recorded
    before: str
    data: str
    """Canonical JSON."""
    left_out: Sequence[str]
    """Names in the data that point to other leads; without them the hash cannot be computed."""


@dataclass(frozen=True, slots=True)
class GatheredLead:
    """One lead, where it stood when its statement was drawn."""

    lead: Lead
    verdict: Mapping[str, Any]
    dossier: Dossier | None
    """None once the person's data was erased."""
    events: Sequence[Chained]


def gather_lead(reading: Reading, lead_id: str, last: int) -> GatheredLead:
    """The lead by its events up to and with a number; its personal data as they are now."""
    recorded = list(reading.events.select(lead_id=lead_id, last=last))
    events = [one.event for one in recorded]
    return GatheredLead(
        lead=follow_all(events),
        verdict=life_of(events).verdict,
        dossier=reading.people.dossier(lead_id),
        events=[chained(reading, one) for one in recorded],
    )


def account_events(reading: Reading, number: str) -> Iterator[Chained]:
    """The event that closed the statement, its notes and its payments."""
    for one in reading.events.of_account():
        if _is_about(one.event, number):
            yield chained(reading, one)


def chained(reading: Reading, one: Recorded) -> Chained:
    """The event with the hash before it, and without what names other leads."""
    data = one.event.data
    left_out = [name for name in _OTHERS if data.get(name)]
    shown = {name: value for name, value in data.items() if name not in left_out}
    return Chained(one, reading.events.hash_of(one.sequence - 1), canonical(shown), left_out)


def _is_about(event: Event, number: str) -> bool:
    match event.kind:
        case Kind.CLOSED | Kind.PAID:
            return bool(event.data.get("number") == number)
        case Kind.CREDITED | Kind.DEBIT_PROPOSED | Kind.DEBIT_DECLINED | Kind.DEBITED:
            return bool(event.data["statement"] == number)
    return False
