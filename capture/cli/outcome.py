"""`gatepost outcome`: what has become of a lead: its meeting, its sale, its revenue."""

from datetime import UTC, date, datetime
from decimal import Decimal

import click

from capture.campaign.model import Campaign
from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import find
from capture.cli.options import Amount, side_option
from capture.cli.output import parse_time
from capture.cli.show import moment
from capture.lead.events import Actor
from capture.ledger.protocol import Reading, Records
from capture.ledger.terms import saved_campaign
from capture.local_time import show_moment
from capture.outcomes.import_outcomes import outcome_remarks
from capture.outcomes.record import KINDS, Outcome
from capture.outcomes.repeats import find_recorded_outcome, record_once
from capture.outcomes.rows import MAX_MONTHS


@click.command()
@click.argument("lead_id", metavar="ID")
@click.argument("what", type=click.Choice(sorted(KINDS)))
@click.option("--as", "by", required=True, metavar="NAME", help="Who records it.")
@side_option
@click.option("--on", "occurred", metavar="TIME", help="When it happened; now by default.")
@click.option("--at", "meeting", metavar="TIME", help="scheduled, moved: when the meeting is.")
@click.option("--amount", type=Amount(), help="won, revenue, refunded: net of tax.")
@click.option("--period", metavar="DATE", help="revenue, a refund in part: its month's first day.")
@click.option(
    "--months",
    type=click.IntRange(1, MAX_MONTHS),
    default=1,
    help="revenue, a refund in part: split over so many months.",
)
@click.option("--reason", default="", help="objected: a code of the campaign file.")
@click.option("--reference", default="", metavar="ID", help="The client's own id of this fact.")
@click.option("--again", is_flag=True, help="Another one, though much the same is recorded.")
@click.option("--note", default="", help="What to say about it; kept apart, and erasable.")
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
    """Record what has become of a lead. A time without a zone is one of the campaign's zone."""
    now = datetime.now(UTC)
    times: dict[str, datetime] = {}

    def look(reading: Reading) -> Campaign:
        lead = find(reading, lead_id)
        return saved_campaign(reading, lead.campaign, lead.version)

    def work(records: Records) -> list[str]:
        lead = find(records, lead_id)
        stated = Outcome(
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
        known = find_recorded_outcome(records, stated)
        if known is not None:
            on = moment(known.event.occurred_at)
            already = f"{what} {reference} is recorded already, at {on}"
            return [f"{lead.lead_id}: {already}; nothing was written."]
        lead = record_once(records, stated, now)
        done = f"{lead.lead_id}: appointment {lead.appointment}, sale {lead.sale}."
        return [done, *outcome_remarks(records, terms, stated)]

    with context.ledger() as ledger:
        terms = ledger.read(look)
        value = {"--on": occurred, "--at": meeting}
        times |= {
            option: parse_time(text, terms, option)
            for option, text in value.items()
            if text is not None
        }
        done, *remarked = ledger.transact(work)
    click.echo(done)
    for option, time in times.items():
        click.echo(f"{option}: {show_moment(time, terms.zone)}.")
    for remark in remarked:
        click.echo(remark)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a date such as 2026-12-01", param_hint="--period") from None
