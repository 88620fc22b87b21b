"""`gatepost webhooks`: where the systems of clients receive events."""

from datetime import UTC, datetime
from typing import Any

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, moment, plain, show_rows
from capture.delivery.attempts import DeliveryError
from capture.delivery.endpoints import (
    NewEndpoint,
    NewSecret,
    SecretBox,
    add_endpoint,
    find_endpoint,
    remove_endpoint,
    resume_endpoint,
    rotate_secret,
)
from capture.delivery.posting import Network
from capture.delivery.webhooks import post_test
from capture.errors import Refused
from capture.ledger.endpoints import Endpoint

COLUMNS = ("id", "client", "url", "made_at", "failures", "paused_at", "pause_reason")


@click.group()
def webhooks() -> None:
    """Add, test, list and remove the webhooks of clients.

    \b
    Example:
      gatepost webhooks list --client acme
    """


@webhooks.command()
@click.argument("client")
@click.argument("url")
@own_name_option
@pass_context
def add(context: CommandContext, client: str, url: str, by: str) -> None:
    """Send a client's events to an HTTPS URL. Prints the secret once.

    \b
    Example:
      gatepost webhooks add acme https://crm.acme.example/gatepost
    """
    context.catalogue().client(client)
    new = NewEndpoint(client, url, allow_loopback=context.webhook_loopback)
    box, now = _box(context), datetime.now(UTC)
    with context.ledger() as ledger:
        made = ledger.transact(lambda records: add_endpoint(records, box, new, now, by))
    _show_secret(made)
    click.echo(f"`gatepost webhooks test {made.endpoint.id}` sends a first event.", err=True)


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@pass_context
def test(context: CommandContext, endpoint_id: str) -> None:
    """Send an event of type test.ping now, and show the answer. Works for a paused one, too.

    \b
    Example:
      gatepost webhooks test 5f0c1a2b
    """
    with context.ledger() as ledger:
        endpoint = ledger.read(lambda reading: find_endpoint(reading, endpoint_id))
    key, network = context.secret("webhook_key"), Network(allow_loopback=context.webhook_loopback)
    try:
        attempt = post_test(network, key, endpoint, datetime.now(UTC))
    except DeliveryError as error:
        answer = error.attempt.answer
        if answer:
            click.echo(plain(answer).plain)
        raise Refused(f"{endpoint.url}: {error}") from None
    click.echo(f"It answered {attempt.status}.")
    if attempt.answer:
        click.echo(plain(attempt.answer).plain)


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@own_name_option
@pass_context
def rotate(context: CommandContext, endpoint_id: str, by: str) -> None:
    """Make a new secret and print it once. For 24 hours both secrets sign.

    \b
    Example:
      gatepost webhooks rotate 5f0c1a2b
    """
    box, now = _box(context), datetime.now(UTC)
    with context.ledger() as ledger:
        made = ledger.transact(lambda records: rotate_secret(records, box, endpoint_id, now, by))
    _show_secret(made)
    until = moment(made.endpoint.previous_until)
    click.echo(f"Until {until} the secret before also signs.", err=True)


@webhooks.command("list")
@click.option("--client", metavar="CLIENT", help="Only this client.")
@as_json_option
@pass_context
def list_(context: CommandContext, client: str | None, as_json: bool) -> None:
    """List all webhooks, with failed attempts in a row, and why one is paused.

    \b
    Example:
      gatepost webhooks list
    """
    if client is not None:
        context.catalogue().client(client)
    with context.ledger() as ledger:
        rows = [
            _row(endpoint)
            for endpoint in ledger.read(lambda reading: reading.endpoints.select(client))
        ]
    if rows or as_json:
        show_rows(COLUMNS, rows, as_json=as_json)
    else:
        click.echo("There are no webhooks yet.")


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@own_name_option
@pass_context
def resume(context: CommandContext, endpoint_id: str, by: str) -> None:
    """Send to a paused webhook again, first the events that failed.

    \b
    Example:
      gatepost webhooks resume 5f0c1a2b
    """
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        number = ledger.transact(lambda records: resume_endpoint(records, endpoint_id, now, by))
    click.echo(f"Webhook {endpoint_id} is no longer paused; {_events(number)} sent again.")


@webhooks.command()
@click.argument("endpoint_id", metavar="ID")
@own_name_option
@pass_context
def remove(context: CommandContext, endpoint_id: str, by: str) -> None:
    """Remove a webhook with its secret. What waits for it is not sent.

    \b
    Example:
      gatepost webhooks remove 5f0c1a2b
    """
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        number = ledger.transact(lambda records: remove_endpoint(records, endpoint_id, now, by))
    click.echo(f"Webhook {endpoint_id} is removed; {_events(number)} dropped.")


def _box(context: CommandContext) -> SecretBox:
    return SecretBox(context.secret("webhook_key"))


def _events(number: int) -> str:
    return "1 event is" if number == 1 else f"{number} events are"


def _show_secret(made: NewSecret) -> None:
    click.echo(made.secret)
    click.echo(
        f"This secret of webhook {made.endpoint.id} signs its events. Copy it now: it is not shown "
        "again.",
        err=True,
    )


def _row(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "client": endpoint.client,
        "url": endpoint.url,
        "made_at": moment(endpoint.made_at),
        "failures": endpoint.failures,
        "paused_at": moment(endpoint.paused_at),
        "pause_reason": endpoint.pause_reason,
    }
