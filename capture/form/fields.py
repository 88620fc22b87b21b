"""A WTForms field for each type of field that a campaign file knows.

What was typed stands in `typed` and is shown again as it was; `data` is the normal form of it once
the field was found valid. Every message is a whole sentence that names the field and the mend.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from wtforms import Field, SelectMultipleField, ValidationError, widgets
from wtforms.form import BaseForm

from capture.campaign.model import Answer, FieldType
from capture.countries import COUNTRIES, country_name
from capture.email_domains import domain_of, is_disposable
from capture.form.contact import email_address, example_phones, phone_number, web_address
from capture.form.field_options import Asked, OptionList, SelectOne
from capture.form.text import cleaned_line, cleaned_text, request, showable

_INTEGER: Final = re.compile(r"[+-]?(?:\d{1,15}|\d{1,3}(?:[ ,]\d{3}){1,4})")
_COUNTRY_OPTIONS: Final = OptionList(COUNTRIES.items())


class AnswerField(Field):
    """What all fields share: one typed text, cleaned, then checked by `normal`."""

    widget: Any
    _form: BaseForm

    def __init__(self, asked: Asked, **options: Any) -> None:
        super().__init__(label=asked.label, description=asked.definition.help, **options)
        self.asked = asked
        self.typed = ""
        self.text = ""
        if asked.required:
            self.flags.required = True

    def process_data(self, value: Any) -> None:
        self.data = value
        self.typed = self.text = "" if value is None else str(value)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.typed = str(valuelist[0]) if valuelist else ""
        self.text = self.cleaned(self.typed)
        self.data = self.text or None

    def pre_validate(self, form: BaseForm) -> None:
        del form  # the field knows its form
        if not self.text:
            if self.asked.required:
                raise ValidationError(self.asked.missing)
        elif len(self.text) > self.asked.longest:
            raise ValidationError(self.asked.too_long(len(self.text)))
        else:
            self.data = self.normal(self.text)

    def cleaned(self, typed: str) -> str:
        """The typed text, fit to keep."""
        return cleaned_line(typed)

    def normal(self, text: str) -> Answer:
        """The answer in its normal form. Raises `ValidationError` with the sentence to show."""
        return text

    def _value(self) -> str:
        return showable(self.typed)


class TextField(AnswerField):
    """One line."""

    widget: Any = widgets.TextInput()

    def __init__(self, asked: Asked, **options: Any) -> None:
        super().__init__(asked, **options)
        self.flags.maxlength = asked.longest


class LongTextField(TextField):
    """Several lines."""

    widget = widgets.TextArea()

    def cleaned(self, typed: str) -> str:
        return cleaned_text(typed)


class ContactField(TextField):
    """A way to reach somebody. One that is not required and looks wrong stops nobody: it is kept
    as typed, apart from the answers, and its `data` is None."""

    doubt = ""
    """What would be said of it, were it required."""

    def pre_validate(self, form: BaseForm) -> None:
        try:
            super().pre_validate(form)
        except ValidationError as error:
            if self.asked.required or len(self.text) > self.asked.longest:
                raise
            self.data, self.doubt = None, str(error)


class EmailField(ContactField):
    """An e-mail address that its owner keeps."""

    widget = widgets.EmailInput()

    def normal(self, text: str) -> str:
        address = email_address(text)
        if address is None:
            raise ValidationError(self.asked.wrong)
        if is_disposable(address):
            rest = f" at a domain that you keep; addresses at {domain_of(address)} are thrown away"
            raise ValidationError(request("Enter", self.asked.label, rest))
        return address


class PhoneField(ContactField):
    """A phone number; national ones are read by the country answered in the same form."""

    widget = widgets.TelInput()

    def normal(self, text: str) -> str:
        region = self._region()
        number = phone_number(text, region)
        if number is None:
            raise ValidationError(self._mend(region))
        return number

    def _region(self) -> str | None:
        """The country answered in the same form, if it is one."""
        country = self._form[self.asked.country_field] if self.asked.country_field else None
        return country.chosen or None if isinstance(country, CountryField) else None

    def _mend(self, region: str | None) -> str:
        examples = example_phones(region) if region else None
        if region is None or examples is None:
            return self.asked.wrong
        national, international = examples
        rest = f" as in {country_name(region)}, such as {national}, or as {international}"
        return request("Enter", self.asked.label, rest)


class UrlField(ContactField):
    """An http or https address."""

    widget = widgets.URLInput()

    def normal(self, text: str) -> str:
        address = web_address(text)
        if address is None:
            raise ValidationError(self.asked.wrong)
        return address


class IntegerField(TextField):
    """A whole number, with or without thousands marked by commas or spaces."""

    def normal(self, text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise ValidationError(self.asked.wrong)
        return int(text.replace(",", "").replace(" ", ""))


class ChoiceField(AnswerField):
    """One of the answers offered, as a list to choose from."""

    widget = SelectOne()

    def __init__(self, asked: Asked, options: OptionList, **rest: Any) -> None:
        super().__init__(asked, **rest)
        self.options = options

    def normal(self, text: str) -> str:
        if text not in self.asked.choices:
            raise ValidationError(self.asked.wrong)
        return self.asked.choices[text]

    @property
    def chosen(self) -> str:
        """The offered answer that is chosen; "" if none."""
        return self.asked.choices.get(self.text, "")


class CountryField(AnswerField):
    """A country by its ISO code, offered by its English name."""

    widget = SelectOne()
    options = _COUNTRY_OPTIONS

    def cleaned(self, typed: str) -> str:
        return cleaned_line(typed).upper()

    def normal(self, text: str) -> str:
        if text not in COUNTRIES:
            raise ValidationError(self.asked.wrong)
        return text

    @property
    def chosen(self) -> str:
        """The code that is chosen; "" if none."""
        return self.text if self.text in COUNTRIES else ""


class MultipleChoiceField(SelectMultipleField):
    """Any of the answers offered, as boxes to tick; iterating gives the boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(self, asked: Asked, **options: Any) -> None:
        choices: Any = list(asked.definition.choices)
        super().__init__(
            label=asked.label, description=asked.definition.help, choices=choices, **options
        )
        self.asked = asked
        self.text = ""
        if asked.required:
            self.flags.required = True

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        texts = [text for value in valuelist if (text := cleaned_line(str(value)))]
        self.text = "; ".join(texts)
        self.data = [self.asked.choices.get(text, text) for text in texts]

    def pre_validate(self, form: BaseForm) -> None:
        del form
        chosen = set(self.data or ())
        if not chosen:
            if self.asked.required:
                raise ValidationError(self.asked.missing)
        elif chosen.issubset(self.asked.definition.choices):
            self.data = [choice for choice in self.asked.definition.choices if choice in chosen]
        else:
            raise ValidationError(self.asked.wrong)


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
