"""JSON Schemas of the campaign and client file, so that an editor helps while one writes."""

from typing import Any

from pydantic import BaseModel

from capture.campaign.client import ClientFile
from capture.campaign.model import CampaignFile


def campaign_schema() -> dict[str, Any]:
    """What a file in campaigns/ may hold, as JSON Schema 2020-12."""
    return _schema(CampaignFile, "Gatepost campaign")


def client_schema() -> dict[str, Any]:
    """What a file in clients/ may hold, as JSON Schema 2020-12."""
    return _schema(ClientFile, "Gatepost client")


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": title}
