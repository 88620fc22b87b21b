"""`gatepost statements`: all documents of the account, with open and overdue amounts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import click

from capture.billing.account import Account, Entry
from capture.cli.context import CommandContext, pass_context
from capture.cli.show import as_json_option, show_rows
from capture.closing.documents import accounts_of, state_of
from capture.closing.months import Closing, closed_months
from capture.ledger.protocol import ReadTransaction
from capture.money import from_minor, show_money

COLUMNS = (
    "number",
    "document",
    "campaigns",
    "month",
    "total",
    "open",
    "due",
    "state",
    "sha256",
)

_SUMS: Final = ("net", "vat", "total", "credited", "paid", "open")


@click.command()
@click.option("--client", help="Only this client.")
@click.option("--all", "is_all", is_flag=True, help="Every client; this is the default.")
@click.option("--overdue", is_flag=True, help="Only overdue documents.")
@as_json_option
@pass_context
def statements(
    context: CommandContext, client: str | None, is_all: bool, overdue: bool, as_json: bool
) -> None:
    """List the closed statements and their notes, with open amounts and due dates.

    \b
    Example:
      gatepost statements --client acme --overdue
      gatepost statements --all
    """
    if is_all and client is not None:
        raise click.UsageError("--client names one client, --all means every one: give one of them")
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        rows, totals = ledger.read(lambda reading: _load_rows(reading, client, now))
    if not rows and client is not None:
        context.catalogue().client(client)  # raises for an unknown name, with near spellings
    if overdue:
        rows = [row for row in rows if row["state"] == "overdue"]
    if as_json:
        show_rows(COLUMNS, [row | row.pop("exact") for row in rows], as_json=True)  # type: ignore[operator]
        return
    if not rows:
        click.echo(
            "Nothing is overdue." if overdue else f"No month was closed{_for_client(client)} yet."
        )
        return
    show_rows(COLUMNS, rows, as_json=False)
    for line in totals:
        click.echo(line)


def _load_rows(
    reading: ReadTransaction, client: str | None, now: datetime
) -> tuple[list[dict[str, object]], list[str]]:
    digests = {
        closed_statement.number: closed_statement.sha256
        for closed_statement in reading.statements.select(client)
    }
    rows, totals = [], []
    for account in accounts_of(reading, client):
        rows += [_row(entry, state_of(entry, now), digests) for entry in account.entries]
        totals.append(_total(account, now))
    rows += [
        _empty_row(closing) for closing in closed_months(reading, client) if not closing.number
    ]
    return rows, totals


def _empty_row(closing: Closing) -> dict[str, object]:
    """The row of a month that was closed without a statement."""
    facts: dict[str, object] = dict.fromkeys((*COLUMNS, "issued"), "")
    facts |= {
        "client": closing.client,
        "campaigns": ", ".join(closing.titles),
        "month": closing.month,
    }
    return facts | {"state": "nothing to bill", "exact": _exact(closing.currency, closing.titles)}


def _row(entry: Entry, state: str, digests: Mapping[str, str]) -> dict[str, object]:
    document, currency = entry.document, entry.document.currency
    sums = (
        document.net,
        document.vat,
        document.gross,
        entry.credited,
        entry.paid,
        entry.open,
    )
    kind = str(document.kind)
    return {
        "number": document.number,
        "document": f"{kind} on {document.corrects}" if document.corrects else kind,
        "client": document.client,
        "campaigns": ", ".join(document.campaigns),
        "month": document.month,
        "total": show_money(document.gross, currency),
        "open": show_money(entry.open, currency) if entry.open else "",
        "due": document.due_on,
        "issued": document.issued_on,
        "state": state,
        "sha256": digests.get(document.number, ""),
        "exact": _exact(currency, document.campaigns, sums),
    }


def _exact(
    currency: str, campaigns: Iterable[str], sums: Sequence[int] = (0,) * len(_SUMS)
) -> dict[str, object]:
    """Currency, list of campaigns and decimal amounts, for `--json`."""
    amounts = {
        name: str(from_minor(sum_, currency)) for name, sum_ in zip(_SUMS, sums, strict=True)
    }
    return {"currency": currency, "campaigns": list(campaigns), **amounts}


def _for_client(client: str | None) -> str:
    return f" for {client}" if client else ""


def _total(account: Account, now: datetime) -> str:
    currency = account.currency
    late = sum(entry.open for entry in account.entries if state_of(entry, now) == "overdue")
    text = f"{account.client}: {show_money(account.open, currency)} to be paid"
    if late:
        text += f", {show_money(late, currency)} of it overdue"
    if account.carried:
        text += f"; {show_money(-account.carried, currency)} to its credit, carried forward"
    return f"{text}."
