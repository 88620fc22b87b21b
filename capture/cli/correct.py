"""`gatepost correct ID`: corrects answers, or marks a lead as not spam.

This is rule 15 of docs/rules.md.
"""

from datetime import UTC, datetime

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import find_lead_by_prefix
from capture.cli.options import by_option, note_option
from capture.intake.correct import LeadCorrection, correct_lead
from capture.lead.model import Lead
from capture.ledger.protocol import WriteTransaction


@click.command()
@click.argument("lead_id", metavar="ID")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="The correct answer; repeat for each field. FIELD= removes the answer.",
)
@click.option("--not-spam", is_flag=True, help="A real person sent it: spam, or a discarded lead.")
@click.option(
    "--basis",
    default="",
    metavar="TEXT",
    help="The legal basis for keeping the data, if there is no consent. No personal data.",
)
@by_option
@note_option
@pass_context
def correct(
    context: CommandContext,
    lead_id: str,
    settings: tuple[str, ...],
    not_spam: bool,
    basis: str,
    by: str,
    note: str,
) -> None:
    """Correct a lead's answers, or mark it as not spam.

    The lead is judged again by its own campaign version. After that, silence no longer accepts
    it: it is billable only if the client accepts it explicitly.

    \b
    Example:
      gatepost correct 7ffwzp2npa6a --set company_size=50 --as Ada
      gatepost correct 7ffwzp2npa6a --not-spam --as Ada
    """
    answers = _parse_answers(settings)
    if not answers and not not_spam:
        raise click.UsageError("nothing to correct: add --set FIELD=VALUE or --not-spam")

    def apply_correction(records: WriteTransaction) -> Lead:
        lead = find_lead_by_prefix(records, lead_id)
        correction = LeadCorrection(lead.lead_id, by, answers, not_spam, note, basis)
        return correct_lead(records, correction, datetime.now(UTC))

    with context.ledger() as ledger:
        lead = ledger.transact(apply_correction)
    more = "; only an explicit acceptance makes it billable" if lead.review == "qualified" else ""
    click.echo(f"{lead.lead_id} was judged again and is {lead.review}{more}.")


def _parse_answers(settings: tuple[str, ...]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise click.BadParameter(f"{setting!r}: write FIELD=VALUE", param_hint="--set")
        if name in answers:
            raise click.BadParameter(f"{name} is set twice", param_hint="--set")
        answers[name] = value
    return answers
