"""Sums over customers for the figures: the protocol, the projection and the SQL.

`capture.billing.customers` derives a lead's customer from its events. Here it is stored: one row in
`customers` for each lead that is or was a customer, and its payments added up in
`payments_by_month`. `payments_by_day` has the same payments by day; a query subtracts those that
are later than today. `lead_payments` has each payment with its lead. Test leads have no rows. All
is written in the same transaction as the events, and `verify` derives it again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from capture.billing.customers import Customer, customer_from
from capture.lead.events import Event
from capture.lead.model import Lead
from capture.lead.moves import NOT_STARTED
from capture.ledger.campaigns import SqlCampaigns, parse_version
from capture.ledger.dialect import Connection, placeholders
from capture.ledger.search_words import microseconds

_DAY: Final = 86_400_000_000
"""Microseconds of a day."""


@dataclass(frozen=True, slots=True)
class CustomerSum:
    """The customers among the leads that were received in a month."""

    month: str
    customers: int
    churned: int
    """Customers who left."""
    days: int
    """The sum of `Customer.days_until` the time of the query."""


@dataclass(frozen=True, slots=True)
class PaymentSum:
    """Payments of one month, by the month in which their leads were received."""

    month: str
    """In which the leads were received."""
    paid: str
    """The month of the payments, such as `2026-11`."""
    by_customers: bool
    """Whether the leads are or were customers; False after a refund of the sale, for example."""
    bought: int
    """In minor units."""
    refunded: int
    """In minor units."""
    purchases: int
    """The number of payments, without refunds."""


class CustomerQueries(Protocol):
    """Sums over the customers of campaigns of one currency, without test leads."""

    def sums(
        self, campaigns: Sequence[str], first: str, last: str, now: datetime
    ) -> Sequence[CustomerSum]:
        """The customers among the leads of the months from `first` to `last`, both included."""

    def payments(self, campaigns: Sequence[str], today: date) -> Sequence[PaymentSum]:
        """All payments up to a date, which is one of the campaigns' zone."""


TABLES: Final = """
    CREATE TABLE customers (
        lead_id TEXT PRIMARY KEY,
        campaign TEXT NOT NULL,
        month TEXT NOT NULL,  -- in which the lead was received
        since INTEGER,  -- days count from here, in microseconds since 1970; none: left
        days INTEGER,  -- as a customer who left; none: did not leave
        CHECK ((since IS NULL) <> (days IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX customers_by_month ON customers (campaign, month, since, days);
    CREATE TABLE payments_by_month (
        campaign TEXT NOT NULL,
        month TEXT NOT NULL,  -- in which the leads were received
        by_customers INTEGER NOT NULL CHECK (by_customers IN (0, 1)),
        paid TEXT NOT NULL,  -- the month of the payments
        bought INTEGER NOT NULL,
        refunded INTEGER NOT NULL,
        purchases INTEGER NOT NULL,
        PRIMARY KEY (campaign, month, by_customers, paid)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE payments_by_day (
        campaign TEXT NOT NULL,
        paid TEXT NOT NULL,  -- the day of the payments
        month TEXT NOT NULL,  -- in which the leads were received
        by_customers INTEGER NOT NULL CHECK (by_customers IN (0, 1)),
        bought INTEGER NOT NULL,
        refunded INTEGER NOT NULL,
        purchases INTEGER NOT NULL,
        PRIMARY KEY (campaign, paid, month, by_customers)
    ) STRICT, WITHOUT ROWID;
"""

LEAD_PAYMENTS: Final = """
    CREATE TABLE lead_payments (
        lead_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        campaign TEXT NOT NULL,
        day TEXT NOT NULL,
        amount INTEGER NOT NULL,
        PRIMARY KEY (lead_id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lead_payments_by_day ON lead_payments (campaign, day, lead_id, amount);
"""
"""For a later migration."""

_AMOUNTS: Final = ("bought", "refunded", "purchases")
PAYMENT_TABLES: Final = ("payments_by_month", "payments_by_day")

