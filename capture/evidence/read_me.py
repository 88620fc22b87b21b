"""What an evidence file says of itself: what stands in it, how to check it, what was left out."""

from capture.counted import counted
from capture.ledger import Frozen
from capture.statement import Statement


def read_me(frozen: Frozen, bill: Statement, leads: int, erased: int) -> list[tuple[str, str]]:
    """Topic and text, in order. Says nothing of the day on which the file was made."""
    return [
        (
            "What this is",
            f"The evidence for statement {frozen.number}: {bill.campaign}, {bill.month}, for "
            f"{bill.client}. It holds {counted(leads, 'lead')} of that statement's lines and "
            "nobody else's, each as it stood when the statement was drawn. Begin with the view "
            "`bill`; `why_qualified` shows each lead's criteria.",
        ),
        (
            "Amounts and times",
            "Columns that end in _minor are whole numbers of the currency's minor unit, net of "
            "tax; the column beside them says the same in the currency. Times are UTC (ISO 8601).",
        ),
        (
            "Check the statement",
            "The SHA-256 of statement.json, as UTF-8, is statement.sha256: the one printed on the "
            "statement. Its lines are the rows of `lines`.",
        ),
        (
            "Check the terms",
            "A campaign version is the SHA-256 of campaign_versions.text, as UTF-8.",
        ),
        (
            "Check the consents",
            "leads.consent_given is 1 where the visitor ticked the box beside the wording in "
            "`consents`. Where no consent was given, leads.basis says on which lawful basis the "
            "agency keeps the person's data and passed them on. Where answers.verified is 0, the "
            "value is optional contact data as typed, which could not be verified.",
        ),
        (
            "Check the events",
            "The hash of an event is the SHA-256 of its `text` in the view `hashed_events`, as "
            "UTF-8: the hash before it, a line feed, and the event as canonical JSON. So nothing "
            "in it can be changed without changing every hash after it, up to the chain's head "
            "that the statement names. Events of other leads stand between these; the agency "
            "shows with `gatepost verify` that the chain is whole.",
        ),
        (
            "Events left short",
            "Where events.left_out is not empty, what it names in the event's data points to "
            "other leads and was left out, so that event's hash cannot be computed here. In data, "
            "`by` stands for a person of yours or of the agency, as a keyed hash.",
        ),
        (
            "Who spoke",
            "In events, actor is who recorded it: client is your own word, by your token. What the "
            "agency entered for you has the actor agency and, in data, `on_behalf_of` and until "
            "when you could object (`final_at`). lines.entered says which lines rest on that.",
        ),
        (
            "Erased persons",
            f"Erased since, at the person's wish or by law: {erased} of {counted(leads, 'lead')}. "
            "Their lines, verdicts and events are here, their answers are not. leads.answers "
            "says which.",
        ),
        (
            "Left out on purpose",
            "Leads that are not on the statement, notes, costs, one-time ids, and the keys by "
            "which duplicates are found. Of the visits that led here: no referrer and no click id.",
        ),
    ]
