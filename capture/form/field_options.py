"""The settings of a form field, prepared once for a campaign and shared by all its forms."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from markupsafe import Markup, escape
from wtforms.widgets import html_params

from capture.campaign.model import Campaign, FieldType, FormField
from capture.form.text import cleaned_line, request_sentence

DEFAULT_LENGTH: Final = 200
DEFAULT_TEXT_LENGTH: Final = 4000
MAX_EMAIL_LENGTH: Final = 254  # RFC 3696, erratum 1690
MAX_PHONE_LENGTH: Final = 60
_CHOICE_TYPES: Final = (FieldType.CHOICE, FieldType.COUNTRY, FieldType.MULTIPLE_CHOICE)

_FORMAT_HINTS: Final[Mapping[FieldType, str]] = {
    FieldType.EMAIL: " as name@company.com",
    FieldType.PHONE: " with the country code, such as +1 212 555 0100",
    FieldType.URL: " as https://company.com",
    FieldType.INTEGER: " as a whole number, such as 250",
    FieldType.MULTIPLE_CHOICE: " (one or more)",
}
_TOKEN_BY_NAME: Final[Mapping[str, str]] = {
    "full_name": "name",
    "company": "organization",
    "job_title": "organization-title",
}
_TOKEN_BY_TYPE: Final[Mapping[FieldType, str]] = {
    FieldType.EMAIL: "email",
    FieldType.PHONE: "tel",
    FieldType.URL: "url",
    FieldType.COUNTRY: "country",
}


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """One field of a campaign: its definition, and the messages for invalid answers."""

    definition: FormField
    max_length: int
    missing_message: str
    invalid_message: str
    autocomplete: str
    choices: Mapping[str, str]
    country_field: str

    @property
    def label(self) -> str:
        return self.definition.label

    @property
    def required(self) -> bool:
        return self.definition.required

    def too_long(self, length: int) -> str:
        """The message for an answer of `length` characters, which is too long."""
        rest = f" in at most {self.max_length:,} characters; it has {length:,} now"
        return request_sentence("Enter", self.label, rest)


def field_options(campaign: Campaign, name: str) -> FieldOptions:
    """The options of the campaign's field of that name."""
    definition = campaign.fields[name]
    kind = definition.type
    verb = "Choose" if kind in _CHOICE_TYPES else "Enter"
    hint = _FORMAT_HINTS.get(kind, "")
    fix = " from the answers offered" if kind in _CHOICE_TYPES else hint
    return FieldOptions(
        definition=definition,
        max_length=_max_length(definition),
        missing_message=request_sentence(verb, definition.label, hint),
        invalid_message=request_sentence(verb, definition.label, fix),
        autocomplete=definition.autocomplete
        or _TOKEN_BY_NAME.get(name, _TOKEN_BY_TYPE.get(kind, "")),
        choices=MappingProxyType({cleaned_line(choice): choice for choice in definition.choices}),
        country_field=_country_field(campaign),
    )


def _max_length(definition: FormField) -> int:
    """The most characters allowed: from the file or the default, within the type's limit."""
    match definition.type:
        case FieldType.CHOICE | FieldType.COUNTRY:
            return sys.maxsize  # any offered choice may be chosen
        case FieldType.EMAIL:
            return min(definition.max_length or DEFAULT_LENGTH, MAX_EMAIL_LENGTH)
        case FieldType.PHONE:
            return min(definition.max_length or MAX_PHONE_LENGTH, MAX_PHONE_LENGTH)
        case FieldType.LONG_TEXT:
            return definition.max_length or DEFAULT_TEXT_LENGTH
        case _:
            return definition.max_length or DEFAULT_LENGTH


def _country_field(campaign: Campaign) -> str:
    """The field whose answer is the country for national phone numbers; "" if none."""
    countries = [name for name, field in campaign.fields.items() if field.type is FieldType.COUNTRY]
    return "country" if "country" in countries else next(iter(countries), "")


# The `<select>` element. Its options are rendered once, not for each form.

_NOTHING_SELECTED: Final = "Choose one"


class OptionList:
    """The HTML of the options, given as pairs of value and label, rendered once."""

    def __init__(self, options: Iterable[tuple[str, str]]) -> None:
        self._html = {
            value: (f'<option value="{escape(value)}"', f">{escape(label)}</option>")
            for value, label in (("", _NOTHING_SELECTED), *options)
        }

    def html(self, selected: str) -> str:
        """The HTML of all options, with one of them selected."""
        return "".join(
            f"{start} selected{end}" if value == selected else start + end
            for value, (start, end) in self._html.items()
        )


class _SelectField(Protocol):
    id: str
    name: str
    flags: Any
    options: OptionList

    @property
    def selected(self) -> str: ...


class SelectWidget:
    """Renders a `<select>` that starts with an empty choice."""

    def __call__(self, field: _SelectField, **attributes: Any) -> Markup:
        attributes.setdefault("id", field.id)
        attributes.setdefault("required", bool(field.flags.required))
        tag = html_params(name=field.name, **attributes)
        # Safe: html_params and OptionList escape their values.
        return Markup(f"<select {tag}>{field.options.html(field.selected)}</select>")  # noqa: S704
