"""The form as HTML: empty, filled in, and with hostile input."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from capture.form.campaign_form import form_class

EVIL = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</textarea><b>",
    "a\r\nb\0",
]
any_text = st.one_of(st.text(max_size=60), st.sampled_from(EVIL))


class ParsedHtml(HTMLParser):
    """Parses HTML into its tags with attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def attributes(field):
    return ParsedHtml(str(field())).tags[0][1]


def test_an_empty_form_has_its_version(campaign):
    form = form_class(campaign())()
    assert attributes(form["gp_version"])["value"] == "f" * 64
    assert form.problems() == []
    assert [field.name for field in form.campaign_fields()] == list(campaign().fields)
    assert [field.name for field in form.hidden_fields()] == [
        *("gp_version", "gp_id", "gp_seconds", "gp_first", "gp_last", "gp_page", "gp_test")
    ]


def test_a_form_shown_again_has_the_current_version(campaign, good):
    form = form_class(campaign())(good(gp_version="older"))
    assert form.shown_version() == "older"
    assert attributes(form["gp_version"])["value"] == "f" * 64


def test_inputs_have_the_attributes_of_their_type(campaign):
    form = form_class(campaign())()
    assert attributes(form["email"]) == {
        "autocomplete": "email",
        "id": "acme-cloud-guide-email",
        "maxlength": "200",
        "name": "email",
        "required": None,
        "type": "email",
        "value": "",
    }
    assert attributes(form["full_name"])["autocomplete"] == "name"
    assert attributes(form["phone"])["type"] == "tel"
    assert "required" not in attributes(form["phone"])
    assert attributes(form["seats"])["inputmode"] == "numeric"
    assert attributes(form["message"])["maxlength"] == "400"
    assert form["email"].description == "We write to it once."


def test_the_file_may_name_another_autocomplete_token(campaign):
    fields = {"company": {"label": "Hospital", "autocomplete": "organization-name"}}
    form = form_class(campaign(fields=fields))()
    assert attributes(form["company"])["autocomplete"] == "organization-name"


def test_countries_are_offered_by_name_and_the_chosen_one_is_selected(campaign, good):
    parsed = ParsedHtml(str(form_class(campaign())(good(country="de"))["country"]()))
    options = [attrs for tag, attrs in parsed.tags if tag == "option"]
    assert len(options) == 251
    assert [option["value"] for option in options if "selected" in option] == ["DE"]
    assert "Åland Islands" in parsed.text


def test_nothing_is_chosen_before_the_visitor_chooses(campaign):
    parsed = ParsedHtml(str(form_class(campaign())()["company_size"]()))
    assert [attrs["value"] for _, attrs in parsed.tags if "selected" in attrs] == [""]


def test_choices_are_rendered_as_in_the_file(campaign):
    parsed = ParsedHtml(str(form_class(campaign())()["company_size"]()))
    assert [tag for tag, _ in parsed.tags] == ["select", *["option"] * 4]
    assert parsed.tags[-1][1]["value"] == 'over "200" <staff>'
    assert parsed.text == 'Choose one1-5051-200over "200" <staff>'


def test_ticked_boxes_stay_ticked(campaign, good):
    form = form_class(campaign())(good(needs=["Cost & control", "unknown"]))
    assert not form.validate()
    boxes = [attributes(box) for box in form["needs"]]
    assert [box["value"] for box in boxes if "checked" in box] == ["Cost & control"]
    assert next(box["id"] for box in boxes) == "acme-cloud-guide-needs-0"


def test_a_field_may_have_the_name_of_a_method(campaign, good):
    fields = {name: {"label": "Odd"} for name in ("data", "errors", "validate", "meta", "process")}
    form = form_class(campaign(fields=fields))(good(**dict.fromkeys(fields, "x")))
    assert form.validate()
    assert form.answers() == dict.fromkeys(fields, "x")


@given(any_text)
def test_typed_text_is_shown_again_unchanged(campaign, text):
    names = ("full_name", "email", "website", "seats", "phone", "homepage", "gp_first")
    form = form_class(campaign())(MultiDict(dict.fromkeys(names, text)))
    form.validate()
    for name in names:
        parsed = ParsedHtml(str(form[name]()))
        assert [tag for tag, _ in parsed.tags] == ["input"]
        assert parsed.tags[0][1]["value"] == text


@given(st.data())
def test_hostile_text_in_any_field_does_not_change_the_tags(campaign, data):
    clean = form_class(campaign())()
    form = form_class(campaign())(MultiDict({field.name: data.draw(any_text) for field in clean}))
    form.validate()
    for field, untouched in zip(form, clean, strict=True):
        parsed, expected = ParsedHtml(str(field())), ParsedHtml(str(untouched()))
        assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in expected.tags]


@given(any_text)
def test_a_long_text_is_shown_again_unchanged(campaign, text):
    form = form_class(campaign())(MultiDict({"message": text}))
    parsed = ParsedHtml(
        str(form["message"]()).replace("\r\n", "", 1)
    )  # browsers drop this line end
    assert [tag for tag, _ in parsed.tags] == ["textarea"]
    assert parsed.text == text


def test_a_lone_surrogate_can_be_encoded(campaign, good):
    form = form_class(campaign())(good(full_name="Ann\ud800"))
    assert form.validate()
    assert form.answers()["full_name"] == "Ann"
    assert "Ann?" in str(form["full_name"]()).encode("utf-8").decode("utf-8")


def test_the_class_is_cached_for_each_version(campaign):
    assert form_class(campaign()) is form_class(campaign())
    changed = campaign(consent="I agree to more.")
    assert form_class(changed) is not form_class(campaign())
