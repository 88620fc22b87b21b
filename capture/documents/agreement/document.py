"""Builds the agreement of a campaign, and renders it as Markdown, HTML and PDF."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Final

from capture.billing.statement import Party
from capture.campaign.model import Campaign, Client
from capture.documents import printing
from capture.documents.agreement.leads import (
    checks_section,
    definition_section,
    delivery_section,
    duplicates_section,
    form_section,
    terms_section,
    version_section,
)
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
    review_section,
)
from capture.documents.printing import pages


def agreement(campaign: Campaign, client: Client, agency: Party) -> Agreement:
    """The complete agreement between agency and client on one campaign version.

    The same arguments always give the same text.
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
        subtitle=visible_text(campaign.title),
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

_SIGNS: Final = re.compile(r"[\\`*_\[\]{}#]|(?<=:)//|(?<=\bwww)\.|!(?=\[)", re.IGNORECASE)
_AT_START: Final = re.compile(r"^(\s*)([-+=:]|\d+[.)])")
_PLAIN_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*")


def to_markdown(agreement: Agreement) -> str:
    """One document, with a newline at its end."""
    return "\n\n".join(_blocks(agreement)) + "\n"


def _blocks(agreement: Agreement) -> Iterator[str]:
    yield f"# {_line(agreement.title)}"
    yield f"**{_line(agreement.subtitle)}**"
    for party in agreement.parties:
        yield _party(party)
    for section in agreement.sections:
        yield f"## {section.number}. {_line(section.title)}"
        for clause in section.clauses:
            yield from _clause(clause)


def _party(party: Side) -> str:
    lines = [f"{_line(party.role)}: **{_line(party.name)}**", *map(_line, party.lines)]
    return "  \n".join(lines)


def _clause(clause: Clause) -> Iterator[str]:
    yield f"**{clause.number}** {_line(clause.text)}"
    if clause.items:
        yield "\n".join(f"- {_line(item)}" for item in clause.items)
    if clause.table is not None:
        yield "\n".join(_table(clause.table))
    if clause.quote:
        yield "\n".join(f"> {_line(line)}".rstrip() for line in clause.quote.splitlines())


def _table(table: Table) -> Iterator[str]:
    yield _row(table.columns)
    yield _row(["---"] * len(table.columns))
    for row in table.rows:
        first = _code(row[0]) if table.code else _line(row[0])
        yield _row([first, *map(_line, row[1:])])


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return f"`{text}`" if _PLAIN_CODE.fullmatch(text) else _line(text)


def _line(text: str) -> str:
    """The text on one line, with Markdown's special characters escaped."""
    text = " ".join(text.splitlines())
    text = _SIGNS.sub(lambda found: f"\\{found[0]}" if found[0] != "//" else "\\//", text)
    text = "".join(_ENTITIES.get(sign, sign) for sign in text)
    return _AT_START.sub(_escaped_start, text)


def _escaped_start(found: re.Match[str]) -> str:
    space, sign = found.groups()
    return f"{space}{sign[:-1]}\\{sign[-1]}"


# HTML.


_PAGES: Final = pages()


def to_html(agreement: Agreement) -> str:
    """A complete HTML document; all text is escaped."""
    return _PAGES.get_template("agreement.html").render(agreement=agreement)


# PDF.


_LAYOUT: Final = printing.LAYOUTS / "agreement.typ"


def to_pdf(agreement: Agreement) -> bytes:
    """The same agreement gives the same bytes. Raises `Refused` for characters without a font."""
    return printing.to_pdf(_LAYOUT, asdict(agreement), agreement.campaign)
