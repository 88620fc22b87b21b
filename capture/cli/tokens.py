"""`gatepost tokens`: the API tokens of clients."""

from datetime import UTC, datetime
from typing import Any

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, moment, show_rows
from capture.client_access.api_tokens import add_token, new_token, revoke_token
from capture.ledger.types import ApiToken

COLUMNS = ("id", "client", "name", "made_at", "used_at", "revoked_at")


@click.group()
def tokens() -> None:
    """Create, list and revoke the API tokens of clients.

    \b
    Example:
      gatepost tokens list --client acme
    """


@tokens.command()
@click.option(
    "--client", required=True, metavar="CLIENT", help="The client whose leads the token can read."
)
@click.option("--name", default="api", show_default=True, help="The program that uses the token.")
@own_name_option
@pass_context
def add(context: CommandContext, client: str, name: str, by: str) -> None:
    """Create a token and print it once. Only its hash is stored.

    \b
    Example:
      gatepost tokens add --client acme --name crm
    """
    context.catalogue().client(client)
    token, now = new_token(), datetime.now(UTC)
    with context.ledger() as ledger:
        api_token = ledger.transact(
            lambda records: add_token(records, client, name, token, now, by=by)
        )
    click.echo(token)
    click.echo(
        f"Copy it now: it is not shown again. `gatepost tokens revoke {api_token.id}` revokes it.",
        err=True,
    )


@tokens.command("list")
@click.option("--client", metavar="CLIENT", help="Only this client.")
@as_json_option
@pass_context
def list_(context: CommandContext, client: str | None, as_json: bool) -> None:
    """List all tokens, revoked ones included. The last use is exact to the hour.

    \b
    Example:
      gatepost tokens list --client acme
    """
    if client is not None:
        context.catalogue().client(client)
    with context.ledger() as ledger:
        rows = [
            _row(api_token) for api_token in ledger.read(lambda reading: reading.api.tokens(client))
        ]
    if rows or as_json:
        show_rows(COLUMNS, rows, as_json=as_json)
    else:
        click.echo("There are no tokens yet.")


@tokens.command()
@click.argument("token_id", metavar="ID")
@own_name_option
@pass_context
def revoke(context: CommandContext, token_id: str, by: str) -> None:
    """Revoke a token immediately. `gatepost tokens list` shows the ids.

    \b
    Example:
      gatepost tokens revoke 5f0c1a2b
    """
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        api_token = ledger.transact(lambda records: revoke_token(records, token_id, now, by))
    click.echo(f"{api_token.client}'s token {api_token.name!r} is revoked.")


def _row(api_token: ApiToken) -> dict[str, Any]:
    return {
        "id": api_token.id,
        "client": api_token.client,
        "name": api_token.name,
        "made_at": moment(api_token.made_at),
        "used_at": moment(api_token.used_at),
        "revoked_at": moment(api_token.revoked_at),
    }
