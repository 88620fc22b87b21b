"""The WTForms form of a campaign, for the static page, for submissions and for other input."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final

from wtforms import BooleanField, Field, StringField, ValidationError, widgets
from wtforms.form import BaseForm

from capture.campaign.model import Answer, Campaign, FieldType
from capture.campaign.problems import join_words, show_value
from capture.form.field_options import DEFAULT_TEXT_LENGTH, OptionList, field_options
from capture.form.fields import FIELD_CLASSES, ContactField
from capture.form.text import cleaned_line, displayable
from capture.form.touches import Touch, checked_path, read_touch

HONEYPOT: Final = "homepage"
_HIDDEN: Final = (
    "gp_version",
    "gp_id",
    "gp_seconds",
    "gp_first",
    "gp_last",
    "gp_page",
    "gp_test",
)
_ONE_TIME_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,100}")
_VERSION: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_INPUT_MODE: Final[Mapping[FieldType, str]] = MappingProxyType({FieldType.INTEGER: "numeric"})


class ControlField(StringField):
    """A field that the page or its script fills in. Its value never causes an error."""

    widget = widgets.HiddenInput()

    def process_formdata(self, valuelist: Any) -> None:
        self.data = str(valuelist[0]) if valuelist else ""

    def _value(self) -> str:
        return displayable(self.data or "")


class VersionField(ControlField):
    """Reads the version that was posted; always renders the version of this form."""

    def __init__(self, current: str, **options: Any) -> None:
        super().__init__(**options)
        self.current = current

    def _value(self) -> str:
        return self.current


class ConsentField(BooleanField):
    """The consent checkbox, which must be ticked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.flags.required = True

    def pre_validate(self, form: BaseForm) -> None:
        del form
        if not self.data:
            raise ValidationError("Tick the box to show that you agree.")


class CampaignForm(BaseForm):
    """A campaign's form. `form_class` makes the class; fields are read as `form["email"]`.

    It uses WTForms' `BaseForm`, which keeps fields apart from attributes, so that a field named
    `data` or `errors` cannot hide a method.
    """

    campaign: ClassVar[Campaign]
    _templates: ClassVar[Mapping[str, Field]]
    """Each field, created once for the class; every form works on copies."""

    def __init__(self, formdata: Any = None, data: Mapping[str, Any] | None = None) -> None:
        """`formdata` is the post (a multi-dict); `data` fills fields that are not in the post."""
        super().__init__(())
        self._fields = {name: _copy_field(field, self) for name, field in self._templates.items()}
        values = data or {}
        # Faster than `self.process`: no filters, which our fields do not have, and a value for
        # every field, because WTForms uses an exception to find that there is none.
        for name, field in self._fields.items():
            field.process(formdata, values.get(name))

    def validate(self, extra_validators: Any = None) -> bool:
        """Validates the visitor's fields; control fields never cause an error."""
        del extra_validators
        is_consent_given = self._fields["consent"].validate(self)
        return self.validate_answers() and is_consent_given

    def validate_answers(self) -> bool:
        """Validates only the campaign's fields, for answers that did not come from the form."""
        is_valid = True
        for field in self.campaign_fields():
            is_valid &= field.validate(self)
        return is_valid

    def campaign_fields(self) -> list[Field]:
        """The fields of the campaign file in its order, without consent."""
        return [self._fields[name] for name in self.campaign.fields]

    def hidden_fields(self) -> list[Field]:
        """The inputs of type hidden. The honeypot `homepage` is not one: CSS hides it."""
        return [self._fields[name] for name in _HIDDEN]

    def answers(self) -> dict[str, Answer]:
        """Field to normalized answer; call `validate` first.

        E-mail domains are in lower case, phones E.164, countries ISO codes, multiple choices
        tuples in the file's order. Invalid and empty fields are left out.
        """
        answers: dict[str, Answer] = {}
        for name in self.campaign.fields:
            field = self._fields[name]
            if field.data is not None and field.data != [] and not field.errors:
                answers[name] = tuple(field.data) if isinstance(field.data, list) else field.data
        return answers

    def unverified(self) -> dict[str, str]:
        """Field to typed text that is not a valid answer, cut to the length of the field.

        Call `validate` first. In a valid form this is optional contact data that looks wrong.
        """
        fields: list[Any] = self.campaign_fields()
        return {
            field.name: field.text[: min(field.spec.max_length, DEFAULT_TEXT_LENGTH)]
            for field in fields
            if field.text and (field.errors or self.doubt(field))
        }

    @staticmethod
    def doubt(field: Field) -> str:
        """Why accepted contact data looks wrong; "" if it does not."""
        return field.doubt if isinstance(field, ContactField) else ""

    def problems(self) -> list[tuple[str, str]]:
        """(id of the input, message) of every error, in the order of the page."""
        return [(field.id, message) for field in self for message in field.errors]

    def touches(self) -> tuple[Touch, Touch]:
        """First and last touch; {} for one that is missing or invalid."""
        return read_touch(self._control("gp_first")), read_touch(self._control("gp_last"))

    def page(self) -> str:
        """The path of the page on which the form was sent; empty if it is missing or invalid."""
        return checked_path(self._control("gp_page"))

    def seconds(self) -> float | None:
        """Seconds from showing the page to the post; None if no script measured it."""
        try:
            seconds = float(self._control("gp_seconds")[:20])
        except ValueError:
            return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None

    def submission_id(self) -> str | None:
        """The idempotency key that the page's script made; None if missing or malformed."""
        one_time_id = self._control("gp_id").strip()
        return one_time_id if _ONE_TIME_ID.fullmatch(one_time_id) else None

    def shown_version(self) -> str | None:
        """The campaign version that the visitor saw; None if missing or malformed."""
        version = self._control("gp_version").strip()
        return version if _VERSION.fullmatch(version) else None

    def test_token(self) -> str | None:
        """The token of a test lead; its signature is not checked."""
        return cleaned_line(self._control("gp_test")[:500]) or None

    @property
    def is_honeypot_filled(self) -> bool:
        """Whether the hidden input was filled, which suggests a bot."""
        return bool(self._control(HONEYPOT).strip())

    def _control(self, name: str) -> str:
        return self._fields[name].data or ""


