"""The commands `build` and `check`. Pelican loads in a fifth of a second, so only they load it."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from capture.counted import counted
from capture.errors import FileErrors, short_path
from publish.annotation import annotation

_production = click.option(
    "--production", is_flag=True, help="By publishconf.py, with full addresses."
)


@click.command()
@_production
@click.option("--release", is_flag=True, help="With search, share pictures, compressed files.")
@click.option(
    "--if-due", is_flag=True, help="Only if a post or the day of a form is due now: for a timer."
)
@click.pass_context
def build(ctx: click.Context, production: bool, release: bool, if_due: bool) -> None:
    """Build the site; the old one stays until the new one is whole."""
    from publish.build import build as run  # Pelican loads for this command alone
    from publish.due import is_due

    config, given = config_of(production), given_of(ctx)
    if if_due and not is_due(config, given, datetime.now(UTC)):
        return
    built = run(config, given, waiting=_say_waiting, finish=_finish() if release else None)
    outcome = built.outcome
    _warn(outcome.warnings)
    made = f"{counted_parts(outcome)} in {built.seconds:.1f} seconds"
    click.echo(f"Built {made}, in {short_path(built.site)}.")
    if outcome.due is not None:
        click.echo(f"The next post is due on {outcome.due}.")


def _finish() -> Callable[[Path, Path], None]:
    from publish.release import finish  # what compresses loads for a release alone

    return finish


@click.command()
@_production
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="Lines to read, or annotations of a pull request on GitHub.",
)
@click.pass_context
def check(ctx: click.Context, production: bool, shape: str) -> None:
    """Check what you wrote, posts and campaigns, without building."""
    from publish.check import check as run  # Pelican loads for this command alone

    checked = run(config_of(production), given_of(ctx), datetime.now(UTC))
    found = checked.findings
    if shape == "github":
        for level, findings in (("error", found.errors), ("warning", found.warnings)):
            for finding in findings:
                click.echo(annotation(level, finding))
    else:
        _warn(str(finding.problem) for finding in found.warnings)
        if found.errors:
            raise FileErrors(finding.problem for finding in found.errors)
    if found.errors:
        ctx.exit(1)
    click.echo(f"{counted_parts(checked)}: no mistakes found.")


def config_of(production: bool) -> Path:
    """Pelican's settings file."""
    return Path("publishconf.py" if production else "pelicanconf.py")


def given_of(ctx: click.Context) -> dict[str, str]:
    """What `gatepost`'s settings say of the site; Pelican's own file says the rest."""
    sourced: Any = ctx.meta.get("gatepost.settings")
    if sourced is None:
        return {}
    settings = sourced.settings
    if settings.site_url:
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # where publishconf.py looks for it
    return {
        "CAPTURE_URL": settings.capture_url,
        "CAMPAIGNS_PATH": str(settings.campaigns_dir.absolute()),
        "CLIENTS_PATH": str(settings.clients_dir.absolute()),
        "GATED_PATH": str(settings.gated_dir.absolute()),
        "CACHE_PATH": str(settings.cache_dir.absolute()),
        "OUTPUT_PATH": str(settings.output_dir.absolute() / "www"),
        "THEME": str(settings.theme_dir.absolute()),
    }


def counted_parts(outcome: Any) -> str:
    """How much was read of what readers may see: `7 articles, 3 pages and 3 forms`."""
    parts = ((outcome.articles, "article"), (outcome.pages, "page"), (outcome.forms, "form"))
    articles, pages, forms = (counted(number, word) for number, word in parts)
    return f"{articles}, {pages} and {forms}"


def _say_waiting() -> None:
    click.echo("Another build is at work; waiting for it to end.", err=True)


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
