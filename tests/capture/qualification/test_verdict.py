"""The verdict of all criteria together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.qualification.criteria import qualify
from capture.qualification.verdict import RULE_DATA_VERSION

CRITERIA = {
    "email": {"business_email": True},
    "job_title": {"matches": ("VP", "Director")},
    "company_size": {"at_least": 101},
    "industry": {"one_of": ("Healthcare", "Hospitals")},
    "not_other": {"field": "industry", "none_of": ("Other",)},
    "needs": {"contains_any": ("Backup",)},
    "country": {"country_in": ("US", "DE")},
    "seats": {"between": (5, 500)},
}
ANSWERS = {
    "email": "ann@acme.org",
    "job_title": "VP Sales",
    "company_size": "201-1000",
    "industry": "Healthcare",
    "needs": ("Backup", "Security"),
    "country": "US",
    "seats": 12,
}

some_answer = st.one_of(
    st.text(max_size=30),
    st.integers(),
    st.lists(st.sampled_from(["Backup", "Security"]), unique=True).map(tuple),
    st.sampled_from(list(ANSWERS.values())),
)


def test_a_lead_that_meets_every_criterion_passes(agreement):
    verdict = qualify(agreement(**CRITERIA), ANSWERS)
    assert verdict.passed
    assert [result.id for result in verdict.criteria] == list(CRITERIA)
    assert all(result.passed for result in verdict.criteria)


@pytest.mark.parametrize("missing", list(ANSWERS))
def test_one_missing_answer_fails_the_lead_with_the_reason(agreement, missing):
    answers = {name: answer for name, answer in ANSWERS.items() if name != missing}
    verdict = qualify(agreement(**CRITERIA), answers)
    (first, *_) = (result for result in verdict.criteria if not result.passed)
    assert not verdict.passed
    assert first.value is None
    assert first.reason == "no answer"


@pytest.mark.parametrize("blank", ["", "  ", ()])
def test_a_blank_answer_fails_none_of(agreement, blank):
    (result,) = qualify(agreement(needs={"none_of": ("Security",)}), {"needs": blank}).criteria
    assert not result.passed
    assert result.reason == "no answer: nothing shows that it is none of these"


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(ANSWERS, some_answer)))
def test_a_verdict_passes_only_if_every_criterion_passes(agreement, answers):
    verdict = qualify(agreement(**CRITERIA), answers)
    assert verdict.passed == all(result.passed for result in verdict.criteria)
    assert verdict == qualify(agreement(**CRITERIA), dict(answers))
    for result in verdict.criteria:
        alone = agreement(**{result.id: CRITERIA[result.id]})
        assert qualify(alone, answers).criteria == (result,)


def test_two_campaigns_of_one_version_are_not_mixed_up(agreement):
    assert qualify(agreement(seats={"at_least": 10}), {"seats": 12}).passed
    assert not qualify(agreement(seats={"at_least": 20}), {"seats": 12}).passed


def test_a_long_answer_is_shortened_only_in_the_reason(agreement):
    text = "cloud " * 500
    (result,) = qualify(agreement(message={"contains_any": ("cloud",)}), {"message": text}).criteria
    assert result.value == text
    assert len(result.reason) < 140


def test_the_verdict_cites_the_version_of_the_rule_data(agreement):
    verdict = qualify(agreement(seats={"equal": 1}), {"seats": 1})
    assert verdict.rule_data == RULE_DATA_VERSION
    assert len(RULE_DATA_VERSION) == 12
    assert int(RULE_DATA_VERSION, 16) > 0
