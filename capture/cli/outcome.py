"""`gatepost outcome`: records one outcome of a lead: appointment, sale, revenue, refund."""

from datetime import UTC, date, datetime
from decimal import Decimal

import click

from capture.campaign.model import Campaign
from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import find_lead_by_prefix
from capture.cli.options import Amount, by_option, note_option, side_option
from capture.cli.output import parse_time
from capture.cli.show import moment
from capture.lead.events import Actor
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.local_time import show_moment
from capture.outcomes.import_outcomes import outcome_remarks
from capture.outcomes.record import KINDS, Outcome
from capture.outcomes.repeats import find_recorded_outcome, record_once
from capture.outcomes.rows import MAX_MONTHS


@click.command()
@click.argument("lead_id", metavar="ID")
@click.argument("what", type=click.Choice(sorted(KINDS)))
@by_option
@side_option
@click.option("--on", "occurred", metavar="TIME", help="When it happened. By default now.")
@click.option(
    "--at", "meeting", metavar="TIME", help="For scheduled and moved: time of the meeting."
)
@click.option("--amount", type=Amount(), help="For won, revenue and refunded: net of tax.")
@click.option(
    "--period", metavar="DATE", help="For revenue and a partial refund: first day of the period."
)
@click.option(
    "--months",
    type=click.IntRange(1, MAX_MONTHS),
    default=1,
    help="For revenue and a partial refund: split over so many months.",
)
@click.option("--reason", default="", help="For objected: a reason code of the campaign file.")
@click.option("--reference", default="", metavar="ID", help="The client's own id for this outcome.")
@click.option("--again", is_flag=True, help="Record it although a similar outcome exists.")
@note_option
@pass_context
def outcome(
    context: CommandContext,
    lead_id: str,
    what: str,
    by: str,
    side: str,
    occurred: str | None,
    meeting: str | None,
    amount: Decimal | None,
    period: str | None,
    months: int,
    reason: str,
    reference: str,
    again: bool,
    note: str,
) -> None:
    """Record a lead's outcome: an appointment, a sale, revenue or a refund.

    A time without a zone is in the campaign's time zone.

    \b
    Example:
      gatepost outcome 7ffwzp2npa6a scheduled --at 2026-12-02T10:00 --as Ada
      gatepost outcome 7ffwzp2npa6a won --amount 1200.00 --as Ada
    """
    now = datetime.now(UTC)
    times: dict[str, datetime] = {}

    def load_terms(reading: ReadTransaction) -> Campaign:
        lead = find_lead_by_prefix(reading, lead_id)
        return saved_campaign(reading, lead.campaign, lead.version)

    def record(records: WriteTransaction) -> list[str]:
        lead = find_lead_by_prefix(records, lead_id)
        new_outcome = Outcome(
            lead_id=lead.lead_id,
            kind=KINDS[what],
            actor=Actor.AGENCY,
            on_behalf=side == Actor.CLIENT,
            by=by,
            occurred_at=times.get("--on", now),
            meeting_at=times.get("--at"),
            amount=amount,
            period=None if period is None else _day(period),
            months=months,
            reason=reason,
            note=note,
            reference=reference,
            again=again,
            timed=occurred is not None,
        )
        known = find_recorded_outcome(records, new_outcome)
        if known is not None:
            on = moment(known.event.occurred_at)
            already = f"{what} {reference} is recorded already, at {on}"
            return [f"{lead.lead_id}: {already}; nothing was written."]
        lead = record_once(records, new_outcome, now)
        summary = f"{lead.lead_id}: appointment {lead.appointment}, sale {lead.sale}."
        return [summary, *outcome_remarks(records, terms, new_outcome)]

    with context.ledger() as ledger:
        terms = ledger.read(load_terms)
        texts = {"--on": occurred, "--at": meeting}
        times |= {
            option: parse_time(text, terms, option)
            for option, text in texts.items()
            if text is not None
        }
        summary, *remarks = ledger.transact(record)
    click.echo(summary)
    for option, time in times.items():
        click.echo(f"{option}: {show_moment(time, terms.zone)}.")
    for remark in remarks:
        click.echo(remark)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a date such as 2026-12-01", param_hint="--period") from None
