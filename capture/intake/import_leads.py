"""Imports a CSV table of leads from elsewhere (outbound, events) in one transaction.

Terms, gate, duplicates and caps are the same as for a form. No form was shown, so the lawful basis
is stored instead of a consent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from capture.campaign.model import Answer, Campaign
from capture.campaign.value_types import CODE
from capture.csv_table import Columns, in_order, read_table
from capture.errors import FileErrors, Problem, Refused
from capture.form.campaign_form import check_values
from capture.intake.gate import GateResult, check_open
from capture.intake.receive import receive_submission
from capture.intake.submission import FORM, Submission
from capture.lead.consent import Consent, checked_basis
from capture.lead.events import EventKind
from capture.ledger.protocol import WriteTransaction
from capture.ledger.terms import save_terms
from capture.qualification.criteria import qualify
from capture.review.acts import check_name, find_lead
from capture.text import canonical

# Reads the table. The campaign's form checks each row.


MAX_ROWS: Final = 5000
"""Rows in one import. One transaction records them all, and visitors wait for it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the table, with every field checked."""

    line: int
    answers: Mapping[str, Answer]
    unverified: Mapping[str, str] = field(default_factory=dict)
    """Optional contact data that looks wrong, as typed."""


def read_lead_rows(content: bytes, where: str, campaign: Campaign) -> list[Row]:
    """The rows in their order. Raises one `FileErrors` with every fault of the file, by line."""
    table = read_table(content, where, _table_columns(campaign))
    if not table:
        raise FileErrors([Problem(where, None, "a heading but no leads below it")])
    if len(table) > MAX_ROWS:
        fix = f"at most {MAX_ROWS} at once: split the file into parts, each with the heading"
        raise FileErrors([Problem(where, None, f"{len(table)} leads; {fix}")])
    checked_rows = []
    problems: list[Problem] = []
    for line, cells in table.rows(problems):
        checked = check_values(campaign, cells)
        problems += [Problem(where, line, problem) for problem in checked.problems.values()]
        checked_rows.append(Row(line, checked.answers, checked.unverified))
    if problems:
        raise FileErrors(in_order(problems))
    return checked_rows


def _table_columns(campaign: Campaign) -> Columns:
    """The columns: named by a field's name, or by its label if only one field has it."""
    labels: dict[str, list[str]] = {}
    for name, form_field in campaign.fields.items():
        labels.setdefault(form_field.label.casefold(), []).append(name)
    known = {name: name for name in campaign.fields}
    known = {label: names[0] for label, names in labels.items() if len(names) == 1} | known
    required = [name for name, form_field in campaign.fields.items() if form_field.required]
    return Columns(known, required, unknown="no field", place=f"in {campaign.slug}")


_MAX_SOURCE_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table of leads comes from, and who imports it. Raises `Refused` for an invalid source
    or basis, and for a blank name."""

    source: str
    """A code such as `event-2026`."""
    basis: str
    """Why the data may be stored, in words, such as GDPR article 6. It must name no person."""
    by: str
    """The name of the person who imports the table."""

    def __post_init__(self) -> None:
        if not re.fullmatch(CODE, self.source) or len(self.source) > _MAX_SOURCE_LENGTH:
            raise Refused(
                f"source {self.source!r}: write a code of small letters, digits and single "
                f"hyphens, such as event-2026, of at most {_MAX_SOURCE_LENGTH} characters"
            )
        if self.source == FORM:
            raise Refused(f"source {FORM!r} is that of the site's own forms; give another")
        checked_basis(self.basis)
        check_name(self.by)


@dataclass(frozen=True, slots=True)
class ImportedLead:
    """The result of one row."""

    line: int
    lead_id: str
    is_known: bool
    """Whether it was imported before, with the same source and answers."""
    stage: str
    reason: str
    """In words, for the agency only."""


def import_leads(
    records: WriteTransaction,
    campaign: Campaign,
    origin: Origin,
    rows: Iterable[Row],
    now: datetime,
) -> list[ImportedLead]:
    """Receives the rows in their order, all or none. To be run by `Ledger.transact`.

    Raises `CampaignClosed` for a closed or paused campaign, `Refused` for changed terms
    (rule 17 of docs/rules.md).
    """
    check_open(records, campaign, now)
    save_terms(records, campaign, now)
    lines: dict[str, int] = {}
    imported = []
    for row in rows:
        submission = Submission(
            answers=row.answers,
            consent=Consent(given=False, version=None, basis=origin.basis),
            one_time_id=row_id(origin.source, {**row.answers, **row.unverified}),
            source=origin.source,
            by=origin.by,
            unverified=row.unverified,
        )
        receipt = receive_submission(records, campaign, submission, now)
        lead_id, gate_result = receipt.lead_id, receipt.gate_result
        if gate_result is None:
            lead = find_lead(records, lead_id)
            reason = f"known already: {_line_or_lead(lead_id, lines)}"
            imported.append(ImportedLead(row.line, lead_id, True, lead.review_at(now), reason))
        else:
            reason = ("; ").join(
                filter(
                    None, (_reason_text(campaign, row, gate_result, lines), _unverified_text(row))
                )
            )
            imported.append(ImportedLead(row.line, lead_id, False, gate_result.kind.value, reason))
            lines[lead_id] = row.line
    return imported


def _unverified_text(row: Row) -> str:
    return f"{', '.join(row.unverified)} kept unverified" if row.unverified else ""


def row_id(source: str, answers: Mapping[str, Answer]) -> str:
    """The key that makes an imported row idempotent (rule 1). No form's id has a colon."""
    data = {
        "answers": {name: _as_json_value(value) for name, value in answers.items()},
        "source": source,
    }
    return f"row:{sha256(canonical(data).encode()).hexdigest()}"


def _as_json_value(value: Answer) -> str | int | list[str]:
    return list(value) if isinstance(value, tuple) else value


def _reason_text(
    campaign: Campaign, row: Row, gate_result: GateResult, lines: Mapping[str, int]
) -> str:
    """The gate's result in words."""
    data, text = gate_result.details, ""
    match gate_result.kind:
        case EventKind.DISQUALIFIED:
            results = qualify(campaign, row.answers).criteria
            text = "; ".join(
                f"{result.rule}: {result.reason}" for result in results if not result.passed
            )
        case EventKind.DUPLICATE:
            text = f"of {_line_or_lead(data['duplicate_of'], lines)}"
        case EventKind.SUPPRESSED:
            text = f"on {campaign.client}'s suppression list"
        case EventKind.OVER_CAP:
            text = f"{data['cap']} is reached"
        case _ if data.get("free_over_cap"):
            text = f"{data['cap']} is reached: free"
        case _ if data.get("needs_explicit_acceptance"):
            text = "gave other answers before: only an explicit acceptance makes it billable"
    return text


def _line_or_lead(lead_id: str, lines: Mapping[str, int]) -> str:
    return f"line {lines[lead_id]}" if lead_id in lines else f"lead {lead_id}"
