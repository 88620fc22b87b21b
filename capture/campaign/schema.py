"""JSON Schemas of campaign, client and costs files, for completion and checks in editors."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from capture.campaign.catalogue import CostsFile
from capture.campaign.client import ClientFile
from capture.campaign.model import OPERATORS, CampaignFile, PriceModel
from capture.campaign.rules.terms import PRICE_KEYS, PRICE_MODELS, ModelTerms
from capture.campaign.value_types import NAME


def campaign_schema() -> dict[str, Any]:
    """The JSON Schema 2020-12 of a file in campaigns/.

    It covers the shape and the rules that JSON Schema can express: one operator for each criterion,
    choices for choice fields, the keys of each price model. `read_campaign` checks all rules.
    """
    schema = _schema(CampaignFile, "Gatepost campaign")
    parts = schema["$defs"]
    parts["Criterion"]["oneOf"] = [{"required": [operator]} for operator in OPERATORS]
    parts["FormField"] |= {"if": _HAS_CHOICES, "then": _WITH_CHOICES, "else": _WITHOUT_CHOICES}
    parts["Price"]["oneOf"] = [_price(model, terms) for model, terms in PRICE_MODELS.items()]
    for table in ("fields", "criteria"):
        schema["properties"][table]["propertyNames"] = {"pattern": NAME}
    schema["properties"]["fields"]["required"] = ["email"]
    return schema


def client_schema() -> dict[str, Any]:
    """The JSON Schema 2020-12 of a file in clients/."""
    return _schema(ClientFile, "Gatepost client")


def costs_schema() -> dict[str, Any]:
    """The JSON Schema 2020-12 of a costs file beside a campaign."""
    return _schema(CostsFile, "Gatepost costs")


_HAS_CHOICES = {
    "properties": {"type": {"enum": ["choice", "multiple_choice"]}},
    "required": ["type"],
}
_WITH_CHOICES = {"properties": {"choices": {"minItems": 1}}, "required": ["choices"]}
_WITHOUT_CHOICES = {"properties": {"choices": {"maxItems": 0}}}


def _price(model: PriceModel, terms: ModelTerms) -> dict[str, Any]:
    """The keys of one price model; only `cpa` has a choice, rate or percent."""
    known = {"model": {"const": model.value}, "billable": {"enum": list(terms.billable)}}
    unknown = {"anyOf": [{"required": [key]} for key in PRICE_KEYS if not terms.knows(key)]}
    either = {"oneOf": [{"required": [key]} for key in terms.one_of]} if terms.one_of else {}
    return {"properties": known, "required": list(terms.needs), "not": unknown} | either


class _TomlJsonSchema(GenerateJsonSchema):
    """Omits null, which TOML does not have, and titles that repeat the key."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=_TomlJsonSchema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": title}
