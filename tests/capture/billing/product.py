"""Applies the oracle's acts to the product: its use cases on a real ledger."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from capture.billing.statement import Statement
from capture.campaign.model import Campaign
from capture.closing.checks import check_documents
from capture.closing.close import read_statement
from capture.closing.credit import CorrectionRequest, billed_line, credits_of, issue_credit
from capture.closing.debit import approve_debit, propose_debit
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.gate import Submission
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import ClosedStatement
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review.acts import Act as ReviewAct
from capture.review.acts import accept, dispute, notify_client, reject, settle, withdraw
from capture.review.bounce import record_bounce
from tests.capture.billing.oracle import Credit, Line
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_history import Terms
from tests.capture.months import close_one, preview_one
from tests.capture.whole_fold import assert_drawn_as_from_every_lead
from tests.samples import ANSWERS, CAMPAIGN, campaign, consent_to

REVIEW_ACTIONS: Final[Mapping[str, Callable[..., Lead]]] = {
    "accepted": accept,
    "rejected": reject,
    "withdrawn": withdraw,
    "disputed": dispute,
    "settled": settle,
}
CAMPAIGN_START: Final = CAMPAIGN[: CAMPAIGN.index("[criteria]")]


def major_units(amount: int, terms: Terms) -> Decimal:
    """An amount of minor units in major units: 5000 is 50.00 USD, 5000 JPY, 5.000 KWD."""
    return Decimal(amount).scaleb(-terms.decimals)


def campaign_of(terms: Terms) -> Campaign:
    """A campaign with these terms."""
    start = CAMPAIGN_START.replace('"USD"', f'"{terms.currency}"')
    start = start.replace('"America/New_York"', f'"{terms.zone}"')
    review = {
        "hours": terms.hours,
        "notice": "email" if terms.notice else "none",
        "reasons": dict.fromkeys(terms.reasons, "The client says that it does not fit."),
    }
    if terms.working_days:
        review |= {"working_days": True, "holidays": list(terms.holidays)}
    price = {"model": terms.model, "billable": terms.billable}
    if terms.rate is not None:
        price["rate"] = major_units(terms.rate, terms)
    if terms.percent is not None:
        price["percent"] = terms.percent
    if terms.months is not None:
        price["months"] = terms.months
    if terms.refund_days:
        price["refund_days"] = terms.refund_days
    caps = {"over": terms.over}
    if terms.leads_a_month is not None:
        caps["leads_a_month"] = terms.leads_a_month
    if terms.leads_a_company is not None:
        caps["leads_a_company"] = terms.leads_a_company
    if terms.money_a_month is not None:
        caps["money_a_month"] = major_units(terms.money_a_month, terms)
    tables = {
        "criteria": {"company_size": {"at_least": terms.at_least}},
        "price": price,
        "review": review,
        "duplicates": {"window": terms.window_days or "for ever"},
        "caps": caps,
    }
    return campaign(*(_table(name, table) for name, table in tables.items()), text=start)


def _table(name: str, table: Mapping[str, object]) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in table.items()]
    return "\n".join([f"[{name}]", *lines])


def _toml(value: object) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case str() | bool():
            return json.dumps(value)
        case Decimal():
            return f'"{value:f}"'
        case _:
            return str(value)


class Product:
    """One campaign in a ledger file of its own."""

    def __init__(self, folder: Path, terms: Terms) -> None:
        self.ledger: Ledger = open_ledger(f"sqlite:///{folder}/ledger.db", b"a key for tests only")
        self.terms = terms
        self.campaign = campaign_of(terms)
        self.closed_statements: list[ClosedStatement] = []
        self.statements: dict[str, Statement] = {}
        """The statements by month; for a month without a statement, its empty preview."""
        self.submissions = 0

    def apply(self, act: Act) -> Lead | None:
        """Applies one act; returns its lead, if any. Raises what the product raises."""
        match act.kind:
            case "submitted":
                return self._submit(act)
            case "edited":
                assert act.terms is not None
                self.terms, self.campaign = act.terms, campaign_of(act.terms)
            case "notified":
                self.ledger.transact(lambda records: notify_client(records, self.campaign, act.at))
            case "closed":
                self.close(act)
            case "credited" | "debited":
                self._correct_a_line(act)
            case _:
                return self.ledger.transact(lambda records: self._on_a_lead(records, act))
        return None

    def _submit(self, act: Act) -> Lead | None:
        answers = {**ANSWERS, "email": act.email, "company_size": act.answer}
        self.submissions += 1
        consent = consent_to(self.campaign.version)
        submission = Submission(answers, consent, f"{self.submissions}", test=act.test)
        receipt = self.ledger.transact(
            lambda records: receive_submission(records, self.campaign, submission, act.at)
        )
        return self.ledger.read(lambda reading: reading.leads.get(receipt.lead_id))

    def _on_a_lead(self, records: WriteTransaction, act: Act) -> Lead:
        if act.kind == "corrected":
            return correct_lead(
                records, LeadCorrection(act.lead, "Ada", {"company_size": act.answer}), act.at
            )
        if act.kind == "bounced":
            return record_bounce(records, act.lead, act.at)
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
            amount=None if act.amount is None else major_units(act.amount, self.terms),
            period=act.period,
            months=act.months,
            reason=act.reason,
            again=True,  # each act is another fact
        )
        return record_once(records, outcome, act.at)

    def close(self, act: Act) -> Statement:
        """Closes a month. A month with an odd number gets a statement even if it is empty."""
        preview = None if act.month in self.statements else self.preview(act)
        is_odd = int(act.month[-2:]) % 2 == 1
        closed_statement = self.ledger.transact(
            lambda records: close_one(records, act.month, act.at, empty_statement=is_odd)
        )
        if closed_statement is not None and closed_statement not in self.closed_statements:
            self.closed_statements.append(closed_statement)
            self.statements[act.month] = read_statement(closed_statement)
        elif closed_statement is None and preview is not None:
            assert preview.lines == []
            self.statements[act.month] = preview
        return self.statements[act.month]

    def preview(self, act: Act) -> Statement:
        """The statement that closing would draw."""
        return self.ledger.read(lambda reading: preview_one(reading, act.month, act.at))

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
        assert act.amount is not None
        request = CorrectionRequest(
            number, act.lead, "goodwill", period, major_units(act.amount, self.terms)
        )
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

    def stored_statements(self) -> list[ClosedStatement]:
        """The closed statements that the ledger has now."""
        return self.ledger.read(lambda reading: list(reading.statements.select()))

    def assert_selection_complete(self, month: str, as_of: datetime) -> None:
        """Checks that the selected leads give the same lines as all leads."""
        slug = self.campaign.slug
        self.ledger.read(
            lambda reading: assert_drawn_as_from_every_lead(reading, slug, month, as_of)
        )

    def faults(self) -> list[str]:
        """The faults that `verify` and `check_documents` report, and changed statements."""
        is_unchanged = self.stored_statements() == self.closed_statements
        return [
            *([] if is_unchanged else ["a closed statement has changed"]),
            *self.ledger.verify().problems,
            *self.ledger.read(check_documents),
        ]


def lines_of(statement: Statement) -> list[Line]:
    """A statement's lines, in the oracle's type."""
    return [
        Line(line.lead_id, line.period, line.amount, line.free_over_cap, line.late, line.due_at)
        for line in statement.lines
    ]
