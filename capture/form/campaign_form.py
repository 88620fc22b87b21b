"""The form that a campaign file makes: one class for the static page and the check at the door."""

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
from capture.form.touches import Touch, read_touch

HONEYPOT: Final = "homepage"
_HIDDEN: Final = ("gp_version", "gp_id", "gp_seconds", "gp_first", "gp_last", "gp_test")
_ONE_TIME_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,100}")
_VERSION: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_INPUT_MODE: Final[Mapping[FieldType, str]] = MappingProxyType({FieldType.INTEGER: "numeric"})


class ControlField(StringField):
    """Filled by the page or its script, never by a person; nothing in it is ever an error."""

    widget = widgets.HiddenInput()

    def process_formdata(self, valuelist: Any) -> None:
        self.data = str(valuelist[0]) if valuelist else ""

    def _value(self) -> str:
        return displayable(self.data or "")


class VersionField(ControlField):
    """The version posted; drawn, it always carries the version that is being shown."""

    def __init__(self, shown: str, **options: Any) -> None:
        super().__init__(**options)
        self.shown = shown

    def _value(self) -> str:
        return self.shown


class ConsentField(BooleanField):
    """The box that must be ticked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.flags.required = True

    def pre_validate(self, form: BaseForm) -> None:
        del form
        if not self.data:
            raise ValidationError("Tick the box to show that you agree.")


class CampaignForm(BaseForm):
    """A campaign's form. Made by `form_class`; fields are found by name: `form["email"]`.

    It stands on WTForms' `BaseForm`, which keeps fields apart from attributes: no field's name,
    `data` or `errors` say, can hide a method.
    """

    campaign: ClassVar[Campaign]
    _made: ClassVar[Mapping[str, Field]]
    """Each field as WTForms made it, once for the class; every form works on copies."""

    def __init__(self, formdata: Any = None, data: Mapping[str, Any] | None = None) -> None:
        """`formdata` is what was posted (a multi-dict); `data` fills fields that nobody posted."""
        super().__init__(())
        self._fields = {name: _copy(field, self) for name, field in self._made.items()}
        value = data or {}
        # What `self.process` does, without the filters and attributes that none of ours has; a
        # value for every field, since WTForms finds out by an exception that there is none.
        for name, field in self._fields.items():
            field.process(formdata, value.get(name))

    def validate(self, extra_validators: Any = None) -> bool:
        """Checks the visitor's fields; what script and page fill in is never an error."""
        del extra_validators
        agreed = self._fields["consent"].validate(self)
        return self.validate_answers() and agreed

    def validate_answers(self) -> bool:
        """Checks the campaign's fields alone, for answers that came without the form."""
        faultless = True
        for field in self.campaign_fields():
            faultless &= field.validate(self)
        return faultless

    def campaign_fields(self) -> list[Field]:
        """The fields of the campaign file in its order; consent stands apart."""
        return [self._fields[name] for name in self.campaign.fields]

    def hidden_fields(self) -> list[Field]:
        """The inputs of type hidden. The honeypot `homepage` is none: the page hides it."""
        return [self._fields[name] for name in _HIDDEN]

    def answers(self) -> dict[str, Answer]:
        """The normal forms of what was answered, by field; call `validate` first.

        E-mail domains are in lower case, phones E.164, countries ISO codes, multiple choices
        tuples in the file's order. Faulty fields and empty ones are left out.
        """
        found: dict[str, Answer] = {}
        for name in self.campaign.fields:
            field = self._fields[name]
            if field.data is not None and field.data != [] and not field.errors:
                found[name] = tuple(field.data) if isinstance(field.data, list) else field.data
        return found

    def unverified(self) -> dict[str, str]:
        """What was typed and is no answer, by field, cut to what a field takes; call `validate`
        first. Of a form without faults: optional contact data that looks wrong."""
        fields: list[Any] = self.campaign_fields()
        return {
            field.name: field.text[: min(field.spec.max_length, DEFAULT_TEXT_LENGTH)]
            for field in fields
            if field.text and (field.errors or self.doubt(field))
        }

    @staticmethod
    def doubt(field: Field) -> str:
        """What speaks against contact data that was let through; "" if nothing does."""
        return field.doubt if isinstance(field, ContactField) else ""

    def problems(self) -> list[tuple[str, str]]:
        """(id of the input, sentence) of every fault, in the order of the page."""
        return [(field.id, message) for field in self for message in field.errors]

    def touches(self) -> tuple[Touch, Touch]:
        """First and last touch; {} for what is not known or cannot be read."""
        return read_touch(self._control("gp_first")), read_touch(self._control("gp_last"))

    def seconds(self) -> float | None:
        """Seconds between the page being shown and the post; None if no script measured it."""
        try:
            seconds = float(self._control("gp_seconds")[:20])
        except ValueError:
            return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None

    def submission_id(self) -> str | None:
        """The one-time id that the page's script gave this submission, if it looks like one."""
        found = self._control("gp_id").strip()
        return found if _ONE_TIME_ID.fullmatch(found) else None

    def shown_version(self) -> str | None:
        """The campaign version whose form and consent the visitor saw, if it looks like one."""
        found = self._control("gp_version").strip()
        return found if _VERSION.fullmatch(found) else None

    def test_token(self) -> str | None:
        """The token of a test lead, unchecked."""
        return cleaned_line(self._control("gp_test")[:500]) or None

    @property
    def is_honeypot_filled(self) -> bool:
        """Whether the input that no person sees was filled."""
        return bool(self._control(HONEYPOT).strip())

    def _control(self, name: str) -> str:
        return self._fields[name].data or ""


