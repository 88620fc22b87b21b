"""Answers that came without the form (a row of a table, a command), held to its own checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from capture.campaign import Answer, Campaign, FieldType
from capture.campaign.problems import listed, shown
from capture.form.campaign_form import form_class

_OFFERED: Final = frozenset({FieldType.CHOICE, FieldType.MULTIPLE_CHOICE})


@dataclass(frozen=True, slots=True)
class Checked:
    """What the form makes of typed texts."""

    answers: Mapping[str, Answer]
    """The normal forms of what is in order, by field; a field without an answer has no entry."""
    faults: Mapping[str, str]
    """By field: what was typed, and how to mend it, in one line."""
    unverified: Mapping[str, str]
    """By field: optional contact data that looks wrong, as typed; no answers."""
    doubts: Mapping[str, str]
    """By field of those: what a required one would be told."""


def check_typed(campaign: Campaign, typed: Mapping[str, str]) -> Checked:
    """Checks texts by field name as a post of the campaign's form would be; consent stands apart.

    Several choices are separated by semicolons.
    """
    form = form_class(campaign)(
        _Post({name: _parts(campaign, name, text) for name, text in typed.items()})
    )
    form.validate_answers()
    faults = {
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
    return Checked(form.answers(), faults, unverified, doubts)


def as_typed(answers: Mapping[str, Answer]) -> dict[str, str]:
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
    mend = f" Offered: {listed(offers)}." if offers else ""
    if field.type is FieldType.COUNTRY:
        mend = " Write its ISO 3166 code of two letters, such as US."
    held = f"{name} = {shown(text)}" if text.strip() else name
    return f"{held}: {sentence}{mend}"
