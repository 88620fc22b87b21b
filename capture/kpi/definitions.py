"""The definitions of the terms, for explanations of the figures and for the monthly report."""

from collections.abc import Mapping
from typing import Final

from capture.kpi.formulas import MIN_DAYS

DEFINITIONS: Final[Mapping[str, str]] = {
    "submission": "every post of the form and every imported lead, without test leads",
    "spam": "a submission that a robot sent; it is not a lead",
    "duplicate": "a person or company that already is a lead of the campaign, within its duplicate "
    "window; it is not a lead",
    "not proved": "a submission that is quarantined, that the agency discarded, or whose "
    "e-mail address nobody confirmed in time; it is not a lead, unless it is released",
    "lead": "every other submission; also one that does not qualify, is on the client's "
    "suppression list, is over a cap, waits for its e-mail to be confirmed, or whose consent was "
    "withdrawn",
    "qualified": "meets every criterion and was delivered to the client",
    "sales-qualified": "accepted: by the client, by an entry of the agency for the client to which "
    "the client did not object in time, or automatically at the deadline",
    "in review": "delivered and not decided; also a lead that is held back while the agency checks "
    "it",
    "rejected": "by the client, for a reason of the agreement; a disputed lead stays rejected "
    "until the client agrees",
    "time to review": "from the notice, or from qualification if no notice is sent, to the "
    "client's decision; an acceptance that the agency entered and an automatic one are no reviews",
    "appointment": "a meeting that was held, or that counts as held because nobody reported "
    "otherwise",
    "closed deal": "a lead that was won and was neither refunded in full nor objected to",
    "spend": "what was billed to the client less what was credited, net of tax; a credit counts "
    "in the month of the statement that it corrects",
    "revenue": "what customers paid the client: the sale, and revenue of periods that have begun, "
    "less refunds; under revenue share the periods replace the sale once there are any",
    "purchase": "a sale, or a period of revenue that has begun",
    "years": "the total time of all customers from the sale until they left or until now, divided "
    "by the number of customers who left; while no customer has left, only the time so far; not "
    f"shown under {MIN_DAYS} days a customer",
    "own costs": "the agency's costs in their own month, up to the last closed month; no client "
    "sees them",
    "period": "leads count in the month of their receipt, with all that happened to them since; "
    "what was billed and credited in the month of the statement; revenue on its own date. Days "
    "and months are those of each campaign's time zone",
    "post": "the page of the first or last visit before the form, as the visitor's browser sent "
    "it; 'erased' if it was erased, 'not given' if nothing was sent",
    "source": "form, or the source of an import; for the form also the utm_source of the first "
    "visit that has one",
}
"""The definitions, in the order of a lead's life cycle."""
