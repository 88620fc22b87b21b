"""`gatepost quarantine` lists, releases and discards leads in quarantine.

See rule 36 of docs/rules.md.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.hints import in_words
from capture.cli.lead import find_lead_by_prefix, show_one_lead
from capture.cli.options import DefaultGroup, by_option, note_option, own_name_option
from capture.cli.show import (
    as_json_option,
    moment,
    show_facts,
    show_heading,
    show_json,
    show_rows,
)
from capture.client_access.answers import labelled_answers, person_and_company
from capture.errors import GatepostError
from capture.intake.quarantine import discard as discard_lead
from capture.intake.quarantine import release as release_lead
from capture.intake.quarantine_decisions import QuarantineAct, QuarantineDecision, decide
from capture.intake.quarantine_entries import (
    QuarantineEntry,
    find_quarantine_entry,
    quarantine_entries,
    select_alike,
)
from capture.intake.signal_words import risk_signal_in_words
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import email_of
from capture.review.acts import check_name
from capture.text import count_noun, duration_in_words


@click.group(cls=DefaultGroup, default="list", no_args_is_help=False)
def quarantine() -> None:
    """List, show, release or discard leads that are in quarantine because of risk signals.

    A lead in quarantine is not delivered and not billed. It stays in quarantine until you decide,
    or until its data is erased.

    \b
    Example:
      gatepost quarantine list
      gatepost quarantine release --like 7ffwzp2npa6a --as Ada
    """


_LIST_COLUMNS: Final = (
    *("lead_id", "waits", "campaign", "stage", "signals", "company", "email_domain"),
)


@quarantine.command("list")
@click.option("--campaign", metavar="SLUG", help="Only leads of this campaign.")
@own_name_option
@as_json_option
@pass_context
def list_(context: CommandContext, campaign: str | None, by: str, as_json: bool) -> None:
    """List the leads in quarantine. The lead that waits longest is first.

    `quarantined`: the client does not see the lead. `held_back`: the client has it in review and
    sees that you are checking it; its deadline is stopped.

    \b
    Example:
      gatepost quarantine list --campaign acme-demo
    """
    now = datetime.now(UTC)

    def load_rows(reading: ReadTransaction) -> list[dict[str, Any]]:
        return [_row(reading, entry, now) for entry in quarantine_entries(reading, campaign)]

    with context.ledger() as ledger:
        if campaign is not None:
            context.campaign_in(ledger, campaign)  # raises for an unknown name
        rows = ledger.read(load_rows)
        lead_ids = [row["lead_id"] for row in rows]
        context.log_look(ledger, by, "gatepost quarantine list", lead_ids, now)
    if as_json:
        show_json(rows)
    elif rows:
        for row in rows:
            row["signals"] = ", ".join(signal["name"] for signal in row["signals"])
        show_rows(_LIST_COLUMNS, rows, as_json=False)
    else:
        click.echo("No lead is in quarantine.")


def _row(reading: ReadTransaction, entry: QuarantineEntry, now: datetime) -> dict[str, Any]:
    lead = entry.lead
    terms = saved_campaign(reading, lead.campaign, lead.version)
    personal_data = reading.people.personal_data(lead.lead_id)
    answers = {} if personal_data is None else personal_data.answers
    _, company = person_and_company(terms, answers)
    return {
        "lead_id": lead.lead_id,
        "campaign": lead.campaign,
        "stage": lead.review,
        "received_at": moment(lead.received_at),
        "held_at": moment(entry.held_at),
        "waits": duration_in_words(now - entry.held_at),
        "signals": [dict(signal) for signal in entry.signals],
        "company": company,
        "email_domain": email_of(personal_data).rpartition("@")[2],
    }


@quarantine.command()
@click.argument("lead_id", metavar="ID")
@own_name_option
@as_json_option
@pass_context
def show(context: CommandContext, lead_id: str, by: str, as_json: bool) -> None:
    """Show the risk signals and the answers of a lead in quarantine.

    The first characters of its id are enough if they are unique.

    \b
    Example:
      gatepost quarantine show 7ffwzp
    """
    page = "gatepost quarantine show"
    show_one_lead(context, lead_id, _facts, _show, page=page, by=by, as_json=as_json)


def _facts(reading: ReadTransaction, lead: Lead, now: datetime) -> dict[str, Any]:
    entry = find_quarantine_entry(reading, lead)
    terms = saved_campaign(reading, lead.campaign, lead.version)
    personal_data = reading.people.personal_data(lead.lead_id)
    alike = {
        other.lead.lead_id
        for other in select_alike(quarantine_entries(reading, lead.campaign), entry)
    } - {lead.lead_id}
    answers = () if personal_data is None else labelled_answers(terms, personal_data)
    return _row(reading, entry, now) | {
        "hold_at": terms.quarantine.hold_at,
        "alike": len(alike),
        "answers": None
        if personal_data is None
        else [{"label": answer.label, "text": answer.text} for answer in answers],
    }


def _show(facts: Mapping[str, Any]) -> None:
    state = {
        "quarantined": "quarantined: the client does not see it",
        "held_back": "held_back: the client sees that it is being checked; its deadline is stopped",
    }
    show_facts(
        [
            ("lead", facts["lead_id"]),
            ("campaign", facts["campaign"]),
            ("received", facts["received_at"]),
            ("waiting since", f"{facts['held_at']} ({facts['waits']})"),
            ("stage", state[facts["stage"]]),
            ("alike", f"{count_noun(facts['alike'], 'other lead')} with the same signals"),
        ]
    )
    show_heading("Risk signals")
    total = sum(signal["weight"] for signal in facts["signals"])
    rows = [
        {"signal": signal["name"], "weight": signal["weight"], "why": risk_signal_in_words(signal)}
        for signal in facts["signals"]
    ]
    show_rows(("signal", "weight", "why"), rows, as_json=False)
    click.echo(f"Sum of weights: {total}. A lead goes into quarantine at {facts['hold_at']}.")
    show_heading("Answers")
    if facts["answers"] is None:
        click.echo("erased")
    else:
        show_facts((answer["label"], answer["text"]) for answer in facts["answers"])
    lead_id = facts["lead_id"]
    click.echo(f"\nRelease it: gatepost quarantine release {lead_id} --as NAME")
    click.echo(f"Discard it: gatepost quarantine discard {lead_id} --as NAME")


# Releasing and discarding.


@dataclass(frozen=True, slots=True)
class _Selection:
    """The leads that a command selects: by id, by the same signals, or all in quarantine."""

    ids: tuple[str, ...]
    like: str | None
    campaign: str | None
    all_leads: bool

    def check(self) -> None:
        """Raises a usage error unless exactly one way of selecting is used."""
        ways = bool(self.ids) + (self.like is not None) + self.all_leads
        if ways != 1:
            raise click.UsageError("name the leads: ID..., or --like ID, or --all")
        if self.campaign is not None and not self.all_leads:
            raise click.UsageError("--campaign works only with --all")

    def leads(self, reading: ReadTransaction) -> list[str]:
        """The ids of the leads, each once. Raises `NotFound` or `Refused`."""
        if self.ids:
            ids = (find_lead_by_prefix(reading, lead_id).lead_id for lead_id in self.ids)
            return list(dict.fromkeys(ids))
        leads = quarantine_entries(reading, self.campaign)
        if self.like is not None:
            sample = find_quarantine_entry(reading, find_lead_by_prefix(reading, self.like))
            leads = select_alike(leads, sample)
        return [entry.lead.lead_id for entry in leads]


def _selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the arguments and options that `release` and `discard` share."""
    for option in (
        as_json_option,
        click.option("--dry-run", is_flag=True, help="Show the result; write nothing."),
        note_option,
        by_option,
        click.option("--campaign", metavar="SLUG", help="With --all: only leads of this campaign."),
        click.option("--all", "all_leads", is_flag=True, help="All leads in quarantine."),
        click.option(
            "--like",
            metavar="ID",
            help="All leads of this lead's campaign with the same signals.",
        ),
        click.argument("ids", metavar="[ID]...", nargs=-1),
    ):
        command = option(command)
    return command


