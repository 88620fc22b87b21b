"""The commands `build` and `check`. Pelican loads in a fifth of a second, so only they load it."""

import os
from pathlib import Path
from typing import Any

import click

from capture.errors import short_path


@click.command()
@click.option("--production", is_flag=True, help="By publishconf.py, with full addresses.")
@click.option("--release", is_flag=True, help="With search, share pictures, compressed files.")
@click.pass_context
def build(ctx: click.Context, production: bool, release: bool) -> None:
    """Build the site; the old one stays until the new one is whole."""
    from publish.build import build as run  # Pelican loads for this command alone

    built = run(_config(production), _given(ctx), waiting=_say_waiting, release=release)
    outcome = built.outcome
    _warn(outcome.warnings)
    click.echo(
        f"Built {_counted(outcome)} in {built.seconds:.1f} seconds, in {short_path(built.site)}."
    )


@click.command()
@click.option("--production", is_flag=True, help="By publishconf.py, with full addresses.")
@click.pass_context
def check(ctx: click.Context, production: bool) -> None:
    """Check content and campaigns as a build would, and write nothing."""
    from publish.check import check as run  # Pelican loads for this command alone

    outcome = run(_config(production), _given(ctx))
    _warn(outcome.warnings)
    click.echo(f"{_counted(outcome)}: no mistakes found.")


def _config(production: bool) -> Path:
    return Path("publishconf.py" if production else "pelicanconf.py")


def _given(ctx: click.Context) -> dict[str, object]:
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


def _counted(outcome: Any) -> str:
    parts = ((outcome.articles, "article"), (outcome.pages, "page"), (outcome.forms, "form"))
    counted = [f"{number} {word}{'' if number == 1 else 's'}" for number, word in parts]
    return f"{counted[0]}, {counted[1]} and {counted[2]}"


def _say_waiting() -> None:
    click.echo("Another build is at work; waiting for it to end.", err=True)


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
