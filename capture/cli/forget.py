"""`gatepost forget`: erases a person's data and certifies it, or erases data by age."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import find_lead_by_prefix
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, show_facts, show_heading, show_json, show_rows
from capture.errors import NotFound
from capture.jobs.store import JobStore
from capture.lead.events import show_time
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.privacy.certificate import Certificate, Keeping, make_certificate, other_databases
from capture.privacy.erase import Erasure, PersonToErase, erase_person, preview_erasure
from capture.privacy.retention import RetentionPeriods, erase_old_data, preview_old_data
from capture.review.acts import find_lead
from capture.text import count_noun


@click.command()
@click.argument("email", required=False)
@click.option(
    "--lead",
    "lead_ids",
    metavar="ID",
    multiple=True,
    help="Also erase this lead, such as one without an address; can be repeated.",
)
@click.option(
    "--by-age",
    is_flag=True,
    help="Erase all data that is older than the settings RETENTION_... allow.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be erased; write nothing.")
@own_name_option
@as_json_option
@pass_context
def forget(
    context: CommandContext,
    email: str | None,
    lead_ids: Sequence[str],
    by_age: bool,
    dry_run: bool,
    by: str,
    as_json: bool,
) -> None:
    """Erase all personal data of the leads with the address EMAIL, and print a certificate.

    The address is compared exactly: ann+guide@ is not ann@. The consent for undecided leads is
    withdrawn. Bills, events and keyed hashes are kept. This cannot be undone. If it was
    interrupted, run it again. The dispatcher erases by age once a day.

    \b
    Example:
      gatepost forget ann@clinic.example --dry-run
      gatepost forget --by-age --dry-run
    """
    if by_age == (email is not None or bool(lead_ids)):
        raise click.UsageError("name an address, a lead with --lead ID, or --by-age")
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        if by_age:
            _erase_by_age(context, ledger, now, by, dry_run=dry_run, as_json=as_json)
            return
        ids = ledger.read(
            lambda reading: [find_lead_by_prefix(reading, text).lead_id for text in lead_ids]
        )
        person = PersonToErase((email or "").strip(), ids)
        certificate = _certificate(context, ledger, person, now, by, is_dry_run=dry_run)
    if not certificate.leads:
        raise NotFound("no lead has exactly this address, so there is nothing to erase")
    if as_json:
        show_json(certificate.as_dict())
    else:
        _show(certificate)


def _certificate(
    context: CommandContext,
    ledger: Ledger,
    person: PersonToErase,
    now: datetime,
    by: str,
    *,
    is_dry_run: bool,
) -> Certificate:
    folder, jobs = context.mail_folder, JobStore(context.jobs)
    if is_dry_run:
        erasure = preview_erasure(ledger, person, folder, jobs)
    else:
        erasure = erase_person(ledger, person, folder, jobs, now, by=by)
    database = Path(context.database_url.removeprefix("sqlite:///"))
    copies = other_databases(database, context.counters)
    keeping = Keeping(now, by, context.retention.backups, copies, is_dry_run)
    return ledger.read(lambda reading: make_certificate(reading, person, erasure, keeping))


def _show(certificate: Certificate) -> None:
    sequence, head = certificate.chain
    is_dry_run = certificate.keeping.is_dry_run
    title = "What would be erased; nothing was written" if is_dry_run else "Erased"
    click.echo(f"{title}: the data of {count_noun(len(certificate.leads), 'lead')}.\n")
    show_facts(
        [
            ("time", f"{certificate.keeping.at:%Y-%m-%dT%H:%M:%SZ}"),
            ("by", certificate.keeping.by),
            ("address", _hash(certificate.address_key)),
            ("chain", f"{sequence} events, last hash {head}"),
        ]
    )
    show_heading("Leads")
    show_rows(
        ("lead_id", "campaign", "client", "stage", "events", "statements"),
        [
            {
                "lead_id": lead.lead_id,
                "campaign": lead.campaign,
                "client": lead.client,
                "stage": lead.stage,
                "events": " ".join(map(str, lead.events)),
                "statements": " ".join(lead.statements),
            }
            for lead in certificate.leads
        ],
        as_json=False,
    )
    show_heading("What would be erased" if is_dry_run else "What was erased")
    show_facts(certificate.erased_data())
    show_heading("What is kept, and why")
    show_facts(certificate.kept())
    show_heading("What you still have to do")
    for sentence in certificate.still_to_do():
        click.echo(sentence)


def _hash(address_key: str) -> str:
    return f"keyed hash {address_key}" if address_key else "none given"


# Erasure by age.


def _erase_by_age(
    context: CommandContext,
    ledger: Ledger,
    now: datetime,
    by: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    run = preview_old_data if dry_run else partial(erase_old_data, by=by)
    jobs = JobStore(context.jobs)
    erasure = run(ledger, context.retention, context.mail_folder, jobs, now)
    rows = ledger.read(lambda reading: [_row(reading, lead_id) for lead_id in erasure.lead_ids])
    if as_json:
        show_json(_facts(context.retention, erasure, rows, dry_run=dry_run))
        return
    if rows:
        show_rows(("lead_id", "campaign", "stage", "received_at"), rows, as_json=False)
    click.echo(_sentence(context.retention, erasure, dry_run=dry_run))


def _row(reading: ReadTransaction, lead_id: str) -> dict[str, Any]:
    lead = find_lead(reading, lead_id)
    return {
        "lead_id": lead_id,
        "campaign": lead.campaign,
        "stage": lead.review,
        "received_at": show_time(lead.received_at),
    }


def _facts(
    periods: RetentionPeriods, erasure: Erasure, rows: list[dict[str, Any]], *, dry_run: bool
) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "undelivered_days": _days(periods.undelivered),
        "delivered_days": _days(periods.delivered),
        "letter_days": _days(periods.letters),
        "leads": rows,
        "letter_files": erasure.letter_files,
        "jobs": erasure.jobs,
    }


def _days(period: timedelta | None) -> int | None:
    return None if period is None else period.days


def _sentence(periods: RetentionPeriods, erasure: Erasure, *, dry_run: bool) -> str:
    done = "would be erased; nothing was written" if dry_run else "erased"
    days = _days(periods.delivered)
    delivered = "for ever" if days is None else f"for {days} days"
    return (
        f"{count_noun(len(erasure.lead_ids), 'lead')} and "
        f"{count_noun(erasure.letter_files, 'letter file')} {done}. Leads that no client saw are "
        f"kept for {_days(periods.undelivered)} days, leads that a client saw {delivered}."
    )