@quarantine.command()
@_selecting
@pass_context
def release(context: CommandContext, /, **options: Any) -> int:
    """Release leads: they are real, so the client gets them.

    A quarantined lead is checked again for duplicates at this moment, and for the caps of the month
    in which it was received. A lead that is held_back gets a full review window. If one lead is
    refused, the others are still released.

    \b
    Example:
      gatepost quarantine release 7ffwzp2npa6a --as Ada
      gatepost quarantine release --like 7ffwzp2npa6a --as Ada --dry-run
      gatepost quarantine release --all --campaign acme-demo --as Ada
    """
    return _decide(context, release_lead, "released", options)


@quarantine.command()
@_selecting
@pass_context
def discard(context: CommandContext, /, **options: Any) -> int:
    """Discard leads: they are not from real persons. They are kept, and never billed.

    If the client had a lead in review, it is removed from the review. If one lead is refused, the
    others are still discarded.

    \b
    Example:
      gatepost quarantine discard 7ffwzp2npa6a --as Ada
      gatepost quarantine discard --like 7ffwzp2npa6a --as Ada
    """
    return _decide(context, discard_lead, "discarded", options)


_RESULT_COLUMNS: Final = ("lead_id", "campaign", "result", "stage", "deadline")


def _decide(
    context: CommandContext, act: QuarantineAct, past: str, options: Mapping[str, Any]
) -> int:
    """Decides the selected leads and prints each result. Returns 1 if one was refused."""
    selection = _Selection(
        options["ids"], options["like"], options["campaign"], all_leads=options["all_leads"]
    )
    selection.check()
    check_name(options["by"])
    decision = QuarantineDecision(act, options["by"], options["note"])
    with context.ledger() as ledger:
        if selection.campaign is not None:
            context.campaign_in(ledger, selection.campaign)
        ids = ledger.read(selection.leads)
        results = decide(
            ledger, decision, ids, partial(datetime.now, UTC), dry_run=options["dry_run"]
        )
    rows = [_result(lead_id, result, past) for lead_id, result in zip(ids, results, strict=True)]
    _show_results(rows, past, as_json=options["as_json"], dry_run=options["dry_run"])
    refusals = [in_words(result) for result in results if isinstance(result, GatepostError)]
    for refusal in refusals:
        click.echo(refusal, err=True)
    return 1 if refusals else 0


def _result(lead_id: str, result: Lead | GatepostError, past: str) -> dict[str, Any]:
    if isinstance(result, GatepostError):
        return {"lead_id": lead_id, "result": "refused", "problem": in_words(result)}
    return {
        "lead_id": lead_id,
        "campaign": result.campaign,
        "result": past,
        "stage": result.review,
        "deadline": moment(result.deadline),
    }


def _show_results(
    rows: Sequence[Mapping[str, Any]], past: str, *, as_json: bool, dry_run: bool
) -> None:
    if as_json:
        show_json(rows)
        return
    if not rows:
        click.echo("No lead is in quarantine.")
        return
    show_rows(_RESULT_COLUMNS, rows, as_json=False)
    stages = Counter(row["stage"] for row in rows if row["result"] == past)
    refused = len(rows) - stages.total()
    details = ", ".join(f"{number} {stage}" for stage, number in sorted(stages.items()))
    is_release = past == "released" and details
    summary = f"{stages.total()} {past}{f' ({details})' if is_release else ''}"
    summary += f", {refused} refused" if refused else ""
    click.echo(f"{summary}.{' Nothing was written.' if dry_run else ''}")
