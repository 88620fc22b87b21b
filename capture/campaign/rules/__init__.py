"""What a campaign file must obey beyond its shape: rules that look at several keys at once."""

from collections.abc import Iterator

from capture.campaign.problems import Finding
from capture.campaign.rules.criteria import criteria_findings
from capture.campaign.rules.draft import Draft, broken_parts
from capture.campaign.rules.form import form_findings
from capture.campaign.rules.terms import ValidationContext, money_findings, terms_findings

__all__ = ["Draft", "ValidationContext", "broken_parts", "campaign_findings"]


def campaign_findings(draft: Draft) -> Iterator[Finding]:
    """Every rule that a campaign breaks by itself, whatever stands around it."""
    yield from terms_findings(draft)
    yield from form_findings(draft)
    yield from criteria_findings(draft)
    yield from money_findings(draft)
