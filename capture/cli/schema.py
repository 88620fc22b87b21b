"""`gatepost schema campaign|client`: JSON Schema for editors."""

import json

import click

from capture.campaign import campaign_schema, client_schema

SCHEMAS = {"campaign": campaign_schema, "client": client_schema}


@click.command()
@click.argument("kind", type=click.Choice(sorted(SCHEMAS)))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, for editors that complete and check TOML."""
    click.echo(json.dumps(SCHEMAS[kind](), indent=2, ensure_ascii=False))
