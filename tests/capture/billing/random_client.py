"""A random client with one to three campaigns, billed by the product and by the oracle.

Each step compares both: what they accept and refuse, the stages of leads, and every figure of every
document.
"""

from collections import Counter
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

from capture.errors import NotFound, Refused
from capture.lead.model import Lead
from tests.capture.billing import random_acts
from tests.capture.billing.oracle import UNDO, Oracle
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_history import LeadHistory, Refusal
from tests.capture.billing.product import Product, month_of


class RandomClient:
    """The client, the time that has passed, and what was done so far."""

    def __init__(self, folder: Path, model: str, rng: Random, vat_rate: str = "") -> None:
        self.folder = folder
        self.campaigns = random_acts.random_client(rng, model)
        vat_rate = vat_rate or rng.choice(random_acts.VAT_RATES)
        self.product = Product(folder, self.campaigns, vat_rate)
        self.oracle = Oracle(self.campaigns, Decimal(vat_rate))
        self.now = rng.choice(random_acts.STARTS)
        self.acts: list[Act] = []
        self.impossible: frozenset[str] = frozenset()
        """The leads whose lines cannot be computed for now."""
        self.driven: Counter[str] = Counter()
        """How often each kind of act was accepted or refused."""

    def acts_text(self, lead: str = "") -> str:
        """The acts so far, or those that concern one lead, without default values."""
        defaults = asdict(Act(self.now, ""))
        acts = [
            " ".join(
                f"{name}={value}" for name, value in asdict(act).items() if value != defaults[name]
            )
            for act in self.acts
            if not lead or act.lead in ("", lead)
        ]
        return "\n".join([f"VAT {self.oracle.vat_percent} %, {self.campaigns}", *acts])

    def step(self, rng: Random) -> None:
        """Does something, and compares the credits and the account."""
        weights = {
            self.submit: 16,
            self.act: 62,
            self.edit: 3,
            self.notify: 7,
            self.expire: 2,
            self.correct_line: 4,
            self.pay: 4,
            self.close: 12,
        }
        step = rng.choices(list(weights), list(weights.values()))[0]
        (step if self.oracle.leads else self.submit)(rng)
        assert self.product.credits() == self.oracle.credits, self.acts_text()

    def finish(self, rng: Random, moments: int) -> None:
        """Closes all months, draws some as of other times, and checks the complete ledger."""
        if not self.oracle.leads:
            return
        self.check_selection(rng, moments)
        self.product.assert_all_qualified_leads_are_read()
        for lead in self.oracle.leads:
            self.check_lead(lead)
        for impossible in (self.impossible, frozenset[str]()):
            self.impossible = impossible
            self.now += 40 * random_acts.DAY
            self.close_what_is_over(rng)
        assert self.product.faults() == [], self.acts_text()
        for now in (self.now, self.now + 400 * random_acts.DAY):
            self.product.assert_overview_has_the_figures_of_kpi(now)
        automatic_credits = sum(credit.is_automatic for credit in self.oracle.credits)
        self.driven["automatic credits"] += automatic_credits
        self.driven["interrupted closes"] += self.product.interruptions

    def check_selection(self, rng: Random, moments: int) -> None:
        """Draws closed and open months as of past, present and future times."""
        months = [*{month for _, month in self.oracle.months}, self.oracle.next_month()]
        times = [rng.choice(self.acts).at for _ in range(3)]
        times += [self.now, self.now + 40 * random_acts.DAY]
        for time in rng.sample(times, moments):
            slug, month = rng.choice(list(self.campaigns)), rng.choice(sorted(months))
            self.product.assert_selection_complete(slug, month, time)

    def apply_to_both(self, act: Act) -> bool:
        """Applies the act; both must accept or both must refuse it. Whether they accepted."""
        refusal_text = ""
        self.acts.append(act)
        has_churned = act.lead in self.oracle.leads and bool(self.oracle.leads[act.lead].absences)
        try:
            self.product.apply(act)
        except (Refused, NotFound) as refusal:
            refusal_text = str(refusal)
        try:
            self.oracle.apply(act)
        except Refusal:
            assert refusal_text, (
                f"accepted against the rules, at the end of:\n{self.acts_text(act.lead)}"
            )
        else:
            assert not refusal_text, (
                f"{refusal_text}\nrefused against the rules, at the end of:\n"
                f"{self.acts_text(act.lead)}"
            )
        self.driven[f"{act.kind}{' refused' if refusal_text else ''}"] += 1
        if not refusal_text:
            self.driven["refunded in part"] += act.kind == "refunded" and act.period is not None
            self.driven["returned"] += act.kind == "won" and has_churned
        return not refusal_text

    # Steps

    def submit(self, rng: Random) -> None:
        for _ in range(rng.randint(1, 3)):
            self.now += rng.choice(random_acts.SHORT_GAPS)
            test = rng.random() < 0.1
            slug = rng.choice(list(self.campaigns))
            known_emails = [history.email for history in self.oracle.leads.values()]
            act = Act(
                self.now,
                "submitted",
                campaign=slug,
                email=random_acts.random_email(rng, known_emails),
                answer=rng.choice(random_acts.SIZES),
                test=test,
                suspicious=rng.random() < 0.06,
                imported=rng.random() < 0.06,
            )
            if act.imported:  # risk signals are about forms
                act = replace(act, suspicious=False)
            lead = self.product.apply(act)
            self.acts.append(replace(act, lead=lead.lead_id))
            self.oracle.apply(self.acts[-1])
            self.driven["submitted"] += 1
            if not test:
                self.check_lead(lead.lead_id)

    def act(self, rng: Random) -> None:
        """Applies several acts to one lead, so that its history advances."""
        history = random_acts.choose_lead(rng, list(self.oracle.leads.values()))
        for _ in range(rng.randint(1, 6)):
            act = random_acts.random_act(rng, self.now, history)
            self.now = act.at
            self.apply_to_both(act)
            self.check_lead(history.lead)

    def edit(self, rng: Random) -> None:
        slug = rng.choice(list(self.campaigns))
        terms = random_acts.change_terms(rng, self.oracle.campaigns[slug].terms)
        self.apply_to_both(Act(self.now, "edited", campaign=slug, terms=terms))

    def notify(self, rng: Random) -> None:
        self.now += rng.choice(random_acts.SHORT_GAPS)
        for slug in self.campaigns:
            self.apply_to_both(Act(self.now, "notified", campaign=slug))

    def expire(self, rng: Random) -> None:
        """Records the leads whose link has ended, often just at its end."""
        ends = [
            history.link_ends
            for history in self.oracle.leads.values()
            if history.stage == "unconfirmed"
        ]
        wait = rng.choice([-1, 0, 1]) * random_acts.SECOND
        self.now = max(self.now, min(ends, default=self.now) + wait)
        self.apply_to_both(Act(self.now, "expired"))

    def correct_line(self, rng: Random) -> None:
        if not self.oracle.billed:
            return
        _, line = rng.choice(list(self.oracle.billed.values()))
        left = self.oracle.amount_with_debits(line) - self.oracle.credited(line)
        amount = rng.choice([1, left, left + 1, left // 2])
        period = date.fromisoformat(line.period) if line.period else None
        kind = rng.choice(["credited", "debited"])
        if kind == "debited":
            amount = rng.choice([1, 7, line.amount * 2, 1005])
        self.apply_to_both(Act(self.now, kind, lead=line.lead, period=period, amount=amount))

    def pay(self, rng: Random) -> None:
        """Pays a document in part, in full, twice or too much, or gets money back."""
        if not self.oracle.documents:
            return
        document = rng.choice(self.oracle.documents[-4:])
        paid = self.oracle.paid.get(document.number, 0)
        amounts = [document.gross, document.gross // 3, document.gross * 2 + 1, -paid, -paid - 1]
        self.apply_to_both(
            Act(self.now, "paid", number=document.number, amount=rng.choice(amounts))
        )

    def close(self, rng: Random) -> None:
        """Closes all months that are over, and tries the next one near its end.

        Now and then the lines of some leads cannot be computed until a later close.
        """
        if rng.random() < 0.4:
            leads = list(self.oracle.leads)
            number = rng.choice([0, 0, 0, 1, 2, len(leads) // 2])
            self.impossible = frozenset(rng.sample(leads, min(number, len(leads))))
        self.close_what_is_over(rng)
        month = self.oracle.next_month()
        wait = rng.choice([-1, 0, 9, 10, 11, 3600, 86400 * 9]) * random_acts.SECOND
        self.now = max(self.now, self.oracle.end(month) + wait)
        if rng.random() < 0.1:
            month = rng.choice(["2026-01", "2028-03"])  # a month that cannot be closed
        self.close_month(rng, month)

    def close_what_is_over(self, rng: Random) -> None:
        while self.oracle.end(self.oracle.next_month()) + UNDO <= self.now:
            self.close_month(rng, self.oracle.next_month())

    def close_month(self, rng: Random, month: str) -> None:
        """Closes a month. Now and then a first try is interrupted."""
        act = Act(
            self.now,
            "closed",
            month=month,
            even_if_empty=int(month[-2:]) % 2 == 1,
            impossible=self.impossible,
            interrupted_at=int(10 ** rng.uniform(0, 4.5)) if rng.random() < 0.15 else 0,
        )
        known_months = list(self.oracle.months)
        if self.apply_to_both(act):
            self.check_months([key for key in self.oracle.months if key not in known_months])

    # Comparisons

    def check_months(self, keys: list[tuple[str, str]]) -> None:
        """Compares months that were just closed in the product and in the oracle."""
        for key in keys:
            statement, expected = self.product.statements[key], self.oracle.months[key]
            assert month_of(statement) == expected, self.acts_text()
            sums = (statement.total, statement.gross, statement.to_pay)
            assert sums == (expected.total, expected.total + expected.vat, expected.to_pay)
            self.driven["lines"] += len(expected.lines)
            self.driven["late lines"] += sum(line.late for line in expected.lines)
            self.driven["free lines"] += sum(line.free for line in expected.lines)
            self.driven["parked leads"] += sum(len(part.parked) for part in expected.parts.values())
            billed_parts = [part for part in expected.parts.values() if part.lines]
            self.driven["several parts"] += len(billed_parts) > 1
            self.driven["brought forward"] += expected.brought_forward < 0
        self.driven["several currencies"] += len(keys) > 1
        billed = Counter(
            (line.lead_id, line.period)
            for each_statement in self.product.statements.values()
            for line in each_statement.lines
        )
        assert not billed or max(billed.values()) == 1, "billed twice"
        stored = self.product.stored_statements()
        assert stored == self.product.closed_statements, "a closed statement has changed"
        assert self.product.documents() == self.oracle.documents, self.acts_text()
        for currency, balance in self.product.balances().items():
            assert balance == self.oracle.balance(currency), self.acts_text()

    def check_lead(self, lead_id: str) -> None:
        """Compares the lead's stages in the product and in the oracle."""
        lead: Lead = self.product.ledger.read(lambda reading: reading.leads.get(lead_id))
        history = self.oracle.leads[lead_id]
        history.settle(self.now)
        self.driven[f"lead {history.stage}"] += 1
        stages = (lead.review_at(self.now), lead.appointment_at(self.now), lead.sale)
        assert stages == (_review(history), history.appointment, history.sale), self.acts_text(
            lead_id
        )
        flags = (lead.bounced, lead.consent_withdrawn, lead.erased, lead.confirmed)
        assert flags == (
            history.bounced,
            history.consent_withdrawn,
            history.erased,
            history.confirmed,
        ), self.acts_text(lead_id)
        if history.stage == "unconfirmed":
            assert lead.confirm_until == history.link_ends, self.acts_text(lead_id)
        if history.stage == "qualified":
            assert lead.notified == history.notified, self.acts_text(lead_id)
            assert (lead.deadline, lead.free_over_cap, lead.needs_explicit_acceptance) == (
                history.deadline,
                history.free,
                history.needs_explicit_acceptance,
            )
            assert lead.accepted_as_of(self.now) == history.accepted


def _review(history: LeadHistory) -> str:
    if history.stage != "qualified":
        return history.stage
    return "accepted" if history.accepted else "rejected" if history.rejected else history.stage
