"""Runs the oracle's acts on the real product: its use cases on a real ledger."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from capture.billing.statement import Statement
from capture.campaign.model import Campaign
from capture.closing.close import close_month, preview_statement, read_statement
from capture.closing.credit import CorrectionRequest, billed_line, credits_of, issue_credit
from capture.closing.debit import approve_debit, propose_debit
from capture.closing.redrawing import check_documents
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
from capture.review import Act as ReviewAct
from capture.review import accept, dispute, notify_client, reject, settle, withdraw
from tests.capture.billing.oracle import Credit, Line
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_life import Terms
from tests.capture.whole_fold import assert_drawn_as_from_every_lead
from tests.samples import ANSWERS, CAMPAIGN, PARTIES, campaign, consent_to

REVIEW: Final[Mapping[str, Callable[..., Lead]]] = {
    "accepted": accept,
    "rejected": reject,
    "withdrawn": withdraw,
    "disputed": dispute,
    "settled": settle,
}
HEAD: Final = CAMPAIGN[: CAMPAIGN.index("[criteria]")]


def major(amount: int, terms: Terms) -> Decimal:
    """Minor units as people write them: 5000 is 50.00 USD, 5000 JPY, 5.000 KWD."""
    return Decimal(amount).scaleb(-terms.decimals)


def campaign_of(terms: Terms) -> Campaign:
    """The campaign with these terms."""
    head = HEAD.replace('"USD"', f'"{terms.currency}"')
    head = head.replace('"America/New_York"', f'"{terms.zone}"')
    review = {
        "hours": terms.hours,
        "notice": "email" if terms.notice else "none",
        "reasons": dict.fromkeys(terms.reasons, "The client says that it does not fit."),
    }
    if terms.working_days:
        review |= {"working_days": True, "holidays": list(terms.holidays)}
    price = {"model": terms.model, "billable": terms.billable}
    if terms.rate is not None:
        price["rate"] = major(terms.rate, terms)
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
        caps["money_a_month"] = major(terms.money_a_month, terms)
    tables = {
        "criteria": {"company_size": {"at_least": terms.at_least}},
        "price": price,
        "review": review,
        "duplicates": {"window": terms.window_days or "for ever"},
        "caps": caps,
    }
    return campaign(*(_table(name, table) for name, table in tables.items()), text=head)


def _table(name: str, table: Mapping[str, object]) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in table.items()]
    return "\n".join([f"[{name}]", *lines])


def _toml(value: object) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
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
        self.frozen: list[ClosedStatement] = []
        self.bills: dict[str, Statement] = {}
        """The closed statements by month."""
        self.sent = 0

    def does(self, act: Act) -> Lead | None:
        """Does one act; the lead that it was about. Raises what the product raises."""
        match act.what:
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
        self.sent += 1
        sent = Submission(answers, consent_to(self.campaign.version), f"{self.sent}", test=act.test)
        created = self.ledger.transact(
            lambda records: receive_submission(records, self.campaign, sent, act.at)
        )
        return self.ledger.read(lambda reading: reading.leads.get(created.lead_id))

    def _on_a_lead(self, records: WriteTransaction, act: Act) -> Lead:
        if act.what == "corrected":
            return correct_lead(
                records, LeadCorrection(act.lead, "Ada", {"company_size": act.answer}), act.at
            )
        if act.what in REVIEW:
            side = Actor.AGENCY if act.entered else Actor.CLIENT
            more = (act.reason,) if act.what == "rejected" else ()
            return REVIEW[act.what](records, ReviewAct(act.lead, act.by, actor=side), *more, act.at)
        outcome = Outcome(
            lead_id=act.lead,
            kind=EventKind(act.what),
            actor=Actor.CLIENT if act.client else Actor.AGENCY,
            by=act.by,
            occurred_at=act.happened,
            meeting_at=act.meeting,
            amount=None if act.amount is None else major(act.amount, self.terms),
            period=act.period,
            months=act.months,
            reason=act.reason,
            again=True,  # each act is another fact
        )
        return record_once(records, outcome, act.at)

    def close(self, act: Act) -> Statement:
        """Closes a month; of an odd one a statement is drawn even if it is empty."""
        drawn = None if act.month in self.bills else self.preview(act)
        odd = int(act.month[-2:]) % 2 == 1
        closed_statement = self.ledger.transact(
            lambda records: close_month(
                records, self.campaign, PARTIES, act.month, act.at, empty_statement=odd
            )
        )
        if closed_statement is not None and closed_statement not in self.frozen:
            self.frozen.append(closed_statement)
            self.bills[act.month] = read_statement(closed_statement)
        elif closed_statement is None and drawn is not None:
            assert drawn.lines == []
            self.bills[act.month] = drawn
        return self.bills[act.month]

    def preview(self, act: Act) -> Statement:
        """What closing would draw."""
        return self.ledger.read(
            lambda reading: preview_statement(reading, self.campaign, PARTIES, act.month, act.at)
        )

    def _correct_a_line(self, act: Act) -> None:
        """A credit, or a debit that the client approves at once."""
        period = "" if act.period is None else act.period.isoformat()
        number = next(
            (
                bill.number
                for bill in self.bills.values()
                if any((line.lead_id, line.period) == (act.lead, period) for line in bill.lines)
            ),
            "none",
        )
        assert act.amount is not None
        wish = CorrectionRequest(
            number, act.lead, "goodwill", period, major(act.amount, self.terms)
        )
        if act.what == "credited":
            self.ledger.transact(lambda records: issue_credit(records, wish, "Ada", act.at))
            return
        self.ledger.transact(lambda records: propose_debit(records, wish, "Ada", act.at))
        self.ledger.transact(
            lambda records: approve_debit(
                records, billed_line(records, number, act.lead, period), "Carol", act.at
            )
        )

    def credits(self) -> list[Credit]:
        """All that was given back, in the oracle's words."""
        notes = self.ledger.read(credits_of)
        return [
            Credit(one.lead_id, one.period, one.amount, by_itself=one.reason != "goodwill")
            for one in notes
        ]

    def kept(self) -> list[ClosedStatement]:
        """The closed statements as the ledger has them now."""
        return self.ledger.read(lambda reading: list(reading.statements.select()))

    def assert_drawn_alike(self, month: str, as_of: datetime) -> None:
        """What is drawn from a few leads is what is drawn from all that ever came."""
        slug = self.campaign.slug
        self.ledger.read(
            lambda reading: assert_drawn_as_from_every_lead(reading, slug, month, as_of)
        )

    def faults(self) -> list[str]:
        """All that the product's own proof finds: chain, rows, numbers, each statement's bytes."""
        changed = [] if self.kept() == self.frozen else ["a closed statement has changed"]
        return [
            *changed,
            *self.ledger.verify().problems,
            *self.ledger.read(check_documents),
        ]


def lines_of(bill: Statement) -> list[Line]:
    """A statement's lines, in the oracle's words."""
    return [
        Line(line.lead_id, line.period, line.amount, line.free_over_cap, line.late, line.due_at)
        for line in bill.lines
    ]
