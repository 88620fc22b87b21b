"""The commands `build` and `new`.

Pelican takes 0.2 seconds to import, so only the functions that need it import it.
"""

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from capture.campaign.catalogue import read_catalogue
from capture.errors import short_path
from capture.text import count_noun
from publish.checks.layout import ContentKind
from publish.checks.project import Writing
from publish.new_file import FrontMatterDefaults, choose_name, create_campaign, create_draft

PRODUCTION = click.option("--production", is_flag=True, help="Use publishconf.py: absolute URLs.")


@click.command()
@PRODUCTION
@click.option("--release", is_flag=True, help="Add search, share pictures and compressed files.")
@click.option(
    "--if-due",
    is_flag=True,
    help="Build only if a post or a form is due to change now. For timers.",
)
@click.pass_context
def build(ctx: click.Context, production: bool, release: bool, if_due: bool) -> None:
    """Build the site. The old site stays live until the new one is complete.

    \b
    Example:
      gatepost build --production --release
    """
    from publish.build.site import build as run
    from publish.build.site import is_due

    config, overrides = config_of(production), setting_overrides(ctx)
    if if_due and not is_due(config, overrides, datetime.now(UTC)):
        return
    finish = _release_step() if release else None
    built = run(config, overrides, on_wait=_print_waiting, finish=finish)
    summary = built.summary
    for warning in summary.short_warnings:
        click.echo(f"warning: {warning}", err=True)
    text = f"{format_counts(summary)} in {built.seconds:.1f} seconds"
    click.echo(f"Built {text}, in {short_path(built.site)}.")
    if summary.due is not None:
        click.echo(f"The next post is due on {summary.due}.")


def _release_step() -> Callable[[Path, Path], None]:
    from publish.build.release import finish_release

    return finish_release


def config_of(production: bool) -> Path:
    """The path of Pelican's settings file, in the current folder."""
    return Path("publishconf.py" if production else "pelicanconf.py")


def setting_overrides(ctx: click.Context) -> dict[str, str]:
    """Pelican settings taken from gatepost's settings. They override Pelican's settings file."""
    sourced: Any = ctx.meta.get("gatepost.settings")
    if sourced is None:
        return {}
    settings = sourced.settings
    if settings.site_url:
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # publishconf.py reads it
    return {
        "CAPTURE_URL": settings.capture_url,
        "CAMPAIGNS_PATH": str(settings.campaigns_dir.absolute()),
        "CLIENTS_PATH": str(settings.clients_dir.absolute()),
        "GATED_PATH": str(settings.gated_dir.absolute()),
        "CACHE_PATH": str(settings.cache_dir.absolute()),
        "OUTPUT_PATH": str(settings.output_dir.absolute() / "www"),
        "THEME": str(settings.theme_dir.absolute()),
    }


def format_counts(summary: Any) -> str:
    """The counts of what readers can see, such as `7 articles, 3 pages and 3 forms`."""
    parts = ((summary.articles, "article"), (summary.pages, "page"), (summary.forms, "form"))
    articles, pages, forms = (count_noun(number, word) for number, word in parts)
    return f"{articles}, {pages} and {forms}"


def _print_waiting() -> None:
    click.echo("Another build is running; waiting for it to end.", err=True)


# `gatepost new post|page|campaign`

_title = click.argument("title")
_slug = click.option(
    "--slug", default="", help="The slug of the address. Default: made from the title."
)
_yaml = click.option(
    "--yaml", is_flag=True, help="Write front matter as YAML instead of `Key: value` lines."
)


@click.group()
def new() -> None:
    """Create a post, page or campaign with its front matter filled in.

    \b
    Example:
      gatepost new post "How a demo is priced"
    """


@new.command()
@_title
@_slug
@_yaml
@click.option("--category", default="", help="The category. Default: the most common one.")
@click.option("--author", default="", help="The author. Default: git's user.name.")
@click.pass_context
def post(  # noqa: PLR0913, PLR0917 - click hands each option over as a parameter
    ctx: click.Context, title: str, slug: str, yaml: bool, category: str, author: str
) -> None:
    """Create a draft in content/posts/.

    \b
    Example:
      gatepost new post "How a demo is priced" --category Pricing --author Ada
    """
    defaults = FrontMatterDefaults(category, author or _git_author(), yaml)
    _write_draft(ctx, "post", title, slug, defaults)


@new.command()
@_title
@_slug
@_yaml
@click.pass_context
def page(ctx: click.Context, title: str, slug: str, yaml: bool) -> None:
    """Create a draft in content/pages/.

    \b
    Example:
      gatepost new page "Imprint"
    """
    _write_draft(ctx, "page", title, slug, FrontMatterDefaults(yaml=yaml))


@new.command()
@_title
@_slug
@click.option("--client", default="", help="The client: a file name in clients/ without .toml.")
@click.pass_context
def campaign(ctx: click.Context, title: str, slug: str, client: str) -> None:
    """Create a campaign in campaigns/. It stays closed until its opening date is set.

    \b
    Example:
      gatepost new campaign "The buyer's guide" --client acme
    """
    from publish.build.pelican_run import settings_from
    from publish.plugins.project_settings import folders_of, layout_of

    settings = settings_from(config_of(production=False), setting_overrides(ctx))
    folders = folders_of(settings)
    new_file = choose_name(title, slug, layout_of(settings).slugify(title))
    today = datetime.now(UTC).date()
    click.echo(
        short_path(create_campaign(new_file, client, read_catalogue(*folders), folders[0], today))
    )


def _write_draft(
    ctx: click.Context, kind: ContentKind, title: str, slug: str, defaults: FrontMatterDefaults
) -> None:
    from publish.build.pelican_run import settings_from
    from publish.plugins.project_settings import folders_of, layout_of

    settings = settings_from(config_of(production=False), setting_overrides(ctx))
    layout = layout_of(settings)
    new_file = choose_name(title, slug, layout.slugify(title))
    writing = Writing.read(layout, datetime.now(UTC), None, folders_of(settings)[2])
    click.echo(short_path(create_draft(kind, new_file, defaults, writing)))


def _git_author() -> str:
    """Git's `user.name` in this folder; empty if it is not set."""
    try:
        command = ["git", "config", "user.name"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return " ".join(result.stdout.split())
