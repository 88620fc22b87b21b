"""The table `read_me` of an evidence file: contents, how to check them, what is left out."""

from capture.billing.statement import Statement
from capture.ledger.types import ClosedStatement
from capture.text import count_noun


def read_me(
    closed_statement: ClosedStatement, statement: Statement, leads: int, erased: int
) -> list[tuple[str, str]]:
    """Topics and texts of the table, in order.

    They contain no date, so that the same statement gives the same bytes.
    """
    return [
        (
            "What this is",
            f"The evidence for {statement.parties.document} {closed_statement.number}: "
            f"{statement.month}, for {statement.client}, "
            f"{count_noun(len(statement.parts), 'campaign')}. It holds the "
            f"{count_noun(leads, 'lead')} of its lines and no others, each as it was when the "
            "month was closed. Begin with the view `bill`; `why_qualified` shows each lead's "
            "criteria. Both name the campaign.",
        ),
        (
            "Amounts and times",
            "Columns that end in _minor are whole numbers of the currency's minor unit, net of "
            "tax; the column beside them has the same amount in the currency. Times are UTC "
            "(ISO 8601).",
        ),
        (
            "Check the statement",
            "The SHA-256 of statement.json, as UTF-8, is statement.sha256: the one that is printed "
            "on the document. Its campaigns are the rows of `parts`, and its lines the rows of "
            "`lines`. The lines of a campaign add up to parts.total_minor, and the campaigns to "
            "statement.total_minor.",
        ),
        (
            "Check the amounts",
            "A line costs rate_minor; or percent of what was sold, less what was refunded "
            "(sold_minor - refunded_minor). Where a line with a rate has a refund, the rate is "
            "reduced in the same proportion as the purchase. Half a unit is rounded to the even "
            "digit. Where free_over_cap is 1, the monthly budget was reached and the line is free.",
        ),
        (
            "Check the terms",
            "A campaign version is the SHA-256 of campaign_versions.text, as UTF-8. Campaigns "
            "with the same text have the same version, so campaign and version together name a "
            "row of `campaign_versions` and of `consents`.",
        ),
        (
            "Check the consents",
            "leads.consent_given is 1 where the visitor ticked the box beside the wording in "
            "`consents`. Where no consent was given, leads.basis is the lawful basis on which the "
            "agency keeps the person's data and passed them on. Where answers.verified is 0, the "
            "value is optional contact data as typed, which could not be verified.",
        ),
        (
            "Check the events",
            "The hash of an event is the SHA-256 of its `text` in the view `hashed_events`, as "
            "UTF-8: the hash before it, a line feed, and the event as canonical JSON. So nothing "
            "in it can be changed without changing every hash after it, up to the chain's head "
            "that the document names. Events of other leads come between these; the agency "
            "proves with `gatepost verify` that the chain is complete.",
        ),
        (
            "Events with data left out",
            "events.left_out names the parts of an event's data that were left out: they point to "
            "other leads, or are risk signals of this one. The hash of such an event cannot be "
            "computed here. In data, `by` is a keyed hash of the name of the person who acted, for "
            "you or for the agency.",
        ),
        (
            "Who recorded an event",
            "events.actor is who recorded the event: client means you, by your own token. What the "
            "agency entered for you has the actor agency and, in data, `on_behalf_of` and the end "
            "of the time to object (`final_at`). lines.entered is 1 for lines that depend on such "
            "an entry.",
        ),
        (
            "Erased persons",
            f"Erased since, at the person's request or by law: {erased} of "
            f"{count_noun(leads, 'lead')}. Their lines, verdicts and events are here, their "
            "answers are not. leads.answers is `erased` for these leads.",
        ),
        (
            "Left out on purpose",
            "Leads without a line, notes on leads, costs, one-time ids, and the keys "
            "that identify duplicates. Of the visits that led here: no referrer and no click id.",
        ),
    ]
