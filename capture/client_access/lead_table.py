"""Leads as a table for programs and spreadsheets, one row each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from capture.client_access.answers import person_and_company
from capture.documents.lead_export import Cell, Row
from capture.lead.events import show_time
from capture.lead.model import Lead
from capture.ledger.people import path_of_article
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign

_COLUMNS: Final = (
    *("lead_id", "campaign", "received_at", "stage", "appointment", "sale", "deadline"),
    *("person", "organization", "article"),
)
SOURCE: Final = "source"
"""A column that only the agency sees."""


def lead_table(
    reading: ReadTransaction, leads: Sequence[Lead], now: datetime, *, with_source: bool
) -> tuple[Sequence[str], Sequence[Row]]:
    """The columns and the rows. Each answer is in a column with the name of its field; a field with
    the name of another column gets the prefix `field_`."""
    fixed = (*_COLUMNS, SOURCE, "unverified")
    columns = dict.fromkeys((*_COLUMNS, SOURCE) if with_source else _COLUMNS)
    rows: list[Row] = []
    for lead in leads:
        row: dict[str, Cell] = {
            "lead_id": lead.lead_id,
            "campaign": lead.campaign,
            "received_at": show_time(lead.received_at),
            "stage": lead.review_at(now),
            "appointment": lead.appointment_at(now),
            "sale": lead.sale,
            "deadline": None if lead.deadline is None else show_time(lead.deadline),
            SOURCE: lead.source,
        }
        data = reading.people.personal_data(lead.lead_id)
        if data is not None:
            terms = saved_campaign(reading, lead.campaign, lead.version)
            row["person"], row["organization"] = person_and_company(terms, data.answers)
            row["article"] = path_of_article(data.first_touch, data.page)
            for name, value in data.answers.items():
                column = f"field_{name}" if name in fixed else name
                columns[column] = None
                text = "; ".join(value) if isinstance(value, tuple) else value
                row[column] = text
            unverified = (f"{name}: {text}" for name, text in data.unverified.items())
            row["unverified"] = "; ".join(unverified) or None
        rows.append(row)
    return [*columns, "unverified"], rows
