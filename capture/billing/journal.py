"""The accounting journal: each document and each payment as one line of debit and credit.

Amounts are minor units with tax. A line's tax code tells the accounting software how to take the
tax out of it; `tax` is what the document says. Account codes come from the settings and the
client's file, and none has a default: a wrong guess would end in somebody's books.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Final

from capture.billing.account import Document, DocumentKind, Payment
from capture.errors import Refused


@dataclass(frozen=True, slots=True)
class AccountCodes:
    """The codes of accounts in the agency's books; empty if not set."""

    revenue: str = ""
    bank: str = ""
    receivables: str = ""
    """The account of every client that has none of its own."""
    tax_codes: Mapping[Decimal, str] = field(default_factory=dict)
    """Tax code by VAT rate in percent. An empty code means that the account implies the tax."""
    debtors: Mapping[str, str] = field(default_factory=dict)
    """The accounts of clients that have their own."""

    def debtor(self, client: str) -> str:
        """The account of what a client owes. Raises `Refused` if it is not set."""
        code = self.debtors.get(client) or self.receivables
        if not code:
            raise Refused(
                f"no account for what {client} owes: set GATEPOST_RECEIVABLES_ACCOUNT for all "
                f"clients, or debtor_account in the file of {client}"
            )
        return code

    def tax_code(self, rate: str) -> str:
        """The code of a VAT rate in percent. Raises `Refused` if it is not set."""
        code = self.tax_codes.get(Decimal(rate))
        if code is None:
            raise Refused(
                f"no tax code for {rate} % VAT: add it to GATEPOST_TAX_CODES, such as "
                f'"{rate}=CODE"; "{rate}=" if your revenue account implies it'
            )
        return code


def _required(code: str, setting: str) -> str:
    if not code:
        raise Refused(f"{setting} is not set, and the journal needs it; set it in .env")
    return code


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry: an amount is debited to one account and credited to another."""

    day: date
    document: str
    """The number of the document that is issued or paid."""
    client: str
    text: str
    debtor: str
    """The account of what the client owes."""
    contra: str
    """The other account: revenue, or the bank."""
    is_debit: bool
    """Whether the debtor's account is debited, so that the client owes more."""
    amount: int
    """With tax, in minor units; positive."""
    currency: str
    tax_code: str = ""
    tax_rate: str = ""
    """VAT in percent, as decimal text; empty for a payment."""
    tax: int = 0
    """The tax in `amount`, in minor units."""
    due_on: date | None = None

    @property
    def debit(self) -> str:
        """The account that is debited."""
        return self.debtor if self.is_debit else self.contra

    @property
    def credit(self) -> str:
        """The account that is credited."""
        return self.contra if self.is_debit else self.debtor


def build_journal(
    documents: Iterable[Document], payments: Iterable[Payment], codes: AccountCodes, month: str
) -> list[JournalLine]:
    """The lines of a month such as `2026-12`, by day.

    A document belongs to the month in which it was issued, a payment to the month of its receipt.
    `documents` must contain those that `payments` are for. A document over zero has no line. Raises
    `Refused` if a code is not set.
    """
    by_number = {document.number: document for document in documents}
    lines = [
        _document_line(document, codes)
        for document in by_number.values()
        if _is_in(document.issued_on, month) and document.gross
    ]
    lines += [
        _payment_line(payment, by_number[payment.number].currency, codes)
        for payment in payments
        if _is_in(payment.paid_on, month)
    ]
    return sorted(lines, key=attrgetter("day"))  # lines of a day keep their order


def _is_in(day: date, month: str) -> bool:
    return day.isoformat().startswith(f"{month}-")


_NAMES: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.INVOICE: "Invoice",
    DocumentKind.STATEMENT: "Statement",
    DocumentKind.CREDIT: "Credit note",
    DocumentKind.DEBIT: "Debit note",
}


def _document_line(document: Document, codes: AccountCodes) -> JournalLine:
    corrected = f" on {document.corrects}" if document.corrects else ""
    return JournalLine(
        day=document.issued_on,
        document=document.number,
        client=document.client,
        text=f"{_NAMES[document.kind]}{corrected} for {document.month}",
        debtor=codes.debtor(document.client),
        contra=_required(codes.revenue, "GATEPOST_REVENUE_ACCOUNT"),
        is_debit=document.kind is not DocumentKind.CREDIT,
        amount=document.gross,
        currency=document.currency,
        tax_code=codes.tax_code(document.vat_rate),
        tax_rate=document.vat_rate,
        tax=document.vat,
        due_on=document.due_on,
    )


def _payment_line(payment: Payment, currency: str, codes: AccountCodes) -> JournalLine:
    name = "Payment" if payment.amount > 0 else "Payment returned"
    return JournalLine(
        day=payment.paid_on,
        document=payment.number,
        client=payment.client,
        text=f"{name} {payment.reference}".rstrip(),
        debtor=codes.debtor(payment.client),
        contra=_required(codes.bank, "GATEPOST_BANK_ACCOUNT"),
        is_debit=payment.amount < 0,
        amount=abs(payment.amount),
        currency=currency,
    )
