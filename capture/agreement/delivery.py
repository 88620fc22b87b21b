"""What the agency delivers, what the form asks, and what visitors agree to."""

from typing import Final

from capture.agreement.model import Clause, Section, Table
from capture.agreement.words import choices, count, day, listed
from capture.campaign import Campaign, FieldType, FormField

_ANSWERS: Final = {
    FieldType.TEXT: "text",
    FieldType.EMAIL: "e-mail address",
    FieldType.PHONE: "phone number",
    FieldType.URL: "web address",
    FieldType.INTEGER: "whole number",
    FieldType.CHOICE: "one of: ",
    FieldType.MULTIPLE_CHOICE: "one or more of: ",
    FieldType.COUNTRY: "country",
    FieldType.LONG_TEXT: "longer text",
}


def delivery_section(campaign: Campaign) -> Section:
    """The campaign, what visitors get, when the form is open."""
    opened = opening(campaign)
    return Section(
        "What is delivered",
        (
            Clause(
                f'The agency runs the campaign "{campaign.title}" and delivers to the client the '
                f"qualified leads that it brings. {_visitors_get(campaign)}"
            ),
            *([Clause(f"The form is open {opened}.")] if opened else []),
            Clause(
                "The agency may pause or close the form. Then it takes no new leads; review, "
                "outcomes and bills of earlier leads go on."
            ),
        ),
    )


def opening(campaign: Campaign) -> str:
    """When the form is open by the file's dates, to follow "open"; empty if it names none."""
    opens, closes = campaign.opens, campaign.closes
    if opens and closes:
        if opens == closes:
            return f"on {day(opens)}"
        return f"from {day(opens)} to {day(closes)}, both days included"
    if opens:
        return f"from {day(opens)}"
    return f"until {day(closes)}, that day included" if closes else ""


def _visitors_get(campaign: Campaign) -> str:
    if campaign.assets:
        files = "this file" if len(campaign.assets) == 1 else "these files"
        return f"Visitors who send its form get {files}: {listed(campaign.assets)}."
    return "Visitors send its form to ask for a call."


def form_section(campaign: Campaign) -> Section:
    """Every question, and the consent text."""
    rows = tuple(
        (field.label, answer(field), "yes" if field.required else "no")
        for field in campaign.fields.values()
    )
    asked = "this question" if len(rows) == 1 else "these questions"
    return Section(
        "What the form asks",
        (
            Clause(
                f"The form asks {asked}:",
                table=Table(("Question", "Answer", "Required"), rows),
            ),
            Clause(
                "No form is taken unless the visitor agrees to this text, word for word. Each "
                "lead names the version of it that was shown.",
                quote=campaign.consent.strip(),
            ),
            Clause(
                "A lead that the agency won elsewhere, at an event say, goes through the same "
                "checks, boxes, duplicates and caps. It names its source and, in place of a "
                "consent, the lawful basis on which its data are kept."
            ),
            Clause(
                "Every lead that is delivered or billed has either the visitor's consent to the "
                "text that was shown or a lawful basis that the agency recorded and that the "
                "lead shows in the consent's place."
            ),
        ),
    )


def answer(field: FormField) -> str:
    """What may be answered, in words."""
    words = _ANSWERS[field.type] + choices(field.choices)
    if field.max_length is None:
        return words
    return f"{words} of at most {count(field.max_length, 'character')}"
