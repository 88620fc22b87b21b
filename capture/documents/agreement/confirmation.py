"""The section on the proof of the e-mail address, for campaigns with `confirm = "email"`."""

from capture.campaign.model import Campaign, Caps, Confirm
from capture.documents.agreement.model import Clause, Section


def confirmation_section(campaign: Campaign) -> Section | None:
    """How the proof affects delivery, caps and billing; None if the campaign requires none."""
    if campaign.confirm is not Confirm.EMAIL:
        return None
    files = " The files that visitors get are behind the same link." if campaign.assets else ""
    texts = [
        "A person who sends the form gets a letter with a link. The lead is not delivered, not "
        "shown to the client and not billed until the person has proved the e-mail address: by "
        "opening the link in the browser that sent the form or, in any other browser, by pressing "
        f"a button on its page. A program that only opens the link proves nothing.{files}",
        "The lead qualifies at the proof, and the validation window begins after it, as for every "
        "other lead.",
        "The link works for 7 days. A lead whose address is not proved by then is kept, and "
        "neither delivered nor billed. The person may send the form again. If the person says that "
        "the form was not theirs, the lead ends.",
        "The criteria are judged once, when the form is received. Duplicates, and the people and "
        "companies that the client knows already, are checked again at the proof.",
        *_places(campaign.caps),
        "A lead that the agency won elsewhere gets no such letter. It is delivered, and only the "
        "client's explicit acceptance makes it billable, never silence.",
    ]
    return Section("Proof of the e-mail address", tuple(map(Clause, texts)))


def proof(campaign: Campaign) -> str:
    """Whether the proof is required, in words that follow "is"."""
    return "required" if campaign.confirm is Confirm.EMAIL else "not required"


def _places(caps: Caps) -> list[str]:
    """How an unconfirmed lead counts towards a cap on leads."""
    if caps.leads_a_month is None and caps.leads_a_company is None:
        return []
    if caps.over == "refuse":
        return [
            "A lead that waits for its proof fills a place of a cap on leads for two hours, so "
            "that invented addresses cannot fill a month. The cap is checked again at "
            "the proof, for the month of receipt: a later proof takes a place if one is left."
        ]
    return [
        "A lead that waits for its proof fills a place of a cap on leads for as long as its link "
        "works. One that was over the cap at its receipt stays free."
    ]
