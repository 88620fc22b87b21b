"""Builds the agreement of a campaign, and renders it as Markdown, HTML and PDF."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Final

from capture.billing.statement import Party
from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.documents import printing
from capture.documents.agreement.confirmation import confirmation_section
from capture.documents.agreement.leads import (
    checks_section,
    definition_section,
    delivery_section,
    duplicates_section,
    form_section,
    terms_section,
    version_section,
)
from capture.documents.agreement.letters import letters_section
from capture.documents.agreement.model import (
    Agreement,
    Clause,
    Section,
    Side,
    Table,
    side,
    visible_text,
)
from capture.documents.agreement.money import (
    caps_section,
    payment_section,
    price_section,
    reporting_section,
    review_section,
)
from capture.documents.agreement.quarantine import quarantine_section


def agreement(campaign: Campaign, client: Client, agency: Party) -> Agreement:
    """The complete agreement between agency and client on one campaign version.

    The same arguments always give the same text.
    """
    sections = (
        delivery_section(campaign),
        form_section(campaign),
        definition_section(campaign),
        duplicates_section(campaign),
        quarantine_section(campaign),
        confirmation_section(campaign),
        review_section(campaign, client),
        price_section(campaign),
        caps_section(campaign),
        payment_section(campaign, client),
        letters_section(campaign, client),
        reporting_section(campaign, client),
        terms_section(),
        checks_section(campaign),
        version_section(campaign),
    )
    return Agreement(
        title="Agreement on leads",
        subtitle=visible_text(campaign.title),
        campaign=campaign.slug,
        version=campaign.version,
        parties=(
            side("The agency", agency),
            side("The client", Party(client.legal_name, client.address, client.tax_id)),
        ),
        sections=_numbered_sections(section for section in sections if section is not None),
    )


def _numbered_sections(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(
        Section(
            section.title,
            tuple(
                _numbered_clause(clause, f"{number}.{place}")
                for place, clause in enumerate(section.clauses, 1)
            ),
            number,
        )
        for number, section in enumerate(sections, 1)
    )


def _numbered_clause(clause: Clause, number: str) -> Clause:
    """The clause with its number and without invisible or reordering characters."""
    table = clause.table
    if table is not None:
        rows = tuple(tuple(map(visible_text, row)) for row in table.rows)
        table = Table(table.columns, rows, table.code)
    return replace(
        clause,
        text=visible_text(clause.text),
        items=tuple(map(visible_text, clause.items)),
        table=table,
        quote=visible_text(clause.quote),
        number=number,
    )


# Markdown. Special characters in the campaign file are escaped.


_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;"}
"""Escaped as entities, because some Markdown readers print a backslash before them."""

_SPECIAL: Final = re.compile(r"[\\`*_\[\]{}#]|(?<=:)//|(?<=\bwww)\.|!(?=\[)", re.IGNORECASE)
_BLOCK_START: Final = re.compile(r"^(\s*)([-+=:]|\d+[.)])")
_PLAIN_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*")


def to_markdown(agreement: Agreement) -> str:
    """The agreement as one Markdown document that ends with a newline."""
    return "\n\n".join(_markdown_blocks(agreement)) + "\n"


def _markdown_blocks(agreement: Agreement) -> Iterator[str]:
    yield f"# {_escaped_line(agreement.title)}"
    yield f"**{_escaped_line(agreement.subtitle)}**"
    for party in agreement.parties:
        yield _party_block(party)
    for section in agreement.sections:
        yield f"## {section.number}. {_escaped_line(section.title)}"
        for clause in section.clauses:
            yield from _clause_blocks(clause)


def _party_block(party: Side) -> str:
    lines = [
        f"{_escaped_line(party.role)}: **{_escaped_line(party.name)}**",
        *map(_escaped_line, party.lines),
    ]
    return "  \n".join(lines)


def _clause_blocks(clause: Clause) -> Iterator[str]:
    yield f"**{clause.number}** {_escaped_line(clause.text)}"
    if clause.items:
        yield "\n".join(f"- {_escaped_line(item)}" for item in clause.items)
    if clause.table is not None:
        yield "\n".join(_table_lines(clause.table))
    if clause.quote:
        yield "\n".join(f"> {_escaped_line(line)}".rstrip() for line in clause.quote.splitlines())


def _table_lines(table: Table) -> Iterator[str]:
    yield _row(table.columns)
    yield _row(["---"] * len(table.columns))
    for row in table.rows:
        first = _code_span(row[0]) if table.code else _escaped_line(row[0])
        yield _row([first, *map(_escaped_line, row[1:])])


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _code_span(text: str) -> str:
    return f"`{text}`" if _PLAIN_CODE.fullmatch(text) else _escaped_line(text)


def _escaped_line(text: str) -> str:
    """The text on one line, with Markdown's special characters escaped."""
    text = " ".join(text.splitlines())
    text = _SPECIAL.sub(lambda match: f"\\{match[0]}" if match[0] != "//" else "\\//", text)
    text = "".join(_ENTITIES.get(character, character) for character in text)
    return _BLOCK_START.sub(_escaped_block_start, text)


def _escaped_block_start(match: re.Match[str]) -> str:
    space, marker = match.groups()
    return f"{space}{marker[:-1]}\\{marker[-1]}"


# HTML.


_PAGES: Final = printing.pages()


def to_html(agreement: Agreement) -> str:
    """A complete HTML document; all text is escaped."""
    return _PAGES.get_template("agreement.html").render(agreement=agreement)


# PDF.


_LAYOUT: Final = printing.LAYOUTS / "agreement.typ"


def to_pdf(agreement: Agreement) -> bytes:
    """The same agreement gives the same bytes. Raises `Refused` for characters without a font."""
    return printing.to_pdf(_LAYOUT, asdict(agreement), agreement.campaign)