_made: Final[dict[tuple[str, str], type[CampaignForm]]] = {}


def form_class(campaign: Campaign) -> type[CampaignForm]:
    """The class of a campaign's form, made once for each version."""
    key = (campaign.slug, campaign.version)
    found = _made.get(key)
    if found is None or (found.campaign is not campaign and found.campaign != campaign):
        found = _made[key] = _make(campaign)
    return found


def _make(campaign: Campaign) -> type[CampaignForm]:
    fields: dict[str, Any] = {name: _field(campaign, name) for name in campaign.fields}
    fields["consent"] = ConsentField(label=campaign.consent, id=f"{campaign.slug}-consent")
    for name in _HIDDEN:
        fields[name] = ControlField(label="", id=f"{campaign.slug}-{name}")
    fields["gp_version"] = VersionField(
        shown=campaign.version, label="", id=f"{campaign.slug}-gp_version"
    )
    fields[HONEYPOT] = ControlField(
        label="Homepage",
        id=f"{campaign.slug}-{HONEYPOT}",
        widget=widgets.TextInput(),
        render_kw={"autocomplete": "off", "tabindex": "-1"},
    )
    created = dict(BaseForm(fields)._fields)
    return type("CampaignForm", (CampaignForm,), {"campaign": campaign, "_made": created})


def _copy(field: Field, form: CampaignForm) -> Field:
    """A field of its own for one form: a tenth of the work of making it from its definition.

    What fields share (label, flags, choices, attributes to draw) is never changed after making.
    """
    copied = object.__new__(type(field))
    copied.__dict__.update(field.__dict__, _form=form)
    return copied


def _field(campaign: Campaign, name: str) -> Field:
    """The campaign's field, unbound (WTForms types it as the field itself)."""
    prepared = field_options(campaign, name)
    definition = prepared.definition
    attributes = {
        "autocomplete": prepared.autocomplete,
        "inputmode": _INPUT_MODE.get(definition.type, ""),
    }
    options: dict[str, Any] = {
        "spec": prepared,
        "id": f"{campaign.slug}-{name}",
        "render_kw": {key: value for key, value in attributes.items() if value},
    }
    if definition.type is FieldType.CHOICE:
        options["options"] = OptionList((choice, choice) for choice in definition.choices)
    return FIELD_CLASSES[definition.type](**options)


# Answers that came without the form (a row of a table, a command), held to its own checks.


_OFFERED: Final = frozenset({FieldType.CHOICE, FieldType.MULTIPLE_CHOICE})


@dataclass(frozen=True, slots=True)
class CheckedValues:
    """What the form makes of typed texts."""

    answers: Mapping[str, Answer]
    """The normal forms of what is in order, by field; a field without an answer has no entry."""
    problems: Mapping[str, str]
    """By field: what was typed, and how to mend it, in one line."""
    unverified: Mapping[str, str]
    """By field: optional contact data that looks wrong, as typed; no answers."""
    doubts: Mapping[str, str]
    """By field of those: what a required one would be told."""


def check_values(campaign: Campaign, typed: Mapping[str, str]) -> CheckedValues:
    """Checks texts by field name as a post of the campaign's form would be; consent stands apart.

    Several choices are separated by semicolons.
    """
    form = form_class(campaign)(
        _Post({name: _parts(campaign, name, text) for name, text in typed.items()})
    )
    form.validate_answers()
    problems = {
        field.name: _fault(campaign, field.name, typed.get(field.name, ""), field.errors[0])
        for field in form.campaign_fields()
        if field.errors
    }
    doubts = {
        field.name: _fault(campaign, field.name, typed.get(field.name, ""), form.doubt(field))
        for field in form.campaign_fields()
        if form.doubt(field)
    }
    unverified = {name: text for name, text in form.unverified().items() if name in doubts}
    return CheckedValues(form.answers(), problems, unverified, doubts)


def as_form_values(answers: Mapping[str, Answer]) -> dict[str, str]:
    """Answers as they could be typed again."""
    return {
        name: "; ".join(answer) if isinstance(answer, tuple) else str(answer)
        for name, answer in answers.items()
    }


class _Post(dict[str, list[str]]):
    """What WTForms asks of a posted form."""

    def getlist(self, name: str) -> list[str]:
        return self.get(name, [])


def _parts(campaign: Campaign, name: str, text: str) -> list[str]:
    field = campaign.fields[name]
    if field.type is not FieldType.MULTIPLE_CHOICE or text.strip() in field.choices:
        return [text]
    return text.split(";")


def _fault(campaign: Campaign, name: str, text: str, sentence: str) -> str:
    field = campaign.fields[name]
    offers: Sequence[str] = field.choices if field.type in _OFFERED else ()
    fix = f" Offered: {join_words(offers)}." if offers else ""
    if field.type is FieldType.COUNTRY:
        fix = " Write its ISO 3166 code of two letters, such as US."
    held = f"{name} = {show_value(text)}" if text.strip() else name
    return f"{held}: {sentence}{fix}"
