"""`gatepost tokens`: who may read a client's leads by program."""

from datetime import UTC, datetime
from typing import Any

import click

from capture.cli.context import Workplace, pass_workplace
from capture.cli.show import as_json_option, moment, show_rows
from capture.client_access.api_tokens import add_token, new_token, revoke_token
from capture.ledger.facts import Access

COLUMNS = ("id", "client", "name", "made_at", "used_at", "revoked_at")


@click.group()
def tokens() -> None:
    """Make, list and revoke the tokens by which a client's programs use the API."""


@tokens.command()
@click.option("--client", required=True, metavar="CLIENT", help="Whose leads it opens.")
@click.option("--name", default="api", show_default=True, help="Which program it is for.")
@pass_workplace
def add(workplace: Workplace, client: str, name: str) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    workplace.catalogue().client(client)
    token, now = new_token(), datetime.now(UTC)
    with workplace.ledger() as ledger:
        made = ledger.transact(lambda records: add_token(records, client, name, token, now))
    click.echo(token)
    click.echo(
        f"Copy it now, it is shown no more. `gatepost tokens revoke {made.id}` ends it.", err=True
    )


@tokens.command("list")
@click.option("--client", metavar="CLIENT", help="Only this client's.")
@as_json_option
@pass_workplace
def list_(workplace: Workplace, client: str | None, as_json: bool) -> None:
    """List all tokens ever made; the last use is kept to the hour."""
    if client is not None:
        workplace.catalogue().client(client)
    with workplace.ledger() as ledger:
        rows = [_row(one) for one in ledger.read(lambda reading: reading.api.tokens(client))]
    if rows or as_json:
        show_rows(COLUMNS, rows, as_json=as_json)
    else:
        click.echo("No token was made yet.")


@tokens.command()
@click.argument("token_id", metavar="ID")
@pass_workplace
def revoke(workplace: Workplace, token_id: str) -> None:
    """End a token, at once; `tokens list` shows the ids."""
    now = datetime.now(UTC)
    with workplace.ledger() as ledger:
        ended = ledger.transact(lambda records: revoke_token(records, token_id, now))
    click.echo(f"{ended.client}'s token {ended.name!r} opens nothing any more.")


def _row(access: Access) -> dict[str, Any]:
    return {
        "id": access.id,
        "client": access.client,
        "name": access.name,
        "made_at": moment(access.made_at),
        "used_at": moment(access.used_at),
        "revoked_at": moment(access.revoked_at),
    }
