"""The command `new`.

Pelican takes 0.2 seconds to import, so only the functions that need it import it.
"""

import subprocess
from datetime import UTC, datetime

import click

from capture.campaign.catalogue import read_catalogue
from capture.errors import short_path
from publish.checks.layout import ContentKind
from publish.checks.project import Writing
from publish.cli import config_of, setting_overrides
from publish.new_file import FrontMatterDefaults, choose_name, create_campaign, create_draft

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
