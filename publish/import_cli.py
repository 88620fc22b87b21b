"""The command `gatepost import ghost|wordpress|hugo PATH`.

Pelican takes 0.2 seconds to import, so only the functions that need it import it.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capture.errors import Refused, short_path
from capture.text import count_noun
from publish.checks.project import Writing
from publish.cli import config_of, setting_overrides

if TYPE_CHECKING:
    from publish.importers.model import Export, ImportNote
    from publish.importers.plan import Plan

_MAX_LINES_PER_KIND = 20
_ESCAPED_CONTROL_CHARACTERS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def _import_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the argument and the options that all import commands share."""
    for option in (
        click.argument("path", type=click.Path(path_type=Path, exists=True)),
        click.option(
            "--into",
            "content",
            type=click.Path(path_type=Path, file_okay=False),
            default=Path("content"),
            show_default=True,
            help="The content folder to write into.",
        ),
        click.option("--site", default="", help="The URL of the old site, if the export lacks it."),
        click.option("--dry-run", is_flag=True, help="Show the result without writing files."),
        click.option("--all", "show_all", is_flag=True, help="Show every note and file."),
        click.option("--json", "as_json", is_flag=True, help="Print all notes and files as JSON."),
    ):
        command = option(command)
    return click.pass_context(command)


@click.group("import")
def import_() -> None:
    """Import posts and pages from another system. Existing files are not changed.

    \b
    Example:
      gatepost import ghost export.json --dry-run
    """


@import_.command()
@_import_options
def ghost(ctx: click.Context, path: Path, **options: Any) -> None:
    """Import the JSON file that Ghost exports.

    \b
    Example:
      gatepost import ghost export.json --dry-run
    """
    from publish.importers.ghost.export import read_ghost

    _import(ctx, read_ghost(path), **options)


@import_.command()
@_import_options
def wordpress(ctx: click.Context, path: Path, **options: Any) -> None:
    """Import the XML file (WXR) that WordPress exports.

    \b
    Example:
      gatepost import wordpress export.xml --site https://old.example
    """
    from publish.importers.wordpress.export import read_wordpress

    _import(ctx, read_wordpress(path), **options)


@import_.command()
@_import_options
def hugo(ctx: click.Context, path: Path, **options: Any) -> None:
    """Import a Hugo site, or its content folder.

    \b
    Example:
      gatepost import hugo ../old-site --dry-run
    """
    from publish.importers.hugo.site import read_hugo

    _import(ctx, read_hugo(path, datetime.now(UTC)), **options)


def _import(  # noqa: PLR0913 - click hands each option over as a parameter
    ctx: click.Context,
    export: "Export",
    *,
    content: Path,
    site: str,
    dry_run: bool,
    show_all: bool,
    as_json: bool,
) -> None:
    from publish.build.pelican_run import settings_from
    from publish.importers.plan import plan_import, with_site, write_plan
    from publish.plugins.project_settings import folders_of, layout_of

    if not content.is_dir():
        raise Refused(
            f"--into: {short_path(content)} is not a folder: create it or name another folder"
        )
    overrides = {**setting_overrides(ctx), "PATH": str(content.absolute())}
    settings = settings_from(config_of(production=False), overrides)
    layout = layout_of(settings)
    writing = Writing.read(layout, datetime.now(UTC), None, folders_of(settings)[2])
    plan = plan_import(with_site(export, site), writing)
    if not dry_run:
        write_plan(plan, layout.content)
    if as_json:
        click.echo(_plan_as_json(plan, content, dry_run))
    else:
        _print_plan(plan, content, dry_run=dry_run, show_all=show_all)


def _plan_as_json(plan: "Plan", content: Path, dry_run: bool) -> str:
    data = {
        "written": not dry_run,
        "files": [short_path(content / file.name) for file in plan.files],
        "pictures": [short_path(place) for place in plan.pictures],
        "slugs": [{"kind": kind, "name": name, "slug": slug} for kind, name, slug in plan.slugs],
        "there_already": list(plan.existing),
        "not_carried": [
            {"kind": note.kind, "where": note.where, "message": note.message} for note in plan.notes
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def _print_plan(plan: "Plan", content: Path, *, dry_run: bool, show_all: bool) -> None:
    notes_by_kind: defaultdict[str, list[ImportNote]] = defaultdict(list)
    for note in plan.notes:
        notes_by_kind[note.kind].append(note)
    for kind, notes in sorted(notes_by_kind.items()):
        click.echo(f"{kind} ({len(notes)})")
        visible_notes = notes if show_all else notes[:_MAX_LINES_PER_KIND]
        for note in visible_notes:
            click.echo(f"  {note.where}: {note.message}".translate(_ESCAPED_CONTROL_CHARACTERS))
        if len(visible_notes) < len(notes):
            click.echo(f"  ... and {len(notes) - len(visible_notes)} more: --all shows them")
    if plan.existing:
        click.echo(f"already exist, not written ({len(plan.existing)})")
        visible_files = plan.existing if show_all else plan.existing[:_MAX_LINES_PER_KIND]
        for name in visible_files:
            click.echo(f"  {name}")
        if len(visible_files) < len(plan.existing):
            more = len(plan.existing) - len(visible_files)
            click.echo(f"  ... and {more} more: --all shows them")
    verb = "Would write" if dry_run else "Wrote"
    rest = "everything was imported"
    if plan.notes:
        rest = f"{count_noun(len(plan.notes), 'note')}, listed above"
    elif plan.existing:
        rest = "the rest of the export exists already"
    click.echo(f"{verb} {plan} into {short_path(content)}; {rest}.")
