"""`gatepost suppress CLIENT FILE.csv`: people and companies that are never billed (rule 4)."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import click
from email_validator import EmailNotValidError, validate_email

from capture.cli.workplace import Workplace, pass_workplace
from capture.email_domains import domain_of
from capture.errors import FileErrors, Problem, Refused
from capture.identity import identity


@click.command()
@click.argument("client")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_workplace
def suppress(workplace: Workplace, client: str, file: Path) -> None:
    """Add the e-mail addresses and company domains of FILE.csv to CLIENT's suppression list.

    One address or domain in the first column of each line; a heading is passed over. All or
    nothing: a faulty line is told with its number and nothing is added.
    """
    workplace.catalogue().client(client)
    entries = read_entries(file)
    now = datetime.now(UTC)
    with workplace.ledger() as ledger:
        added = ledger.transact(lambda records: records.suppress(client, entries, now))
    click.echo(f"{added} new, {len(entries) - added} known already: {client}'s list.")


def read_entries(path: Path) -> list[tuple[str, str]]:
    """(kind, value) for each line. Raises `FileErrors` with every faulty line."""
    entries: dict[tuple[str, str], None] = {}
    problems = []
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise Refused(f"{path}: cannot be read as UTF-8 CSV: {error}") from None
    for number, row in enumerate(rows, start=1):
        value = row[0].strip() if row else ""
        if not value or (number == 1 and value.lower() in {"email", "e-mail", "domain", "entry"}):
            continue
        try:
            entries[_entry(value)] = None
        except EmailNotValidError:
            problems.append(
                Problem(str(path), number, f"{value!r}: neither an e-mail address nor a domain")
            )
    if problems:
        raise FileErrors(problems)
    return list(entries)


def _entry(value: str) -> tuple[str, str]:
    if "@" in value.lstrip("@"):
        email = validate_email(value, check_deliverability=False).normalized
        return "email", identity({"email": email})["email"]
    probe = f"someone@{value.lstrip('@')}"
    validate_email(probe, check_deliverability=False)
    return "company_domain", domain_of(probe)
