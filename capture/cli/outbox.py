"""`gatepost outbox`: the messages that wait, were sent or failed, by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, moment, show_rows
from capture.delivery.by_hand import give_up, send_again
from capture.ledger.messages import Message, MessageState
from capture.ledger.protocol import WriteTransaction

COLUMNS = ("id", "kind", "to", "state", "attempts", "due", "finished", "result")
_NUMBER = click.IntRange(1, 2**63 - 1)
"""What a database stores as an integer."""
_OPEN = (MessageState.WAITING, MessageState.SENDING, MessageState.FAILED)


@click.group()
def outbox() -> None:
    """List letters and webhooks, send one again, or give one up.

    \b
    Example:
      gatepost outbox list
    """


@outbox.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([*(state.value for state in MessageState), "all"]),
    help="Only messages in this state; may be given several times. By default those that wait, "
    "are being sent or failed.",
)
@click.option("--lead", "lead_id", metavar="LEAD", help="Only messages about this lead.")
@click.option(
    "--newest",
    type=_NUMBER,
    default=100,
    show_default=True,
    help="How many at most, the last ones.",
)
@as_json_option
@pass_context
def list_(
    context: CommandContext,
    states: Sequence[str],
    lead_id: str | None,
    newest: int,
    as_json: bool,
) -> None:
    """List messages, the oldest first.

    \b
    Example:
      gatepost outbox list
      gatepost outbox list --state failed --json
    """
    chosen = () if "all" in states else tuple(map(MessageState, states)) or _OPEN
    with context.ledger() as ledger:
        rows = [
            _row(message)
            for message in ledger.read(
                lambda reading: reading.outbox.select(*chosen, lead_id=lead_id or "", newest=newest)
            )
        ]
    if rows or as_json:
        show_rows(COLUMNS, rows, as_json=as_json)
    else:
        click.echo("No such messages.")


@outbox.command("retry")
@click.argument("message_ids", metavar="ID...", type=_NUMBER, nargs=-1, required=True)
@own_name_option
@pass_context
def retry(context: CommandContext, message_ids: Sequence[int], by: str) -> None:
    """Make failed or dropped messages due now, with all their attempts again.

    \b
    Example:
      gatepost outbox retry 12 15
    """
    _change(context, message_ids, send_again, by)
    click.echo(f"Due now: {_listed(message_ids)}.")


@outbox.command("drop")
@click.argument("message_ids", metavar="ID...", type=_NUMBER, nargs=-1, required=True)
@own_name_option
@pass_context
def drop(context: CommandContext, message_ids: Sequence[int], by: str) -> None:
    """Give up messages that wait or failed. One that is being sent may arrive all the same.

    \b
    Example:
      gatepost outbox drop 12
    """
    _change(context, message_ids, give_up, by)
    click.echo(f"Dropped: {_listed(message_ids)}.")


def _change(
    context: CommandContext,
    message_ids: Sequence[int],
    change: Callable[[WriteTransaction, int, datetime, str], None],
    by: str,
) -> None:
    """Changes all of these messages, or none if one is refused."""
    now = datetime.now(UTC)

    def change_all(records: WriteTransaction) -> None:
        for message_id in message_ids:
            change(records, message_id, now, by)

    with context.ledger() as ledger:
        ledger.transact(change_all)


def _listed(message_ids: Sequence[int]) -> str:
    return ", ".join(map(str, message_ids))


def _row(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "to": message.recipient,
        "state": message.state.value,
        "attempts": message.attempts,
        "due": moment(message.due_at),
        "finished": moment(message.finished_at),
        "result": message.result,
        "status": message.status,
        "answer": message.answer,
        "campaign": message.campaign,
        "client": message.client,
        "lead_id": message.lead_id,
        "queued": moment(message.queued_at),
    }
