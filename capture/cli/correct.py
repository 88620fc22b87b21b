"""`gatepost correct ID`: answers corrected by hand, or a lead taken out of spam (rule 15)."""

from datetime import UTC, datetime

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import find
from capture.intake.correct import LeadCorrection, correct_lead
from capture.lead.model import Lead
from capture.ledger.protocol import Records


@click.command()
@click.argument("lead_id", metavar="ID")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="The right answer, once for each field; nothing after = for none.",
)
@click.option("--not-spam", is_flag=True, help="Take it out of spam.")
@click.option(
    "--basis",
    default="",
    metavar="TEXT",
    help="Why its data may be kept and passed on, if no consent was given; it names nobody.",
)
@click.option("--as", "by", required=True, metavar="NAME", help="Who does it.")
@click.option("--note", default="", help="What to say about it; kept apart, and erasable.")
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
    """Correct a lead's answers, or take it out of spam: it is judged again by its own terms.

    From then on only an explicit acceptance makes it billable, never silence.
    """
    typed = _typed(settings)
    if not typed and not not_spam:
        raise click.UsageError("say what is right: --set FIELD=VALUE, or --not-spam")

    def work(records: Records) -> Lead:
        found = find(records, lead_id)
        correction = LeadCorrection(found.lead_id, by, typed, not_spam, note, basis)
        return correct_lead(records, correction, datetime.now(UTC))

    with context.ledger() as ledger:
        lead = ledger.transact(work)
    more = "; only an explicit acceptance makes it billable" if lead.review == "qualified" else ""
    click.echo(f"{lead.lead_id} was judged again and is {lead.review}{more}.")


def _typed(settings: tuple[str, ...]) -> dict[str, str]:
    typed: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise click.BadParameter(f"{setting!r}: write FIELD=VALUE", param_hint="--set")
        if name in typed:
            raise click.BadParameter(f"{name} is set twice", param_hint="--set")
        typed[name] = value
    return typed
