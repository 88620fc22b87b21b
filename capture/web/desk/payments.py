"""Payments: the import of a bank's file, and all open documents of a client as paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from capture.billing.account import Entry
from capture.closing.bank_files import BankEntry, read_bank_file
from capture.closing.documents import accounts_of
from capture.closing.import_payments import import_payments, match_payments
from capture.closing.payments import (
    FullPayment,
    open_amounts,
    open_entries,
    record_all_as_paid,
)
from capture.errors import FileErrors, Refused
from capture.ledger.protocol import ReadTransaction
from capture.money import show_money
from capture.text import count_noun
from capture.web.desk.access import AGENCY, allow, user
from capture.web.desk.bank_file_view import (
    MAX_ENTRIES,
    MAX_FILE,
    entry_groups,
    import_in_words,
    pack_file,
    unpack_file,
)
from capture.web.desk.pages import desk_page
from capture.web.desk.statement_view import DocumentRow, document_row
from capture.web.desk.times import reader_zone
from capture.web.services import services

blueprint = Blueprint("payments", __name__)

_TOO_LARGE: Final = (
    f"The file is over {MAX_FILE // 1_000_000} MB. Export a shorter period, or import it with "
    "`gatepost payments import`."
)
_LONGEST_NAME: Final = 100
_MOST_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True)
class OpenDocuments:
    """The documents of a client with an open amount."""

    rows: Sequence[DocumentRow]
    confirmed: Sequence[str]
    """The numbers with the open amounts, as the form sends them."""
    sums: str
    """The open amount of each currency."""


@blueprint.get("/payments")
@allow(AGENCY)
def show() -> ResponseReturnValue:
    """The forms."""
    return _page()


@blueprint.post("/payments/import")
@allow(AGENCY)
def preview() -> ResponseReturnValue:
    """Shows what would become of each entry of a file. Nothing is written."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(["Choose the file of your bank."]), 422
    name = _name(file.filename)
    return _preview(file.stream.read(MAX_FILE + 1), name)


@blueprint.post("/payments/record")
@allow(AGENCY)
def record() -> ResponseReturnValue:
    """Records the ticked entries of a file, each once."""
    now, by, form = datetime.now(UTC), user().name, request.form
    try:
        content, name = unpack_file(form.get("content", "")), _name(form.get("name", ""))
        entries = _entries(content, name)
        ticked = _ticked(entries)
    except (Refused, FileErrors) as error:
        return _page(_lines(error)), 422
    if not ticked:
        return _preview(content, name, "Nothing was recorded. Tick the payments to record.")
    answers = services().ledger.transact(lambda records: import_payments(records, ticked, now, by))
    for line in import_in_words(answers):
        flash(line)
    return redirect(url_for(".show"), 303)


@blueprint.post("/payments/all")
@allow(AGENCY)
def pay_all() -> ResponseReturnValue:
    """Records a payment of what is open, for each open document of a client."""
    now, by, form = datetime.now(UTC), user().name, request.form
    client, ledger = form.get("client", ""), services().ledger
    entries = ledger.read(lambda reading: open_entries(reading, client))
    if not entries:  # a second click
        flash("Nothing is open. Nothing had to be recorded.")
        return redirect(url_for(".show"), 303)
    try:
        paid_on = date.fromisoformat(form.get("paid_on", "").strip())
    except ValueError:
        return _page(["Write the day of the payment as 2026-12-30."], client), 422
    confirmed = [_read_confirmed(text) for text in form.getlist("open")]
    full = FullPayment(client, confirmed, paid_on, by)
    try:
        ledger.transact(lambda records: record_all_as_paid(records, full, now))
    except Refused as error:
        return _page([f"{error}."], client), 409
    flash(f"{count_noun(len(entries), 'payment')} recorded. Nothing is open of {client}.")
    return redirect(url_for("statements.show_list", client=client), 303)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
    """A message without data: the form was not read, so who sent it is not checked yet."""
    page = desk_page("message.html", title="Not done", text=_TOO_LARGE, link="payments.show")
    return page, 413


def _preview(content: bytes, name: str, problem: str = "") -> ResponseReturnValue:
    now = datetime.now(UTC)
    try:
        entries = _entries(content, name)
    except (Refused, FileErrors) as error:
        return _page(_lines(error)), 422
    matches = services().ledger.read(lambda reading: match_payments(reading, entries, now))
    page = desk_page(
        "payments_import.html",
        name=name,
        groups=entry_groups([answer for answer, _ in matches]),
        number=sum(matched is not None for _, matched in matches),
        content=pack_file(content),
        problem=problem,
    )
    return page, 422 if problem else 200


def _entries(content: bytes, name: str) -> list[BankEntry]:
    """Raises `Refused` or `FileErrors` for a file that cannot be read completely."""
    if len(content) > MAX_FILE:
        raise Refused(_TOO_LARGE.rstrip("."))
    entries = read_bank_file(content, name)
    if len(entries) > MAX_ENTRIES:
        raise Refused(
            f"{name}: over {MAX_ENTRIES:,} entries; export a shorter period, or import it with "
            "`gatepost payments import`"
        )
    return entries


def _ticked(entries: Sequence[BankEntry]) -> list[BankEntry]:
    """The entries whose positions the form sends."""
    positions = set(request.form.getlist("entry"))
    return [entry for position, entry in enumerate(entries) if str(position) in positions]


def _name(text: str) -> str:
    """The file's name for messages, without its folder."""
    name = text.replace("\\", "/").rpartition("/")[2].strip()
    printable = "".join(sign for sign in name if sign.isprintable())
    return printable[:_LONGEST_NAME] or "the file"


def _lines(error: Refused | FileErrors) -> list[str]:
    """The problems of a file, each in one line."""
    if not isinstance(error, FileErrors):
        return [f"{error}."]
    lines = [f"{problem}." for problem in error.problems[:_MOST_PROBLEMS]]
    more = len(error.problems) - len(lines)
    return [*lines, f"And {count_noun(more, 'other mistake')}."] if more else lines


def _read_confirmed(text: str) -> tuple[str, int]:
    """A document's number and the open amount that the page showed; -1 for any other text."""
    number, _, amount = text.partition("=")
    is_number = amount.isascii() and amount.isdigit() and len(amount) < 20
    return number, int(amount) if is_number else -1


def _page(problems: Sequence[str] = (), client: str | None = None) -> str:
    """The forms, with the open documents of the client in the address or the form."""
    client = request.args.get("client", "") if client is None else client
    clients, found = services().ledger.read(lambda reading: _read(reading, client))
    today = datetime.now(reader_zone()).date()
    return desk_page(
        "payments.html",
        problems=problems,
        clients=clients,
        client=client,
        found=found,
        paid_on=request.form.get("paid_on", "") or today,
        max_megabytes=MAX_FILE // 1_000_000,
    )


def _read(reading: ReadTransaction, client: str) -> tuple[Mapping[str, str], OpenDocuments | None]:
    """By client with open documents: its open amounts. And the documents of the chosen one."""
    accounts = [account for account in accounts_of(reading) if account.open]
    sums: dict[str, list[str]] = {}
    for account in accounts:
        sums.setdefault(account.client, []).append(show_money(account.open, account.currency))
    clients = {slug: ", ".join(amounts) for slug, amounts in sorted(sums.items())}
    if client not in clients:
        return clients, None
    entries: list[Entry] = open_entries(reading, client)
    now = datetime.now(UTC)
    return clients, OpenDocuments(
        [document_row(entry, now) for entry in entries],
        [f"{number}={amount}" for number, amount in open_amounts(entries)],
        clients[client],
    )
