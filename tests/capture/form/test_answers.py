"""The answers of a valid form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.form.campaign_form import form_class


@pytest.fixture(scope="module", name="answer")
def answer_fixture(campaign, good):
    """Returns the normalized answer for text typed into one field."""

    def answer(name, typed, **others):
        form = form_class(campaign())(good(**{name: typed}, **others))
        assert form.validate(), form.problems()
        return form.answers().get(name)

    return answer


def test_only_answered_fields_of_the_campaign_are_answers(campaign, good):
    form = form_class(campaign())(good(gp_id="0123456789", homepage="", phone="  "))
    assert form.validate()
    assert form.answers() == {
        "full_name": "Ann Smith",
        "email": "ann@acme.org",
        "company_size": "51-200",
    }


@pytest.mark.parametrize(
    ("name", "typed", "normalized"),
    [
        ("full_name", "  Zoe\u0308\tde\u00a0Boer\r\n", "Zo\u00eb de\u00a0Boer"),
        ("full_name", "Ann\0 \u202eSmith\u202c\ufeff", "Ann Smith"),
        ("full_name", "=1+1", "=1+1"),
        ("email", " Ann.Smith@ACME.org ", "Ann.Smith@acme.org"),
        ("email", "ann@b\u00fccher.example", "ann@b\u00fccher.example"),
        ("email", "ann@xn--bcher-kva.example", "ann@b\u00fccher.example"),
        ("website", "Acme.org/Cloud?q=1", "https://acme.org/Cloud?q=1"),
        ("website", "HTTP://ACME.org:8080", "http://acme.org:8080"),
        ("website", "acme.org:8080/x", "https://acme.org:8080/x"),
        ("website", "//acme.org", "https://acme.org"),
        ("seats", "0", 0),
        ("seats", "1,200", 1200),
        ("seats", "12 000 000", 12_000_000),
        ("seats", "-5", -5),
        ("company_size", 'over "200" <staff>', 'over "200" <staff>'),
        ("country", "de", "DE"),
        ("phone", "+44 20 7946 0000", "+442079460000"),
        ("phone", "+1 (212) 555-0100 x45", "+12125550100 ext. 45"),
        ("message", "One\r\ntwo\rthree\n", "One\ntwo\nthree"),
    ],
)
def test_an_answer_is_normalized(answer, name, typed, normalized):
    assert answer(name, typed) == normalized


@pytest.mark.parametrize(
    ("country", "typed", "normalized"),
    [
        ("US", "(212) 555-0100", "+12125550100"),
        ("DE", "030 123456", "+4930123456"),
        ("DE", "0044 20 7946 0000", "+442079460000"),
        ("DE", "+1 212 555 0100", "+12125550100"),
    ],
)
def test_a_national_phone_number_uses_the_country_of_the_form(answer, country, typed, normalized):
    assert answer("phone", typed, country=country) == normalized


def test_ticked_boxes_are_unique_and_in_the_order_of_the_file(campaign, good):
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    fields = {"days": {"label": "Days", "type": "multiple_choice", "choices": days}}
    form = form_class(campaign(fields=fields))(good(days=[*reversed(days), "Mon"]))
    assert form.validate()
    assert form.answers() == {"days": days}


def test_combining_marks_on_a_letter_are_limited(answer):
    assert len(answer("full_name", "a" + "\u0316\u0301" * 10_000)) <= 31


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "full_name": st.text(max_size=100),
            "website": st.from_regex(
                r"(https?://)?[a-zA-Z0-9äß.-]{1,20}\.[a-z]{2,5}(/\w*)?", fullmatch=True
            ),
            "seats": st.integers().map(str),
            "needs": st.lists(st.sampled_from(["Backup", "Security", "Cost & control"])),
            "country": st.sampled_from(["US", "de", "AQ"]),
            "phone": st.from_regex(r"\+?[0-9 ()]{5,16}( x[0-9]{1,4})?", fullmatch=True),
            "message": st.text(max_size=400),
        },
    )
)
def test_answers_of_a_valid_form_are_valid_and_stay_the_same(campaign, good, typed):
    form = form_class(campaign())(good(**typed))
    if form.validate():
        again = form_class(campaign())(good(**form.answers()))
        assert again.validate(), again.problems()
        assert again.answers() == form.answers()
