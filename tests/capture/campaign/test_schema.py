"""The JSON Schemas for editors: up to date, and consistent with the reader."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from capture.campaign.schema import campaign_schema, client_schema, costs_schema

ROOT = Path(__file__).parents[3]
SCHEMAS = {"campaign": campaign_schema, "client": client_schema, "costs": costs_schema}


def as_json(text: str) -> Any:
    """The file as an editor's TOML plug-in passes it to a schema: dates are text."""
    return json.loads(json.dumps(tomllib.loads(text), default=str))


def is_valid(kind: str, text: str) -> bool:
    checker = Draft202012Validator(SCHEMAS[kind](), format_checker=FormatChecker())
    return checker.is_valid(as_json(text))


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_schema_is_valid_and_its_copy_in_docs_is_up_to_date(kind: str) -> None:
    schema = SCHEMAS[kind]()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == f"Gatepost {kind}"
    copy = (ROOT / "docs" / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert json.loads(copy) == schema, f"run: gatepost schema {kind} > docs/{kind}.schema.json"


@pytest.mark.parametrize("name", ["acme-cloud-guide", "acme-demo"])
def test_a_shipped_campaign_matches_its_schema(name: str) -> None:
    text = (ROOT / "campaigns" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ../docs/campaign.schema.json\n")
    assert is_valid("campaign", text)


def test_the_shipped_client_matches_its_schema() -> None:
    text = (ROOT / "clients" / "acme.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ../docs/client.schema.json\n")
    assert is_valid("client", text)


def test_money_may_be_a_number_or_the_same_in_quotes(campaign_text: str) -> None:
    assert is_valid("campaign", campaign_text)
    assert is_valid("campaign", campaign_text.replace("rate = 50.00", 'rate = "50.00"'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "The guide"\n', ""),
        ("currency =", "curency ="),
        ('kind = "gated"', 'kind = "free"'),
        ("opens = 2026-11-01", 'opens = "soon"'),
        ("[fields.email]", "[fields.mail]"),
        ("[fields.job_title]", '[fields."Job title"]'),
        ('label = "Phone"\ntype = "phone"', 'label = "Phone"\ntype = "choice"'),
        ('label = "Job title"', 'label = "Job title"\nchoices = ["CEO"]'),
        ("at_least = 51", "at_least = 51\nat_most = 200"),
        ("at_least = 51", 'at_least = "51"'),
        ("at_least = 51", ""),
        ("rate = 50.00", 'rate = "50,00"'),
        ("rate = 50.00", "rate = -1"),
        ("rate = 50.00", "percent = 10"),
        ("rate = 50.00", "rate = 50\nmonths = 12"),
        ('billable = "accepted"', 'billable = "held"'),
        ("hours = 48", "hours = 0"),
        ("window = 180", 'window = "forever"'),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(
    campaign_text: str, problems_after_change: Any, old: str, new: str
) -> None:
    assert not is_valid("campaign", campaign_text.replace(old, new))
    assert problems_after_change((old, new)), "the reader accepts it"


@pytest.mark.parametrize(
    ("price", "sound"),
    [
        ('model = "cpap"\nbillable = "scheduled"\nrate = 250', True),
        ('model = "cpap"\nbillable = "won"\nrate = 250', False),
        ('model = "cpa"\nbillable = "won"\nrate = 900\nrefund_days = 30', True),
        ('model = "cpa"\nbillable = "won"\npercent = 10', True),
        ('model = "cpa"\nbillable = "won"\npercent = 10\nrate = 900', False),
        ('model = "cpa"\nbillable = "won"', False),
        ('model = "revenue_share"\nbillable = "revenue"\npercent = 7.5\nmonths = 12', True),
        ('model = "revenue_share"\nbillable = "revenue"\npercent = 7.5', False),
        ('model = "revenue_share"\nbillable = "revenue"\nrate = 5\nmonths = 12', False),
    ],
)
def test_schema_and_reader_agree_on_every_price_model(
    campaign_text: str, problems_after_change: Any, price: str, sound: bool
) -> None:
    old = 'model = "cpl"\nbillable = "accepted"\nrate = 50.00'
    assert is_valid("campaign", campaign_text.replace(old, price)) is sound
    assert (problems_after_change((old, price)) == []) is sound
