"""Closed documents as the desk lists and shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from capture.billing.account import Account, Document, DocumentKind, Entry
from capture.billing.statement import Statement, StatementPart
from capture.closing.debit import Proposal, proposals_of
from capture.closing.documents import accounts_of, day_in_zone, state_of
from capture.documents.agreement.model import month_name
from capture.documents.closed_document import ClosedDocument, load_closed_document
from capture.documents.sheet import SheetPart
from capture.errors import Hint, NotFound, Refused
from capture.ledger.protocol import ReadTransaction
from capture.money import from_minor
from capture.web.desk.debit_view import DebitView, debit_view
from capture.web.desk.line_pages import DocumentLine, DocumentPart, LinePage, line_page
from capture.web.desk.times import reader_zone

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("To pay", "warning"),
    "overdue": ("Overdue", "bad"),
    "settled": ("Settled", "good"),
    "issued": ("Issued", ""),
}
"""The words and the tone of each state of a document."""

_PAGE_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document of the list. Amounts are minor units with tax."""

    number: str
    client: str
    kind: str
    """`Invoice`, `Credit note on acme-0001`."""
    month: str
    """In words: `November 2026`."""
    issued_on: date
    due_on: date | None
    currency: str
    total: int
    """Negative for a credit note."""
    paid: int
    credited: int
    to_pay: int
    state: str

    @property
    def position(self) -> str:
        """Where the next page begins: after this document."""
        return f"{self.issued_on},{self.number}"


@dataclass(frozen=True, slots=True)
class AccountSums:
    """The sums of the accounts in one currency, in minor units."""

    currency: str
    to_pay: int
    overdue: int
    carried: int
    """Credit that is carried forward to later documents; zero or more."""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to list; empty fields select all."""

    client: str = ""
    state: str = ""
    after: str = ""
    """The `position` of the last document of the page before."""


@dataclass(frozen=True, slots=True)
class DocumentList:
    """One page of documents, the newest first."""

    rows: Sequence[DocumentRow]
    sums: Sequence[AccountSums]
    """Over all documents of the selected client, on other pages too."""
    clients: Sequence[str]
    """The clients that have documents."""
    next_position: str
    """Empty on the last page."""
    open_debits: Sequence[Proposal]
    """The proposed debit notes that wait for the client."""


def list_documents(
    reading: ReadTransaction, own_client: str | None, selected: DocumentFilter, now: datetime
) -> DocumentList:
    """The documents that a user may see; `own_client` is None for the agency."""
    accounts = accounts_of(reading, own_client)
    clients = sorted({account.client for account in accounts})
    if selected.client:
        accounts = [account for account in accounts if account.client == selected.client]
    rows = [
        document_row(entry, now)
        for account in accounts
        for entry in account.entries
        if selected.state in {"", state_of(entry, now)}
    ]
    rows.sort(key=_newest_last, reverse=True)
    day, _, number = selected.after.partition(",")
    if number:
        rows = [row for row in rows if (f"{row.issued_on}", row.number) < (day, number)]
    page = rows[:_PAGE_SIZE]
    is_last = len(rows) <= _PAGE_SIZE
    sums = list(_sums(accounts, now))
    open_debits = [
        proposal
        for proposal in proposals_of(reading, own_client)
        if proposal.stage == "open" and selected.client in {"", proposal.client}
    ]
    return DocumentList(page, sums, clients, "" if is_last else page[-1].position, open_debits)


def _newest_last(row: DocumentRow) -> tuple[str, str]:
    return f"{row.issued_on}", row.number


def document_row(entry: Entry, now: datetime) -> DocumentRow:
    """The document of an account's entry."""
    document = entry.document
    return DocumentRow(
        number=document.number,
        client=document.client,
        kind=kind_in_words(document),
        month=month_name(document.month),
        issued_on=document.issued_on,
        due_on=document.due_on,
        currency=document.currency,
        total=-document.gross if document.kind is DocumentKind.CREDIT else document.gross,
        paid=entry.paid,
        credited=entry.credited,
        to_pay=entry.open,
        state=state_of(entry, now),
    )