_classes: Final[dict[tuple[str, str], type[CampaignForm]]] = {}


def form_class(campaign: Campaign) -> type[CampaignForm]:
    """The class of a campaign's form, created once for each version."""
    key = (campaign.slug, campaign.version)
    cached = _classes.get(key)
    if cached is None or (cached.campaign is not campaign and cached.campaign != campaign):
        cached = _classes[key] = _create_class(campaign)
    return cached


def _create_class(campaign: Campaign) -> type[CampaignForm]:
    fields: dict[str, Any] = {name: _create_field(campaign, name) for name in campaign.fields}
    fields["consent"] = ConsentField(label=campaign.consent, id=f"{campaign.slug}-consent")
    for name in _HIDDEN:
        fields[name] = ControlField(label="", id=f"{campaign.slug}-{name}")
    fields["gp_version"] = VersionField(
        current=campaign.version, label="", id=f"{campaign.slug}-gp_version"
    )
    fields[HONEYPOT] = ControlField(
        label="Homepage",
        id=f"{campaign.slug}-{HONEYPOT}",
        widget=widgets.TextInput(),
        render_kw={"autocomplete": "off", "tabindex": "-1"},
    )
    templates = dict(BaseForm(fields)._fields)
    return type("CampaignForm", (CampaignForm,), {"campaign": campaign, "_templates": templates})


def _copy_field(field: Field, form: CampaignForm) -> Field:
    """A copy of the field for one form; ten times faster than creating it from its definition.

    The copies share label, flags, choices and HTML attributes, which never change.
    """
    copied = object.__new__(type(field))
    copied.__dict__.update(field.__dict__, _form=form)
    return copied


def _create_field(campaign: Campaign, name: str) -> Field:
    """The unbound field (the types of WTForms say that it is the field itself)."""
    spec = field_options(campaign, name)
    definition = spec.definition
    attributes = {
        "autocomplete": spec.autocomplete,
        "inputmode": _INPUT_MODE.get(definition.type, ""),
    }
    options: dict[str, Any] = {
        "spec": spec,
        "id": f"{campaign.slug}-{name}",
        "render_kw": {key: value for key, value in attributes.items() if value},
    }
    if definition.type is FieldType.CHOICE:
        options["options"] = OptionList((choice, choice) for choice in definition.choices)
    return FIELD_CLASSES[definition.type](**options)


# Answers that did not come from the form: a row of a CSV file, or a command.

_CHOICE_TYPES: Final = frozenset({FieldType.CHOICE, FieldType.MULTIPLE_CHOICE})


@dataclass(frozen=True, slots=True)
class CheckedValues:
    """The result of checking texts with the form."""

    answers: Mapping[str, Answer]
    """Field to normalized answer; a field without a valid answer has no entry."""
    problems: Mapping[str, str]
    """Field to a message with the typed text and the fix, in one line."""
    unverified: Mapping[str, str]
    """Field to typed text, for optional contact data that looks wrong."""
    doubts: Mapping[str, str]
    """Field to the message that it would have if it were required, for the same fields."""


def check_values(campaign: Campaign, typed: Mapping[str, str]) -> CheckedValues:
    """Checks typed texts by field name like a post of the campaign's form, without consent.

    Semicolons separate several choices.
    """
    form = form_class(campaign)(
        _Post({name: _split_choices(campaign, name, text) for name, text in typed.items()})
    )
    form.validate_answers()
    problems = {
        field.name: _message(campaign, field.name, typed.get(field.name, ""), field.errors[0])
        for field in form.campaign_fields()
        if field.errors
    }
    doubts = {
        field.name: _message(campaign, field.name, typed.get(field.name, ""), form.doubt(field))
        for field in form.campaign_fields()
        if form.doubt(field)
    }
    unverified = {name: text for name, text in form.unverified().items() if name in doubts}
    return CheckedValues(form.answers(), problems, unverified, doubts)


def as_form_values(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The answers as texts that `check_values` accepts."""
    return {
        name: "; ".join(answer) if isinstance(answer, tuple) else str(answer)
        for name, answer in answers.items()
    }


class _Post(dict[str, list[str]]):
    """The part of a multi-dict that WTForms uses."""

    def getlist(self, name: str) -> list[str]:
        return self.get(name, [])


def _split_choices(campaign: Campaign, name: str, text: str) -> list[str]:
    field = campaign.fields[name]
    if field.type is not FieldType.MULTIPLE_CHOICE or text.strip() in field.choices:
        return [text]
    return text.split(";")


def _message(campaign: Campaign, name: str, text: str, sentence: str) -> str:
    field = campaign.fields[name]
    choices: Sequence[str] = field.choices if field.type in _CHOICE_TYPES else ()
    fix = f" Offered: {join_words(choices)}." if choices else ""
    if field.type is FieldType.COUNTRY:
        fix = " Write its ISO 3166 code of two letters, such as US."
    subject = f"{name} = {show_value(text)}" if text.strip() else name
    return f"{subject}: {sentence}{fix}"
