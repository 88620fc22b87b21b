"""The messages for invalid answers."""

import pytest
from werkzeug.datastructures import MultiDict

from capture.form.campaign_form import form_class
from tests.capture.form.conftest import FIELDS

EMAIL = "Enter your work e-mail as name@company.com."
PHONE = "Enter your phone with the country code, such as +1 212 555 0100."
URL = "Enter your website as https://company.com."


def required(name):
    """All fields of the sample campaign, with one of them required."""
    return {
        field: {**terms, "required": True} if field == name else terms
        for field, terms in FIELDS.items()
    }


SEATS = "Enter your seats as a whole number, such as 250."


def test_an_empty_post_names_every_required_field_in_order(campaign):
    form = form_class(campaign())(MultiDict())
    assert not form.validate()
    assert form.problems() == [
        ("acme-cloud-guide-full_name", "Enter your name."),
        ("acme-cloud-guide-email", EMAIL),
        ("acme-cloud-guide-company_size", "Choose your company size."),
        ("acme-cloud-guide-consent", "Tick the box to show that you agree."),
    ]


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("full_name", "x" * 201, "Enter your name in at most 200 characters; it has 201 now."),
        ("email", "ann", EMAIL),
        ("email", "ann@acme", EMAIL),
        ("email", "ann@acme.test", EMAIL),
        ("email", "ann@acme.org\nBcc: all@acme.org", EMAIL),
        ("email", "Ann <ann@acme.org>", EMAIL),
        (
            "email",
            "ann@x.mailinator.com",
            "Enter your work e-mail at a domain that you keep; "
            "addresses at x.mailinator.com are thrown away.",
        ),
        ("website", "javascript:alert(1)", URL),
        ("website", "ftp://acme.org", URL),
        ("website", "https://ann:pw@acme.org", URL),
        ("website", "https://localhost/", URL),
        ("website", "https://10.0.0.1/", URL),
        ("website", "https://acme.org:99999/", URL),
        ("website", "https://[acme.org", URL),
        ("website", "acme org", URL),
        ("seats", "12.5", SEATS),
        ("seats", "1,20", SEATS),
        ("seats", "9" * 16, SEATS),
        ("company_size", "51", "Choose your company size from the answers offered."),
        ("needs", "Everything", "How can we help? Choose an answer from the answers offered."),
        ("country", "EU", "Choose your country from the answers offered."),
        ("phone", "030 123456", PHONE),
        ("phone", "+1 212", PHONE),
        ("phone", "call me", PHONE),
        ("message", "x" * 401, "Enter your message in at most 400 characters; it has 401 now."),
        ("consent", "", "Tick the box to show that you agree."),
        ("consent", "false", "Tick the box to show that you agree."),
    ],
)
def test_an_invalid_answer_is_reported_with_field_and_fix(campaign, good, name, typed, message):
    form = form_class(campaign(fields=required(name)))(good(**{name: typed}))
    assert not form.validate()
    assert form.problems() == [(f"acme-cloud-guide-{name}", message)]
    assert name not in form.answers()


def test_an_invalid_phone_number_is_reported_with_an_example_of_the_country(campaign, good):
    form = form_class(campaign(fields=required("phone")))(good(country="DE", phone="12"))
    form.validate()
    assert form.problems() == [
        (
            "acme-cloud-guide-phone",
            "Enter your phone as in Germany, such as 030 123456, or as +49 30 123456.",
        )
    ]


def test_a_country_without_phones_asks_for_the_country_code(campaign, good):
    form = form_class(campaign(fields=required("phone")))(good(country="AQ", phone="12"))
    form.validate()
    assert form.problems() == [("acme-cloud-guide-phone", PHONE)]


def test_a_required_multiple_choice_without_an_answer_is_reported(campaign, good):
    needs = {"label": "Interests", "type": "multiple_choice", "choices": ("A", "B")}
    form = form_class(campaign(fields={"needs": needs}))(good())
    form.validate()
    assert form.problems() == [("acme-cloud-guide-needs", "Choose your interests (one or more).")]


def test_max_length_does_not_limit_the_choices_of_a_field(campaign, good):
    needs = {"label": "Plan", "type": "choice", "choices": ("Enterprise",), "max_length": 3}
    form = form_class(campaign(fields={"plan": needs}))(good(plan="Enterprise"))
    assert form.validate()
    assert form.answers() == {"plan": "Enterprise"}


def test_a_phone_field_needs_no_country_field(campaign, good):
    form = form_class(campaign(fields={"phone": {"label": "Phone", "type": "phone"}}))
    assert form(good(phone="+1 212 555 0100")).validate()
    assert not form(good(phone="212 555 0100")).validate()
