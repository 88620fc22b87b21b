"""By what figures are parted, and to which group a lead belongs."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from capture.intake import FORM
from capture.ledger import Tracked

NOT_KNOWN: Final = "not known any more"
"""The person's data was erased."""
NOT_TOLD: Final = "not told"
"""The browser said nothing, or there was none."""
NO_LEAD: Final = "no lead of these"
"""Money of documents whose lead is not in the period or is a test."""
OTHERS: Final = "others"
MOST_GROUPS: Final = 1000
"""What visitors' browsers say has no end; further groups are counted together."""


class By(StrEnum):
    """What the figures can be parted by."""

    CAMPAIGN = "campaign"
    MONTH = "month"
    POST = "post"
    SOURCE = "source"


GROUPINGS: Final[Mapping[By | None, Sequence[str]]] = {
    None: (),
    By.CAMPAIGN: ("campaign",),
    By.MONTH: ("month",),
    By.POST: ("first touch", "last touch"),
    By.SOURCE: ("source",),
}
"""The tables that each makes: a lead is in one group of each."""


def by_lead(by: By | None) -> bool:
    """Whether a line of a bill must be laid to its own lead to be parted so."""
    return by in {By.POST, By.SOURCE}


def groups_of(by: By | None, campaign: str, month: str, one: Tracked | None) -> tuple[str, ...]:
    """The group in each grouping; `month` is that of the fact that is counted."""
    match by:
        case By.CAMPAIGN:
            return (campaign,)
        case By.MONTH:
            return (month,)
        case By.POST:
            return (NO_LEAD, NO_LEAD) if one is None else _posts(one)
        case By.SOURCE:
            return (NO_LEAD,) if one is None else (_source(one),)
        case _:
            return ()


def _posts(one: Tracked) -> tuple[str, str]:
    if one.touches is None:
        return NOT_KNOWN, NOT_KNOWN
    first, last = one.touches
    return _path(first), _path(last)


def _path(touch: Mapping[str, str]) -> str:
    path = touch.get("path", "")
    return path if path.startswith("/") else NOT_TOLD


def _source(one: Tracked) -> str:
    source = one.lead.source
    if source != FORM:
        return source
    if one.touches is None:
        return f"{FORM}: {NOT_KNOWN}"
    said = next((touch["utm_source"] for touch in one.touches if touch.get("utm_source")), "")
    return f"{FORM}, utm_source {said}" if said else FORM
