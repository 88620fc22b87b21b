"""What an outcome does not change, though whoever records it may think so: said at once."""

from capture.billing import counts, life_of, split
from capture.campaign import Campaign
from capture.lead import Kind
from capture.ledger import Reading
from capture.outcomes.record import Outcome


def remarks(reading: Reading, terms: Campaign, outcome: Outcome) -> list[str]:
    """A sentence for each, on an outcome that was recorded just now. `terms` are the lead's."""
    life = life_of(one.event for one in reading.events.select(lead_id=outcome.lead_id))
    said = []
    if terms.price.billable == "revenue" and outcome.kind is Kind.REVENUE and outcome.period:
        days = split(0, outcome.period, outcome.months)
        unpaid = [day.isoformat() for day in days if not counts(day, life, terms)]
        if unpaid:
            said.append(
                f"No share is paid for months that begin on {', '.join(unpaid)}: they lie after "
                "the term or a refund in full, or the customer was away."
            )
    late = outcome.kind in {Kind.CANCELLED, Kind.MOVED} and life.missed is not None
    if terms.price.billable == "scheduled" and late:
        said.append(
            "The booking stays charged: it was not cancelled or moved before its meeting's time."
        )
    return said
