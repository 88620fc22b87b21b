"""The two campaigns that are shipped, judged as their files say."""

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


def test_the_guides_definition_reads_as_the_client_signs_it(guide):
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
def test_the_guide_wants_healthcare_of_more_than_100(guide, industry, size, passed):
    assert qualify(guide, {"industry": industry, "company_size": size}).passed == passed


@pytest.mark.parametrize(
    ("title", "passed"),
    [
        *(("V.P., Clinical Operations", True), ("Head of IT", True), ("Co-founder", True)),
        *(("Head Nurse", False), ("Assistant to the CEO", False), ("Product Owner", False)),
    ],
)
def test_the_demo_wants_someone_who_decides(demo, title, passed):
    assert qualify(demo, {"job_title": title, "company_size": "51-200"}).passed == passed
