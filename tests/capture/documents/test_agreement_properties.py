"""Properties of the agreement on any valid campaign."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.campaign.model import Campaign
from capture.campaign.rules import campaign_findings
from capture.campaign.rules.draft import Draft
from capture.documents.agreement.difference import differences
from capture.documents.agreement.document import agreement, to_html, to_markdown
from capture.qualification.criteria import sentence
from tests.capture.documents.conftest import AGENCY, CLIENT, texts
from tests.long import rounds

pytestmark = [pytest.mark.slow, pytest.mark.long]

LINES = st.text("abcXYZé -<&*|_#", min_size=1, max_size=30).map(
    lambda text: f"Text {' '.join(text.split())}".strip()
)
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))
FIELDS: dict[str, dict[str, Any]] = {
    "email": {"type": "email"},
    "full_name": {},
    "company_size": {"type": "choice", "choices": ("1-50", "51-100", "101+")},
    "needs": {"type": "multiple_choice", "choices": ("Backup", "Cost, and control")},
    "country": {"type": "country"},
    "job_title": {"max_length": 80},
    "seats": {"type": "integer"},
    "phone": {"type": "phone", "required": False},
    "message": {"type": "long_text", "required": False, "help": "Anything."},
}
CRITERIA: dict[str, dict[str, Any]] = {
    "company_size": {"at_least": 51},
    "small": {"field": "company_size", "at_most": 100},
    "email": {"business_email": True},
    "country": {"country_in": ("US", "DE")},
    "needs": {"contains_any": ("Backup", "Cost, and control")},
    "job_title": {"matches": ("CEO", "VP")},
    "full_name": {"none_of": ("Nobody",)},
    "seats": {"between": (5, 50)},
}
PRICES: list[dict[str, Any]] = [
    {"model": "cpl", "billable": "accepted", "rate": "50"},
    {"model": "cpap", "billable": "held", "rate": "250"},
    {"model": "cpap", "billable": "scheduled", "rate": "300"},
    {"model": "cpa", "billable": "won", "rate": "500", "refund_days": 1},
    {"model": "cpa", "billable": "won", "percent": "10"},
    {"model": "revenue_share", "billable": "revenue", "percent": "12.5", "months": 12},
    {
        "model": "revenue_share",
        "billable": "revenue",
        "percent": "12.5",
        "months": 12,
        "refund_days": 30,
    },
]


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    """A valid campaign with any of the options."""
    names = draw(st.lists(st.sampled_from(sorted(CRITERIA)), min_size=1, unique=True))
    working = draw(st.booleans())
    opens, closes = sorted(draw(st.tuples(DAYS, DAYS)))
    review: dict[str, Any] = {
        "hours": draw(st.integers(1, 720)),
        "working_days": working,
        "holidays": tuple(draw(st.lists(DAYS, max_size=3, unique=True))) if working else (),
        "reasons": draw(
            st.dictionaries(
                st.sampled_from(["a", "b", "c"]), LINES.map("It is {}.".format), min_size=1
            )
        ),
        "notice": draw(st.sampled_from(["none", "email", "webhook"])),
    }
    data = {
        "title": draw(LINES),
        "summary": draw(st.just("") | LINES),
        "client": "acme",
        "currency": draw(st.sampled_from(["USD", "JPY", "KWD"])),
        "time_zone": "America/New_York",
        "opens": draw(st.none() | st.just(opens)),
        "closes": draw(st.none() | st.just(closes)),
        "consent": draw(LINES),
        "fields": {name: {"label": draw(LINES), **field} for name, field in FIELDS.items()},
        "criteria": {name: CRITERIA[name] for name in names},
        "price": draw(st.sampled_from(PRICES)),
        "review": review,
        "confirm": draw(st.sampled_from(["none", "email"])),
        "quarantine": {
            "enabled": draw(st.booleans()),
            "hold_at": draw(st.integers(1, 400)),
            "honeypot": draw(st.integers(0, 200)),
            "burst": draw(st.integers(0, 200)),
            "burst_leads": draw(st.integers(2, 50)),
        },
        "duplicates": {
            "keys": draw(
                st.lists(
                    st.sampled_from(["email", "phone", "company_domain"]), min_size=1, unique=True
                ).map(tuple)
            ),
            "window": draw(st.just("for ever") | st.integers(1, 3650)),
            "scope": draw(st.sampled_from(["campaign", "client"])),
        },
        "caps": {
            "leads_a_month": draw(st.none() | st.integers(100, 2000)),
            "leads_a_company": draw(st.none() | st.integers(1, 100)),
            "money_a_month": draw(st.none() | st.just("5000")),
            "over": draw(st.sampled_from(["refuse", "free"])),
        },
        "reporting": draw(st.sampled_from([None, {"every": "month"}, {"every": "week"}])),
        **draw(st.sampled_from([{"kind": "demo"}, {"kind": "gated", "assets": ("a.pdf",)}])),
    }
    assert [*campaign_findings(Draft.from_data(data, frozenset()))] == []
    version = draw(st.text("0123456789abcdef", min_size=64, max_size=64))
    return Campaign(slug="guide", version=version, text="", **data)


@given(campaigns())
@settings(max_examples=rounds(50, 2000), deadline=None)
def test_no_text_is_empty_or_contains_none_or_a_double_space(campaign: Campaign) -> None:
    document = agreement(campaign, CLIENT, AGENCY)
    for text in texts(document):
        assert text == text.strip() != ""
        assert "None" not in text
        assert "  " not in text
        assert not {"..", ",,", " .", " ,", "()"} & {text[n : n + 2] for n in range(len(text))}
    for section in document.sections:
        assert section.clauses
        for clause in section.clauses:
            assert clause.text.endswith((".", ":"))
            follows = bool(clause.items or clause.table or clause.quote)
            assert follows or clause.text.endswith(".")


@given(campaigns())
@settings(max_examples=rounds(50, 2000), deadline=None)
def test_each_criterion_has_the_sentence_of_the_verdict_word_for_word(campaign: Campaign) -> None:
    parts = texts(agreement(campaign, CLIENT, AGENCY))
    for name in campaign.criteria:
        assert sentence(campaign, name) in parts


@given(campaigns())
@settings(max_examples=rounds(50, 2000), deadline=None)
def test_html_and_markdown_contain_no_none(campaign: Campaign) -> None:
    document = agreement(campaign, CLIENT, AGENCY)
    assert "None" not in to_html(document) + to_markdown(document)


@given(campaigns(), campaigns())
@settings(max_examples=rounds(50, 2000), deadline=None)
def test_the_list_of_differences_is_empty_if_and_only_if_the_terms_are_the_same(
    old: Campaign, new: Campaign
) -> None:
    assert differences(old, old) == differences(new, new) == []
    messages = differences(old, new)
    assert bool(messages) == (effective_terms(old) != effective_terms(new))
    assert bool(messages) == bool(differences(new, old))
    assert not any("None" in line or "  " in line for line in messages)


def effective_terms(campaign: Campaign) -> dict[str, Any]:
    """All terms, without the version and without what has no effect."""
    data = campaign.model_dump(exclude={"slug", "version", "text"})
    caps = data["caps"]
    if caps["leads_a_month"] is None and caps["leads_a_company"] is None:
        caps["over"] = "refuse"
    data["duplicates"]["keys"] = set(data["duplicates"]["keys"])
    data["review"]["holidays"] = set(data["review"]["holidays"])
    return data
