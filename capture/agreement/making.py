"""`agreement`: a campaign's file and the client's record, said in words. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from capture.agreement.definition import definition_section, duplicates_section
from capture.agreement.delivery import delivery_section, form_section
from capture.agreement.model import Agreement, Clause, Section, Table
from capture.agreement.price import caps_section, payment_section, price_section
from capture.agreement.review import review_section
from capture.agreement.side import side
from capture.agreement.upkeep import checks_section, terms_section, version_section
from capture.agreement.words import visible
from capture.campaign import Campaign, Client
from capture.statement import Party


def agreement(campaign: Campaign, client: Client, agency: Party) -> Agreement:
    """The whole agreement between the agency and the client on one campaign version.

    `agency` is the agency as it signs. The same three always give the same words.
    """
    sections = (
        delivery_section(campaign),
        form_section(campaign),
        definition_section(campaign),
        duplicates_section(campaign),
        review_section(campaign, client),
        price_section(campaign),
        caps_section(campaign),
        payment_section(campaign, client),
        terms_section(),
        checks_section(campaign),
        version_section(campaign),
    )
    return Agreement(
        title="Agreement on leads",
        subtitle=visible(campaign.title),
        campaign=campaign.slug,
        version=campaign.version,
        parties=(
            side("The agency", agency),
            side("The client", Party(client.legal_name, client.address, client.tax_id)),
        ),
        sections=_numbered(section for section in sections if section is not None),
    )


def _numbered(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(
        Section(
            section.title,
            tuple(
                _finished(clause, f"{number}.{place}")
                for place, clause in enumerate(section.clauses, 1)
            ),
            number,
        )
        for number, section in enumerate(sections, 1)
    )


def _finished(clause: Clause, number: str) -> Clause:
    """Numbered, and with nothing in it that would show other words than it holds."""
    table = clause.table
    if table is not None:
        rows = tuple(tuple(map(visible, row)) for row in table.rows)
        table = Table(table.columns, rows, table.code)
    return replace(
        clause,
        text=visible(clause.text),
        items=tuple(map(visible, clause.items)),
        table=table,
        quote=visible(clause.quote),
        number=number,
    )
