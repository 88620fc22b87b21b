"""Statements: the closed documents of the account, one document, and its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.closing.documents import find_closed_statement
from capture.documents.document_files import FACTURX, write_closed
from capture.documents.evidence import write_evidence
from capture.documents.lead_export import XLSX_TYPE
from capture.web.desk.access import AGENCY_AND_CLIENT, allow, log_access, own_client
from capture.web.desk.line_pages import ALL
from capture.web.desk.pages import desk_page
from capture.web.desk.statement_view import (
    STATES,
    DocumentFilter,
    DocumentView,
    document_view,
    list_documents,
    load_own_document,
    parts_of,
)
from capture.web.review.access import MAX_NOTE
from capture.web.services import services

blueprint = Blueprint("statements", __name__)


@dataclass(frozen=True, slots=True)
class FileKind:
    """A file of a document."""

    label: str
    ending: str
    """What follows the document's number in the file's name."""
    media_type: str
    is_einvoice: bool = False
    is_of_statement: bool = False
    """Whether only statements have it, and notes do not."""


EVIDENCE: Final = "evidence"
FILES: Final[Mapping[str, FileKind]] = {
    "pdf": FileKind("PDF", ".pdf", "application/pdf"),
    FACTURX: FileKind(
        "PDF with e-invoice (Factur-X)", "-e-invoice.pdf", "application/pdf", is_einvoice=True
    ),
    "cii": FileKind("E-invoice (XML, CII)", "-cii.xml", "application/xml", is_einvoice=True),
    "ubl": FileKind("E-invoice (XML, UBL)", "-ubl.xml", "application/xml", is_einvoice=True),
    "csv": FileKind("CSV", ".csv", "text/csv", is_of_statement=True),
    "xlsx": FileKind(
        "Excel",
        ".xlsx",
        XLSX_TYPE,
        is_of_statement=True,
    ),
    "json": FileKind("JSON", ".json", "application/json"),
    "html": FileKind("Web page", ".html", "text/html"),
    EVIDENCE: FileKind("Evidence (SQLite)", ".db", "application/vnd.sqlite3", is_of_statement=True),
}
"""The files of a document by the last part of their address."""


@blueprint.get("/statements")
@allow(AGENCY_AND_CLIENT)
def show_list() -> ResponseReturnValue:
    """The documents, the newest first."""
    client, now = own_client(), datetime.now(UTC)
    selected = DocumentFilter(
        client="" if client else request.args.get("client", ""),
        state=request.args.get("state", ""),
        after=request.args.get("after", ""),
    )
    found = services().ledger.read(lambda reading: list_documents(reading, client, selected, now))
    return desk_page(
        "statements.html",
        found=found,
        selected=selected,
        states=STATES,
        state_choices=[(name, words) for name, (words, _) in STATES.items()],
        is_agency=client is None,
        is_filtered=bool(selected.client or selected.state),
        newest=_address(selected) if selected.after else "",
        older=_address(selected, found.next_position) if found.next_position else "",
    )


def _address(selected: DocumentFilter, after: str = "") -> str:
    """The address of a page of the list with the same filters."""
    values = {"client": selected.client, "state": selected.state, "after": after}
    used = {name: value for name, value in values.items() if value}
    return f"{url_for('.show_list')}?{urlencode(used)}" if used else url_for(".show_list")


@blueprint.get("/statements/<number>")
@allow(AGENCY_AND_CLIENT)
def show(number: str) -> ResponseReturnValue:
    """One document, as its client sees it."""
    return document_page(number)


def document_page(number: str, *, problem: str = "", asks_again: bool = False) -> str:
    """The page of a document. `problem`: why the form that was sent was not accepted.

    `asks_again`: whether the payment of the form is recorded already, so that the page asks.
    """
    client, now = own_client(), datetime.now(UTC)
    page, lead_id = (request.args.get(name, "") for name in ("page", "lead"))
    view = services().ledger.read(
        lambda reading: document_view(
            reading, load_own_document(reading, number, client), now, page, lead_id
        )
    )
    services().ledger.transact(lambda records: log_access(records, "statement", view.lead_ids, now))
    return desk_page(
        "statement.html",
        view=view,
        sheet=view.closed.sheet,
        states=STATES,
        files=_files_of(view),
        is_agency=client is None,
        problem=problem,
        asks_again=asks_again,
        typed=request.form,
        max_note=MAX_NOTE,
        earlier=_page_address(number, view.page.earlier),
        later=_page_address(number, view.page.later),
        all_lines="" if view.page.is_complete else _page_address(number, ALL),
    )


def _page_address(number: str, page: str) -> str:
    return url_for("statements.show", number=number, page=page, _anchor="lines") if page else ""


def _files_of(view: DocumentView) -> dict[str, FileKind]:
    return {
        name: kind
        for name, kind in FILES.items()
        if (view.is_statement or not kind.is_of_statement)
        and not (kind.is_einvoice and view.einvoice_fault)
    }


@blueprint.get("/statements/<number>/files/<name>")
@allow(AGENCY_AND_CLIENT)
def download(number: str, name: str) -> ResponseReturnValue:
    """A file of a document, as the command writes it."""
    client, now = own_client(), datetime.now(UTC)
    if name not in FILES:
        raise NoSuchPage
    kind, ledger = FILES[name], services().ledger
    closed = ledger.read(lambda reading: load_own_document(reading, number, client))
    out = BytesIO()
    if name == EVIDENCE:
        out.write(_evidence(number))
    else:
        write_closed(closed, name, out)
    out.seek(0)
    lead_ids = dict.fromkeys(line.lead_id for part in parts_of(closed) for line in part.lines)
    ledger.transact(lambda records: log_access(records, f"statement {name}", lead_ids, now))
    return send_file(
        out, kind.media_type, as_attachment=True, download_name=f"{number}{kind.ending}"
    )


def _evidence(number: str) -> bytes:
    """The evidence file of a statement. Raises `NotFound` for a note."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{number}.db"
        services().ledger.read(
            lambda reading: write_evidence(reading, find_closed_statement(reading, number), path)
        )
        return path.read_bytes()
