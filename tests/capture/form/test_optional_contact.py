"""Optional contact data that looks wrong is stored as typed and does not block the form."""

import pytest

from capture.form.campaign_form import check_values, form_class


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("phone", "+1 624 305 1111"),
        ("phone", "call me"),
        ("website", "javascript:alert(1)"),
        ("website", "acme org"),
        ("private", "ann@"),
        ("private", "ann@mailinator.com"),
    ],
)
def test_invalid_optional_contact_data_is_kept_apart_from_the_answers(campaign, good, name, typed):
    form = form_class(campaign(fields=fields_with_contact(required=False)))(good(**{name: typed}))
    assert form.validate()
    assert (form.unverified(), form.problems()) == ({name: typed}, [])
    assert name not in form.answers()


@pytest.mark.parametrize("name", ["phone", "website", "private"])
def test_invalid_required_contact_data_is_refused(campaign, good, name):
    form = form_class(campaign(fields=fields_with_contact(required=True)))(good(**{name: "?"}))
    assert not form.validate()
    assert name not in form.answers()


def test_control_characters_are_removed_and_long_text_is_refused(campaign, good):
    make = form_class(campaign(fields=fields_with_contact(required=False)))
    form = make(good(phone="+1\x00 \u202e62\ud800"))
    assert (form.validate(), form.unverified()) == (True, {"phone": "+1 62"})
    assert not make(good(phone="1" * 61)).validate()


def test_valid_contact_data_is_an_answer_and_is_not_kept_twice(campaign, good):
    form = form_class(campaign(fields=fields_with_contact(required=False)))(
        good(phone="+1 212 555 0100")
    )
    assert (form.validate(), form.unverified()) == (True, {})
    assert form.answers()["phone"] == "+12125550100"


def test_check_values_returns_the_doubts(campaign):
    typed = {"full_name": "Ann", "email": "ann@acme.org", "phone": "+1 624 305 1111"}
    checked = check_values(campaign(fields=fields_with_contact(required=False)), typed)
    assert (checked.problems, checked.unverified) == ({}, {"phone": "+1 624 305 1111"})
    assert checked.doubts["phone"].startswith('phone = "+1 624 305 1111": Enter your phone')


def fields_with_contact(*, required):
    contact = {"phone": "phone", "website": "url", "private": "email"}
    return {
        "full_name": {"label": "Your name"},
        "email": {"label": "Work e-mail", "type": "email"},
        **{
            name: {"label": name.capitalize(), "type": kind, "required": required}
            for name, kind in contact.items()
        },
    }
