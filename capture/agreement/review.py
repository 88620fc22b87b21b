"""The validation window: how long, from when, for which reasons, and what silence does."""

from capture.agreement.model import Clause, Section, Table
from capture.agreement.words import count, day, listed
from capture.billing import pays
from capture.campaign import Campaign, Client, Notice, Review
from capture.lead import Kind


def review_section(campaign: Campaign, client: Client) -> Section:
    """Everything about a lead's acceptance."""
    terms = campaign.review
    untold = (
        ""
        if terms.notice is Notice.NONE
        else "; as long as the client was not told, silence accepts nothing"
    )
    one = len(terms.reasons) == 1
    return Section(
        "The validation window",
        (
            Clause(
                "The client may accept or reject a qualified lead until its deadline. That is "
                f"{count(terms.hours, 'hour')} after {_start(terms, client)} At the deadline's "
                f"very instant silence accepts{untold}."
            ),
            Clause(clock(terms)),
            Clause(
                f"The client may reject a lead for {'this reason' if one else 'these reasons'} "
                "only. A rejection names the reason's code, may carry a note, and counts if it "
                "was recorded before the deadline; a later one is refused.",
                table=Table(("Code", "Reason"), tuple(terms.reasons.items()), code=True),
            ),
            Clause(
                "Whoever accepted or rejected a lead can take that back within ten seconds. A "
                "rejection that the agency disputes stays a rejection until the client agrees; the "
                "lead is then accepted from that moment."
            ),
            Clause(
                "Only the client's own word, never silence, accepts a lead whose answers were "
                "corrected by hand, one that was taken out of spam, and one from a person who was "
                "not qualified before and has since answered a box differently."
            ),
            Clause(_own_word(campaign)),
            Clause(
                "The client's word comes by its own access: its token or its link. What the agency "
                "enters for the client is recorded as the agency's entry and shown so. A rejection "
                "that the agency entered holds at once; an acceptance that it entered is final "
                f"{count(terms.hours, 'hour')} later. Until then the client may say the opposite "
                "by its own word; a rejection names one of the reasons above. These hours count "
                "as those of the window do. Where silence accepts nothing, the agency enters no "
                "acceptance; and only the client itself settles a dispute or approves a debit note."
            ),
        ),
    )


def _own_word(campaign: Campaign) -> str:
    booked = (
        "an appointment was scheduled or held"
        if pays(Kind.SCHEDULED, campaign)
        else "an appointment was held"
    )
    return (
        f"A client that records by its own word that {booked} with a lead, that a sale was won or "
        "what revenue came in has accepted the lead; no rejection follows."
    )


def _start(terms: Review, client: Client) -> str:
    match terms.notice:
        case Notice.NONE:
            return "the moment at which the lead qualified; no notice is sent."
        case Notice.EMAIL:
            to = client.contacts.notices
            where = f" to {listed(to)}" if to else ""
            return (
                f"the client was told of it. The notice is an e-mail{where}; the client was told "
                "once its mail server took it, or once the client opened the lead."
            )
        case Notice.WEBHOOK:
            return (
                "the client was told of it. The notice is a call to the client's system (a "
                "webhook); the client was told once that took it, or once the client opened the "
                "lead."
            )


def notice(terms: Review) -> str:
    """How the client is told, as one noun."""
    return {Notice.NONE: "none", Notice.EMAIL: "an e-mail", Notice.WEBHOOK: "a webhook"}[
        terms.notice
    ]


def clock(terms: Review) -> str:
    """Which hours count."""
    if not terms.working_days:
        return "Hours are hours that pass, at night, on weekends and on holidays too."
    still = ["on Saturdays", "on Sundays", *(f"on {day(one)}" for one in sorted(terms.holidays))]
    return (
        f"Hours are hours that pass, but the clock stands still {listed(still)}, as the "
        "campaign's time zone has these days."
    )
