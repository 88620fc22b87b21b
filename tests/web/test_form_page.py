"""The form on its own page, and the answer to an invalid form."""

import pytest

from capture.campaign.files import read_campaign
from tests.service import GUIDE, ROOT, Service, person
from tests.web.markup import Markup

CAMPAIGN = read_campaign(ROOT / "campaigns" / f"{GUIDE}.toml")


def test_the_page_asks_for_the_campaigns_fields_and_carries_its_version(service: Service) -> None:
    answer = service.get(f"/f/{GUIDE}")
    page = Markup(answer.text)
    assert answer.status == 200
    assert [name for name in page.values if not name.startswith("gp_")] == [
        *CAMPAIGN.fields,
        "homepage",
    ]
    assert page.values["gp_version"] == service.version(GUIDE)
    assert CAMPAIGN.consent in answer.text


def test_no_page_sets_a_cookie_and_each_has_a_strict_policy(service: Service) -> None:
    for path in (f"/f/{GUIDE}", "/", "/missing/", "/healthz", f"/f/{GUIDE}/thanks"):
        answer = service.get(path)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_loads_nothing_from_other_hosts(service: Service) -> None:
    page = Markup(service.get(f"/f/{GUIDE}").text)
    addresses = [
        attributes.get("src") or attributes.get("href") or "/" for _, attributes in page.tags
    ]
    assert all(address.startswith(("/", "#")) for address in addresses)
    for address in filter(lambda address: address.startswith("/theme/"), addresses):
        assert service.get(address).status == 200


TYPED = {
    "full_name": '<b>"Ann" & Lee</b>',
    "email": "ann@",
    "company": "Müller's <Klinik>",
    "job_title": "=1+1",
    "industry": "Healthcare",
    "company_size": "101-500",
    "country": "DE",
    "phone": "12",
    "gp_id": "one-time-id-of-this-form",
    "gp_first": '{"path": "/a/"}',
    "gp_last": '{"path": "/b/"}',
}


def test_an_invalid_form_comes_back_with_all_input(service: Service) -> None:
    answer = service.post(TYPED)
    page = Markup(answer.text)
    assert answer.status == 422
    assert {name: page.values[name] for name in TYPED} == TYPED
    assert "<b>" not in answer.text
    assert "consent" not in page.values


def test_errors_are_in_a_summary_and_at_their_fields(service: Service) -> None:
    page = Markup(service.post(TYPED).text)
    wrong = [f"{GUIDE}-email", f"{GUIDE}-consent"]
    assert page.problems() == wrong
    for field in wrong:
        assert page.text_by_id[f"{field}-error"].startswith("Error: ")
        assert f"{field}-error" in page.by_id(field)["aria-describedby"]
        assert page.by_id(field)["aria-invalid"] == "true"
    form = [
        tag
        for tag, attributes in page.tags
        if tag in {"form", "input"} or "autofocus" in attributes
    ]
    assert form[:2] == ["form", "div"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "", "Enter your work e-mail as name@company.com."),
        ("email", "ann@mailinator.com", "addresses at mailinator.com are thrown away"),
        ("company_size", "51-200", "Choose your number of employees from the answers offered."),
        ("country", "Atlantis", "Choose your country from the answers offered."),
        ("company", "x" * 201, "in at most 200 characters; it has 201 now"),
        ("consent", "", "Tick the box to show that you agree."),
    ],
)
def test_each_error_says_how_to_fix_it(
    service: Service, field: str, value: str, message: str
) -> None:
    form = person(**{field: value})
    if not value:
        del form[field]
    answer = service.post(form)
    assert answer.status == 422
    assert message in Markup(answer.text).text_by_id[f"{GUIDE}-{field}-error"]


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "text/plain"])
def test_a_body_that_is_not_a_form_counts_as_an_empty_form(service: Service, kind: str) -> None:
    answer = service.post(person(), Content_Type=kind)
    assert answer.status == 422
    assert len(Markup(answer.text).problems()) == 8
