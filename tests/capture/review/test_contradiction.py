"""Which reasons of a rejection contradict which answers."""

import pytest

from capture.review.contradiction import contradicted_field
from tests.samples import ANSWERS, campaign

ANSWERED = {**ANSWERS, "industry": "Healthcare", "budget": 900}
PASSED = {"company_size": True, "sector": True, "budget": True, "email": True}
MORE = """
[criteria.sector]
field = "industry"
equal = "Healthcare"
[criteria.email]
business_email = true
[fields.industry]
label = "Industry"
type = "choice"
choices = ["Healthcare", "Retail"]
"""
BUDGET = """
[fields.budget]
label = "Budget"
type = "integer"
[criteria.budget]
between = [500, 1000]
"""


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("too_small", "company_size"),
        ("too_big", None),  # no criterion has an upper limit
        ("not_industry", "industry"),
        ("wrong-sector", "industry"),
        ("company_size_wrong", "company_size"),
        ("company_closed", None),
        ("invalid_email", None),  # a business address may be invalid all the same
        ("known_customer", None),
    ],
)
def test_a_reason_is_about_the_criterion_that_its_code_names(
    reason: str, field: str | None
) -> None:
    assert contradicted_field(campaign(MORE), reason, PASSED, ANSWERED) == field


def test_a_size_that_could_mean_two_criteria_is_about_none() -> None:
    terms = campaign(BUDGET)
    assert contradicted_field(terms, "too_small", PASSED, ANSWERED) is None
    assert contradicted_field(terms, "budget_too_small", PASSED, ANSWERED) == "budget"
    assert contradicted_field(terms, "too_big", PASSED, ANSWERED) == "budget"


def test_a_criterion_that_was_not_met_or_answered_contradicts_nothing() -> None:
    assert contradicted_field(campaign(), "too_small", {"company_size": False}, ANSWERED) is None
    assert contradicted_field(campaign(), "too_small", {}, ANSWERED) is None
    assert contradicted_field(campaign(), "too_small", PASSED, {}) is None
