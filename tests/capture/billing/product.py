"""Applies the oracle's acts to the product: its use cases on a real ledger."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from capture.billing.statement import Statement, StatementLine
from capture.closing.checks import check_documents
from capture.closing.close import close_month, preview_statement, read_statement
from capture.closing.credit import CorrectionRequest, billed_line, credits_of, issue_credit
from capture.closing.debit import approve_debit, propose_debit
from capture.closing.documents import (
    accounts_of,
    day_in_zone,
    documents_of,
    find_closed_statement,
    find_document,
)
from capture.closing.months import Closing, campaign_groups, closed_months, closings_of
from capture.closing.payments import PaymentRequest, record_payment
from capture.intake.confirm import confirm_address, expire_leads
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back, release
from capture.intake.receive import receive_submission
from capture.intake.submission import FORM, HONEYPOT, Submission
from capture.lead.consent import Consent
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.types import ClosedStatement
from capture.money import from_minor
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.privacy.erase import erase_leads
from capture.privacy.withdraw import withdraw_consent
from capture.review.acts import Act as ReviewAct
from capture.review.acts import (
    accept,
    dispute,
    find_lead,
    notify_client,
    reject,
    settle,
    withdraw,
)
from capture.review.bounce import record_bounce
from tests.capture.billing.disturbances import Interruption, impossible_lines, interruption_at
from tests.capture.billing.oracle import Credit, Document, Month
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_campaign import Line, Part
from tests.capture.billing.oracle_history import Terms
from tests.capture.billing.product_campaign import campaign_of, major_units
from tests.capture.kpi.same_figures import assert_overview_has_the_figures_of_kpi
from tests.capture.whole_fold import assert_drawn_as_from_every_lead
from tests.samples import ANSWERS, PARTIES, consent_to

CLIENT: Final = "acme"
KEY: Final = b"a key for tests only"
MEMORY_FOLDER: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder in memory, if there is one: thousands of small ledgers are flushed at every act."""
REVIEW_ACTIONS: Final[Mapping[str, Callable[..., Lead]]] = {
    "accepted": accept,
    "rejected": reject,
    "withdrawn": withdraw,
    "disputed": dispute,
    "settled": settle,
}
NO_FORM: Final = Consent(given=False, version=None, basis="consent, signed at the stand")
"""The consent of an imported lead."""


def _hold_back(records: WriteTransaction, act: Act) -> Lead:
    return hold_back(
        records, find_lead(records, act.lead), [{"name": "burst", "weight": 100}], act.at
    )


def _erase(records: WriteTransaction, act: Act) -> Lead:
    address = act.email if act.kind == "forgotten" else None
    erase_leads(records, [act.lead], act.at, address=address, by="Ada")
    return find_lead(records, act.lead)


ACTIONS_ON_DELIVERY: Final[Mapping[str, Callable[[WriteTransaction, Act], Lead]]] = {
    "bounced": lambda records, act: record_bounce(records, act.lead, act.at),
    "confirmed": lambda records, act: confirm_address(records, act.lead, act.at),
    "consent_withdrawn": lambda records, act: withdraw_consent(records, act.lead, act.at),
    "discarded": lambda records, act: discard(records, act.lead, act.by, act.at),
    "erased": _erase,
    "forgotten": _erase,
    "held_back": _hold_back,
    "released": lambda records, act: release(records, act.lead, act.by, act.at),
}


