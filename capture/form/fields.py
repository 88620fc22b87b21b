"""One WTForms field class for each field type of a campaign file.

`typed` is the text that the visitor typed, and is shown again unchanged. `data` is the normalized
answer after validation. Every message is a full sentence that names the field and the fix.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from wtforms import Field, SelectMultipleField, ValidationError, widgets
from wtforms.form import BaseForm

from capture.campaign.model import Answer, FieldType
from capture.countries import countries, country_name
from capture.email_domains import domain_of, is_disposable
from capture.form.contact import email_address, example_phones, phone_number, web_address
from capture.form.field_options import FieldOptions, OptionList, SelectWidget
from capture.form.text import cleaned_line, cleaned_text, displayable, request_sentence

_INTEGER: Final = re.compile(r"[+-]?(?:\d{1,15}|\d{1,3}(?:[ ,]\d{3}){1,4})")
_COUNTRY_OPTIONS: Final = OptionList(countries().items())


class AnswerField(Field):
    """Base of the fields with one typed text: cleans it, then `normalize` checks it."""

    widget: Any
    _form: BaseForm

    def __init__(self, spec: FieldOptions, **options: Any) -> None:
        super().__init__(label=spec.label, description=spec.definition.help, **options)
        self.spec = spec
        self.typed = ""
        self.text = ""
        if spec.required:
            self.flags.required = True

    def process_data(self, value: Any) -> None:
        self.data = value
        self.typed = self.text = "" if value is None else str(value)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.typed = str(valuelist[0]) if valuelist else ""
        self.text = self.clean(self.typed)
        self.data = self.text or None

    def pre_validate(self, form: BaseForm) -> None:
        del form  # the same as self._form
        if not self.text:
            if self.spec.required:
                raise ValidationError(self.spec.missing_message)
        elif len(self.text) > self.spec.max_length:
            raise ValidationError(self.spec.too_long(len(self.text)))
        else:
            self.data = self.normalize(self.text)

    def clean(self, typed: str) -> str:
        """The typed text without characters that we do not store."""
        return cleaned_line(typed)

    def normalize(self, text: str) -> Answer:
        """The normalized answer. Raises `ValidationError` with the message to show."""
        return text

    def _value(self) -> str:
        return displayable(self.typed)


class TextField(AnswerField):
    """One line of text."""

    widget: Any = widgets.TextInput()

    def __init__(self, spec: FieldOptions, **options: Any) -> None:
        super().__init__(spec, **options)
        self.flags.maxlength = spec.max_length


class LongTextField(TextField):
    """Several lines of text."""

    widget = widgets.TextArea()

    def clean(self, typed: str) -> str:
        return cleaned_text(typed)


class ContactField(TextField):
    """Contact data. An optional field that looks wrong does not block the submission.

    Its text is then stored as typed, apart from the answers; `data` is None and `doubt` says why.
    """

    doubt = ""
    """The message that the field would have if it were required."""

    def pre_validate(self, form: BaseForm) -> None:
        try:
            super().pre_validate(form)
        except ValidationError as error:
            if self.spec.required or len(self.text) > self.spec.max_length:
                raise
            self.data, self.doubt = None, str(error)


class EmailField(ContactField):
    """An e-mail address that is not disposable."""

    widget = widgets.EmailInput()

    def normalize(self, text: str) -> str:
        address = email_address(text)
        if address is None:
            raise ValidationError(self.spec.invalid_message)
        if is_disposable(address):
            rest = f" at a domain that you keep; addresses at {domain_of(address)} are thrown away"
            raise ValidationError(request_sentence("Enter", self.spec.label, rest))
        return address


class PhoneField(ContactField):
    """A phone number; national numbers use the country that the same form gives."""

    widget = widgets.TelInput()

    def normalize(self, text: str) -> str:
        region = self._region()
        number = phone_number(text, region)
        if number is None:
            raise ValidationError(self._invalid_message(region))
        return number

    def _region(self) -> str | None:
        """The country code from the same form; None if there is none."""
        country = self._form[self.spec.country_field] if self.spec.country_field else None
        return country.selected or None if isinstance(country, CountryField) else None

    def _invalid_message(self, region: str | None) -> str:
        examples = example_phones(region) if region else None
        if region is None or examples is None:
            return self.spec.invalid_message
        national, international = examples
        rest = f" as in {country_name(region)}, such as {national}, or as {international}"
        return request_sentence("Enter", self.spec.label, rest)


class UrlField(ContactField):
    """An http or https address."""

    widget = widgets.URLInput()

    def normalize(self, text: str) -> str:
        address = web_address(text)
        if address is None:
            raise ValidationError(self.spec.invalid_message)
        return address


class IntegerField(TextField):
    """A whole number; commas or spaces may separate thousands."""

    def normalize(self, text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise ValidationError(self.spec.invalid_message)
        return int(text.replace(",", "").replace(" ", ""))


class ChoiceField(AnswerField):
    """One of the choices, as a `<select>`."""

    widget = SelectWidget()

    def __init__(self, spec: FieldOptions, options: OptionList, **rest: Any) -> None:
        super().__init__(spec, **rest)
        self.options = options

    def normalize(self, text: str) -> str:
        if text not in self.spec.choices:
            raise ValidationError(self.spec.invalid_message)
        return self.spec.choices[text]

    @property
    def selected(self) -> str:
        """The selected choice; "" if none."""
        return self.spec.choices.get(self.text, "")


class CountryField(AnswerField):
    """A country: the value is its ISO code, the label its English name."""

    widget = SelectWidget()
    options = _COUNTRY_OPTIONS

    def clean(self, typed: str) -> str:
        return cleaned_line(typed).upper()

    def normalize(self, text: str) -> str:
        if text not in countries():
            raise ValidationError(self.spec.invalid_message)
        return text

    @property
    def selected(self) -> str:
        """The selected code; "" if none."""
        return self.text if self.text in countries() else ""


class MultipleChoiceField(SelectMultipleField):
    """Any of the choices, as checkboxes; iterating over the field gives the checkboxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(self, spec: FieldOptions, **options: Any) -> None:
        choices: Any = list(spec.definition.choices)
        super().__init__(
            label=spec.label, description=spec.definition.help, choices=choices, **options
        )
        self.spec = spec
        self.text = ""
        if spec.required:
            self.flags.required = True

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        texts = [text for value in valuelist if (text := cleaned_line(str(value)))]
        self.text = "; ".join(texts)
        self.data = [self.spec.choices.get(text, text) for text in texts]

    def pre_validate(self, form: BaseForm) -> None:
        del form
        selected = set(self.data or ())
        if not selected:
            if self.spec.required:
                raise ValidationError(self.spec.missing_message)
        elif selected.issubset(self.spec.definition.choices):
            self.data = [choice for choice in self.spec.definition.choices if choice in selected]
        else:
            raise ValidationError(self.spec.invalid_message)


FIELD_CLASSES: Final[Mapping[FieldType, type[Field]]] = MappingProxyType(
    {
        FieldType.TEXT: TextField,
        FieldType.EMAIL: EmailField,
        FieldType.PHONE: PhoneField,
        FieldType.URL: UrlField,
        FieldType.INTEGER: IntegerField,
        FieldType.CHOICE: ChoiceField,
        FieldType.MULTIPLE_CHOICE: MultipleChoiceField,
        FieldType.COUNTRY: CountryField,
        FieldType.LONG_TEXT: LongTextField,
    }
)
