"""The agreement as Markdown: what a file says stays text, whatever signs it holds."""

import re
from collections.abc import Iterator
from typing import Final

from capture.agreement.model import Agreement, Clause, Table
from capture.agreement.side import Side

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;"}
"""These need no backslash that some reader of Markdown would print."""

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
    """The text on one line, every sign that Markdown would obey taken as itself."""
    text = " ".join(text.splitlines())
    text = _SIGNS.sub(lambda found: f"\\{found[0]}" if found[0] != "//" else "\\//", text)
    text = "".join(_ENTITIES.get(sign, sign) for sign in text)
    return _AT_START.sub(_escaped_start, text)


def _escaped_start(found: re.Match[str]) -> str:
    space, sign = found.groups()
    return f"{space}{sign[:-1]}\\{sign[-1]}"
