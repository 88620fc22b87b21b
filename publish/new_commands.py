"""`gatepost new post|page|campaign`: writes a file, says where, and opens nothing."""

import subprocess
from datetime import UTC, datetime

import click

from capture.campaign import read_catalogue
from capture.errors import short_path
from publish.commands import config_of, given_of
from publish.new import Said, new_campaign, new_text, wished
from publish.writing.layout import Kind
from publish.writing.writing import Writing

_title = click.argument("title")
_slug = click.option("--slug", default="", help="Its address; made from the title by default.")
_yaml = click.option("--yaml", is_flag=True, help="A head in YAML, in place of Pelican's style.")


@click.group()
def new() -> None:
    """Write a new post, page or campaign with its head filled in."""


@new.command()
@_title
@_slug
@_yaml
@click.option("--category", default="", help="Its topic; that of most posts by default.")
@click.option("--author", default="", help="Who writes it; whom git names by default.")
@click.pass_context
def post(  # noqa: PLR0913, PLR0917 - click hands each option over as a parameter
    ctx: click.Context, title: str, slug: str, yaml: bool, category: str, author: str
) -> None:
    """Write a draft into content/posts/."""
    said = Said(category, author or _git_author(), yaml)
    _draft(ctx, "post", title, slug, said)


@new.command()
@_title
@_slug
@_yaml
@click.pass_context
def page(ctx: click.Context, title: str, slug: str, yaml: bool) -> None:
    """Write a draft into content/pages/."""
    _draft(ctx, "page", title, slug, Said(yaml=yaml))


@new.command()
@_title
@_slug
@click.option("--client", default="", help="Whose it is: the name of a file in clients/.")
@click.pass_context
def campaign(ctx: click.Context, title: str, slug: str, client: str) -> None:
    """Write a campaign into campaigns/; it is closed until you say when it opens."""
    from publish.pelican_run import settings_from  # Pelican loads for this command alone
    from publish.rules import folders_of, layout_of

    settings = settings_from(config_of(production=False), given_of(ctx))
    folders = folders_of(settings)
    wish = wished(title, slug, layout_of(settings).slugify(title))
    today = datetime.now(UTC).date()
    click.echo(short_path(new_campaign(wish, client, read_catalogue(*folders), folders[0], today)))


def _draft(ctx: click.Context, kind: Kind, title: str, slug: str, said: Said) -> None:
    from publish.pelican_run import settings_from  # Pelican loads for this command alone
    from publish.rules import folders_of, layout_of

    settings = settings_from(config_of(production=False), given_of(ctx))
    layout = layout_of(settings)
    wish = wished(title, slug, layout.slugify(title))
    writing = Writing.read(layout, datetime.now(UTC), None, folders_of(settings)[2])
    click.echo(short_path(new_text(kind, wish, said, writing)))


def _git_author() -> str:
    """The name that git puts under commits here; empty if it knows none."""
    try:
        asked = ["git", "config", "user.name"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return " ".join(done.stdout.split())