Row = tuple[Any, ...]


class PaymentTally:
    """Adds up payments by month and by day: bought, refunded, number of purchases."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Row, Counter[str]]] = {name: {} for name in PAYMENT_TABLES}

    def add(self, campaign: str, customer: Customer, count: int = 1) -> None:
        """Adds a customer's payments. `count` is -1 for the customer before a change."""
        for payment in customer.payments:
            amounts = {
                "bought": count * max(0, payment.amount),
                "refunded": count * max(0, -payment.amount),
                "purchases": count * (payment.amount > 0),
            }
            paid = {"payments_by_month": payment.month, "payments_by_day": payment.day.isoformat()}
            for table, sums in self.tables.items():
                key = campaign, customer.month, int(customer.is_customer), paid[table]
                sums.setdefault(key, Counter()).update(amounts)

    def rows(self, table: str) -> dict[Row, Row]:
        """Amounts by key of a table, without rows of zeros."""
        return {
            key: tuple(sums[name] for name in _AMOUNTS)
            for key, sums in self.tables[table].items()
            if any(sums.values())
        }


class SqlCustomers:
    """`CustomerQueries`, and the writes of the three tables."""

    def __init__(self, connection: Connection, campaigns: SqlCampaigns) -> None:
        self._connection = connection
        self._campaigns = campaigns

    def sums(
        self, campaigns: Sequence[str], first: str, last: str, now: datetime
    ) -> Sequence[CustomerSum]:
        moment = microseconds(now)
        # The inner query reads the index in its order: a sort of all rows would take longer.
        rows = self._connection.execute(
            "SELECT month, sum(customers), sum(churned), sum(all_days) FROM (SELECT month,"
            " count(*) AS customers, count(days) AS churned,"
            " sum(CASE WHEN days IS NOT NULL THEN days"
            f" WHEN since < ? THEN (? - since) / {_DAY} ELSE 0 END) AS all_days FROM customers"
            f" WHERE campaign IN ({placeholders(campaigns)}) AND month BETWEEN ? AND ?"
            " GROUP BY campaign, month) AS by_campaign GROUP BY month ORDER BY month",
            (moment, moment, *campaigns, first, last),
        )
        return [CustomerSum(*row) for row in rows]

    def payments(self, campaigns: Sequence[str], today: date) -> Sequence[PaymentSum]:
        slugs = placeholders(campaigns)
        rows = self._connection.execute(
            "SELECT month, paid, by_customers, sum(bought), sum(refunded), sum(purchases) FROM ("
            " SELECT month, paid, by_customers, bought, refunded, purchases"
            f" FROM payments_by_month WHERE campaign IN ({slugs}) UNION ALL"
            " SELECT month, substr(paid, 1, 7), by_customers, -bought, -refunded, -purchases"
            f" FROM payments_by_day WHERE campaign IN ({slugs}) AND paid > ?"
            ") AS paid_until GROUP BY month, paid, by_customers ORDER BY month, paid, by_customers",
            (*campaigns, *campaigns, today.isoformat()),
        )
        return [
            PaymentSum(month, paid, bool(by_customers), *amounts)
            for month, paid, by_customers, *amounts in rows
            if any(amounts)
        ]

    def derive(self, lead: Lead, events: Iterable[Event]) -> Customer | None:
        """The lead's customer; None if its sale was never decided, or for a test lead."""
        if lead.sale == NOT_STARTED or lead.test:
            return None
        text = self._campaigns.version_text(lead.campaign, lead.version)
        if text is None:
            return None
        return customer_from(events, parse_version(lead.campaign, lead.version, text))

    def replace(
        self, lead: Lead, earlier: Sequence[Event], new: Sequence[Event]
    ) -> tuple[Customer | None, Customer | None]:
        """Stores the lead's customer after new events. `earlier` are all events before them.

        Returns the customer before and after the new events.
        """
        tally = PaymentTally()
        before = self.derive(lead, earlier) if earlier else None
        if before is not None:
            tally.add(lead.campaign, before, -1)
        customer = self.derive(lead, (*earlier, *new))
        if customer is not None:
            tally.add(lead.campaign, customer)
        self.save_payments(tally)
        self._connection.execute("DELETE FROM customers WHERE lead_id = ?", (lead.lead_id,))
        self.save_row(lead, customer)
        if before is not None:
            self._connection.execute("DELETE FROM lead_payments WHERE lead_id = ?", (lead.lead_id,))
        self.save_lead_payments(lead, customer)
        return before, customer

    def save_lead_payments(self, lead: Lead, customer: Customer | None) -> None:
        """Stores the payments of a lead's customer, which are not there yet."""
        self._connection.executemany(
            "INSERT INTO lead_payments (lead_id, number, campaign, day, amount)"
            " VALUES (?, ?, ?, ?, ?)",
            lead_payment_rows(lead, customer),
        )

    def save_row(self, lead: Lead, customer: Customer | None) -> None:
        """Stores the lead's row, which is not there yet, if it is or was a customer."""
        row = customer_row(lead, customer)
        if row is not None:
            self._connection.execute(
                "INSERT INTO customers (lead_id, campaign, month, since, days)"
                " VALUES (?, ?, ?, ?, ?)",
                row,
            )

    def save_payments(self, tally: PaymentTally) -> None:
        """Adds a tally to the stored payments."""
        for table in PAYMENT_TABLES:
            self._connection.executemany(
                f"INSERT INTO {table} (campaign, month, by_customers, paid, {', '.join(_AMOUNTS)})"
                " VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (campaign, month, by_customers, paid) DO UPDATE SET "
                + ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in _AMOUNTS),
                [(*key, *amounts) for key, amounts in tally.rows(table).items()],
            )

    def stored_row(self, lead_id: str) -> Row | None:
        """The lead's row in `customers`, for `verify`."""
        row: Row | None = self._connection.execute(
            "SELECT lead_id, campaign, month, since, days FROM customers WHERE lead_id = ?",
            (lead_id,),
        ).fetchone()
        return row

    def count(self) -> int:
        """The number of all customers, for `verify`."""
        return int(self._connection.execute("SELECT count(*) FROM customers").fetchone()[0])

    def stored_lead_payments(self, lead_id: str) -> list[Row]:
        """The lead's rows in `lead_payments`, for `verify`."""
        rows: list[Row] = self._connection.execute(
            "SELECT lead_id, number, campaign, day, amount FROM lead_payments WHERE lead_id = ?"
            " ORDER BY number",
            (lead_id,),
        ).fetchall()
        return rows

    def count_lead_payments(self) -> int:
        """The number of all payments, for `verify`."""
        return int(self._connection.execute("SELECT count(*) FROM lead_payments").fetchone()[0])

    def stored_payments(self, table: str) -> dict[Row, Row]:
        """A table of payments as `PaymentTally.rows` has it, for `verify`."""
        rows = self._connection.execute(
            f"SELECT campaign, month, by_customers, paid, {', '.join(_AMOUNTS)} FROM {table}"
            f" WHERE {' OR '.join(f'{name} <> 0' for name in _AMOUNTS)}"
        )
        return {(*row[:4],): (*row[4:],) for row in rows}


def lead_payment_rows(lead: Lead, customer: Customer | None) -> list[Row]:
    """The lead's rows in `lead_payments`."""
    payments = () if customer is None else customer.payments
    return [
        (lead.lead_id, number, lead.campaign, payment.day.isoformat(), payment.amount)
        for number, payment in enumerate(payments)
    ]


def customer_row(lead: Lead, customer: Customer | None) -> Row | None:
    """The lead's row in `customers`; None if it neither is nor was a customer."""
    if customer is None or not customer.is_customer or customer.counted_since is None:
        return None
    left = customer.churned_at
    return (
        lead.lead_id,
        lead.campaign,
        customer.month,
        microseconds(customer.counted_since) if left is None else None,
        None if left is None else customer.days_until(left),
    )
