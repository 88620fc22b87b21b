"""Warnings about leads whose lines cannot be computed."""

from collections.abc import Iterable

import click

from capture.billing.statement import ParkedLead


def warn_of_parked(campaign: str, parked: Iterable[ParkedLead]) -> None:
    """Prints one line for each parked lead of a campaign to standard error: reason and remedy."""
    for lead in parked:
        detail = f" ({lead.detail})" if lead.detail else ""
        click.echo(
            f"warning: lead {lead.lead_id} of {campaign} is parked and not billed: its lines cannot"
            f" be computed{detail}; find the damage with `gatepost verify`, and the first"
            " month that you close after the repair bills it",
            err=True,
        )
