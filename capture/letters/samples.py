"""Every letter with sample data, for previews and tests. No database is needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from capture.letters import agency, documents, leads, privacy, quarantine, users, visitor
from capture.letters.letter import Attachment, Letter
from capture.letters.render import Letterhead

_ZONE: Final = ZoneInfo("America/New_York")
_SERVICE: Final = "https://www.example.com"
_SIGNED: Final = "WyJsZWFkIiwiYWNtZSIsInNhbXBsZSIsInNhbXBsZSJd.sample.sample"
_CONFIRMATION: Final = "7ffwzp2npa6a-6a752f04-sample-acme-cloud-guide.sample"
_RECEIVED: Final = datetime(2026, 11, 30, 15, 15, tzinfo=UTC)
_LEADS: Final = "Acme Cloud"

LEAD: Final = leads.LeadFacts(
    lead_id="7ffwzp2npa6a",
    client=_LEADS,
    campaign="Get the Cloud Guide for healthcare",
    person="Ann Lee",
    company="Mercy Clinic",
    answers=(
        ("Full name", "Ann Lee"),
        ("Work e-mail", "ann.lee@mercy-clinic.example"),
        ("Company", "Mercy Clinic"),
        ("Job title", "Head of IT"),
        ("Industry", "Healthcare"),
        ("Number of employees", "101-500"),
        ("Country", "United States"),
    ),
    criteria=(
        ("Industry is Healthcare", "Healthcare"),
        ("Number of employees is at least 101", "101-500"),
    ),
    received_at=_RECEIVED,
    zone=_ZONE,
    deadline=datetime(2026, 12, 2, 15, 15, tzinfo=UTC),
    price="$50.00 per accepted lead, net of tax",
    is_charged_on_acceptance=True,
    url=f"{_SERVICE}/r/{_SIGNED}",
    list_url=f"{_SERVICE}/r/{_SIGNED}",
)
"""A lead of the first shipped campaign."""

DEMO_LEAD: Final = leads.LeadFacts(
    lead_id="4kq2m8d0xw7c",
    client=_LEADS,
    campaign="See Acme Cloud at work",
    person="Jos\N{LATIN SMALL LETTER E WITH ACUTE} Ortega",
    company="Ortega Logistics",
    answers=(
        ("Full name", "Jos\N{LATIN SMALL LETTER E WITH ACUTE} Ortega"),
        ("Work e-mail", "jose@ortega.example"),
        ("Job title", "Chief Technology Officer"),
        ("What would you like to see?", "How you move a warehouse system.\nWe have two sites."),
    ),
    criteria=(("Job title is one of: CTO, VP, Director", "Chief Technology Officer"),),
    received_at=_RECEIVED,
    zone=_ZONE,
    deadline=None,
    price="$250.00 per appointment held with an accepted lead, net of tax",
    is_charged_on_acceptance=False,
    url=f"{_SERVICE}/r/{_SIGNED}",
    list_url=f"{_SERVICE}/r/{_SIGNED}",
)
"""A lead that needs an explicit acceptance."""

DIGEST: Final = leads.DigestFacts((LEAD, DEMO_LEAD), LEAD.list_url)

GUIDE: Final = visitor.GuideFacts(
    title="Get the Cloud Guide for healthcare",
    client="Acme Cloud, Inc.",
    files=("cloud-guide.pdf", "lead-kpis.xlsx"),
    url=f"{_SERVICE}/g/{_SIGNED}",
    link_ends=datetime(2026, 12, 7, 15, 15, tzinfo=UTC),
    zone=_ZONE,
    consent=visitor.ConsentRecord(
        is_given=True,
        wording="I agree that Acme Cloud, Inc. may contact me about this guide and its services by "
        "e-mail or phone. I can withdraw at any time.",
        received_at=_RECEIVED,
        page=f"{_SERVICE}/articles/buying-leads/",
        url=f"{_SERVICE}/consent/7ffwzp2npa6a.sample",
        own_data_url=f"{_SERVICE}/privacy/me",
    ),
    unsubscribe_url=f"{_SERVICE}/u/{_SIGNED}",
)

CONFIRMATION: Final = replace(GUIDE, url=f"{_SERVICE}/c/{_CONFIRMATION}")

MEETING: Final = leads.MeetingFacts(
    lead=DEMO_LEAD,
    meeting_at=datetime(2026, 12, 1, 19, 0, tzinfo=UTC),
    answer_by=datetime(2026, 12, 3, 19, 0, tzinfo=UTC),
    is_charged_when_held=True,
    url=f"{_SERVICE}/r/{_SIGNED}",
)

WITHDRAWAL: Final = privacy.WithdrawalFacts(
    lead_id=LEAD.lead_id,
    client=_LEADS,
    campaign=LEAD.campaign,
    person=LEAD.person,
    company=LEAD.company,
    email="ann.lee@mercy-clinic.example",
    received_at=_RECEIVED,
    withdrawn_at=datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
    zone=_ZONE,
    is_waiting=True,
    is_not_me=False,
    url=f"{_SERVICE}/r/{_SIGNED}",
)

OWN_DATA: Final = privacy.OwnDataFacts(
    url=f"{_SERVICE}/privacy/me/{_SIGNED}",
    link_ends=datetime(2026, 12, 1, 15, 15, tzinfo=UTC),
    zone=_ZONE,
)

PASSPHRASE_LINK: Final = users.PassphraseLinkFacts(
    name="Carol Diaz",
    url=f"{_SERVICE}/desk/passphrase/{_SIGNED}",
    link_ends=datetime(2026, 12, 1, 15, 15, tzinfo=UTC),
)

STATEMENT: Final = documents.StatementFacts(
    client=_LEADS,
    title="Invoice acme-0001",
    subtitle="November 2026",
    is_note=False,
    facts=(
        ("Number", "acme-0001"),
        ("Date", "1 December 2026"),
        ("Period", "1 to 30 November 2026"),
        ("Due", "31 December 2026"),
        ("Purchase order", "PO-2026-0117"),
    ),
    totals=(("Net total of 3 lines", "$150.00"), ("To pay", "$150.00")),
    payment="Please pay $150.00 by 31 December 2026. Quote reference acme-0001.",
    details=("Example Bank", "Account 12345"),
    document=Attachment("acme-0001.pdf", "application/pdf", b"%PDF-1.7\nsample\n%%EOF\n"),
)

REPORT: Final = documents.ReportFacts(
    client=_LEADS,
    campaign="Get the Cloud Guide for healthcare",
    month="November 2026",
    until="29 November",
    status="The month is not closed yet: nothing is billed, and figures may change.",
    sentences=(
        "41 leads came, 18 of them qualified. 12 were accepted: 8 by the client, 1 by an entry of "
        "the agency for the client, 3 automatically at the deadline; 2 were rejected and 4 are "
        "still in review.",
        "5 more qualified than in October 2026.",
    ),
    figures=(
        ("Leads", "41 (month before: 30)"),
        ("Qualified", "18 (month before: 13)"),
        ("Acceptance rate", "85.7 % (month before: 80.0 %)"),
    ),
    page=Attachment("report-acme-cloud-guide-2026-11.html", "text/html", b"<!doctype html>\n"),
    unsubscribe_url=f"{_SERVICE}/u/{_SIGNED}",
)

DEBIT: Final = documents.DebitFacts(
    client=_LEADS,
    id="acme-p0001",
    statement="acme-0001",
    lead="4kq2m8d0xw7c",
    period="",
    amount="$100.00",
    reason="Wrong amount",
    proposed_on="3 December 2026",
    url=f"{_SERVICE}/r/{_SIGNED}",
)

SPAM: Final = agency.SpamFacts(
    slug="acme-cloud-guide",
    title="Get the Cloud Guide for healthcare",
    day="30 November 2026",
    zone=_ZONE,
    leads=(
        agency.SpamLead(
            "9v3t5h1rj6bn",
            _RECEIVED,
            ("a hidden field was filled in",),
            (("Full name", "Bob Q"), ("Work e-mail", "bob@mail.example")),
        ),
        agency.SpamLead("2c8w0y4sdk3m", _RECEIVED, ("a hidden field was filled in",), ()),
    ),
)

QUARANTINE: Final = quarantine.QuarantineFacts(
    leads=(
        quarantine.QuarantineEntryFacts(
            lead_id="5t7bq2mh9xw4",
            slug="acme-cloud-guide",
            zone=_ZONE,
            received_at=_RECEIVED,
            held_at=_RECEIVED,
            is_in_review=False,
            signals=("A field that people cannot see was filled in; some browsers do that.",),
            answers=(("Full name", "Bob Q"), ("Work e-mail", "bob@mail.example")),
        ),
        quarantine.QuarantineEntryFacts(
            lead_id="8d3n6kcy2jfv",
            slug="acme-cloud-guide",
            zone=_ZONE,
            received_at=_RECEIVED,
            held_at=datetime(2026, 11, 30, 16, 2, tzinfo=UTC),
            is_in_review=True,
            signals=("12 leads came from one traffic source within an hour.",),
            answers=(("Full name", "Eve R"), ("Work e-mail", "eve@shop.example")),
        ),
    ),
    count=2,
    in_review=1,
    groups=(
        quarantine.QuarantineGroup("acme-cloud-guide", "honeypot", 1, "5t7bq2mh9xw4"),
        quarantine.QuarantineGroup("acme-cloud-guide", "burst", 1, "8d3n6kcy2jfv"),
    ),
)

FAILED: Final = (
    agency.FailedDelivery(
        id=17,
        kind="lead_to_review",
        recipient="leads@acme-cloud.example.com",
        about="lead 7ffwzp2npa6a",
        result="550 5.1.1 no such mailbox",
        attempts=1,
    ),
)

CAP: Final = agency.CapFacts(
    slug="acme-cloud-guide",
    title="Get the Cloud Guide for healthcare",
    client=_LEADS,
    month="November 2026",
    reached="18 of 20 leads",
    consequence="Over the cap, a lead is recorded but not delivered and never billed.",
)

END: Final = agency.EndFacts(
    slug="acme-cloud-guide",
    title="Get the Cloud Guide for healthcare",
    client=_LEADS,
    last_day="31 December 2026",
    time_zone="America/New_York",
)

MISSING: Final = (
    agency.MissingFile("cloud-guide.pdf", "No such file or directory", "acme-cloud-guide"),
    agency.MissingFile("lead-kpis.xlsx", "is empty", "acme-cloud-guide"),
)

MONTH: Final = agency.MonthFacts(
    slug="acme",
    client=_LEADS,
    month="2026-11",
    month_name="November 2026",
    campaigns=("Get the Cloud Guide for healthcare", "See Acme Cloud at work"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A letter's function, and facts for it."""

    write: Callable[[Letterhead, Any], Letter]
    facts: Any
    recipient: str
    """In words."""

    def letter(self, letterhead: Letterhead) -> Letter:
        """The letter with the sample facts."""
        return self.write(letterhead, self.facts)


