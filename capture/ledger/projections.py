"""Derives counts of leads, sums over customers, totals of statements, and the list of quarantine.

The ledger keeps them up to date in each write. Here they are computed for an old ledger that does
not have them, and compared for `verify`.
"""

from collections.abc import Iterator, Sequence

from capture.billing.customers import Customer
from capture.lead.events import Event
from capture.lead.model import Lead
from capture.lead.moves import NOT_STARTED
from capture.ledger.customers import (
    PAYMENT_TABLES,
    PaymentTally,
    customer_row,
    lead_payment_rows,
)
from capture.ledger.leads import LEAD, lead_from_row
from capture.ledger.page_tally import PageSumCheck, rejection_reason
from capture.ledger.store import SqlReadTransaction
from capture.ledger.types import PersonalData


def fill_projections(reading: SqlReadTransaction) -> None:
    """Fills the empty tables from the leads, events and statements of the ledger."""
    tally, payments = reading.lead_counts.tally(), PaymentTally()
    rows = reading.connection.execute(
        f"SELECT {LEAD} FROM leads {reading.dialect.in_stored_order} ORDER BY id"
    )
    for lead in map(lead_from_row, rows):
        tally.add(lead)
        if lead.sale != NOT_STARTED:
            events = (recorded.event for recorded in reading.events.select(lead_id=lead.lead_id))
            customer = reading.customers.derive(lead, events)
            reading.customers.save_row(lead, customer)
            if customer is not None:
                payments.add(lead.campaign, customer)
    reading.lead_counts.save(tally)
    reading.customers.save_payments(payments)
    for number in reading.statements.numbers():
        reading.statements.save_totals(number)


def fill_lead_payments(reading: SqlReadTransaction) -> None:
    """Fills the empty table of payments."""
    hint = reading.dialect.use_index.format("leads_sold")
    rows = reading.connection.execute(
        f"SELECT {LEAD} FROM leads {hint} WHERE sale <> '{NOT_STARTED}'"
    )
    for lead in map(lead_from_row, rows):
        events = (recorded.event for recorded in reading.events.select(lead_id=lead.lead_id))
        reading.customers.save_lead_payments(lead, reading.customers.derive(lead, events))


def fill_held_leads(reading: SqlReadTransaction) -> None:
    """Fills the empty table of leads in quarantine."""
    reading.held_leads.fill(
        (lead, (recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)))
        for lead in reading.leads.in_quarantine()
    )


def fill_open_lines(reading: SqlReadTransaction) -> None:
    """Fills the empty table of open lines, of the leads whose row says that a line falls due."""
    rows = reading.connection.execute(f"SELECT {LEAD} FROM leads WHERE due_at IS NOT NULL")
    for lead in map(lead_from_row, rows.fetchall()):
        reading.due.insert(reading.due.derive(lead))


class ProjectionCheck:
    """Derives the counts and sums again, lead by lead, and compares them with the tables."""

    def __init__(self, reading: SqlReadTransaction) -> None:
        self._reading = reading
        self._tally = reading.lead_counts.tally()
        self._payments = PaymentTally()
        self._pages = PageSumCheck()
        self._customers = 0
        self._lead_payments = 0

    def add(self, lead: Lead, events: Sequence[Event], data: PersonalData | None) -> bool:
        """Adds a lead with its events and its personal data, which is None after erasure.

        False if its rows of a customer are not the derived ones.
        """
        self._tally.add(lead)
        customer: Customer | None = self._reading.customers.derive(lead, events)
        if customer is not None:
            self._payments.add(lead.campaign, customer)
        reason = rejection_reason(lead, events)
        self._pages.add(lead, reason, self._reading.page_sums.pages_in(data), customer)
        row = customer_row(lead, customer)
        self._customers += row is not None
        payments = lead_payment_rows(lead, customer)
        self._lead_payments += len(payments)
        stored = self._reading.customers
        if payments and stored.stored_lead_payments(lead.lead_id) != payments:
            return False
        return row is None or stored.stored_row(lead.lead_id) == row

    def problems(self) -> Iterator[str]:
        """One line for each table that differs, after all leads were added."""
        by_month, by_day = self._reading.lead_counts.stored()
        if by_month != dict(+self._tally.months):
            yield "the counts of leads by month: they differ from the events"
        if by_day != dict(+self._tally.days):
            yield "the counts of leads by day: they differ from the events"
        for table in PAYMENT_TABLES:
            if self._reading.customers.stored_payments(table) != self._payments.rows(table):
                period = table.rpartition("_")[2]
                yield f"the sums of payments by {period}: they differ from the events"
        for table in self._pages.differing(self._reading.page_sums.stored):
            what = "leads and payments" if table == "page_sums" else "rejected leads"
            yield f"the counts of {what} by page: they differ from the events and visits"
        if self._reading.customers.count() != self._customers:
            yield "the table of customers: it has rows of no customer"
        if self._reading.customers.count_lead_payments() != self._lead_payments:
            yield "the table of payments: it has rows of no customer"
