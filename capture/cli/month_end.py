"""`gatepost month-end`: previews or closes a month of all clients, and writes its documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import click

from capture.billing.statement import ParkedLead, Parties
from capture.cli.context import CommandContext, pass_context
from capture.cli.kpi import TITLES_MISSING
from capture.cli.month_end_files import failure_text, write_month
from capture.cli.month_end_tables import (
    documents_as_data,
    ends_as_data,
    reason_of_end,
    show_files,
    show_preview,
)
from capture.cli.options import Month, own_name_option
from capture.cli.output_folder import open_folder
from capture.cli.show import as_json_option, show_json
from capture.cli.statement_warnings import warn_of_einvoice, warn_of_parked
from capture.closing.close import check_agency, close_month
from capture.closing.month_end import FAILURES, MonthEnd, State
from capture.closing.month_of_clients import MonthOfClients
from capture.errors import FileErrors, Refused
from capture.ledger.protocol import Ledger


@click.command("month-end")
@click.option("--client", help="Only this client.")
@click.option(
    "--month", required=True, type=Month(), help="The month, in each campaign's time zone."
)
@click.option(
    "--close", "is_close", is_flag=True, help="Close what is ready, and write all documents."
)
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --close: the folder for the files; by default var/month-end/MONTH.",
)
@own_name_option
@as_json_option
@pass_context
def month_end(
    context: CommandContext,
    client: str | None,
    month: str,
    is_close: bool,
    output: Path | None,
    by: str,
    as_json: bool,
) -> None:
    """Preview a month of all clients, or close it and write its documents.

    Without --close nothing changes. It shows the sums of each client and currency, what cannot be
    closed yet and why, and what to decide first.

    With --close it closes every client that is ready. Then it writes each document of the month as
    PDF, HTML and JSON, and a report for each campaign, into one folder. After an interruption, run
    it again: it does what is left, and nothing twice.

    \b
    Example:
      gatepost month-end --month 2026-11
      gatepost month-end --month 2026-11 --close -o november
    """
    if output is not None and not is_close:
        raise click.UsageError("a preview writes no files: add --close, or leave out -o")
    read_files = context.read_files()
    with context.ledger() as ledger:
        of_clients = MonthOfClients(context.agency, read_files, month, client)
        ends = ledger.read(lambda reading: of_clients.ends(reading, datetime.now(UTC)))
        if not ends and client is not None and client not in read_files.client_errors:
            read_files.sound.client(client)  # raises for an unknown name, with near spellings
        if is_close:
            check_agency(context.agency)
            folder = output or context.month_ends / month
            _close_and_write(context, ledger, of_clients, ends, folder, by=by, as_json=as_json)
        elif as_json:
            show_json(ends_as_data(ends))
        else:
            show_preview(ends, month)
            _warn_of_agency(context)
        if not is_close:
            _warn_of_einvoices(of_clients.parties, ends)
            if problems := of_clients.problems(ends):
                raise FileErrors(problems)


def _warn_of_agency(context: CommandContext) -> None:
    try:
        check_agency(context.agency)
    except Refused as refused:
        click.echo(str(refused), err=True)


def _warn_of_einvoices(parties: Mapping[str, Parties], ends: Iterable[MonthEnd]) -> None:
    for end in ends:
        owner = parties.get(end.client)
        if owner and end.state is State.READY and end.sums and end.sums.lines:
            name = f"the invoice of {end.client} for {end.month} in {end.currency}"
            warn_of_einvoice(name, owner, end.client, end.currency)


def _close_and_write(
    context: CommandContext,
    ledger: Ledger,
    of_clients: MonthOfClients,
    ends: Sequence[MonthEnd],
    folder: Path,
    *,
    by: str,
    as_json: bool,
) -> None:
    """Closes the clients that are ready, then writes all documents of the month.

    Raises `Refused` at the end, with one line for each failure.
    """
    failures = [str(problem) for problem in of_clients.problems(ends)]
    with open_folder(folder) as output:
        for owner, group in groupby(ends, attrgetter("client")):
            parties = of_clients.parties.get(owner)
            for line in _close(ledger, parties, list(group), by, failures):
                if not as_json:
                    click.echo(line)
        files = write_month(
            context, ledger, of_clients.read_files, output, of_clients.month, of_clients.client, by
        )
    failures += files.failures
    if not context.titles():
        click.echo(TITLES_MISSING, err=True)
    if as_json:
        ends = ledger.read(lambda reading: of_clients.ends(reading, datetime.now(UTC)))
        show_json(
            {
                "months": ends_as_data(ends),
                "documents": documents_as_data(files.documents),
                "folder": str(folder),
                "files": files.states,
                "failures": failures,
            }
        )
    else:
        show_files(files, folder)
    if failures:
        raise Refused("\n".join(failures))


def _close(
    ledger: Ledger, parties: Parties | None, ends: Sequence[MonthEnd], by: str, failures: list[str]
) -> Iterator[str]:
    """Closes one client's month in all currencies if it is ready; lines that say what it did."""
    ready_ends = [end for end in ends if end.state is State.READY]
    for end in ends:
        if end.state is State.NOT_READY:
            failures.append(f"{end.client}, {end.currency}: {reason_of_end(end)}")
        elif end.state is State.CLOSED:
            yield f"{end.client}, {end.currency}: closed already{_document_text(end.number)}"
    if not ready_ends or parties is None:
        return
    client, month = ready_ends[0].client, ready_ends[0].month
    try:
        closings = ledger.transact(
            lambda records: close_month(records, client, parties, month, datetime.now(UTC), by=by)
        )
    except FAILURES as error:
        failures.append(failure_text(client, error))
        return
    for closing in closings:
        if any(end.currency == closing.currency for end in ready_ends):
            yield f"{client}, {closing.currency}: closed{_document_text(closing.number)}"
            if closing.number:
                warn_of_einvoice(closing.number, parties, client, closing.currency)
            for campaign, reasons in closing.parked.items():
                warn_of_parked(campaign, (ParkedLead(*item) for item in reasons.items()))


def _document_text(number: str) -> str:
    return f", {number}" if number else "; there was nothing to bill, so no document"
