"""Acts on users, tokens, webhooks, messages and suppression lists: events without a lead.

An event holds ids and a keyed hash of the person's name, and no personal data (rule 31 of
docs/rules.md). Names and addresses are in the tables of the users, tokens and webhooks.
"""

from datetime import datetime
from typing import Any, Final

from capture.lead.events import Actor, Event, EventKind
from capture.ledger.protocol import ReadTransaction, WriteTransaction

NO_CAMPAIGN: Final = ""
"""The campaign of these events."""
BY_GATEPOST: Final = ""
"""In place of a person's name, if the program acts without a person."""


def record_act(
    records: WriteTransaction,
    kind: EventKind,
    by: str,
    now: datetime,
    *,
    actor: Actor = Actor.AGENCY,
    **data: Any,
) -> None:
    """Appends an act. `by` is the person's name, or `BY_GATEPOST`.

    `data` names the user, token, webhook or message by its id, or the client of a list.
    """
    if by:
        data["by"] = author_id(records, by)
    records.append(
        Event(
            campaign=NO_CAMPAIGN,
            lead_id=None,
            kind=kind,
            occurred_at=now,
            recorded_at=now,
            actor=actor if by else Actor.SYSTEM,
            data=data,
        )
    )


def acting_side(reading: ReadTransaction, client: str, by: str) -> tuple[Actor, dict[str, Any]]:
    """The actor and the person for an event of a client's lead that the agency records or, if `by`
    is `BY_GATEPOST`, the program. The data has a keyed hash of the person's name as `by`."""
    if not by:
        return Actor.SYSTEM, {}
    return Actor.AGENCY, {"by": reading.people.pseudonym(client, by)}


def author_id(reading: ReadTransaction, name: str) -> str:
    """The keyed hash under which the acts of a person with this name are recorded."""
    return reading.people.pseudonym(NO_CAMPAIGN, name)