def kind_in_words(document: Document) -> str:
    """`Invoice`, `Credit note on acme-0001`."""
    kind = str(document.kind).capitalize()
    return f"{kind} on {document.corrects}" if document.corrects else kind


def _sums(accounts: Sequence[Account], now: datetime) -> Iterator[AccountSums]:
    for currency in sorted({account.currency for account in accounts}):
        group = [account for account in accounts if account.currency == currency]
        entries = [entry for account in group for entry in account.entries]
        yield AccountSums(
            currency,
            to_pay=sum(account.open for account in group),
            overdue=sum(entry.open for entry in entries if state_of(entry, now) == "overdue"),
            carried=-sum(account.carried for account in group),
        )


# One document.


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document with its place in the account."""

    closed: ClosedDocument
    row: DocumentRow
    page: LinePage
    """The lines that the page shows."""
    einvoice_fault: str
    """That it cannot be an e-invoice, and why; empty if it can."""
    debits: Sequence[DebitView]
    """The debit notes that the agency proposes on it, with the client's answers."""
    open_amount: Decimal
    """The amount that is still to be paid, in major units, as the form shows it."""
    today: date
    """In the document's time zone."""

    @property
    def is_statement(self) -> bool:
        """Whether it is the document of a month, and no note."""
        return isinstance(self.closed.content, Statement)

    @property
    def lead_ids(self) -> list[str]:
        """The leads on its page, each once."""
        ids = (line.lead_id for part in self.page.parts for line in part.lines)
        return list(dict.fromkeys(ids))


def load_own_document(
    reading: ReadTransaction, number: str, own_client: str | None
) -> ClosedDocument:
    """A document that a user may see.

    Raises the same `NotFound` for an unknown number and for another client's document.
    """
    closed = load_closed_document(reading, number)
    if own_client not in {None, closed.document.client}:
        raise NotFound(f"no statement {number!r}", Hint.STATEMENTS)
    return closed


def document_view(
    reading: ReadTransaction,
    closed: ClosedDocument,
    now: datetime,
    page: str = "",
    lead_id: str = "",
) -> DocumentView:
    """The document as its page shows it. `page` and `lead_id` select its lines; see `line_page`."""
    document = closed.document
    entry = next(
        entry
        for account in accounts_of(reading, document.client)
        for entry in account.entries
        if entry.document.number == document.number
    )
    try:
        closed.einvoice()
    except Refused as refused:
        fault = str(refused)
    else:
        fault = ""
    return DocumentView(
        closed,
        document_row(entry, now),
        line_page(parts_of(closed), page, lead_id),
        fault,
        debits=[
            debit_view(reading, proposal, now, reader_zone())
            for proposal in proposals_of(reading, document.client)
            if proposal.statement == document.number
        ],
        open_amount=from_minor(entry.open, document.currency),
        today=day_in_zone(document.time_zone, now),
    )


def parts_of(closed: ClosedDocument) -> list[DocumentPart]:
    """The lines of the sheet with their leads."""
    content = closed.content
    if isinstance(content, Statement):
        return statement_parts(content, closed.sheet.parts)
    return [
        DocumentPart(
            part, [DocumentLine(row, content.lead_id, content.period) for row in part.table.rows]
        )
        for part in closed.sheet.parts
    ]


def statement_parts(statement: Statement, sheet_parts: Sequence[SheetPart]) -> list[DocumentPart]:
    """The lines of a statement or preview with their leads."""
    billed = [part for part in statement.parts if part.lines]
    return [
        DocumentPart(sheet_part, list(_lines(sheet_part, part)))
        for sheet_part, part in zip(sheet_parts, billed, strict=True)
    ]


def _lines(sheet_part: SheetPart, part: StatementPart) -> Iterator[DocumentLine]:
    seen = set()
    for cells, line in zip(sheet_part.table.rows, part.lines, strict=True):
        yield DocumentLine(cells, line.lead_id, line.period, is_first=line.lead_id not in seen)
        seen.add(line.lead_id)
