"""Takes leads that were won elsewhere (outbound, events): a whole table in one transaction.

The same terms, checks at the door, duplicates and caps as for a form. No form was shown, so the
lawful basis is kept in place of a consent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from capture.campaign.kinds import CODE
from capture.campaign.model import Answer, Campaign
from capture.csv_table import Columns, in_order, read_table
from capture.errors import FileErrors, Problem, Refused
from capture.form.campaign_form import check_values
from capture.intake.gate import FORM, GateResult, Submission, check_open
from capture.intake.receive import receive_submission
from capture.lead.consent import Consent, checked_basis
from capture.lead.events import EventKind
from capture.ledger.protocol import Records
from capture.ledger.terms import save_terms
from capture.qualification.criteria import qualify
from capture.review import find_lead
from capture.text import canonical

# A CSV table of leads that were won elsewhere, read and checked row by row as the form would.
#
# The heading names the campaign's fields; every mistake is told at once, with its line.


MAX_ROWS: Final = 5000
"""One transaction takes them all, and the site's visitors wait for it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the table, sound by itself."""

    line: int
    answers: Mapping[str, Answer]
    unverified: Mapping[str, str] = field(default_factory=dict)
    """Optional contact data that looks wrong, as typed."""


def read_sheet(content: bytes, where: str, campaign: Campaign) -> list[Row]:
    """The rows in their order. Raises one `FileErrors` with every mistake of the file."""
    table = read_table(content, where, _columns(campaign))
    if not table:
        raise FileErrors([Problem(where, None, "a heading but no leads below it")])
    if len(table) > MAX_ROWS:
        fix = f"at most {MAX_ROWS} at once: split the file into parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} leads; {fix}")])
    sound = []
    problems: list[Problem] = []
    for line, cells in table.rows(problems):
        checked = check_values(campaign, cells)
        problems += [Problem(where, line, problem) for problem in checked.problems.values()]
        sound.append(Row(line, checked.answers, checked.unverified))
    if problems:
        raise FileErrors(in_order(problems))
    return sound


def _columns(campaign: Campaign) -> Columns:
    """A heading may say a field's name, or its label where no other field has the same."""
    labels: dict[str, list[str]] = {}
    for name, asked in campaign.fields.items():
        labels.setdefault(asked.label.casefold(), []).append(name)
    known = {name: name for name in campaign.fields}
    known = {label: names[0] for label, names in labels.items() if len(names) == 1} | known
    needed = [name for name, asked in campaign.fields.items() if asked.required]
    return Columns(known, needed, unknown="no field", place=f"in {campaign.slug}")


_MAX_SOURCE_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table of leads comes from. Raises `Refused` for what cannot be kept so."""

    source: str
    """A code such as `event-2026`."""
    basis: str
    """Why their data may be kept, in words: GDPR article 6 or the like; names nobody."""

    def __post_init__(self) -> None:
        if not re.fullmatch(CODE, self.source) or len(self.source) > _MAX_SOURCE_LENGTH:
            raise Refused(
                f"source {self.source!r}: write a code of small letters, digits and single "
                f"hyphens, such as event-2026, of at most {_MAX_SOURCE_LENGTH} characters"
            )
        if self.source == FORM:
            raise Refused(f"source {FORM!r} is that of the site's own forms; name another")
        checked_basis(self.basis)


@dataclass(frozen=True, slots=True)
class ImportedLead:
    """What became of one row."""

    line: int
    lead_id: str
    known: bool
    """It was brought in before, with the same source and answers."""
    stage: str
    reason: str
    """In words, for the agency alone."""


def import_leads(
    records: Records, campaign: Campaign, origin: Origin, rows: Iterable[Row], now: datetime
) -> list[ImportedLead]:
    """Takes the rows in their order, for `Ledger.transact`: all of them or none.

    Raises `CampaignClosed` for a closed or paused campaign, `Refused` for changed terms (rule 17).
    """
    check_open(records, campaign, now)
    save_terms(records, campaign, now)
    lines: dict[str, int] = {}
    imported = []
    for row in rows:
        sent = Submission(
            answers=row.answers,
            consent=Consent(given=False, version=None, basis=origin.basis),
            one_time_id=row_id(origin.source, {**row.answers, **row.unverified}),
            source=origin.source,
            unverified=row.unverified,
        )
        receipt = receive_submission(records, campaign, sent, now)
        lead_id, outcome = receipt.lead_id, receipt.outcome
        if outcome is None:
            lead = find_lead(records, lead_id)
            reason = f"known already: {_which(lead_id, lines)}"
            imported.append(ImportedLead(row.line, lead_id, True, lead.review_at(now), reason))
        else:
            reason = ("; ").join(
                filter(None, (_why(campaign, row, outcome, lines), _unverified(row)))
            )
            imported.append(ImportedLead(row.line, lead_id, False, outcome.kind.value, reason))
            lines[lead_id] = row.line
    return imported


def _unverified(row: Row) -> str:
    return f"{', '.join(row.unverified)} kept unverified" if row.unverified else ""


def row_id(source: str, answers: Mapping[str, Answer]) -> str:
    """By which a row is known for ever (rule 1); the colon keeps it apart from any form's id."""
    data = {"answers": {name: _plain(value) for name, value in answers.items()}, "source": source}
    return f"row:{sha256(canonical(data).encode()).hexdigest()}"


def _plain(value: Answer) -> str | int | list[str]:
    return list(value) if isinstance(value, tuple) else value


def _why(campaign: Campaign, row: Row, outcome: GateResult, lines: Mapping[str, int]) -> str:
    """What the door decided, in words."""
    data, text = outcome.details, ""
    match outcome.kind:
        case EventKind.DISQUALIFIED:
            results = qualify(campaign, row.answers).criteria
            text = "; ".join(f"{one.rule}: {one.reason}" for one in results if not one.passed)
        case EventKind.DUPLICATE:
            text = f"of {_which(data['duplicate_of'], lines)}"
        case EventKind.SUPPRESSED:
            text = f"on {campaign.client}'s suppression list"
        case EventKind.OVER_CAP:
            text = f"{data['cap']} is reached"
        case _ if data.get("free_over_cap"):
            text = f"{data['cap']} is reached: free"
        case _ if data.get("needs_explicit_acceptance"):
            text = "answered otherwise before: only an explicit acceptance makes it billable"
    return text


def _which(lead_id: str, lines: Mapping[str, int]) -> str:
    return f"line {lines[lead_id]}" if lead_id in lines else f"lead {lead_id}"
