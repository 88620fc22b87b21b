"""The commands that belong to neither half: `schema`, `serve` and `settings`."""

import json

import click

from capture.campaign import campaign_schema, client_schema, costs_schema
from capture.cli.show import as_json_option, show_rows
from gatepost.settings import PREFIX, SECRETS, Settings, Sourced
from publish.writing.model import page_schema, post_schema

_SCHEMAS = {
    "campaign": campaign_schema,
    "client": client_schema,
    "costs": costs_schema,
    "page": page_schema,
    "post": post_schema,
}


@click.command()
@click.option(
    "--live", is_flag=True, help="For writers: build on every save, and the browser follows."
)
@click.pass_context
def serve(ctx: click.Context, live: bool) -> None:
    """Serve the built site and the lead service."""
    settings = ctx.meta["gatepost.settings"].settings
    if live:
        from gatepost.preview.live import live as follow
        from publish.commands import given_of

        follow(settings, given_of(ctx))
        return
    from gatepost.private import warn_of_open_secrets
    from gatepost.serve import serve as run  # Flask and gunicorn load for this command alone

    warn_of_open_secrets(ctx.meta["gatepost.settings"])
    run(settings)


@click.command()
@click.argument("kind", type=click.Choice(sorted(_SCHEMAS)))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, for editors that check TOML and YAML."""
    click.echo(json.dumps(_SCHEMAS[kind](), indent=2, ensure_ascii=False))


@click.command()
@as_json_option
@click.pass_context
def settings(ctx: click.Context, as_json: bool) -> None:
    """Show each setting, its value, and where it came from."""
    sourced: Sourced = ctx.meta["gatepost.settings"]
    rows = [
        {
            "name": PREFIX + name.upper(),
            "value": _shown(sourced.settings, name),
            "from": _origin(sourced, name),
            "what": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]
    show_rows(("name", "value", "from", "what"), rows, as_json=as_json)


def _shown(settings: Settings, name: str) -> str:
    value = str(getattr(settings, name))
    return "********" if name in SECRETS and value else value


def _origin(sourced: Sourced, name: str) -> str:
    if name in SECRETS and not getattr(sourced.settings, name):
        path = sourced.settings.var_dir / name
        return str(path) if path.exists() else f"{path}, made on the first run"
    return sourced.sources[name]
