"""`gatepost review`, `lapse` and `notify`: the client's review of qualified leads."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from capture.campaign.model import Campaign
from capture.cli.context import CommandContext, pass_context
from capture.cli.hints import in_words
from capture.cli.lead import find_lead_by_prefix
from capture.cli.options import by_option, note_option, own_name_option
from capture.cli.output import check_output, read_content, write_output
from capture.cli.show import as_json_option, moment, show_rows
from capture.errors import GatepostError, Problem, Refused, short_path
from capture.files import locked_folder
from capture.lead.events import Actor, parse_time, show_time
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.review.acts import (
    Act,
    accept,
    dispute,
    leads_notified_at,
    notify_client,
    reject,
    silently_accepted,
    withdraw,
)
from capture.review.decisions import DecisionResult, RowResult, read_decisions, record_decisions
from capture.text import count_noun

_ACTIONS: Final[dict[str, Callable[[WriteTransaction, Act, datetime], Lead]]] = {
    "accept": accept,
    "withdraw": withdraw,
    "dispute": dispute,
}


_BATCH_SIZE: Final = 100
"""Rows in one transaction. Other writers wait until it ends."""


@click.command()
@click.argument("lead_id", metavar="[ID", required=False)
@click.argument(
    "action",
    metavar="ACTION]",
    type=click.Choice(["accept", "reject", "withdraw", "dispute"]),
    required=False,
)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Enter the decisions of a CSV file: lead_id, decision (accept, reject), reason, note.",
)
@by_option
@click.option("--reason", help="For reject: a code from [review.reasons] in the campaign file.")
@note_option
@as_json_option
@pass_context
def review(
    context: CommandContext,
    lead_id: str | None,
    action: str | None,
    file: Path | None,
    by: str,
    reason: str | None,
    note: str,
    as_json: bool,
) -> int:
    """Enter the client's acceptance or rejection, withdraw it, or dispute a rejection.

    ACTION is accept, reject, withdraw or dispute. With --file, each row is entered on its own: a
    refused row does not undo the others, and a row that is recorded already changes nothing.

    You can withdraw an entry within 10 seconds. The client may object to every entry made here.
    The client itself answers with its API token, and only that answer settles a dispute.

    \b
    Example:
      gatepost review 7ffwzp2npa6a reject --reason too_small --as Ada
      gatepost review --file decisions.csv --as Ada
    """
    if file is not None:
        if lead_id is not None or reason is not None or note:
            raise click.UsageError("with --file, the rows have the leads, reasons and notes")
        return _review_file(context, file, by, as_json=as_json)
    if lead_id is None or action is None:
        raise click.UsageError("name a lead and an action, or a file with --file FILE.csv")
    if as_json:
        raise click.UsageError("--json works only with --file")
    if (action == "reject") != (reason is not None):
        raise click.UsageError("reject needs --reason CODE; the other actions take no --reason")

    def enter(records: WriteTransaction) -> Lead:
        lead = find_lead_by_prefix(records, lead_id)
        act = Act(lead.lead_id, by, Actor.AGENCY, note)
        now = datetime.now(UTC)
        if reason is None:
            return _ACTIONS[action](records, act, now)
        return reject(records, act, reason, now)

    with context.ledger() as ledger:
        lead = ledger.transact(enter)
    click.echo(_outcome_sentence(lead))
    return 0


def _review_file(context: CommandContext, file: Path, by: str, *, as_json: bool) -> int:
    """Records the decisions of a file and prints each result. Returns 1 if one was refused."""
    rows = read_decisions(read_content(file), short_path(file))
    results: list[RowResult] = []
    with context.ledger() as ledger:
        for start in range(0, len(rows), _BATCH_SIZE):
            batch = rows[start : start + _BATCH_SIZE]
            now = datetime.now(UTC)
            results += ledger.transact(partial(record_decisions, rows=batch, by=by, now=now))
    problems = [
        Problem(short_path(file), result.row.line, in_words(result.result))
        for result in results
        if isinstance(result.result, GatepostError)
    ]
    show_rows(_RESULT_COLUMNS, map(_result_row, results), as_json=as_json)
    if not as_json:
        known = sum(
            isinstance(result.result, DecisionResult) and result.result.is_known
            for result in results
        )
        new = len(results) - known - len(problems)
        click.echo(f"{new} recorded, {known} already recorded, {len(problems)} refused.")
    for problem in problems:
        click.echo(str(problem), err=True)
    return 1 if problems else 0


_RESULT_COLUMNS: Final = ("line", "lead_id", "decision", "result", "stage", "deadline")


def _result_row(result: RowResult) -> dict[str, Any]:
    row, answer = result.row, result.result
    facts: dict[str, Any] = {
        "line": row.line,
        "lead_id": row.lead_id,
        "decision": row.decision,
    }
    if isinstance(answer, GatepostError):
        return facts | {"result": "refused", "problem": in_words(answer)}
    return facts | {
        "result": "already recorded" if answer.is_known else "recorded",
        "stage": answer.lead.review,
        "deadline": moment(answer.lead.deadline),
    }


def _outcome_sentence(lead: Lead) -> str:
    """The lead's new state, and how the client can still change it."""
    if lead.entered and lead.review == "qualified":
        return (
            f"{lead.lead_id}: acceptance entered for the client; it is final at "
            f"{moment(lead.deadline)} unless the client rejects the lead before."
        )
    if lead.entered and not lead.disputed:
        return (
            f"{lead.lead_id} is {lead.review}: entered for the client, which may still accept it "
            f"until {moment(lead.deadline)}."
        )
    return f"{lead.lead_id} is {lead.review}{', disputed' if lead.disputed else ''}."


