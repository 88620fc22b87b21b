"""A sample campaign that tests change line by line, and its agreement with one client."""

from pathlib import Path

from capture.billing.statement import Party
from capture.campaign.client import Client
from capture.campaign.files import parse_campaign, read_client
from capture.campaign.model import Campaign
from capture.documents.agreement.document import agreement
from capture.documents.agreement.model import Agreement
from tests.samples import CAMPAIGN, NO_GROUPS

ROOT = Path(__file__).parents[3]
CLIENT = read_client(ROOT / "clients/acme.toml")
AGENCY = Party("Northgate Leads", ("1 Main Street", "New York"), "EIN 11-1111111")
PRICE = 'model = "cpl"\nrate = 50\nbillable = "accepted"'


def terms(*changes: tuple[str, str], more: str = "") -> Campaign:
    """The sample campaign after each pair (old, new) was replaced in its text.

    A table `quarantine` in `more` replaces the one of `CAMPAIGN`.
    """
    text = CAMPAIGN.replace(NO_GROUPS, "") if "[quarantine]" in more else CAMPAIGN
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} must occur exactly once in the file"
        text = text.replace(old, new)
    return parse_campaign("guide", f"{text}\n{more}", "guide.toml")


def agreement_on(*changes: tuple[str, str], more: str = "", client: Client = CLIENT) -> Agreement:
    """The agreement on the changed campaign."""
    return agreement(terms(*changes, more=more), client, AGENCY)


def full_text(document: Agreement) -> str:
    """Every text of the agreement, one per line."""
    return "\n".join(texts(document))


def texts(document: Agreement) -> list[str]:
    """Every text of the agreement: titles, parties, clauses, cells and quotations."""
    parts = [document.title, document.subtitle]
    for party in document.parties:
        parts += [party.role, party.name, *party.lines]
    for section in document.sections:
        parts.append(section.title)
        for clause in section.clauses:
            parts += [clause.number, clause.text, *clause.items]
            if clause.table is not None:
                parts += [
                    *clause.table.columns,
                    *(cell for row in clause.table.rows for cell in row),
                ]
            if clause.quote:
                parts.append(clause.quote)
    return parts
