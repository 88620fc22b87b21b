"""Texts of the review at the desk: for the agency, and after an answer that was not recorded."""

from typing import Final

from capture.campaign.model import Campaign
from capture.client_access.client_review import ChangedMeanwhile
from capture.errors import EventNotAllowed, Refused
from capture.lead.model import Lead
from capture.review.acts import check_agency_may_accept
from capture.web.desk.lead_view import LeadView, cost_of_acceptance

NOT_STATED: Final = (
    "Tick that the client told you so. Your entry counts as the client's answer unless the client "
    "objects."
)
TOO_LATE_TO_UNDO: Final = (
    "It was not undone: a review can be undone for ten seconds, by the person who made it."
)
REMOVED: Final = (
    "Your answer was not recorded, because the agency has removed the lead. It costs nothing."
)
NO_LEAD: Final = (
    "There is no such lead to decide. The agency may have judged it again. Nothing was recorded."
)


AGENCY_REJECTING: Final = (
    "The rejection counts from now on, and the lead costs nothing. The client may still accept the "
    "lead for the length of a review window."
)


def agency_accepting(lead: Lead, terms: Campaign) -> str:
    """The effect and the cost of an acceptance that the agency enters for the client."""
    return (
        "The acceptance becomes final after a new review window, unless the client rejects the "
        f"lead before. It {cost_of_acceptance(lead, terms)}"
    )


def agency_may_accept(lead: Lead) -> bool:
    """Whether the agency may enter the client's acceptance (rule 41 of docs/rules.md)."""
    try:
        check_agency_may_accept(lead)
    except Refused:
        return False
    return True


def refusal_words(error: Refused, name: str, view: LeadView) -> str:
    """Why an answer was not recorded, in one sentence. `view` shows the lead as it is now."""
    if isinstance(error, ChangedMeanwhile):
        return (
            f"Your answer on {name} was not recorded, because {error} after you opened the page. "
            "Read the lead again, then decide."
        )
    if not isinstance(error, EventNotAllowed):
        return f"Your answer on {name} was not recorded: {error}."
    if error.stage == "held_back":
        return f"Your answer on {name} was not recorded, because the agency is checking the lead."
    if view.is_waiting:
        return (
            f"Your answer on {name} was not recorded. An outcome that was reported for the lead "
            "accepts it, so it cannot be rejected."
        )
    return f"Your answer on {name} was not recorded, because it was decided before. {view.state}."