SAMPLES: Final[Mapping[str, Sample]] = {
    "guide": Sample(visitor.guide, GUIDE, "the visitor"),
    "confirmation": Sample(visitor.confirmation, CONFIRMATION, "the visitor"),
    "own_data": Sample(privacy.own_data, OWN_DATA, "the visitor"),
    "lead_to_review": Sample(leads.lead_to_review, LEAD, "the client"),
    "lead_released": Sample(leads.lead_released, LEAD, "the client"),
    "leads_digest": Sample(leads.leads_digest, DIGEST, "the client"),
    "review_warning": Sample(leads.review_warning, LEAD, "the client"),
    "meeting_question": Sample(leads.meeting_question, MEETING, "the client"),
    "consent_withdrawn": Sample(privacy.consent_withdrawn, WITHDRAWAL, "the client"),
    "statement": Sample(documents.statement, STATEMENT, "the client"),
    "report": Sample(documents.report, REPORT, "the client"),
    "debit_to_approve": Sample(documents.debit_to_approve, DEBIT, "the client"),
    "passphrase_link": Sample(users.passphrase_link, PASSPHRASE_LINK, "a user"),
    "spam_digest": Sample(agency.spam_digest, SPAM, "the agency"),
    "quarantine_digest": Sample(quarantine.quarantine_digest, QUARANTINE, "the agency"),
    "failed_deliveries": Sample(agency.failed_deliveries, FAILED, "the agency"),
    "cap_nearly_reached": Sample(agency.cap_nearly_reached, CAP, "the agency"),
    "campaign_ends": Sample(agency.campaign_ends, END, "the agency"),
    "missing_files": Sample(agency.missing_files, MISSING, "the agency"),
    "month_ready": Sample(agency.month_ready, MONTH, "the agency"),
}
"""By kind of message: its letter with sample data."""
