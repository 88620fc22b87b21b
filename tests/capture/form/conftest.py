"""A campaign with one field of each type, and a valid post of its form."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from capture.campaign.model import Campaign

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "full_name": {"label": "Your name"},
    "email": {"label": "Work e-mail", "type": "email", "help": "We write to it once."},
    "website": {"label": "Website", "type": "url", "required": False},
    "seats": {"label": "Seats", "type": "integer", "required": False},
    "company_size": {
        "label": "Company size",
        "type": "choice",
        "choices": ("1-50", "51-200", 'over "200" <staff>'),
    },
    "needs": {
        "label": "How can we help?",
        "type": "multiple_choice",
        "choices": ("Backup", "Security", "Cost & control"),
        "required": False,
    },
    "country": {"label": "Country", "type": "country", "required": False},
    "phone": {"label": "Phone (optional)", "type": "phone", "required": False},
    "message": {"label": "Message", "type": "long_text", "required": False, "max_length": 400},
}
GOOD: Mapping[str, Any] = {
    "full_name": "Ann Smith",
    "email": "ann@acme.org",
    "company_size": "51-200",
    "consent": "y",
}


def campaign(**changed: Any) -> Campaign:
    """The campaign; keyword arguments replace its terms."""
    terms: dict[str, Any] = {
        "slug": "acme-cloud-guide",
        "version": "f" * 64,
        "text": "",
        "title": "The cloud guide",
        "client": "acme",
        "currency": "USD",
        "time_zone": "America/New_York",
        "kind": "demo",
        "consent": "I agree to be called.",
        "fields": FIELDS,
        "criteria": {"email": {"business_email": True}},
        "price": {"model": "cpl", "rate": "50.00", "billable": "accepted"},
        "review": {"reasons": {"wrong_person": "Not the person we asked for."}},
    }
    return Campaign(**(terms | changed))


@pytest.fixture(scope="session", name="campaign")
def campaign_fixture() -> Callable[..., Campaign]:
    return campaign


@pytest.fixture(scope="session", name="good")
def good_fixture() -> Callable[..., MultiDict[str, str]]:
    """Makes a valid post; keyword arguments replace its values."""

    def good(**changed: Any) -> MultiDict[str, str]:
        return MultiDict({**GOOD, **changed})

    return good