class Product:
    """One client with its campaigns, in a ledger file of its own."""

    def __init__(self, folder: Path, campaigns: Mapping[str, Terms], vat_rate: str = "0") -> None:
        self.url = f"sqlite:///{folder}/ledger.db"
        self.ledger: Ledger = open_ledger(self.url, KEY)
        self.terms = dict(campaigns)
        self.campaigns = {slug: campaign_of(terms, slug) for slug, terms in campaigns.items()}
        self.parties = replace(PARTIES, vat_rate=vat_rate)
        self.closed_statements: list[ClosedStatement] = []
        self.statements: dict[tuple[str, str], Statement] = {}
        """By currency and month; for a month without a statement, its empty preview."""
        self.slugs: dict[str, str] = {}
        """By lead: its campaign."""
        self.submissions = 0
        self.interruptions = 0

    def apply(self, act: Act) -> Lead | None:
        """Applies one act; returns its lead, if any. Raises what the product raises."""
        match act.kind:
            case "submitted":
                return self._submit(act)
            case "edited":
                assert act.terms is not None
                self.terms[act.campaign] = act.terms
                self.campaigns[act.campaign] = campaign_of(act.terms, act.campaign)
            case "notified":
                campaign = self.campaigns[act.campaign]
                self.ledger.transact(lambda records: notify_client(records, campaign, act.at))
            case "closed":
                with impossible_lines(act.impossible):
                    self._close(act)
            case "credited" | "debited":
                self._correct_a_line(act)
            case "paid":
                self.ledger.transact(lambda records: self._pay(records, act))
            case "expired":
                self.ledger.transact(lambda records: expire_leads(records, act.at))
            case _:
                return self.ledger.transact(lambda records: self._on_a_lead(records, act))
        return None

    def _submit(self, act: Act) -> Lead | None:
        answers = {**ANSWERS, "email": act.email, "company_size": act.answer}
        self.submissions += 1
        campaign = self.campaigns[act.campaign]
        submission = Submission(
            answers,
            NO_FORM if act.imported else consent_to(campaign.version),
            f"{self.submissions}",
            spam_signals=(HONEYPOT,) if act.suspicious else (),
            test=act.test,
            source="event-2026" if act.imported else FORM,
        )
        receipt = self.ledger.transact(
            lambda records: receive_submission(records, campaign, submission, act.at)
        )
        self.slugs[receipt.lead_id] = act.campaign
        return self.ledger.read(lambda reading: reading.leads.get(receipt.lead_id))

    def _on_a_lead(self, records: WriteTransaction, act: Act) -> Lead:
        if act.kind == "corrected":
            answers = {"company_size": act.answer, "email": act.email}
            typed = {name: answer for name, answer in answers.items() if answer}
            not_spam = find_lead(records, act.lead).review == "discarded"
            correction = LeadCorrection(act.lead, "Ada", typed, not_spam=not_spam)
            return correct_lead(records, correction, act.at)
        if act.kind in ACTIONS_ON_DELIVERY:
            return ACTIONS_ON_DELIVERY[act.kind](records, act)
        if act.kind in REVIEW_ACTIONS:
            side = Actor.AGENCY if act.entered else Actor.CLIENT
            reason = (act.reason,) if act.kind == "rejected" else ()
            return REVIEW_ACTIONS[act.kind](
                records, ReviewAct(act.lead, act.by, actor=side), *reason, act.at
            )
        outcome = Outcome(
            lead_id=act.lead,
            kind=EventKind(act.kind),
            actor=Actor.CLIENT if act.client else Actor.AGENCY,
            by=act.by,
            occurred_at=act.happened,
            meeting_at=act.meeting,
            amount=self._amount(act),
            period=act.period,
            months=act.months,
            reason=act.reason,
            again=True,  # each act is another fact
        )
        return record_once(records, outcome, act.at)

    def _amount(self, act: Act) -> Decimal | None:
        """The act's amount in major units."""
        if act.amount is None:
            return None
        return major_units(act.amount, self.terms[self.slugs.get(act.lead, act.campaign)])

    def _close(self, act: Act) -> None:
        """Closes a month. Its statements equal their previews, also after an interruption."""
        previews = self.ledger.read(lambda reading: list(self._previews(reading, act)))
        if act.interrupted_at:
            self._interrupt_close(act, len(previews))
        closings = self.ledger.transact(lambda records: self._close_month(records, act))
        for closing, preview in zip(
            [
                closing
                for closing in closings
                if (closing.currency, act.month) not in self.statements
            ],
            previews,
            strict=True,
        ):
            statement = preview
            parked = {part.campaign: part.parked for part in preview.parts if part.parked}
            assert closing.parked == {
                slug: {lead.lead_id: lead.reason for lead in leads}
                for slug, leads in parked.items()
            }
            if closing.number:
                closed_statement = self.ledger.read(
                    lambda reading, number=closing.number: find_closed_statement(reading, number)
                )
                self.closed_statements.append(closed_statement)
                statement = read_statement(closed_statement)
                assert statement == replace(
                    preview,
                    number=statement.number,
                    last_event=statement.last_event,
                    chain_head=statement.chain_head,
                )
            else:
                assert preview.lines == []
            self.statements[closing.currency, act.month] = statement

    def _close_month(self, records: WriteTransaction, act: Act) -> list[Closing]:
        return close_month(
            records,
            CLIENT,
            self.parties,
            act.month,
            act.at,
            empty_statement=act.even_if_empty,
            by=BY_GATEPOST,
        )

    def _interrupt_close(self, act: Act, statements: int) -> None:
        """Interrupts a close, and opens the ledger again, as a new process does."""
        closings = self.ledger.read(closed_months)
        try:
            with interruption_at(act.interrupted_at):
                self.ledger.transact(lambda records: self._close_month(records, act))
        except Interruption:
            self.interruptions += 1
            self.ledger.close()
            self.ledger = open_ledger(self.url, KEY)
        new_closings = self.ledger.read(closed_months)[len(closings) :]
        assert len(new_closings) in {0, statements}, "only part of the month is closed"

    def _previews(self, reading: ReadTransaction, act: Act) -> Iterator[Statement]:
        """The statements that closing would draw."""
        for group in campaign_groups(reading, act.at, CLIENT):
            if group.first_month <= act.month and act.month not in closings_of(reading, group):
                yield preview_statement(reading, group, self.parties, act.month, act.at)

    def _pay(self, records: WriteTransaction, act: Act) -> None:
        document = find_document(records, act.number)
        assert act.amount is not None
        request = PaymentRequest(
            act.number,
            from_minor(act.amount, document.currency),
            day_in_zone(document.time_zone, act.at),
            again=True,
        )
        record_payment(records, request, act.at, by=BY_GATEPOST)

    def _correct_a_line(self, act: Act) -> None:
        """Issues a credit note, or a debit note that the client approves."""
        period = "" if act.period is None else act.period.isoformat()
        number = next(
            (
                statement.number
                for statement in self.statements.values()
                if any(
                    (line.lead_id, line.period) == (act.lead, period) for line in statement.lines
                )
            ),
            "none",
        )
        request = CorrectionRequest(number, act.lead, "goodwill", period, self._amount(act))
        if act.kind == "credited":
            self.ledger.transact(lambda records: issue_credit(records, request, "Ada", act.at))
            return
        self.ledger.transact(lambda records: propose_debit(records, request, "Ada", act.at))
        self.ledger.transact(
            lambda records: approve_debit(
                records, billed_line(records, number, act.lead, period), "Carol", act.at
            )
        )

    def credits(self) -> list[Credit]:
        """All credit notes, in the oracle's type."""
        return [
            Credit(note.lead_id, note.period, note.amount, is_automatic=note.reason != "goodwill")
            for note in self.ledger.read(credits_of)
        ]

    def documents(self) -> list[Document]:
        """All documents, in the oracle's type."""
        return [
            Document(
                document.number,
                document.kind.value,
                document.currency,
                document.month,
                document.net,
                document.vat,
                document.issued_on,
                document.corrects,
            )
            for document in self.ledger.read(documents_of)
        ]

    def balances(self) -> dict[str, int]:
        """By currency: the open amount, or the credit as a negative one."""
        return {
            account.currency: account.open + account.carried
            for account in self.ledger.read(accounts_of)
        }

    def stored_statements(self) -> list[ClosedStatement]:
        """The closed statements that the ledger has now."""
        return self.ledger.read(lambda reading: list(reading.statements.select()))

    def assert_selection_complete(self, slug: str, month: str, as_of: datetime) -> None:
        """Checks that the selected leads give the same lines as all leads."""
        self.ledger.read(
            lambda reading: assert_drawn_as_from_every_lead(reading, slug, month, as_of)
        )

    def assert_overview_has_the_figures_of_kpi(self, now: datetime) -> None:
        """Checks the desk's overview of the month of a time, as of that time."""
        campaigns, month = list(self.campaigns.values()), f"{now:%Y-%m}"
        self.ledger.read(
            lambda reading: assert_overview_has_the_figures_of_kpi(reading, campaigns, month, now)
        )

    def assert_all_qualified_leads_are_read(self) -> None:
        """Checks that a closed month is drawn again from every lead that ever qualified."""

        def compare(reading: ReadTransaction) -> None:
            ever_qualified = {
                recorded.event.lead_id
                for recorded in reading.events.select()
                if recorded.event.kind is EventKind.QUALIFIED
            }
            tests = {lead.lead_id for lead in reading.leads.select() if lead.test}
            read = {events[0].event.lead_id for events in reading.events.by_qualified_lead()}
            assert ever_qualified - tests <= read

        self.ledger.read(compare)

    def faults(self) -> list[str]:
        """The faults that `verify` and `check_documents` report, and changed statements."""
        is_unchanged = self.stored_statements() == self.closed_statements
        return [
            *([] if is_unchanged else ["a closed statement has changed"]),
            *self.ledger.verify().problems,
            *self.ledger.read(check_documents),
        ]


def lines_of(lines: Iterable[StatementLine]) -> list[Line]:
    """Lines of a statement, in the oracle's type."""
    return [
        Line(line.lead_id, line.period, line.amount, line.free_over_cap, line.late, line.due_at)
        for line in lines
    ]


def month_of(statement: Statement) -> Month:
    """A statement, in the oracle's type."""
    return Month(
        statement.month,
        statement.currency,
        statement.time_zone,
        {
            part.campaign: Part(
                lines_of(part.lines),
                {lead.lead_id for lead in part.parked},
                part.counts.in_review,
                part.counts.over_cap_refused,
                part.counts.over_cap_free,
            )
            for part in statement.parts
        },
        statement.vat,
        statement.brought_forward,
        statement.issued_on,
        statement.number,
    )
