"""`gatepost backtest`: which verdicts a changed campaign file would change, and what that costs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from capture.backtest.findings import Backtest, Bill, ChangedLead, CriterionCount, MonthBill
from capture.backtest.run import backtest as run_backtest
from capture.campaign.files import read_draft
from capture.campaign.model import Campaign
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import OTHER_FILE, read_other
from capture.cli.output import read_time, with_progress
from capture.cli.show import as_json_option, moment, show_facts, show_heading, show_json, show_rows
from capture.errors import short_path
from capture.ledger.protocol import ReadTransaction
from capture.money import show_money
from capture.text import count_noun

# The result as tables in the terminal.


def show_backtest(asked: Mapping[str, Any], found: Backtest, draft: Campaign) -> None:
    """Prints facts and tables. `asked` holds campaign, file, version and since."""
    facts = [
        ("campaign", asked["campaign"]),
        ("now", f"{asked['file']}, version {asked['version'][:12]}"),
        ("then", f"the verdicts that were given to {count_noun(found.judged, 'lead')}"),
    ]
    if asked["since"]:
        facts.append(("since", asked["since"]))
    if found.left_out:
        left_out = ", ".join(f"{count:,} {what}" for what, count in found.left_out.items())
        facts.append(("left out", left_out))
    if found.erased:
        facts.append(
            (
                "cannot be told",
                f"{count_noun(found.erased, 'lead')} whose answers were erased: on neither side",
            )
        )
    if found.older_lists:
        facts.append(
            (
                "lists",
                f"{count_noun(found.older_lists, 'lead')} judged by older lists of domains and "
                "titles",
            )
        )
    facts.append(("changes", _changes_sentence(found.changes)))
    show_facts(facts)
    if found.judged:
        show_heading("Verdicts")
        _show_verdicts(found)
        show_heading("Criteria")
        rows = [row for count in found.criteria for row in _criterion_rows(count)]
        show_rows(("criterion", "when", "rule", "met", "changes"), rows, as_json=False)
        show_heading("The bill, by month of receipt")
        _show_bill(found.bill)
    if found.changed:
        show_heading(f"Leads that change, the newest {len(found.changed):,} of {found.changes:,}")
        show_rows(
            ("lead_id", "received", "stage", "now", "what decides"),
            [_changed_row(lead, draft) for lead in found.changed],
            as_json=False,
        )


def _show_verdicts(found: Backtest) -> None:
    word = {True: "qualified", False: "not qualified"}
    show_rows(
        ("then", "now", "leads", "rejected by the client"),
        [
            {
                "then": word[count.qualified_then],
                "now": word[count.qualified_now],
                "leads": f"{count.leads:,}",
                "rejected by the client": f"{count.rejected:,}" if count.qualified_then else "",
            }
            for count in found.verdicts
        ],
        as_json=False,
    )


def _criterion_rows(count: CriterionCount) -> Iterator[dict[str, Any]]:
    """One row for the old rule and one for the new; one row if they are the same."""
    numbers = {
        "no longer met": count.no_longer_met,
        "newly met": count.newly_met,
        "not asked then": count.not_asked,
        "not offered now": count.not_offered,
    }
    changes = [f"{number:,} {what}" for what, number in numbers.items() if number]
    if count.rule_then is None:
        changes.insert(0, "no criterion then")
    if count.rule_now is None:
        changes.insert(0, "no criterion now")
    same = count.rule_then == count.rule_now
    if count.rule_then is not None and not same:
        yield {
            "criterion": count.id,
            "when": "then",
            "rule": count.rule_then,
            "met": f"{count.met_then:,} of {count.leads:,}",
            "changes": "" if count.rule_now else ", ".join(changes),
        }
    if count.rule_now is not None:
        yield {
            "criterion": count.id if same or count.rule_then is None else "",
            "when": "both" if same else "now",
            "rule": count.rule_now,
            "met": f"{count.met_now:,} of {count.leads:,}",
            "changes": ", ".join(changes),
        }


def _show_bill(bill: Bill) -> None:
    def money(minor: int | None) -> str:
        return "" if minor is None else show_money(minor, bill.currency)

    show_rows(
        ("month", "leads then", "leads now", "amount then", "amount now", "difference"),
        [
            {
                "month": month.month,
                "leads then": f"{month.leads_then:,}",
                "leads now": f"{month.leads_now:,}",
                "amount then": money(month.amount_then),
                "amount now": money(month.amount_now),
                "difference": money(month.difference),
            }
            for month in (*bill.months, bill.total)
        ],
        as_json=False,
    )
    click.echo(f"Assumed on both sides: {bill.assumed}.")
    if bill.unknown:
        click.echo(f"No amounts: {bill.unknown}.")


def _changed_row(lead: ChangedLead, draft: Campaign) -> dict[str, Any]:
    return {
        "lead_id": lead.lead_id,
        "received": lead.received_at.astimezone(draft.zone).date(),
        "stage": lead.stage,
        "now": "qualified" if lead.qualified_now else "not qualified",
        "what decides": "; ".join(f"{one.id}: {one.reason}" for one in lead.deciding),
    }


def _changes_sentence(changes: int) -> str:
    return (
        f"{count_noun(changes, 'lead')} would get another verdict"
        if changes
        else "no verdict would change"
    )


NAMED: Final = 20
"""Default number of changed leads in the terminal."""


@click.command()
@click.argument("campaign")
@click.option(
    "--file",
    metavar="DRAFT.toml",
    type=OTHER_FILE,
    help="The campaign file to try; - reads standard input. By default CAMPAIGN's current file.",
)
@click.option("--since", metavar="DATE", help="Only leads received on or after this date or time.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    help=f"List at most so many changed leads, newest first. By default {NAMED}; with --json all.",
)
@as_json_option
@pass_context
def backtest(
    context: CommandContext,
    campaign: str,
    file: Path | None,
    since: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Judge CAMPAIGN's past leads by a changed file: show changed verdicts and the bill.

    Nothing is written: every lead keeps the verdict that it has.

    \b
    Example:
      gatepost backtest acme-demo --file draft.toml --since 2026-11-01
    """
    draft, where = _read_draft(context, campaign, file)
    start = None if since is None else read_time(since, draft, "--since")
    keep = NAMED if limit is None and not as_json else limit

    def look(reading: ReadTransaction) -> Backtest:
        leads, total = reading.leads.judged(campaign, start), reading.leads.count(campaign, start)
        with with_progress(leads, total, "Judging") as seen:
            return run_backtest(reading, draft, seen, datetime.now(UTC), keep)

    with context.ledger() as ledger:
        found = ledger.read(look)
    known = bool(found.judged or found.erased or found.left_out)
    if not known:
        context.campaign(campaign)  # raises for an unknown name, with near spellings
    asked = {"campaign": campaign, "file": where, "version": draft.version, "since": moment(start)}
    if as_json:
        show_json(asked | _as_dict(found))
    elif known:
        show_backtest(asked, found, draft)
    else:
        click.echo(f"No leads of {campaign} here.")


def _read_draft(context: CommandContext, slug: str, file: Path | None) -> tuple[Campaign, str]:
    if file is None:
        return context.campaign(slug), f"{short_path(context.campaigns)}/{slug}.toml"
    raw, where = read_other(file)
    return read_draft(slug, raw, where), where


def _as_dict(found: Backtest) -> dict[str, Any]:
    """The complete result, for `--json`; amounts in minor units."""
    data = asdict(found) | {"changes": found.changes}
    for month, facts in zip(found.bill.months, data["bill"]["months"], strict=True):
        facts["difference"] = month.difference
    data["bill"]["total"] = _without_month(found.bill.total)
    data["changed"] = [
        asdict(lead) | {"received_at": moment(lead.received_at)} for lead in found.changed
    ]
    return data


def _without_month(total: MonthBill) -> dict[str, Any]:
    facts = asdict(total) | {"difference": total.difference}
    del facts["month"]
    return facts
