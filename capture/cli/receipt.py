"""`gatepost receipt ID`: the wording that a person saw and ticked, and its commit in git."""

from datetime import UTC, datetime
from pathlib import Path

import click

from capture.campaign.git_history import CommittedFile, find_version, is_repository
from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import find_lead_by_prefix
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, plain, show_facts, show_heading, show_json
from capture.errors import Refused
from capture.lead.events import show_time
from capture.ledger.protocol import ReadTransaction
from capture.privacy.receipt import Receipt, consent_receipt


@click.command()
@click.argument("lead_id", metavar="ID")
@click.option(
    "--repository",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="A clone of the project, or the bare repository of the server. Default: the project.",
)
@own_name_option
@as_json_option
@pass_context
def receipt(
    context: CommandContext, lead_id: str, repository: Path | None, by: str, as_json: bool
) -> None:
    """Print the receipt of one lead's consent: wording, page, time, and what was ticked.

    It prints the wording that was shown, even if the campaign file has changed later. If the
    project is a git repository, it names the commit with that file.

    \b
    Example:
      gatepost receipt 7ffwzp
      gatepost receipt 7ffwzp --json
    """

    def read(reading: ReadTransaction) -> Receipt:
        return consent_receipt(reading, find_lead_by_prefix(reading, lead_id).lead_id)

    with context.ledger() as ledger:
        found = ledger.read(read)
        context.log_look(ledger, by, "gatepost receipt", [found.lead_id], datetime.now(UTC))
    committed = _find_in_git(context, found, repository)
    if as_json:
        show_json({**found.as_dict(), "git": committed and committed.as_dict()})
    else:
        _show(found, committed)


def _find_in_git(
    context: CommandContext, found: Receipt, repository: Path | None
) -> CommittedFile | None:
    """The commit with the campaign file of the form that was shown."""
    if found.form_version is None:
        return None
    name = f"{found.campaign}.toml"
    if repository is not None:
        if not is_repository(repository):
            raise Refused(f"{repository}: not a git repository; name a clone of the project")
        return find_version(repository, f"{context.campaigns.name}/{name}", found.form_version)
    return find_version(context.campaigns, name, found.form_version)


def _show(found: Receipt, committed: CommittedFile | None) -> None:
    facts = [
        ("lead", found.lead_id),
        ("campaign", f"{found.campaign}: {found.title}"),
        ("received", show_time(found.received_at)),
        ("source", found.source),
        ("page", found.page or "not known"),
        ("box", _box(found)),
    ]
    if found.basis is not None and found.basis_stated_at is not None:
        facts += [("lawful basis", found.basis), ("stated", show_time(found.basis_stated_at))]
    if found.withdrawn_at is not None:
        facts.append(("withdrawn", show_time(found.withdrawn_at)))
    if found.is_erased:
        facts.append(("personal data", "erased"))
    if found.form_version is not None:
        facts.append(("form version", found.form_version))
        facts.append(("wording SHA-256", found.wording_sha256))
        facts.append(("in git", _place(committed)))
    show_facts(facts)
    if found.wording:
        show_heading("Wording beside the box")
        for line in found.wording.splitlines():
            click.echo(plain(line).plain)


def _box(found: Receipt) -> str:
    if found.form_version is None:
        ticked = ", but ticked in a form that we do not know" if found.is_ticked else ""
        return f"no form of ours was shown{ticked}"
    return "ticked" if found.is_ticked else "not ticked"


def _place(committed: CommittedFile | None) -> str:
    if committed is None:
        return "no commit found in the repository; the ledger has this version"
    return f"{committed.committed_at}: {committed.replay}"
