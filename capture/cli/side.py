"""Whose word the agency enters."""

import click

side_option = click.option(
    "--from",
    "side",
    type=click.Choice(["agency", "client"]),
    default="agency",
    show_default=True,
    help="Whose word you enter. It is your entry either way, and the client may object to it.",
)
