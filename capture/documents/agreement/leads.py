"""Sections about leads: form, qualification, duplicates, delivery, terms and checks."""

from typing import Final

from capture.campaign.model import Campaign, DuplicateKey, Duplicates, FieldType, FormField
from capture.documents.agreement.model import (
    Clause,
    Section,
    Table,
    day,
    join_words,
)
from capture.qualification.criteria import sentence
from capture.text import count_noun

_KEYS: Final = {
    DuplicateKey.EMAIL: "e-mail address",
    DuplicateKey.PHONE: "phone number",
    DuplicateKey.COMPANY_DOMAIN: "company domain",
}
_WITH_LISTS: Final = frozenset({"business_email", "matches"})


def definition_section(campaign: Campaign) -> Section:
    """The criteria, in the same sentences as in a verdict."""
    criteria = tuple(sentence(campaign, name) for name in campaign.criteria)
    heading = (
        "There is one criterion" if len(criteria) == 1 else f"The {len(criteria)} criteria are"
    )
    clauses = [
        Clause(f"A lead meets every criterion or it is not qualified. {heading}:", items=criteria),
        Clause(
            "A criterion is judged by the answers given in the form. A missing answer meets no "
            "criterion."
        ),
        Clause(
            "Test leads, spam, duplicates, and people and companies that the client has listed as "
            "known already never count as qualified leads and are never billed."
        ),
        Clause(
            "The verdict on a lead is kept with it, criterion by criterion, and is never computed "
            "again. A person who was not qualified may try again and is judged afresh."
        ),
    ]
    if any(rule.operator in _WITH_LISTS for rule in campaign.criteria.values()):
        clauses.append(
            Clause(
                "The lists that decide on free-mail and disposable addresses, role accounts and "
                "job titles have a version, which each verdict names."
            )
        )
    return Section("What a qualified lead is", tuple(clauses))


def duplicates_section(campaign: Campaign) -> Section:
    """What is compared, how far back, and where."""
    terms = campaign.duplicates
    definition = (
        "A lead is a duplicate if it has the same "
        f"{keys(terms)} as a lead {scope(terms)} that came {window(terms)} and was qualified, "
        "accepted or rejected. Spam and leads that did not qualify make no duplicates."
    )
    comparisons = [text for key, text in _COMPARISONS.items() if key in terms.keys]
    clauses = [Clause(definition)]
    if comparisons:
        clauses.append(Clause(" ".join(comparisons)))
    return Section("Duplicates", tuple(clauses))


_COMPARISONS: Final = {
    DuplicateKey.EMAIL: (
        "E-mail addresses are compared without regard to capital letters and without a +tag."
    ),
    DuplicateKey.COMPANY_DOMAIN: (
        "A company domain is what follows the @ of the e-mail address, as written; the domain of "
        "a free mailbox is no company."
    ),
}


def keys(terms: Duplicates) -> str:
    """The keys that are compared, as a list in words."""
    return join_words([_KEYS[key] for key in _KEYS if key in terms.keys], "or")


def window(terms: Duplicates) -> str:
    """How far back an earlier lead counts, to follow "came"."""
    if terms.window == "for ever":
        return "at any time before"
    return f"in the {'day' if terms.window == 1 else count_noun(terms.window, 'day')} before"


def scope(terms: Duplicates) -> str:
    """The campaigns whose earlier leads are compared, to follow "a lead"."""
    return "of this campaign" if terms.scope == "campaign" else "of any campaign of the client"


# Delivery and form.


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
                "outcomes and statements of earlier leads go on."
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
        return f"Visitors who send its form get {files}: {join_words(campaign.assets)}."
    return "Visitors send its form to ask for a call."


