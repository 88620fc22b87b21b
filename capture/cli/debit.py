"""`gatepost debit`: proposes debit notes on closed lines, and lists the proposals.

Only the client can approve one, with its own API token or its link (rule 41 of docs/rules.md).
"""

from datetime import UTC, datetime
from decimal import Decimal

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Amount, line_options
from capture.cli.show import as_json_option, moment, show_rows
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import Proposal, proposals_of, propose_debit
from capture.ledger.protocol import WriteTransaction
from capture.money import from_minor, show_money


@click.group()
def debit() -> None:
    """Propose a debit note: a higher amount for a line that was billed too low.

    It is binding only after the client approves it with its API token or its link.

    \b
    Example:
      gatepost debit list --client acme
    """


@debit.command()
@line_options
@click.option("--amount", required=True, type=Amount(), help="The additional amount, net of tax.")
@click.option(
    "--reason",
    required=True,
    metavar="CODE",
    help="The reason, such as wrong_rate or missed_period.",
)
@pass_context
def propose(
    context: CommandContext,
    number: str,
    lead_id: str,
    amount: Decimal,
    reason: str,
    period: str,
    by: str,
) -> None:
    """Propose a debit note on a line of the closed statement NUMBER.

    \b
    Example:
      gatepost debit propose acme-0001 --lead 7ffwzp2npa6a --amount 5.00 \\
        --reason wrong_rate --as Ada
    """

    def create_proposal(records: WriteTransaction) -> Proposal:
        correction_request = CorrectionRequest(number, lead_id, reason, period, amount)
        return propose_debit(records, correction_request, by, datetime.now(UTC))

    with context.ledger() as ledger:
        proposal = ledger.transact(create_proposal)
    click.echo(
        f"{proposal.id}: {show_money(proposal.amount, proposal.currency)} proposed on {number}, "
        f"lead {lead_id}; it becomes a debit note when the client approves it with its API token "
        "or its link."
    )


@debit.command("list")
@click.option("--client", help="Only this client.")
@as_json_option
@pass_context
def list_(context: CommandContext, client: str | None, as_json: bool) -> None:
    """List the proposed debit notes with the client's answers.

    \b
    Example:
      gatepost debit list --client acme
    """
    with context.ledger() as ledger:
        proposals = ledger.read(lambda reading: proposals_of(reading, client))
    if not proposals and client is not None:
        context.catalogue().client(client)  # raises for an unknown name, with near spellings
    rows = [_row(proposal) for proposal in proposals]
    if rows or as_json:
        columns = ("id", "statement", "lead_id", "period", "amount", "currency", "reason", "answer")
        show_rows((*columns, "proposed_at"), rows, as_json=as_json)
    else:
        click.echo("No debit notes proposed yet.")


def _row(proposal: Proposal) -> dict[str, object]:
    return {
        "id": proposal.id,
        "client": proposal.client,
        "statement": proposal.statement,
        "lead_id": proposal.lead_id,
        "period": proposal.period,
        "amount": str(from_minor(proposal.amount, proposal.currency)),
        "currency": proposal.currency,
        "reason": proposal.reason,
        "proposed_at": moment(proposal.proposed_at),
        "answer": proposal.stage,
        "number": proposal.number,
        "vat": str(from_minor(proposal.vat, proposal.currency)),
        "due_on": proposal.due_on,
    }
