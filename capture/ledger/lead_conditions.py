"""SQL conditions of lists of leads, and the indexes that give each list in its order."""

from collections.abc import Sequence
from typing import Final

from capture.ledger.leads import IS_DELIVERED, VISIBLE
from capture.ledger.types import LeadListQuery

_SILENT: Final = "leads.silence_accepts_at <= :now"
_NOT_SILENT: Final = "(leads.silence_accepts_at IS NULL OR leads.silence_accepts_at > :now)"
_REVIEW_STAGES: Final = {
    "accepted": (("leads.review = 'accepted'",), ("leads.review = 'qualified'", _SILENT)),
    "qualified": (("leads.review = 'qualified'", _NOT_SILENT),),
    "expired": (
        ("leads.review = 'expired'",),
        ("leads.review = 'unconfirmed'", "leads.confirm_until <= :now"),
    ),
    "unconfirmed": (
        (
            "leads.review = 'unconfirmed'",
            "(leads.confirm_until IS NULL OR leads.confirm_until > :now)",
        ),
    ),
}
"""By stage of the lead now: the stored stages that can lead to it, each with its conditions. The
condition that uses the index comes first."""
_APPOINTMENT_STAGES: Final = {
    "held": (
        ("leads.appointment = 'held'",),
        ("leads.appointment = 'scheduled'", "leads.silence_holds_at <= :now"),
    ),
    "scheduled": (
        (
            "leads.appointment = 'scheduled'",
            "(leads.silence_holds_at IS NULL OR leads.silence_holds_at > :now)",
        ),
    ),
}

Stages = Sequence[Sequence[str]]


def review_stages(query: LeadListQuery) -> Stages:
    """The stored stages that can lead to the stage of the query, each with its conditions.

    A stage that silence may have changed is stored in two ways. Only one of them at a time can be
    read in the order of an index.
    """
    if query.review is None:
        return ((),)
    return _REVIEW_STAGES.get(query.review, (("leads.review = :review",),))


def appointment_stages(query: LeadListQuery) -> Stages:
    """The same for the stage of the meeting."""
    if query.appointment is None:
        return ((),)
    other = f"leads.appointment = :appointment AND {_HAS_MEETING}"
    return _APPOINTMENT_STAGES.get(query.appointment, ((other,),))


_HAS_MEETING: Final = "leads.appointment != 'none'"
_HAS_SALE: Final = "leads.sale != 'none'"
_HAS_ARTICLE: Final = "leads.article IS NOT NULL"
"""The same conditions as in the partial indexes. With others, SQLite does not use these indexes."""

_EQUAL: Final = {
    "campaign": ("leads_by_campaign", "leads.campaign = :campaign"),
    "source": ("leads_by_source", "leads.source = :source"),
    "sale": ("leads_by_sale", f"leads.sale = :sale AND {_HAS_SALE}"),
    "article": ("leads_by_article", f"leads.article = :article AND {_HAS_ARTICLE}"),
}
"""By field of the query: an index, and the condition of its first column."""


def filter_conditions(query: LeadListQuery) -> list[str]:
    """All conditions except those of the stages."""
    conditions = [
        condition for name, (_, condition) in _EQUAL.items() if getattr(query, name) is not None
    ]
    if query.client is not None:
        conditions.append(f"leads.client = :client AND {VISIBLE} AND {IS_DELIVERED}")
    if query.signal is not None:
        conditions.append(
            "EXISTS (SELECT 1 FROM lead_signals AS found WHERE found.signal = :signal"
            " AND found.received_at = leads.received_at AND found.lead_id = leads.lead_id)"
        )
    return [*conditions, *period_conditions(query)]


def period_conditions(query: LeadListQuery) -> list[str]:
    """The conditions of the time of receipt."""
    conditions = {"received_since": ">=", "received_until": "<"}
    return [
        f"leads.received_at {sign} :{name}"
        for name, sign in conditions.items()
        if getattr(query, name) is not None
    ]


def list_indexes(
    query: LeadListQuery, stages: Sequence[str], *, is_searched: bool
) -> list[tuple[str, str]]:
    """The indexes that can give the list, each with the condition of its first column.

    At least one, unless something else gives the list: `is_searched`.
    """
    found = [index for name, index in _EQUAL.items() if getattr(query, name) is not None]
    for condition in stages:
        if condition.startswith("leads.review ="):
            found.append(("leads_by_review", condition))
        elif condition.startswith("leads.appointment ="):
            found.append(("leads_by_appointment", f"{condition} AND {_HAS_MEETING}"))
    if query.client is not None:
        found.append(("leads_shown", f"leads.client = :client AND {VISIBLE}"))
    if found or is_searched:
        return found
    return [("leads_by_time", "leads.received_at IS NOT NULL")]
