"""The control fields that the page and its script send; they never cause an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.form.campaign_form import form_class
from capture.form.touches import TOUCH_KEYS

TOUCH = {
    "path": "/what-pays/",
    "referrer": "https://search.example/",
    "utm_source": "news",
    "gclid": "abc",
    "time": "2026-11-22T10:00:00.000Z",
}


@pytest.fixture(name="posted")
def posted_fixture(campaign, good):
    return lambda **control: form_class(campaign())(good(**control))


def test_touches_are_read_as_they_were_sent(posted):
    last = {"path": "/", "time": "2026-11-23T08:00:00+01:00", "utm_term": "", "referrer": None}
    form = posted(gp_first=json.dumps(TOUCH), gp_last=json.dumps(last))
    assert form.touches() == (TOUCH, {"path": "/", "time": "2026-11-23T08:00:00+01:00"})


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        '"path"',
        "null",
        "9" * 5000,
        "[" * 15_000,
        '{"path": 1, "referrer": ["x"], "gclid": {}, "unknown": "x"}',
        '{"time": "yesterday"}',
        '{"time": "2026-11-22"}',
        '{"path": "' + "x" * 20_000 + '"}',
    ],
)
def test_an_invalid_touch_is_ignored(posted, message):
    assert posted(gp_first=message, gp_last=message).touches() == ({}, {})


def test_a_long_value_is_cut_to_500_characters(posted):
    first, _ = posted(gp_first=json.dumps({"referrer": "x" * 600})).touches()
    assert first == {"referrer": "x" * 500}


def test_a_touch_cannot_carry_control_characters(posted):
    first, _ = posted(gp_first=json.dumps({"path": "/a\r\nSet-Cookie: b\0\ud800"})).touches()
    assert first == {"path": "/a Set-Cookie: b"}


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists) | st.text())
def test_any_value_in_a_touch_is_handled(campaign, good, anything):
    message = json.dumps(dict.fromkeys(TOUCH_KEYS, anything))
    form = form_class(campaign())(good(gp_first=message, gp_last=str(anything)))
    assert form.validate()
    for touch in form.touches():
        assert all(isinstance(value, str) and 0 < len(value) <= 500 for value in touch.values())


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        *(("14", 14.0), ("2.5", 2.5), ("0", 0.0), ("", None)),
        *(("-1", None), ("nan", None), ("inf", None), ("1e999", None), ("soon", None)),
    ],
)
def test_seconds_are_read_where_a_script_measured_them(posted, sent, seconds):
    assert posted(gp_seconds=sent).seconds() == seconds


def test_without_script_the_control_fields_are_empty(campaign, good):
    form = form_class(campaign())(good())
    assert form.validate()
    assert form.seconds() is None
    assert form.submission_id() is None
    assert form.shown_version() is None
    assert form.test_token() is None
    assert form.touches() == ({}, {})
    assert not form.is_honeypot_filled


def test_a_filled_honeypot_is_detected_and_is_not_an_error(posted):
    form = posted(homepage="http://spam.example")
    assert form.validate()
    assert form.is_honeypot_filled
    assert not posted(homepage="  ").is_honeypot_filled


@pytest.mark.parametrize(
    ("sent", "submission_id"),
    [
        ("3f2c9a52-7a0e-4b4e-9f6e-000000000000", "3f2c9a52-7a0e-4b4e-9f6e-000000000000"),
        ("short", None),
        ("x" * 101, None),
        ("3f2c9a52'; drop table leads", None),
    ],
)
def test_a_well_formed_submission_id_is_accepted(posted, sent, submission_id):
    assert posted(gp_id=sent).submission_id() == submission_id


@given(
    st.dictionaries(st.sampled_from(["gp_version", "gp_id", "gp_seconds", "gp_test"]), st.text())
)
def test_a_control_field_never_causes_an_error(campaign, good, control):
    form = form_class(campaign())(good(**control))
    assert form.validate()
    form.seconds(), form.submission_id(), form.shown_version(), form.test_token()
