"""Rules of the form: names that are free, choices where there is a choice, the one e-mail."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from capture.campaign.kinds import NAME
from capture.campaign.model import FieldType, FormField
from capture.campaign.problems import Finding, listed, near
from capture.campaign.rules.autocomplete import AUTOFILL_FIELDS, is_autocomplete
from capture.campaign.rules.draft import Draft

_TEXT: Final = (FieldType.TEXT,)
_TYPES_OF: Final[Mapping[str, tuple[FieldType, ...]]] = {
    "full_name": _TEXT,
    "email": (FieldType.EMAIL,),
    "company": _TEXT,
    "job_title": (FieldType.TEXT, FieldType.CHOICE),
    "company_size": (FieldType.CHOICE, FieldType.INTEGER),
    "industry": (FieldType.CHOICE, FieldType.MULTIPLE_CHOICE, FieldType.TEXT),
    "country": (FieldType.COUNTRY,),
    "phone": (FieldType.PHONE,),
    "message": (FieldType.LONG_TEXT, FieldType.TEXT),
}
"""The standard names mean the same in every campaign, so they are asked in the same way."""

PARTS_OF_FORMS: Final = frozenset(
    (
        *("Meta", "data", "errors", "form_errors", "meta", "populate_obj"),
        *("post_process", "process", "validate", "csrf_token"),
    )
)
"""What WTForms' own forms call theirs; loading it to ask would slow every check and build."""
_OUR_OWN: Final = frozenset(("homepage", "consent"))
_COLUMNS: Final = frozenset(
    (
        *("lead_id", "campaign", "campaign_version", "received_at", "billable_at"),
        *("amount", "currency", "verdict", "first_touch", "last_touch"),
    )
)
_OFFERED: Final = (FieldType.CHOICE, FieldType.MULTIPLE_CHOICE)
_UNMEASURED: Final = (*_OFFERED, FieldType.COUNTRY, FieldType.INTEGER)


def form_findings(draft: Draft) -> Iterator[Finding]:
    """Everything that a form's fields do wrong, one finding each."""
    for name in (*draft.fields, *sorted(draft.misshapen)):
        if why := _unusable(name):
            yield Finding(("fields", name), why)
    for name, field in draft.fields.items():
        yield from _field_findings(name, field)
    yield from _email_findings(draft)


def _unusable(name: str) -> str:
    if name.startswith(("_", "gp_")) or name in _OUR_OWN:
        return f"`{name}` is a name that Gatepost's forms use themselves; take another"
    if name in PARTS_OF_FORMS:
        return f"a field named `{name}` would break the form; take another name"
    if name in _COLUMNS:
        return f"`{name}` is a column of every export already; take another name"
    if not re.search(NAME, name):
        return (
            "a field's name has small letters, digits and underscores, begins with a letter and "
            "is at most 40 long, such as job_title"
        )
    return ""


def _field_findings(name: str, field: FormField) -> Iterator[Finding]:
    at = ("fields", name)
    if field.type in _OFFERED and not field.choices:
        yield Finding((*at, "choices"), f'is missing: type {field.type} needs choices = ["a", "b"]')
    if field.type not in _OFFERED and field.choices:
        yield Finding(
            (*at, "choices"),
            f'a field of type {field.type} offers none; say type = "choice" or take them out',
        )
    for number, choice in enumerate(field.choices):
        if choice.casefold() in {earlier.casefold() for earlier in field.choices[:number]}:
            yield Finding((*at, "choices", number), "is offered twice; keep one")
    if field.max_length is not None and field.type in _UNMEASURED:
        yield Finding(
            (*at, "max_length"), f"means nothing for a field of type {field.type}; take it out"
        )
    if field.autocomplete and not is_autocomplete(field.autocomplete):
        yield Finding(
            (*at, "autocomplete"),
            "is no token of the HTML standard" + near(field.autocomplete, AUTOFILL_FIELDS),
        )
    if name in _TYPES_OF and field.type not in _TYPES_OF[name]:
        known = listed((str(kind) for kind in _TYPES_OF[name]), " or ")
        yield Finding(
            (*at, "type"),
            f"`{name}` means the same in every campaign: write type = {known}"
            ", or name the field differently",
        )


def _email_findings(draft: Draft) -> Iterator[Finding]:
    if "email" in draft.misshapen or not draft.fields:
        return
    email = draft.fields.get("email")
    if email is None:
        yield Finding(
            ("fields", "email"), 'is missing; each form needs a field `email` of type = "email"'
        )
    elif not email.required:
        yield Finding(
            ("fields", "email", "required"),
            "every lead needs an e-mail address; take this line out",
        )
