"""Campaign and client files: TOML in git to frozen, validated facts. Knows nothing of leads."""

from capture.campaign.catalogue import Catalogue, read_catalogue
from capture.campaign.client import Client, ClientFile, Contacts
from capture.campaign.costs import Costs, read_all_costs
from capture.campaign.files import (
    parse_campaign,
    read_campaign,
    read_client,
    read_draft,
    source_text,
)
from capture.campaign.model import (
    Answer,
    Campaign,
    CampaignFile,
    Caps,
    Criterion,
    DuplicateKey,
    Duplicates,
    FieldType,
    FormField,
    Notice,
    Price,
    PriceModel,
    Review,
)
from capture.campaign.ranges import number_range
from capture.campaign.schema import campaign_schema, client_schema, costs_schema

__all__ = [
    "Answer",
    "Campaign",
    "CampaignFile",
    "Caps",
    "Catalogue",
    "Client",
    "ClientFile",
    "Contacts",
    "Costs",
    "Criterion",
    "DuplicateKey",
    "Duplicates",
    "FieldType",
    "FormField",
    "Notice",
    "Price",
    "PriceModel",
    "Review",
    "campaign_schema",
    "client_schema",
    "costs_schema",
    "number_range",
    "parse_campaign",
    "read_all_costs",
    "read_campaign",
    "read_catalogue",
    "read_client",
    "read_draft",
    "source_text",
]
