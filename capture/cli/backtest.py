"""`gatepost backtest`: which verdicts a changed campaign file would change, and what that costs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from capture.backtest.findings import Backtest, ChangedLead, CriterionCount, Estimate, MonthEstimate
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

_DEFAULT_LIMIT: Final = 20
"""Changed leads that the terminal lists by default."""


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
    help=f"Most changed leads to list, newest first. By default {_DEFAULT_LIMIT}; all with --json.",
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
    """Judge CAMPAIGN's past leads by a changed file: show changed verdicts and amounts.

    Nothing is written: every lead keeps the verdict that it has.

    \b
    Example:
      gatepost backtest acme-demo --file draft.toml --since 2026-11-01
    """
    draft, where = _read_draft(context, campaign, file)
    start = None if since is None else read_time(since, draft, "--since")
    keep = _DEFAULT_LIMIT if limit is None and not as_json else limit

    def judge(reading: ReadTransaction) -> Backtest:
        leads, total = reading.leads.judged(campaign, start), reading.leads.count(campaign, start)
        with with_progress(leads, total, "Judging") as leads_with_progress:
            return run_backtest(reading, draft, leads_with_progress, datetime.now(UTC), keep)

    with context.ledger() as ledger:
        result = ledger.read(judge)
    known = bool(result.judged or result.erased or result.left_out)
    if not known:
        context.campaign(campaign)  # raises for an unknown name, with near spellings
    request = {
        "campaign": campaign,
        "file": where,
        "version": draft.version,
        "since": moment(start),
    }
    if as_json:
        show_json(request | _as_dict(result))
    elif known:
        _show_backtest(request, result, draft)
    else:
        click.echo(f"No leads of {campaign} here.")


def _read_draft(context: CommandContext, slug: str, file: Path | None) -> tuple[Campaign, str]:
    if file is None:
        return context.campaign(slug), f"{short_path(context.campaigns)}/{slug}.toml"
    raw, where = read_other(file)
    return read_draft(slug, raw, where), where


# The result as tables in the terminal.


def _show_backtest(request: Mapping[str, Any], result: Backtest, draft: Campaign) -> None:
    """Prints facts and tables. `request` has the keys campaign, file, version and since."""
    facts = [
        ("campaign", request["campaign"]),
        ("now", f"{request['file']}, version {request['version'][:12]}"),
        ("then", f"the verdicts that were given to {count_noun(result.judged, 'lead')}"),
    ]
    if request["since"]:
        facts.append(("since", request["since"]))
    if result.left_out:
        left_out = ", ".join(f"{count:,} {what}" for what, count in result.left_out.items())
        facts.append(("left out", left_out))
    if result.erased:
        facts.append(
            (
                "cannot be judged",
                f"{count_noun(result.erased, 'lead')} with erased answers, counted on neither side",
            )
        )
    if result.older_lists:
        facts.append(
            (
                "lists",
                f"{count_noun(result.older_lists, 'lead')} judged by older lists of domains and "
                "titles",
            )
        )
    facts.append(("changes", _changes_sentence(result.changes)))
    show_facts(facts)
    if result.judged:
        show_heading("Verdicts")
        _show_verdicts(result)
        show_heading("Criteria")
        rows = [row for count in result.criteria for row in _criterion_rows(count)]
        show_rows(("criterion", "when", "rule", "met", "changes"), rows, as_json=False)
        show_heading("Amounts, by month of receipt")
        _show_estimate(result.bill)
    if result.changed:
        show_heading(f"Leads that change, the newest {len(result.changed):,} of {result.changes:,}")
        show_rows(
            ("lead_id", "received", "stage", "now", "what decides"),
            [_changed_row(lead, draft) for lead in result.changed],
            as_json=False,
        )


def _show_verdicts(result: Backtest) -> None:
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
            for count in result.verdicts
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


def _show_estimate(estimate: Estimate) -> None:
    def money(minor: int | None) -> str:
        return "" if minor is None else show_money(minor, estimate.currency)

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
            for month in (*estimate.months, estimate.total)
        ],
        as_json=False,
    )
    click.echo(f"Assumption for then and now: {estimate.assumed}.")
    if estimate.unknown:
        click.echo(f"No amounts: {estimate.unknown}.")


def _changed_row(lead: ChangedLead, draft: Campaign) -> dict[str, Any]:
    return {
        "lead_id": lead.lead_id,
        "received": lead.received_at.astimezone(draft.zone).date(),
        "stage": lead.stage,
        "now": "qualified" if lead.qualified_now else "not qualified",
        "what decides": "; ".join(
            f"{criterion.id}: {criterion.reason}" for criterion in lead.deciding
        ),
    }


def _changes_sentence(changes: int) -> str:
    return (
        f"{count_noun(changes, 'lead')} would get another verdict"
        if changes
        else "no verdict would change"
    )


# The result as JSON.


def _as_dict(result: Backtest) -> dict[str, Any]:
    """The complete result, for `--json`; amounts in minor units."""
    data = asdict(result) | {"changes": result.changes}
    for month, facts in zip(result.bill.months, data["bill"]["months"], strict=True):
        facts["difference"] = month.difference
    data["bill"]["total"] = _without_month(result.bill.total)
    data["changed"] = [
        asdict(lead) | {"received_at": moment(lead.received_at)} for lead in result.changed
    ]
    return data


def _without_month(total: MonthEstimate) -> dict[str, Any]:
    facts = asdict(total) | {"difference": total.difference}
    del facts["month"]
    return facts
