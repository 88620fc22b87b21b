"""The criteria of the two shipped campaigns."""

from pathlib import Path

import pytest

from capture.campaign.files import read_campaign
from capture.qualification.criteria import qualify, sentence

CAMPAIGNS = Path(__file__).parents[3] / "campaigns"


@pytest.fixture(name="guide", scope="module")
def guide_fixture():
    return read_campaign(CAMPAIGNS / "acme-cloud-guide.toml")


@pytest.fixture(name="demo", scope="module")
def demo_fixture():
    return read_campaign(CAMPAIGNS / "acme-demo.toml")


def test_the_guides_criteria_are_described_in_words(guide):
    assert [sentence(guide, name) for name in guide.criteria] == [
        "Industry is Healthcare",
        "Number of employees is at least 101",
    ]


@pytest.mark.parametrize(
    ("industry", "size", "passed"),
    [
        ("Healthcare", "101-500", True),
        ("Healthcare", "51-100", False),
        ("Retail", "1001+", False),
    ],
)
def test_the_guide_needs_healthcare_with_more_than_100_employees(guide, industry, size, passed):
    assert qualify(guide, {"industry": industry, "company_size": size}).passed == passed


@pytest.mark.parametrize(
    ("title", "passed"),
    [
        *(("V.P., Clinical Operations", True), ("Head of IT", True), ("Co-founder", True)),
        *(("Head Nurse", False), ("Assistant to the CEO", False), ("Product Owner", False)),
    ],
)
def test_the_demo_needs_a_decision_maker(demo, title, passed):
    assert qualify(demo, {"job_title": title, "company_size": "51-200"}).passed == passed
