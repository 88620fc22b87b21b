"""A lead's answers in words: who the person is, and each answer as its client reads it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from capture.campaign.model import Answer, Campaign, FieldType
from capture.countries import country_name
from capture.documents.agreement.model import visible_text
from capture.form.contact import phone_in_groups
from capture.ledger.types import PersonalData

_NAMES: Final = ("name", "given-name", "family-name")
_COMPANY: Final = ("organization",)
"""Autocomplete tokens of the fields with a person's name and company (WHATWG HTML)."""
_NAME_FIELDS: Final = ("full_name", "name")
_COMPANY_FIELDS: Final = ("company",)
"""The usual names of these fields, for forms without autocomplete tokens."""


def person_and_company(terms: Campaign, answers: Mapping[str, Answer]) -> tuple[str, str]:
    """The person's name and the company; an empty text for what is unknown."""
    name = " ".join(_answers_to(terms, answers, _NAMES, _NAME_FIELDS))
    company = " ".join(_answers_to(terms, answers, _COMPANY, _COMPANY_FIELDS))
    return visible_text(name), visible_text(company)


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One answer of a form, in words."""

    field: str
    """The field's name."""
    label: str
    text: str
    is_verified: bool = True


def labelled_answers(terms: Campaign, data: PersonalData) -> Iterator[LabelledAnswer]:
    """The answers in the form's order, also those that could not be verified."""
    for name, field in terms.fields.items():
        if name in data.answers:
            yield LabelledAnswer(name, field.label, answer_text(data.answers[name], field.type))
        elif data.unverified.get(name):
            yield LabelledAnswer(name, field.label, data.unverified[name], is_verified=False)


def answer_text(value: Answer, field_type: FieldType) -> str:
    """The answer as text: a country by its name, a phone number in groups."""
    if isinstance(value, tuple):
        return ", ".join(value)
    text = str(value)
    match field_type:
        case FieldType.COUNTRY:
            return country_name(text)
        case FieldType.PHONE:
            return phone_in_groups(text) or text
    return text


def _answers_to(
    terms: Campaign, answers: Mapping[str, Answer], tokens: Sequence[str], names: Sequence[str]
) -> Iterator[str]:
    """The answers to the fields with one of these autocomplete tokens, or else of these names."""
    fields = [name for name, field in terms.fields.items() if field.autocomplete in tokens]
    for name in fields or [name for name in names if name in terms.fields][:1]:
        if answers.get(name):
            yield str(answers[name])
