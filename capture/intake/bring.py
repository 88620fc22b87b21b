"""Takes leads that were won elsewhere (outbound, events): a whole table in one transaction.

The same terms, checks at the door, duplicates and caps as for a form. No form was shown, so the
lawful basis is kept in place of a consent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from capture.campaign import Answer, Campaign
from capture.campaign.kinds import CODE
from capture.canonical import canonical
from capture.consent import Consent, checked_basis
from capture.errors import Refused
from capture.intake.door import Outcome, check_open
from capture.intake.receive import receive
from capture.intake.sheet import Row
from capture.intake.submission import FORM, Submission
from capture.lead import Kind
from capture.ledger import Records
from capture.qualification import qualify
from capture.review import find_lead
from capture.terms import keep_terms

_LONGEST_SOURCE: Final = 40


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table of leads comes from. Raises `Refused` for what cannot be kept so."""

    source: str
    """A code such as `event-2026`."""
    basis: str
    """Why their data may be kept, in words: GDPR article 6 or the like; names nobody."""

    def __post_init__(self) -> None:
        if not re.fullmatch(CODE, self.source) or len(self.source) > _LONGEST_SOURCE:
            raise Refused(
                f"source {self.source!r}: write a code of small letters, digits and single "
                f"hyphens, such as event-2026, of at most {_LONGEST_SOURCE} characters"
            )
        if self.source == FORM:
            raise Refused(f"source {FORM!r} is that of the site's own forms; name another")
        checked_basis(self.basis)


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one row."""

    line: int
    lead_id: str
    known: bool
    """It was brought in before, with the same source and answers."""
    stage: str
    why: str
    """In words, for the agency alone."""


def bring_in(
    records: Records, campaign: Campaign, origin: Origin, rows: Iterable[Row], now: datetime
) -> list[Brought]:
    """Takes the rows in their order, for `Ledger.transact`: all of them or none.

    Raises `DoorShut` for a closed or paused campaign, `Refused` for changed terms (rule 17).
    """
    check_open(records, campaign, now)
    keep_terms(records, campaign, now)
    lines: dict[str, int] = {}
    brought = []
    for row in rows:
        sent = Submission(
            answers=row.answers,
            consent=Consent(given=False, version=None, basis=origin.basis),
            one_time_id=row_id(origin.source, {**row.answers, **row.unverified}),
            source=origin.source,
            unverified=row.unverified,
        )
        receipt = receive(records, campaign, sent, now)
        lead_id, outcome = receipt.lead_id, receipt.outcome
        if outcome is None:
            lead = find_lead(records, lead_id)
            why = f"known already: {_which(lead_id, lines)}"
            brought.append(Brought(row.line, lead_id, True, lead.review_at(now), why))
        else:
            why = "; ".join(filter(None, (_why(campaign, row, outcome, lines), _unverified(row))))
            brought.append(Brought(row.line, lead_id, False, outcome.kind.value, why))
            lines[lead_id] = row.line
    return brought


def _unverified(row: Row) -> str:
    return f"{', '.join(row.unverified)} kept unverified" if row.unverified else ""


def row_id(source: str, answers: Mapping[str, Answer]) -> str:
    """By which a row is known for ever (rule 1); the colon keeps it apart from any form's id."""
    said = {"answers": {name: _plain(value) for name, value in answers.items()}, "source": source}
    return f"row:{sha256(canonical(said).encode()).hexdigest()}"


def _plain(value: Answer) -> str | int | list[str]:
    return list(value) if isinstance(value, tuple) else value


def _why(campaign: Campaign, row: Row, outcome: Outcome, lines: Mapping[str, int]) -> str:
    """What the door decided, in words."""
    said, text = outcome.why, ""
    match outcome.kind:
        case Kind.DISQUALIFIED:
            results = qualify(campaign, row.answers).criteria
            text = "; ".join(f"{one.rule}: {one.reason}" for one in results if not one.passed)
        case Kind.DUPLICATE:
            text = f"of {_which(said['duplicate_of'], lines)}"
        case Kind.SUPPRESSED:
            text = f"on {campaign.client}'s suppression list"
        case Kind.OVER_CAP:
            text = f"{said['cap']} is reached"
        case _ if said.get("free"):
            text = f"{said['cap']} is reached: free"
        case _ if said.get("explicit"):
            text = "answered otherwise before: only an explicit acceptance makes it billable"
    return text


def _which(lead_id: str, lines: Mapping[str, int]) -> str:
    return f"line {lines[lead_id]}" if lead_id in lines else f"lead {lead_id}"
