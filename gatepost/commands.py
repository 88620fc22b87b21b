"""The commands that belong to neither half: `serve` and `settings`."""

import json

import click
from rich.console import Console
from rich.table import Table

from gatepost.settings import PREFIX, Settings, Sourced

_SECRETS = frozenset({"secret_key", "duplicate_key"})


@click.command()
@click.pass_context
def serve(ctx: click.Context) -> None:
    """Serve the built site and the lead service."""
    from gatepost.serve import serve as run  # Flask and gunicorn load for this command alone

    run(ctx.meta["gatepost.settings"].settings)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
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
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("setting", "value", "from", "what", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row.values())
    Console().print(table)


def _shown(settings: Settings, name: str) -> str:
    value = str(getattr(settings, name))
    return "********" if name in _SECRETS and value else value


def _origin(sourced: Sourced, name: str) -> str:
    if name in _SECRETS and not getattr(sourced.settings, name):
        path = sourced.settings.var_dir / name
        return str(path) if path.exists() else f"{path}, made on the first run"
    return sourced.sources[name]
