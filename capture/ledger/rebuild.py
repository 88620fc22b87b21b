"""Derives every projection again from the events, the personal data and the closed statements.

For a ledger whose `verify` reports that a row or a count differs. Events, personal data, statements
and their lines are read and never written.
"""

from collections.abc import Sequence
from typing import Final

from capture.errors import Refused
from capture.lead.fold import fold_events
from capture.ledger.due_projection import BILLED
from capture.ledger.projections import fill_held_leads, fill_lead_payments, fill_projections
from capture.ledger.store import SqlReadTransaction
from capture.ledger.verify import check_chain

DERIVED_TABLES: Final = (
    *("month_counts", "day_counts", "page_sums", "page_rejections", "open_lines"),
    *("customers", "payments_by_month", "payments_by_day", "lead_payments"),
    *("held_leads", "lead_signals", "search_words", "statement_totals"),
)
"""The tables that hold nothing but projections. `leads` is one too, but its rows are updated,
because they keep the order of recording."""


def rebuild(reading: SqlReadTransaction, trigger_problems: Sequence[str]) -> int:
    """Derives everything again within the caller's write transaction. Returns the number of leads.

    Raises `Refused` if the events or the campaign versions were changed, so that nothing could be
    derived from them, and `EventNotAllowed` if a lead has an event that is not allowed.
    """
    problems = [*check_chain(reading.connection).problems, *trigger_problems]
    if problems:
        raise Refused(
            f"{problems[0]}; nothing can be derived from a damaged ledger: restore a backup"
        )
    for table in DERIVED_TABLES:
        reading.connection.execute(f"DELETE FROM {table}")
    count = _rebuild_leads(reading)
    fill_projections(reading)
    fill_lead_payments(reading)
    fill_held_leads(reading)
    reading.page_sums.fill()
    return count


def _rebuild_leads(reading: SqlReadTransaction) -> int:
    """Writes the row of each lead with its open lines, risk signals and search words."""
    db, count = reading.connection, 0
    db.execute(
        "DELETE FROM leads WHERE NOT EXISTS"
        " (SELECT 1 FROM events WHERE events.lead_id = leads.lead_id)"
    )
    received = "SELECT lead_id FROM events WHERE kind = 'received' ORDER BY sequence"
    for (lead_id,) in db.execute(received):
        count += 1
        events = [recorded.event for recorded in reading.events.select(lead_id=lead_id)]
        lead, data = fold_events(events), reading.people.personal_data(lead_id)
        reading.leads.save([lead])
        reading.due.save([(lead_id, reading.due.derive(lead, events))])
        article = None if data is None else reading.people.article_of(data)
        db.execute(
            f"UPDATE leads SET article = ?, billed = {BILLED} WHERE lead_id = ?", (article, lead_id)
        )
        reading.lead_list.save_signals({lead_id: lead}, events)
        if data is not None:
            reading.words.save(lead_id, data)
    return count
