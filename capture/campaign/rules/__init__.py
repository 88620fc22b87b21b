"""The rules of a campaign file beyond its shape, which compare several keys."""

from collections.abc import Iterator

from capture.campaign.problems import Finding
from capture.campaign.rules.criteria import criteria_findings
from capture.campaign.rules.draft import Draft, broken_parts
from capture.campaign.rules.form import form_findings
from capture.campaign.rules.terms import ValidationContext, money_findings, terms_findings

__all__ = ["Draft", "ValidationContext", "broken_parts", "campaign_findings"]


def campaign_findings(draft: Draft) -> Iterator[Finding]:
    """Every rule that the file breaks on its own, without its client and gated files."""
    yield from terms_findings(draft)
    yield from form_findings(draft)
    yield from criteria_findings(draft)
    yield from money_findings(draft)
