"""What `gatepost backtest` found, for people: verdicts, criteria, bill, leads that change."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from capture.backtest import Backtest, Bill, ChangedLead, CriterionCount
from capture.campaign import Campaign
from capture.cli.show import show_facts, show_heading, show_rows
from capture.counted import counted
from capture.money import show_money


def show_backtest(asked: Mapping[str, Any], found: Backtest, draft: Campaign) -> None:
    """Facts and tables on standard output. `asked`: campaign, file, version, since."""
    facts = [
        ("campaign", asked["campaign"]),
        ("now", f"{asked['file']}, version {asked['version'][:12]}"),
        ("then", f"the verdicts that were given to {counted(found.judged, 'lead')}"),
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
                f"{counted(found.erased, 'lead')} whose answers were erased: on neither side",
            )
        )
    if found.older_lists:
        facts.append(
            (
                "lists",
                f"{counted(found.older_lists, 'lead')} judged by older lists of domains and titles",
            )
        )
    facts.append(("changes", _changes(found.changes)))
    show_facts(facts)
    if found.judged:
        show_heading("Verdicts")
        _show_verdicts(found)
        show_heading("Criteria")
        rows = [row for count in found.criteria for row in _criterion(count)]
        show_rows(("criterion", "when", "rule", "met", "changes"), rows, as_json=False)
        show_heading("The bill, by month of receipt")
        _show_bill(found.bill)
    if found.changed:
        show_heading(f"Leads that change, the newest {len(found.changed):,} of {found.changes:,}")
        show_rows(
            ("lead_id", "received", "stage", "now", "what decides"),
            [_changed(lead, draft) for lead in found.changed],
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


def _criterion(count: CriterionCount) -> Iterator[dict[str, Any]]:
    """A line for then and one for now, or one for both where the words are the same."""
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


def _changed(lead: ChangedLead, draft: Campaign) -> dict[str, Any]:
    return {
        "lead_id": lead.lead_id,
        "received": lead.received_at.astimezone(draft.zone).date(),
        "stage": lead.stage,
        "now": "qualified" if lead.qualified_now else "not qualified",
        "what decides": "; ".join(f"{one.id}: {one.why}" for one in lead.deciding),
    }


def _changes(changes: int) -> str:
    return (
        f"{counted(changes, 'lead')} would get another verdict"
        if changes
        else "no verdict would change"
    )
