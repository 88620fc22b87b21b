"""Writes the documents and reports of a month's end into a folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from capture.billing.account import Document
from capture.billing.statement import Statement
from capture.campaign.catalogue import ReadFiles
from capture.cli.context import CommandContext
from capture.cli.hints import in_words
from capture.cli.output import with_progress
from capture.cli.output_folder import FileState, OutputFolder
from capture.cli.report import monthly_report
from capture.closing.documents import documents_of_month
from capture.closing.month_end import FAILURES, campaigns_to_report
from capture.closing.parking import reason_of
from capture.documents.closed_document import ClosedDocument, load_closed_document, named_leads
from capture.documents.report import report_file_name
from capture.documents.sheet import to_html, to_pdf
from capture.errors import GatepostError, Refused
from capture.kpi.gathering import campaigns_in
from capture.ledger.protocol import Ledger

_FORMATS: Final[Mapping[str, Callable[[ClosedDocument], bytes]]] = {
    "pdf": lambda closed: to_pdf(closed.sheet),
    "html": lambda closed: to_html(closed.sheet).encode(),
    "json": lambda closed: closed.text.encode(),
}


def failure_text(what: str, error: Exception) -> str:
    """One line on an error of one client or one file."""
    if isinstance(error, GatepostError):
        return f"{what}: {in_words(error)}"
    return f"{what}: an unexpected error, {reason_of(error)}"


@dataclass(frozen=True, slots=True)
class MonthDocument:
    """A document of the month."""

    document: Document
    to_pay: int
    """What the client has to pay for it, in minor units; 0 for a credit note."""


@dataclass
class MonthFiles:
    """What was written, and what failed."""

    folder: OutputFolder
    documents: list[MonthDocument] = field(default_factory=list)
    states: dict[str, FileState] = field(default_factory=dict)
    """By file name."""
    failures: list[str] = field(default_factory=list)
    """One line for each document or file that could not be written."""

    def write(self, name: str, render: Callable[[], bytes]) -> None:
        """Renders and writes one file; keeps the failure if that is not possible."""
        try:
            self.states[name] = self.folder.write(name, render())
        except FAILURES as error:
            self.failures.append(failure_text(name, error))


def write_month(
    context: CommandContext,
    ledger: Ledger,
    read_files: ReadFiles,
    folder: OutputFolder,
    month: str,
    client: str | None,
    by: str,
) -> MonthFiles:
    """Writes each document of the month as PDF, HTML and JSON, and a report for each campaign.

    Of one client or of all. A failure does not stop the others. The access log names `by` if a
    document prints more of a lead than its id.
    """
    files = MonthFiles(folder)
    now = datetime.now(UTC)
    documents, slugs = ledger.read(
        lambda reading: (
            documents_of_month(reading, month, client),
            campaigns_to_report(reading, month, now, client),
        )
    )
    with with_progress(documents, len(documents), "documents") as items:
        for document in items:
            named = _write_document(ledger, files, document)
            context.log_look(ledger, by, "gatepost month-end", named, now)
    with with_progress(slugs, len(slugs), "reports") as items:
        for slug in items:
            render = partial(_report, context, ledger, read_files, slug, month, now)
            files.write(report_file_name(slug, month), render)
    return files


def _report(
    context: CommandContext,
    ledger: Ledger,
    read_files: ReadFiles,
    slug: str,
    month: str,
    now: datetime,
) -> bytes:
    """The report on one campaign. Raises `Refused` if its file or its client's has a mistake."""
    if slug in read_files.campaign_errors:
        raise Refused(f"the file of the campaign {slug} has a mistake")
    catalogue = read_files.sound
    (terms,) = ledger.read(lambda reading: campaigns_in(reading, catalogue, slug, None))
    if terms.client in read_files.client_errors:
        raise Refused(f"the file of the client {terms.client} has a mistake")
    return monthly_report(context, ledger, terms, catalogue.client(terms.client), month, now)


def _write_document(ledger: Ledger, files: MonthFiles, document: Document) -> list[str]:
    """Returns the leads that the document names."""
    number = document.number
    try:
        closed = ledger.read(lambda reading: load_closed_document(reading, number))
    except FAILURES as error:
        files.failures.append(failure_text(number, error))
        return []
    for shape, render in _FORMATS.items():
        files.write(f"{number}.{shape}", partial(render, closed))
    files.documents.append(MonthDocument(document, _to_pay(closed)))
    return named_leads(closed.content)


def _to_pay(closed: ClosedDocument) -> int:
    if isinstance(closed.content, Statement):
        return closed.content.to_pay
    return 0 if closed.document.due_on is None else closed.document.gross
