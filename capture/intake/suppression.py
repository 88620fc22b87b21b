"""A client's suppression list: people and companies that are never billed.

See rule 4 of docs/rules.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from capture.csv_table import read_lines
from capture.email_domains import domain_of, is_disposable, is_free_mail
from capture.errors import FileErrors, Problem, Refused
from capture.form.contact import email_address
from capture.lead.events import EventKind
from capture.lead.identity import keys_to_match, keys_to_store, select_keys
from capture.lead.model import Lead
from capture.lead.moves import STAGES
from capture.ledger.administration import record_act
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import DuplicateQuery

_HEADINGS: Final = frozenset(
    {
        "email",
        "e-mail",
        "email address",
        "e-mail address",
        "email_address",
        "domain",
        "company domain",
        "company_domain",
        "entry",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One e-mail address or company domain."""

    line: int
    text: str
    keys: Mapping[str, str] = field(compare=False)
    """The keys that are stored."""
    matched: Mapping[str, str] = field(compare=False)
    """The keys that are searched for, under every version of the identity rules."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry, and the client's leads that it matches."""

    entry: Entry
    is_known: bool
    """Whether it is on the list already."""
    leads: Sequence[Lead]
    """The newest first, without tests, spam and duplicates."""


def read_suppressions(content: bytes, where: str) -> list[Entry]:
    """The entries of a CSV file, without repeats. Raises one `FileErrors` with every faulty line.

    They are in the columns with the heading email or domain; without a heading, in the first.
    """
    (first, heading), *rows = read_lines(content, where, _HEADINGS)
    columns = [index for index, cell in enumerate(heading) if _normalized(cell) in _HEADINGS]
    if not columns:
        columns, rows = [0], [(first, heading), *rows]
    entries: dict[tuple[tuple[str, str], ...], Entry] = {}
    problems = []
    for line, cells in rows:
        for text in filter(None, (cells[index].strip() for index in columns if index < len(cells))):
            try:
                entry = _parse_entry(line, text)
            except Refused as refused:
                problems.append(Problem(where, line, f"{text!r}: {refused}"))
            else:
                entries.setdefault(tuple(entry.keys.items()), entry)
    if problems:
        raise FileErrors(problems)
    return list(entries.values())


def suppress(
    records: WriteTransaction, client: str, entries: Sequence[Entry], now: datetime, by: str
) -> int:
    """Adds entries to the client's list; returns how many are new. For `Ledger.transact`.

    `by` is the person who does it. The event holds numbers, and no entry.
    """
    new = 0
    for entry in entries:
        new += not records.people.is_suppressed(client, entry.matched)
        records.people.suppress(client, entry.keys.items(), now)
    if entries:
        record_act(
            records,
            EventKind.SUPPRESSIONS_ADDED,
            by,
            now,
            client=client,
            new=new,
            known=len(entries) - new,
        )
    return new


def match_suppressions(
    reading: ReadTransaction, client: str, entries: Iterable[Entry]
) -> list[Match]:
    """The client's leads that each entry matches now; writes nothing."""
    query = DuplicateQuery(frozenset(STAGES), limit=None)
    return [
        Match(
            entry,
            is_known=reading.people.is_suppressed(client, entry.matched),
            leads=reading.leads.matching(client, entry.matched, query),
        )
        for entry in entries
    ]


def _parse_entry(line: int, text: str) -> Entry:
    """The entry. Raises `Refused` if it is invalid, or could never match a lead."""
    bare = text.lstrip("@")
    if "@" in bare:
        kind, address = "email", email_address(bare)
    else:
        kind, address = "company_domain", email_address(f"anyone@{bare}")
    if address is None:
        raise Refused("neither an e-mail address nor a domain")
    if kind == "company_domain":
        _check_company_domain(address)
    answers = {"email": address}
    return Entry(
        line,
        text,
        select_keys(keys_to_store(answers), {kind}),
        select_keys(keys_to_match(answers), {kind}),
    )


def _check_company_domain(address: str) -> None:
    domain = domain_of(address)
    if is_disposable(address):
        raise Refused(
            f"{domain} is a provider of disposable addresses; forms refuse them, so it would "
            "match no lead; remove the line"
        )
    if is_free_mail(address):
        raise Refused(
            f"{domain} is a free mail provider, not a company (rule 2), so it would "
            "match no lead; list the addresses instead"
        )


def _normalized(cell: str) -> str:
    return cell.strip().casefold()
