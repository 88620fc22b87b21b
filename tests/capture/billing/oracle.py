"""The oracle: a second implementation of billing, to test the product against.

Written from docs/rules.md alone and on the standard library alone. It imports nothing of the
product, so both agree only if both read the rules in the same way. `Oracle.apply` takes acts in the
order in which they were recorded; `months` holds each closed month, `credits` the credit notes,
`documents` all documents. A lead has the id that the product gave it, since rule 9 sorts by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tests.capture.billing.oracle_acts import ACTS_ON_A_LEAD, Act, periods_of
from tests.capture.billing.oracle_campaign import Line, OracleCampaign, Part, next_month
from tests.capture.billing.oracle_history import LeadHistory, Refusal, Terms, rounded
from tests.capture.billing.oracle_waiting import ACTS_ON_DELIVERY

UNDO: Final = timedelta(seconds=10)
ALL_ACTS_ON_A_LEAD: Final = {**ACTS_ON_A_LEAD, **ACTS_ON_DELIVERY}


@dataclass(frozen=True)
class Document:
    """A numbered document: a closed month, or a credit or debit note that corrects one."""

    number: str
    kind: str
    """`invoice`, `credit note` or `debit note`."""
    currency: str
    month: str
    """The month of the invoice; for a note, that of the invoice that it corrects."""
    net: int
    vat: int
    issued_on: date
    corrects: str = ""

    @property
    def gross(self) -> int:
        """With tax."""
        return self.net + self.vat


@dataclass
class Month:
    """A closed month of all campaigns in one currency."""

    month: str
    currency: str
    zone: str
    """The time zone of the first campaign by name, which decides the days of documents."""
    parts: Mapping[str, Part]
    """By campaign; those that a document leaves out are not in it."""
    vat: int
    brought_forward: int
    """The client's earlier credit, as zero or a negative amount."""
    issued_on: date
    number: str = ""
    """Empty if it had nothing to bill."""

    @property
    def lines(self) -> list[Line]:
        """The lines of all parts."""
        return [line for part in self.parts.values() for line in part.lines]

    @property
    def total(self) -> int:
        """The sum of the lines, net of tax."""
        return sum(part.total for part in self.parts.values())

    @property
    def to_pay(self) -> int:
        """What is left to pay after the earlier credit."""
        return max(0, self.total + self.vat + self.brought_forward)


@dataclass(frozen=True)
class Credit:
    """A credit note on a line."""

    lead: str
    period: str
    amount: int
    is_automatic: bool
    """Whether it followed from a refund or churn, and was not issued by hand."""


