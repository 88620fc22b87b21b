"""Campaigns, a client and a context for the tests of planning."""

import json
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from capture.billing.statement import Agency, Party
from capture.campaign.catalogue import Catalogue
from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.delivery.context import DeliveryContext
from capture.ledger.protocol import Ledger
from capture.signed_links import LinkSigner
from tests.samples import CAMPAIGN, campaign

AGENCY = "office@northgate.example"
LEADS = "leads@acme.example"
BILLS = "bills@acme.example"

_GATED = CAMPAIGN.replace('kind = "demo"', 'kind = "gated"\nassets = ["cloud-guide.pdf"]')
BY_MAIL_TEXT = _GATED.replace("hours = 48", 'hours = 48\nnotice = "email"')
BY_MAIL = campaign(text=BY_MAIL_TEXT)
"""A gated campaign whose window begins with the notice."""


def client(**changes: object) -> Client:
    """The client of all sample campaigns, with one address for each subject."""
    fields = {
        "slug": "acme",
        "name": "Acme",
        "legal_name": "Acme, Inc.",
        "address": ["500 Example Avenue"],
        "contacts": {"notices": [LEADS], "bills": [BILLS]},
        **changes,
    }
    return Client.model_validate_json(json.dumps(fields))


def context(
    ledger: Ledger,
    *campaigns: Campaign,
    client_file: Client | None = None,
    agency: str = AGENCY,
    gated: Path = Path("content/gated"),
) -> DeliveryContext:
    """What the planner works with: these campaign files, and one client file."""
    catalogue = Catalogue(
        MappingProxyType({terms.slug: terms for terms in campaigns}),
        MappingProxyType({"acme": client_file or client()}),
    )
    return DeliveryContext(
        ledger=ledger,
        catalogue=lambda: catalogue,
        link_signer=LinkSigner(b"a key for tests only", timedelta(days=7)),
        service_url="https://leads.northgate.example",
        desk_url="https://desk.agency.example",
        site_url="https://northgate.example",
        agency=Agency(Party("Northgate Leads", email=agency)),
        templates=Path("theme/templates"),
        gated=gated,
    )
