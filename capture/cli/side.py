"""Whose word an outcome is."""

import click

side_option = click.option(
    "--from",
    "side",
    type=click.Choice(["agency", "client"]),
    default="agency",
    show_default=True,
    help="Whose word it is; what the client records is final.",
)