@click.command()
@click.argument("campaign", required=False)
@as_json_option
@pass_context
def lapse(context: CommandContext, campaign: str | None, as_json: bool) -> None:
    """List leads that were accepted by silence.

    Their review window ended without an answer, and the acceptance is not recorded yet.

    \b
    Example:
      gatepost lapse acme-demo
    """
    with context.ledger() as ledger:
        if campaign is not None:
            context.campaign_in(ledger, campaign)
        leads = ledger.read(lambda reading: silently_accepted(reading, datetime.now(UTC), campaign))
    rows = [
        {"lead_id": lead.lead_id, "campaign": lead.campaign, "accepted_at": moment(lead.deadline)}
        for lead in leads
    ]
    if rows or as_json:
        show_rows(("lead_id", "campaign", "accepted_at"), rows, as_json=as_json)
    else:
        click.echo("No unrecorded acceptance by silence.")


@click.command()
@click.argument("campaign")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The text file to write, for the client.",
)
@own_name_option
@pass_context
def notify(context: CommandContext, campaign: str, output: Path, by: str) -> None:
    """Write the notice of new qualified leads for the client. It starts their review windows.

    If a run is interrupted, run the same command again: it completes the notice.

    \b
    Example:
      gatepost notify acme-demo -o notice.txt
    """
    check_output(output)
    with context.ledger() as ledger, _locked(output.parent):
        terms = context.campaign_in(ledger, campaign)
        begun, leads = _interrupted(ledger, terms, output)
        if not leads:
            begun = datetime.now(UTC)
            leads = _start_windows(ledger, terms, output, begun, by)
        if leads:
            text = ledger.read(lambda reading: notice_text(reading, terms, leads))
            write_output(text.encode(), output)
        else:
            output.unlink()
    if leads:
        click.echo(
            f"{count_noun(len(leads), 'lead')} in {output}; review windows began at "
            f"{moment(begun)}."
        )
    else:
        click.echo(f"No lead of {campaign} waits for a notice.")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Locks the folder, so that one `notify` runs at a time. Raises `Refused` on an OS error."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked_folder(folder))
        except OSError as error:
            raise Refused(f"{folder}: {error.strerror}; name a file elsewhere with -o") from None
        yield


def _interrupted(ledger: Ledger, terms: Campaign, output: Path) -> tuple[datetime, list[Lead]]:
    """Start time of an interrupted run that left this file incomplete, and its leads.

    No leads if there was no such run, or if it ended before its commit. Raises `Refused` if the
    file exists and is not such a notice.
    """
    if not os.path.lexists(output):
        return datetime.now(UTC), []
    marker = _INCOMPLETE_MARKER.fullmatch(read_content(output)) if output.is_file() else None
    if marker is None or marker["campaign"].decode() != terms.slug:
        raise Refused(
            f"{output} exists already, and a notice never overwrites a file: name another"
        )
    begun = parse_time(marker["begun"].decode())
    return begun, ledger.read(lambda reading: leads_notified_at(reading, terms.slug, begun))


def _start_windows(
    ledger: Ledger, terms: Campaign, output: Path, now: datetime, by: str
) -> list[Lead]:
    """Records the notice of every waiting lead, and returns those leads.

    The file first gets a marker with the start time, so that the next run can complete the notice
    if this one ends after the commit.
    """
    marker = _incomplete_marker(terms.slug, now)
    write_output(marker, output)
    try:
        return ledger.transact(lambda records: notify_client(records, terms, now, by))
    except GatepostError:  # the transaction wrote nothing
        if read_content(output) == marker:
            output.unlink()
        raise


def _incomplete_marker(slug: str, begun: datetime) -> bytes:
    """The marker that the file holds until the notice is complete."""
    return (
        f"This notice of {slug}, begun {show_time(begun)}, is not complete: "
        "run the same command again.\n"
    ).encode()


_INCOMPLETE_MARKER: Final = re.compile(
    rb"This notice of (?P<campaign>[\w-]+), begun (?P<begun>[\dTZ:.-]+), is not complete: "
    rb"run the same command again\.\n"
)


def notice_text(reading: ReadTransaction, campaign: Campaign, leads: list[Lead]) -> str:
    """The notice as plain text: each lead with answers and deadline, then the reject reasons."""
    lines = [f"New qualified leads: {campaign.title}", ""]
    for lead in leads:
        personal_data = reading.people.personal_data(lead.lead_id)
        lines.append(f"Lead {lead.lead_id}, received {moment(lead.received_at)}")
        if lead.deadline is None:
            lines.append(
                "  Counts only if you accept it: an answer was changed, or it was held back."
            )
        else:
            lines.append(f"  Accepted if you say nothing by {_local_time(lead.deadline, campaign)}")
        for name, value in ({} if personal_data is None else personal_data.answers).items():
            label = campaign.fields[name].label if name in campaign.fields else name
            shown = ", ".join(value) if isinstance(value, tuple) else str(value)
            lines.append(f"  {label}: {' '.join(shown.split())}")
        lines.append("")
    lines.append("You may reject a lead for one of these reasons:")
    lines += [f"  {code}: {sentence}" for code, sentence in campaign.review.reasons.items()]
    return "\n".join([*lines, ""])


def _local_time(time: datetime, campaign: Campaign) -> str:
    return time.astimezone(campaign.zone).strftime("%A %d %B %Y, %H:%M %Z")