class Oracle:
    """One client and its campaigns, billed by the rules alone."""

    def __init__(self, campaigns: Mapping[str, Terms], vat_percent: Decimal = Decimal(0)) -> None:
        self.campaigns = {slug: OracleCampaign(campaigns[slug]) for slug in sorted(campaigns)}
        self.vat_percent = vat_percent
        self.leads: dict[str, LeadHistory] = {}
        self.months: dict[tuple[str, str], Month] = {}  # by currency and month
        self.billed: dict[tuple[str, str], tuple[Month, Line]] = {}  # by lead and period
        self.credits: list[Credit] = []
        self.debits: list[tuple[str, str, int]] = []  # lead, period, amount
        self.manual_credits: set[tuple[str, str, int, date]] = set()  # the same only once a day
        self.documents: list[Document] = []
        self.paid: dict[str, int] = {}  # by the number of the document

    def apply(self, act: Act) -> None:
        """Applies one act. Raises `Refusal`, and changes nothing, if the rules do not allow it."""
        for history in self.leads.values():
            history.settle(act.at)
        match act.kind:
            case "submitted":
                self.campaigns[act.campaign].submit(act, self.leads.values())
                self.leads |= self.campaigns[act.campaign].leads
            case "edited":
                self.campaigns[act.campaign].terms = act.terms
            case "notified":
                self.campaigns[act.campaign].notify(act)
            case "corrected" | "confirmed" | "released":
                campaign = self.campaign_of(act.lead)
                campaign.judge_again(self.leads[act.lead], act, self.leads.values())
            case "closed":
                self._close(act)
            case "credited":
                self._credit(act)
            case "debited":
                self._debit(act)
            case "paid":
                self._pay(act)
            case kind if kind != "expired":  # it only records that time has passed
                if kind == "revenue":
                    self._check_unbilled(act)
                ALL_ACTS_ON_A_LEAD[kind](self.leads[act.lead], act)
        if act.kind in ("refunded", "churned"):
            self._credit_sale_lines(self.leads[act.lead], act.at)

    def campaign_of(self, lead: str) -> OracleCampaign:
        """The campaign that took the lead."""
        return next(each for each in self.campaigns.values() if lead in each.leads)

    # Months (rules 20, 25, 26, 29): all campaigns in one currency close together

    def accounts(self) -> dict[str, dict[str, OracleCampaign]]:
        """The campaigns with leads, by currency and name."""
        accounts: dict[str, dict[str, OracleCampaign]] = {}
        for slug, campaign in self.campaigns.items():
            if campaign.leads:
                accounts.setdefault(campaign.terms.currency, {})[slug] = campaign
        return dict(sorted(accounts.items()))

    def next_month(self) -> str | None:
        """The earliest open month of any currency; None before the first lead."""
        return min(map(self._next_month, self.accounts()), default=None)

    def _next_month(self, currency: str) -> str:
        closed_months = [month for account, month in self.months if account == currency]
        return next_month(max(closed_months)) if closed_months else self._first_month(currency)

    def _first_month(self, currency: str) -> str:
        """The month of the first lead in the currency."""
        return min(campaign.first_month() for campaign in self.accounts()[currency].values())

    def open_accounts(self, month: str) -> list[str]:
        """The currencies in which the month has begun and is not closed."""
        return [
            currency
            for currency in self.accounts()
            if self._first_month(currency) <= month and (currency, month) not in self.months
        ]

    def end(self, month: str) -> datetime:
        """When the month is over in the time zone of each campaign that has it open."""
        accounts = self.accounts()
        return max(
            campaign.end(month)
            for currency in self.open_accounts(month)
            for campaign in accounts[currency].values()
        )

    def _close(self, act: Act) -> None:
        accounts, currencies = self.accounts(), self.open_accounts(act.month)
        if act.month < min(map(self._first_month, accounts), default="9999"):
            raise Refusal
        if any(self._next_month(currency) != act.month for currency in currencies):
            raise Refusal
        if currencies and act.at < self.end(act.month) + UNDO:
            raise Refusal
        for currency in currencies:
            self._close_account(currency, accounts[currency], act)

    def _close_account(
        self, currency: str, campaigns: Mapping[str, OracleCampaign], act: Act
    ) -> None:
        parts = {
            slug: campaign.draw(act.month, act.at, self.billed, act.impossible)
            for slug, campaign in campaigns.items()
        }
        terms = next(iter(campaigns.values())).terms
        month = Month(
            act.month,
            currency,
            terms.zone,
            {slug: part for slug, part in parts.items() if not part.is_empty},
            vat=self._vat(sum(part.total for part in parts.values())),
            brought_forward=min(0, self.balance(currency)),
            issued_on=terms.day(act.at),
        )
        if month.lines or act.even_if_empty:
            month.number = self._issue("invoice", month, month.total, month.vat, month.issued_on)
        self.months[currency, act.month] = month
        self.billed |= {(line.lead, line.period): (month, line) for line in month.lines}

    # Documents and the account (rules 23, 24, 27, 30)

    def _vat(self, net: int) -> int:
        return rounded(Fraction(self.vat_percent) * net / 100)

    def _issue(  # noqa: PLR0913, PLR0917 - the content of a document
        self, kind: str, month: Month, net: int, vat: int, day: date, corrects: str = ""
    ) -> str:
        number = f"acme-{len(self.documents) + 1:04}"  # one sequence for all currencies
        self.documents.append(
            Document(number, kind, month.currency, month.month, net, vat, day, corrects)
        )
        return number

    def _issue_note(self, kind: str, month: Month, amount: int, at: datetime) -> None:
        """A note; its tax is the change of the tax on what is left of its invoice."""
        signs = {"invoice": 1, "debit note": 1, "credit note": -1}
        left = sum(
            signs[document.kind] * document.net
            for document in self.documents
            if month.number in (document.number, document.corrects)
        )
        vat = self._vat(left + signs[kind] * amount) - self._vat(left)
        day = Terms("", "", zone=month.zone).day(at)
        self._issue(kind, month, amount, signs[kind] * vat, day, month.number)

    def balance(self, currency: str) -> int:
        """What the client still has to pay in a currency; negative if it has a credit."""
        documents = [each for each in self.documents if each.currency == currency]
        billed = sum(-each.gross if "credit" in each.kind else each.gross for each in documents)
        return billed - sum(self.paid.get(each.number, 0) for each in documents)

    def _pay(self, act: Act) -> None:
        document = next((each for each in self.documents if each.number == act.number), None)
        if document is None or document.kind == "credit note" or not act.amount:
            raise Refusal
        paid = self.paid.get(act.number, 0) + act.amount
        if paid < 0:
            raise Refusal
        self.paid[act.number] = paid

    def credited(self, line: Line) -> int:
        """The sum of the credits on a line."""
        return sum(
            credit.amount
            for credit in self.credits
            if (credit.lead, credit.period) == (line.lead, line.period)
        )

    def amount_with_debits(self, line: Line) -> int:
        """The line's amount plus its debit notes."""
        debits = sum(
            amount
            for lead, period, amount in self.debits
            if (lead, period) == (line.lead, line.period)
        )
        return line.amount + debits

    def _check_unbilled(self, act: Act) -> None:
        """Raises `Refusal` for more revenue of a month that is billed: it takes a debit note."""
        if any((act.lead, day.isoformat()) in self.billed for day in periods_of(act)):
            raise Refusal

    def _billed_line(self, act: Act) -> tuple[Month, Line]:
        key = (act.lead, act.period.isoformat() if act.period else "")
        if key not in self.billed or act.amount <= 0:
            raise Refusal
        return self.billed[key]

    def _credit_sale_lines(self, history: LeadHistory, at: datetime) -> None:
        """Credits every line of a sale down to its fee of now.

        Debits on the line are reduced in the same proportion. The result is rounded once.
        """
        if history.terms.billable not in ("won", "revenue"):
            return
        for (lead, period), (month, line) in sorted(self.billed.items(), key=lambda item: item[0]):
            if lead != history.lead or (new_fee := history.fee(period)) >= line.exact_fee:
                continue
            total = self.amount_with_debits(line)
            exact_total = total - line.amount + (0 if line.free else line.exact_fee)
            credited = sum(
                credit.amount
                for credit in self.credits
                if (credit.lead, credit.period) == (lead, period) and credit.is_automatic
            )
            amount = total - rounded(exact_total * new_fee / line.exact_fee) - credited
            amount = min(amount, total - self.credited(line))
            if amount > 0:
                self.credits.append(Credit(lead, period, amount, is_automatic=True))
                self._issue_note("credit note", month, amount, at)

    def _debit(self, act: Act) -> None:
        """The agency proposes a debit on a line, and the client approves it."""
        month, line = self._billed_line(act)
        self.debits.append((line.lead, line.period, act.amount))
        self._issue_note("debit note", month, act.amount, act.at)

    def _credit(self, act: Act) -> None:
        month, line = self._billed_line(act)
        if act.amount > self.amount_with_debits(line) - self.credited(line):
            raise Refusal
        day = Terms("", "", zone=month.zone).day(act.at)
        credit = (line.lead, line.period, act.amount, day)
        if credit in self.manual_credits:
            raise Refusal
        self.manual_credits.add(credit)
        self.credits.append(Credit(line.lead, line.period, act.amount, is_automatic=False))
        self._issue_note("credit note", month, act.amount, act.at)
