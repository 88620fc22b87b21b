"""Warnings of a statement: parked leads, and what is missing for an e-invoice."""

from collections.abc import Iterable

import click

from capture.billing.statement import ParkedLead, Parties
from capture.documents.einvoice_requirements import einvoice_gap


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


def warn_of_einvoice(document: str, parties: Parties, client: str, currency: str) -> None:
    """Prints one line to standard error if e-invoices were begun and something is missing."""
    gap = einvoice_gap(parties, client, currency)
    if gap:
        click.echo(
            f"warning: {document} cannot be an e-invoice: {gap}; a change counts for months that "
            "are closed after it",
            err=True,
        )
