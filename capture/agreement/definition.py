"""The exact definition of a qualified lead, and of a duplicate."""

from typing import Final

from capture.agreement.model import Clause, Section
from capture.agreement.words import count, listed
from capture.campaign import Campaign, DuplicateKey, Duplicates
from capture.qualification import sentence

_KEYS: Final = {
    DuplicateKey.EMAIL: "e-mail address",
    DuplicateKey.PHONE: "phone number",
    DuplicateKey.COMPANY_DOMAIN: "company domain",
}
_WITH_LISTS: Final = frozenset({"business_email", "matches"})


def definition_section(campaign: Campaign) -> Section:
    """Every criterion in the very sentence that the verdict uses."""
    boxes = tuple(sentence(campaign, name) for name in campaign.criteria)
    are = "There is one box" if len(boxes) == 1 else f"The {len(boxes)} boxes are"
    clauses = [
        Clause(f"A lead ticks every box or it is not qualified. {are}:", items=boxes),
        Clause(
            "A box is judged by the answers given in the form. An answer that is missing ticks "
            "no box."
        ),
        Clause(
            "Test leads, spam, people and companies on the client's list of those it knows "
            "already, and duplicates never count as qualified leads and are never billed."
        ),
        Clause(
            "The verdict on a lead is kept with it, box by box, and is never computed again. A "
            "person who was not qualified may try again and is judged afresh."
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
    earlier = (
        "A lead is a duplicate if it has the same "
        f"{keys(terms)} as a lead {scope(terms)} that came {window(terms)} and was qualified, "
        "accepted or rejected. Spam and leads that did not qualify make no duplicates."
    )
    how = [_HOW[key] for key in _HOW if key in terms.keys]
    clauses = [Clause(earlier)]
    if how:
        clauses.append(Clause(" ".join(how)))
    return Section("Duplicates", tuple(clauses))


_HOW: Final = {
    DuplicateKey.EMAIL: (
        "E-mail addresses are compared without regard to capital letters and without a +tag."
    ),
    DuplicateKey.COMPANY_DOMAIN: (
        "A company domain is what follows the @ of the e-mail address, as written; the domain of "
        "a free mailbox is no company."
    ),
}


def keys(terms: Duplicates) -> str:
    """What is compared."""
    return listed([_KEYS[key] for key in _KEYS if key in terms.keys], "or")


def window(terms: Duplicates) -> str:
    """How far back an earlier lead counts, to follow "came"."""
    if terms.window == "for ever":
        return "at any time before"
    return f"in the {'day' if terms.window == 1 else count(terms.window, 'day')} before"


def scope(terms: Duplicates) -> str:
    """Where earlier leads are looked for."""
    return "of this campaign" if terms.scope == "campaign" else "of any campaign of the client"
