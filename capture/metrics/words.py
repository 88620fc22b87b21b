"""What each word of the figures means, for the command that explains them and the report."""

from collections.abc import Mapping
from typing import Final

from capture.metrics.lifetime import ENOUGH_DAYS

DEFINITIONS: Final[Mapping[str, str]] = {
    "submission": "whatever came through the form or an import, tests apart",
    "spam": "a submission that a robot sent; no lead",
    "duplicate": "somebody whom the campaign has already, in its window; no lead",
    "lead": "any other submission; also one that does not qualify, is on the client's list of "
    "those it knows, is over a cap, or waits for its e-mail to be confirmed",
    "qualified": "ticks every box and was delivered to the client",
    "sales-qualified": "accepted: by the client's word, or by silence at the end of the window",
    "rejected": "by the client, for a reason of the agreement; a disputed one stays rejected until "
    "the client agrees",
    "time to review": "from the notice, or from qualification where none is sent, to the client's "
    "word; silence is no review and is left out",
    "appointment": "a meeting that was held, or that silence says was held",
    "closed deal": "a lead that was won and was neither given back whole nor contested",
    "spend": "what the client was billed less what was credited, net of tax; a credit counts in "
    "the month of the statement that it corrects",
    "revenue": "what customers paid the client: the sale, and revenue of periods that have begun; "
    "under revenue share the periods alone once there are any; less refunds",
    "purchase": "a sale, or a period of revenue that has begun",
    "years": "all customers' time from the sale until they left or until now, for each one that "
    f"left; so far only, while nobody has. Under {ENOUGH_DAYS} days a customer it is too early",
    "own costs": "the agency's, by their own month, up to the last that is closed; no client sees "
    "them",
    "period": "leads count in the month of their receipt with all that became of them since; "
    "what was billed and credited in the month of the statement; revenue on its own date. Days "
    "and months are those of each campaign's time zone",
    "post": "the page of the first or last visit before the form, as the visitor's browser told "
    "it; 'not known any more' where it was erased, 'not told' where nothing was said",
    "source": "form, or the source of an import; beside form, the utm_source of the first visit "
    "that has one",
}
"""In the order of a lead's way."""