def form_section(campaign: Campaign) -> Section:
    """Every question, and the consent text."""
    rows = tuple(
        (field.label, answer(field), "yes" if field.required else "no")
        for field in campaign.fields.values()
    )
    noun = "this question" if len(rows) == 1 else "these questions"
    return Section(
        "What the form asks",
        (
            Clause(
                f"The form asks {noun}:",
                table=Table(("Question", "Answer", "Required"), rows),
            ),
            Clause(
                "No form is accepted unless the visitor agrees to this text, word for word. Each "
                "lead names the version of it that was shown.",
                quote=campaign.consent.strip(),
            ),
            Clause(
                "A lead that the agency won elsewhere, for example at an event, goes through the "
                "same checks, criteria, duplicates and caps. It names its source and, instead of "
                "a consent, the lawful basis on which its data are kept."
            ),
            Clause(
                "Every lead that is delivered or billed has either the visitor's consent to the "
                "text that was shown or a lawful basis that the agency recorded and that the "
                "lead shows instead of the consent."
            ),
            Clause(
                "A person may withdraw the consent at any time. A lead that was not delivered by "
                "then is not delivered. The agency notifies the client of every other such "
                "lead, and the client must not contact the person any more. If the client has not "
                "decided on the lead, silence does not accept it, and the client may still accept "
                "or reject it. Accepted and billed leads stay as they are."
            ),
        ),
    )


def answer(field: FormField) -> str:
    """The answers that a field takes, in words."""
    words = _ANSWERS[field.type] + "; ".join(field.choices)
    if field.max_length is None:
        return words
    return f"{words} of at most {count_noun(field.max_length, 'character')}"


# Terms, checks and version.


def terms_section() -> Section:
    """Which terms apply to a lead, and what never changes (rules 16 and 17 of docs/rules.md)."""
    return Section(
        "Which terms apply",
        (
            Clause(
                "A lead keeps, for its whole life, the criteria, price, window, reasons and caps "
                "that were in force when it was received. Its consent is that of the form that was "
                "shown. A change applies to leads that are received after it."
            ),
            Clause(
                "Client, currency, time zone and price model never change once the campaign has "
                "leads; to change them takes a new campaign."
            ),
        ),
    )


def checks_section(campaign: Campaign) -> Section:
    """The reports and commands with which both sides can check the figures."""
    slug = campaign.slug
    commands = (
        (f"gatepost export {slug} --month YYYY-MM", "the month's billable leads, line by line"),
        (f"gatepost report {slug} --month YYYY-MM", "the month in figures and charts"),
        ("gatepost statement NUMBER", "the statement of a closed month"),
        (f"gatepost leads {slug}", "every lead and its stage"),
        ("gatepost lead ID", "one lead: its verdict by criterion, and all that happened to it"),
        ("gatepost verify", "whether anything on record was changed"),
    )
    return Section(
        "Reports and checks",
        (
            Clause(
                "Every line of a statement names its lead, the moment at which it fell due, the "
                "version of these terms and the criteria that were met. Once its month is closed, "
                "a statement is frozen under its SHA-256; a correction is a document of its own. "
                "The same records, month and time give the same report, byte for byte."
            ),
            Clause(
                "What happens to a lead is appended and never changed. Each entry carries the "
                "SHA-256 of the one before it. Whoever notes the newest hash can prove later that "
                "nothing before it was changed."
            ),
            Clause(
                "These commands show it:", table=Table(("Command", "Shows"), commands, code=True)
            ),
        ),
    )


def version_section(campaign: Campaign) -> Section:
    """The version of the agreement, and how to compare versions."""
    slug, file = campaign.slug, f"campaigns/{campaign.slug}.toml"
    commands = (
        (f"sha256sum {file}", "the version of a file"),
        (f"gatepost sla {slug} --against FILE", "what differs from another file, in sentences"),
    )
    return Section(
        "The version of these terms",
        (
            Clause(f"These terms are the file {file} in this version:", quote=campaign.version),
            Clause(
                "The version is the SHA-256 of the file's bytes: a changed character gives "
                "another version. Every lead names the version that judged it. To compare:",
                table=Table(("Command", "Shows"), commands, code=True),
            ),
        ),
    )
