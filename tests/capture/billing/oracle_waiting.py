"""The oracle's acts that hold a lead back, end its delivery, or end acceptance by silence.

Written from docs/rules.md alone (rules 15, 35 and 36). Each function changes a history, or raises
`Refusal` and changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tests.capture.billing.oracle_acts import (
    Act,
    end_deadline_without_silence,
    lose_meeting,
    require,
)
from tests.capture.billing.oracle_history import LeadHistory

HELD: Final = ("quarantined", "held_back")
"""Stages of a lead in quarantine."""


def held_back(history: LeadHistory, act: Act) -> None:  # noqa: ARG001
    """Holds back an undecided lead without an outcome; any other lead does not change."""
    if not is_undecided_and_untouched(history):
        return
    is_known = history.stage == "qualified" and history.notified
    history.stage = "held_back" if is_known else "quarantined"
    history.deadline = history.undo = None


def is_undecided_and_untouched(history: LeadHistory) -> bool:
    """Whether nobody has decided about the lead, entered a review, or recorded an outcome."""
    is_waiting = history.stage == "unconfirmed" or (history.is_undecided and not history.entered)
    is_untouched = history.appointment == history.sale == "none"
    return is_waiting and is_untouched and not history.erased


def discarded(history: LeadHistory, act: Act) -> None:  # noqa: ARG001
    require(history.stage in HELD)
    history.stage, history.deadline = "discarded", None


def consent_withdrawn(history: LeadHistory, act: Act) -> None:  # noqa: ARG001
    """Ends a lead that the client does not know yet. Silence never accepts any other lead."""
    if history.consent_withdrawn:
        return
    history.consent_withdrawn = True
    end_deadline_without_silence(history)
    is_unknown = history.is_undecided and not history.notified
    if history.stage in ("unconfirmed", "quarantined") or is_unknown:
        history.stage, history.undo = "consent_withdrawn", None
        lose_meeting(history)


def erased(history: LeadHistory, act: Act) -> None:  # noqa: ARG001
    """Erasure by age. Nobody can review a lead without answers, so silence never accepts it."""
    history.erased = True
    if history.stage in HELD:
        history.stage = "discarded"
    end_deadline_without_silence(history)


def forgotten(history: LeadHistory, act: Act) -> None:
    """Erasure at the person's request, which also withdraws the consent for an undecided lead."""
    is_undecided = history.is_undecided or history.stage in ("unconfirmed", *HELD)
    if is_undecided and not history.erased:
        consent_withdrawn(history, act)
    erased(history, act)


ACTS_ON_DELIVERY: Final[Mapping[str, Callable[[LeadHistory, Act], None]]] = {
    act.__name__: act for act in (held_back, discarded, consent_withdrawn, erased, forgotten)
}
