"""A campaign with all types of field, and criteria that each test chooses."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from capture.campaign.model import Campaign

Agreement = Callable[..., Campaign]

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "email": {"label": "Work e-mail", "type": "email"},
    "job_title": {"label": "Job title"},
    "company_size": {
        "label": "Company size",
        "type": "choice",
        "choices": ("1-50", "51-100", "101-200", "201-1000", "1001+"),
    },
    "industry": {
        "label": "Industry",
        "type": "choice",
        "choices": ("Healthcare", "Hospitals", "Other"),
    },
    "needs": {
        "label": "Needs",
        "type": "multiple_choice",
        "choices": ("Backup", "Security", "Cost, and control"),
    },
    "country": {"label": "Country", "type": "country"},
    "seats": {"label": "Seats", "type": "integer"},
    "message": {"label": "Message", "type": "long_text"},
}


def agreement(**criteria: Mapping[str, Any]) -> Campaign:
    """A campaign with every type of field and the given criteria."""
    return Campaign(
        slug="acme-cloud-guide",
        version="f" * 64,
        text="",
        title="The cloud guide",
        client="acme",
        currency="USD",
        time_zone="America/New_York",
        kind="demo",
        consent="I agree.",
        fields=FIELDS,
        criteria=criteria,
        price={"model": "cpl", "rate": "50.00", "billable": "accepted"},
        review={"reasons": {"wrong_person": "Not the person we asked for."}},
    )


@pytest.fixture(scope="session", name="agreement")
def agreement_fixture() -> Agreement:
    return agreement
