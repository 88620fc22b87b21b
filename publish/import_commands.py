"""`gatepost import ghost|wordpress|hugo PATH`: writes the files, and tells what was not carried."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capture.errors import Refused, short_path
from publish.commands import config_of, given_of

if TYPE_CHECKING:
    from publish.imports.facts import Export, Note
    from publish.imports.plan import Plan

_SHOWN = 20
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What the three commands have in common."""
    for option in (
        click.argument("path", type=click.Path(path_type=Path, exists=True)),
        click.option(
            "--into",
            type=click.Path(path_type=Path, file_okay=False),
            default=Path("content"),
            show_default=True,
            help="The content folder to write to.",
        ),
        click.option("--site", default="", help="The old site's address, if its export lacks it."),
        click.option("--dry-run", is_flag=True, help="Tell all, write nothing."),
        click.option("--all", "every", is_flag=True, help=f"More than {_SHOWN} lines of a kind."),
        click.option("--json", "as_json", is_flag=True, help="The whole list, for programs."),
    ):
        command = option(command)
    return click.pass_context(command)


@click.group("import")
def import_() -> None:
    """Take the posts and pages of another system over. Nothing is written over."""


@import_.command()
@_options
def ghost(ctx: click.Context, path: Path, **options: Any) -> None:
    """Read the JSON file that Ghost exports."""
    from publish.imports.ghost import read  # the readers load for this command alone

    _run(ctx, read(path), **options)


@import_.command()
@_options
def wordpress(ctx: click.Context, path: Path, **options: Any) -> None:
    """Read the XML file (WXR) that WordPress exports."""
    from publish.imports.wordpress import read  # the readers load for this command alone

    _run(ctx, read(path), **options)


@import_.command()
@_options
def hugo(ctx: click.Context, path: Path, **options: Any) -> None:
    """Read a Hugo site, or its content folder."""
    from publish.imports.hugo import read  # the readers load for this command alone

    _run(ctx, read(path, datetime.now(UTC)), **options)


def _run(  # noqa: PLR0913 - click hands each option over as a parameter
    ctx: click.Context,
    export: "Export",
    *,
    into: Path,
    site: str,
    dry_run: bool,
    every: bool,
    as_json: bool,
) -> None:
    from publish.imports.plan import plan, with_site
    from publish.imports.write import write
    from publish.pelican_run import settings_from
    from publish.rules import folders_of, layout_of
    from publish.writing.writing import Writing

    if not into.is_dir():
        raise Refused(f"--into: {short_path(into)} is no folder: make it, or name another")
    given = {**given_of(ctx), "PATH": str(into.absolute())}
    settings = settings_from(config_of(production=False), given)
    layout = layout_of(settings)
    writing = Writing.read(layout, datetime.now(UTC), None, folders_of(settings)[2])
    planned = plan(with_site(export, site), writing)
    if not dry_run:
        write(planned, layout.content)
    if as_json:
        click.echo(_as_json(planned, into, dry_run))
    else:
        _tell(planned, into, dry_run=dry_run, every=every)


def _as_json(planned: "Plan", into: Path, dry_run: bool) -> str:
    told = {
        "written": not dry_run,
        "files": [short_path(into / file.name) for file in planned.files],
        "pictures": [short_path(place) for place in planned.pictures],
        "there_already": list(planned.there),
        "not_carried": [
            {"kind": note.kind, "where": note.where, "told": note.told} for note in planned.notes
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _tell(planned: "Plan", into: Path, *, dry_run: bool, every: bool) -> None:
    from publish.imports.facts import counted

    kinds: defaultdict[str, list[Note]] = defaultdict(list)
    for note in planned.notes:
        kinds[note.kind].append(note)
    for kind, notes in sorted(kinds.items()):
        click.echo(f"{kind} ({len(notes)})")
        shown = notes if every else notes[:_SHOWN]
        for note in shown:
            click.echo(f"  {note.where}: {note.told}".translate(_CONTROL))
        if len(shown) < len(notes):
            click.echo(f"  ... and {len(notes) - len(shown)} more: --all shows them")
    if planned.there:
        click.echo(f"there already, so not written ({len(planned.there)})")
        shown_files = planned.there if every else planned.there[:_SHOWN]
        for name in shown_files:
            click.echo(f"  {name}")
        if len(shown_files) < len(planned.there):
            more = len(planned.there) - len(shown_files)
            click.echo(f"  ... and {more} more: --all shows them")
    done = "Would write" if dry_run else "Wrote"
    rest = "all was carried"
    if planned.notes:
        rest = f"{counted(len(planned.notes), 'thing')} to look at, listed above"
    elif planned.there:
        rest = "what else the export holds is there already"
    click.echo(f"{done} {planned} into {short_path(into)}; {rest}.")
