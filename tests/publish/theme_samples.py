"""What the tests of the theme show on the pages of the lead service: a form, a receipt, a lead."""

from types import SimpleNamespace
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    Form,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from capture.privacy.access import OwnAnswer, OwnDownload, OwnLead, OwnLetter, OwnVisit
from capture.privacy.receipt import Receipt
from tests.samples import NOW

CAMPAIGN = SimpleNamespace(
    slug="acme", title='The "guide" <b>', summary="Forty pages & more.", button="", kind="gated"
)


class LeadForm(Form):
    """A small form with the promises of `capture.form`: one field of each kind."""

    full_name = StringField("Your <name>", [InputRequired("Enter your name")], id="acme-full_name")
    email = EmailField(
        "E-mail", [InputRequired("Enter it")], id="acme-email", description="We write & wait."
    )
    company_size = SelectField(
        "Size", choices=["1-50", "51-200"], id="acme-company_size", default="1-50"
    )
    role = RadioField("Role", [InputRequired("Choose one")], choices=["a", "b"], id="acme-role")
    topics = SelectMultipleField(
        "Topics",
        choices=["x", "y"],
        id="acme-topics",
        widget=ListWidget(),
        option_widget=CheckboxInput(),
    )
    message = TextAreaField("Message", id="acme-message")
    consent = BooleanField("I agree & more", [InputRequired("Tick it")], id="acme-consent")
    gp_version, gp_id, gp_seconds = HiddenField(), HiddenField(), HiddenField()
    gp_first, gp_last, gp_test = HiddenField(), HiddenField(), HiddenField()
    homepage = StringField("Homepage")

    def campaign_fields(self) -> list[Field]:
        others = [*self.hidden_fields(), self.consent, self.homepage]
        return [field for field in self if field not in others]

    def hidden_fields(self) -> list[Field]:
        return [field for field in self if field.name.startswith("gp_")]

    def problems(self) -> list[tuple[str, str]]:
        return [(field.id, field.errors[0]) for field in self if field.errors]


def refused() -> LeadForm:
    """The form with faulty answers."""
    form = LeadForm(MultiDict({"full_name": '"><b>typed', "topics": "x", "company_size": "1-50"}))
    assert not form.validate()
    form.full_name.errors = ["Too <odd>"]
    return form


RECEIPT = Receipt(
    lead_id="a",
    campaign="guide",
    title="The <guide>",
    received_at=NOW,
    zone=ZoneInfo("UTC"),
    source="form",
    page="/a-post/",
    is_ticked=True,
    form_version="f" * 64,
    wording="I agree & more.",
    basis=None,
    basis_stated_at=None,
    withdrawn_at=NOW,
    is_erased=False,
)
OWN_LEAD = OwnLead(
    lead_id="a",
    receipt=RECEIPT,
    answers=(OwnAnswer("full_name", "Full name", "Ann & Lee", is_verified=False),),
    visits=(OwnVisit("First visit", {"path": "/<a>"}),),
    letters=(OwnLetter("guide", "The letter with your files", NOW),),
    downloads=(OwnDownload("guide.pdf", NOW, NOW, 2),),
    client="acme",
    passed_on_at=NOW,
    meeting_at=NOW,
    may_withdraw=True,
)
