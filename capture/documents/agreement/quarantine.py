"""The section on leads that are held back until the agency has checked them.

See rule 36 of docs/rules.md.
"""

from collections.abc import Iterator
from typing import Final

from capture.campaign.model import Campaign, Caps, Confirm, Notice
from capture.campaign.quarantine import SIGNALS, Quarantine
from capture.documents.agreement.model import Clause, Section, Table
from capture.text import count_noun

NUMBERS: Final = {
    "burst_leads": "The number of leads within an hour that make a burst",
    "alike_leads": "The number of companies or mailboxes with similar answers",
    "network_leads": "The number of companies or mailboxes a day from one network",
}
"""The name of each threshold, for the comparison of two versions."""


def quarantine_section(campaign: Campaign) -> Section | None:
    """The section on quarantine: which leads, how long, and the cost. None without quarantine."""
    terms = campaign.quarantine
    rows = tuple((text, f"{weight}") for _, text, weight in signals(terms))
    if not holds_leads(terms):
        return None
    return Section(
        "Leads that are held back",
        (
            Clause(
                "A lead that meets every criterion may still be no real person. The agency holds "
                "it back until it has checked it, if the weights of these signals add up to "
                f"{terms.hold_at}. No signal is proof.",
                table=Table(("Signal", "Weight"), rows),
            ),
            Clause(
                "A lead that is held back before the client was notified of it is not delivered"
                f"{_caps(campaign.caps)}, and is not billed. If the agency releases it, it is "
                f"checked again for duplicates, at that time{_month(campaign.caps)}. Then it is "
                f"delivered{_proof(campaign)}, and its validation window begins, as for every "
                "other lead."
            ),
            Clause(
                "A lead that the client has in its validation window may be held back in the same "
                "way, as long as it is undecided and no appointment or sale was recorded. "
                "The window stops, the client sees that the lead is held back, and neither the "
                "client nor silence decides it meanwhile. If the agency releases it, a full window "
                f"begins at that moment{_message(campaign)}. A lead that silence never accepts has "
                "no deadline."
            ),
            Clause(
                "Only a person at the agency releases or discards a lead. A lead that is discarded "
                "or not checked is kept and never billed. If the client had the lead in review, "
                "its page shows that it was removed."
            ),
        ),
    )


def holds_leads(terms: Quarantine) -> bool:
    """Whether any lead can be held back because of risk signals."""
    return terms.enabled and terms.hold_at <= terms.all_weights


def signals(terms: Quarantine) -> Iterator[tuple[str, str, int]]:
    """The signals with a weight above 0: name, sentence, and weight."""
    for name in SIGNALS:
        weight = getattr(terms, name)
        if weight:
            yield name, _words(name, terms), weight


def holding(terms: Quarantine) -> str:
    """Whether leads are held back, in words that follow "is"."""
    return "agreed" if terms.enabled else "not agreed"


def _words(name: str, terms: Quarantine) -> str:
    """A signal in words, with the campaign's own numbers."""
    match name:
        case "honeypot":
            text = "A field of the form that people cannot see was filled in; some browsers do that"
        case "spam_signal":
            text = "One sign of spam: sent too quickly, a link in a name, or many links"
        case "burst":
            text = (
                f"At least {count_noun(terms.burst_leads, 'lead')} came from one traffic source "
                f"within an hour, or {2 * terms.burst_leads:,} within a day, far more than usual"
            )
        case "alike":
            text = (
                f"At least {terms.alike_leads:,} companies or mailboxes gave the same phone "
                "number, the same texts, or addresses made by one pattern"
            )
        case "network":
            text = (
                f"At least {terms.network_leads:,} companies or mailboxes within a day, or "
                f"{2 * terms.network_leads:,} within a week, sent the form from one network"
            )
        case "no_mail_domain":
            text = "The domain of the e-mail address takes no mail"
        case "rejected_answer":
            text = (
                "The client rejected an earlier lead with this phone number or mailbox as an "
                "invalid contact, or at least two of the company, more than it accepted or has in "
                "review"
            )
        case _:
            text = name.replace("_", " ").capitalize()
    return text


def _message(campaign: Campaign) -> str:
    is_by_mail = campaign.review.notice is Notice.EMAIL
    return ", and the client gets an e-mail with the new deadline" if is_by_mail else ""


def _proof(campaign: Campaign) -> str:
    is_asked = campaign.confirm is Confirm.EMAIL
    return " once the person has proved the e-mail address" if is_asked else ""


def _caps(caps: Caps) -> str:
    has_cap = caps.leads_a_month is not None or caps.leads_a_company is not None
    return ", fills no place of a cap" if has_cap else ""


def _month(caps: Caps) -> str:
    has_cap = caps.leads_a_month is not None or caps.leads_a_company is not None
    return ", and against the caps of the month in which it was received" if has_cap else ""
