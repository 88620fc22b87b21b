"""Sample campaign, submission, parties and events for many tests."""

from collections.abc import Mapping
from datetime import UTC, datetime

from capture.billing.statement import Parties, Party
from capture.campaign.files import parse_campaign
from capture.campaign.model import Answer, Campaign
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

GUIDE = """\
%PDF-1.7
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >> endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000058 00000 n\x20
0000000115 00000 n\x20
trailer << /Size 4 /Root 1 0 R >>
startxref
186
%%EOF
"""
"""A complete PDF with one empty page."""

NO_GROUPS = """\
[quarantine]
burst = 0
alike = 0
network = 0
"""
"""Disables the risk signals on groups, for tests that send many equal leads."""

CAMPAIGN = f"""\
title = "The guide"
client = "acme"
currency = "USD"
time_zone = "America/New_York"
kind = "demo"
consent = "I agree that Acme may call me."

[fields.full_name]
label = "Name"
[fields.email]
label = "Work e-mail"
type = "email"
[fields.company_size]
label = "Company size"
type = "choice"
choices = ["1-50", "51-100", "101+"]
[fields.phone]
label = "Phone"
type = "phone"
required = false

[criteria]
company_size = {{ at_least = 101 }}

{NO_GROUPS}
[price]
model = "cpl"
rate = 50
billable = "accepted"

[review]
hours = 48
reasons = {{ too_small = "The company is smaller than it said." }}
"""

ANSWERS: Mapping[str, Answer] = {
    "full_name": "Ann Lee",
    "email": "ann@clinic.example",
    "company_size": "101+",
}


PARTIES = Parties(
    supplier=Party("Northgate Leads", ("1 Main Street", "New York"), "EIN 11-1111111"),
    customer=Party("Acme Cloud, Inc.", ("500 Example Avenue", "New York"), "EIN 00-0000000"),
    purchase_order="PO-1",
    vat_rate="0",
    vat_note="",
    payment_days=30,
    payment=("Example Bank", "Account 12345"),
)
"""Both sides of a statement, without tax."""


def campaign(*more: str, slug: str = "guide", text: str = CAMPAIGN) -> Campaign:
    """A campaign with one criterion; `more` is TOML to append to its file.

    A table `quarantine` in it replaces the one of `CAMPAIGN`.
    """
    if any("[quarantine]" in part for part in more):
        text = text.replace(NO_GROUPS, "")
    return parse_campaign(slug, "\n".join([text, *more]), f"{slug}.toml")


def submission(terms: Campaign, **changes: Answer) -> Submission:
    """A submission that qualifies unless `changes` replaces its answers."""
    return Submission({**ANSWERS, **changes}, consent_to(terms.version))


def consent_to(version: str) -> Consent:
    """The consent of a visitor who ticked the box beside the text of a campaign version."""
    return Consent(given=True, version=version)


def received_event(lead_id: str, *, at: datetime = NOW, test: bool = False) -> Event:
    """The event that every lead begins with."""
    version = campaign().version
    data = {
        "client": "acme",
        "consent_given": True,
        "consent_version": version,
        "month": "2026-11",
        "source": "form",
        "test": test,
        "version": version,
    }
    return Event(
        campaign="guide",
        lead_id=lead_id,
        kind=EventKind.RECEIVED,
        occurred_at=at,
        recorded_at=at,
        actor=Actor.VISITOR,
        data=data,
    )


def later_event(lead_id: str, kind: EventKind, *, at: datetime = NOW, **data: object) -> Event:
    """Any later event of a lead."""
    return Event(
        campaign="guide",
        lead_id=lead_id,
        kind=kind,
        occurred_at=at,
        recorded_at=at,
        actor=Actor.SYSTEM,
        data=data,
    )
