"""What changes the account after a close: credit notes, debit notes and payments."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from capture.closing.credit import CorrectionRequest, issue_credit
from capture.closing.debit import DebitAnswer, answer_debit, find_proposal, propose_debit
from capture.closing.payments import PaymentRequest, record_payment
from capture.errors import Hint, NotFound, Refused
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.money import show_money
from capture.outcomes.revenue import read_amount
from capture.web.desk.access import AGENCY, CLIENT, allow, log_access, user
from capture.web.desk.pages import desk_page
from capture.web.desk.statement_line_view import StatementLineView, statement_line_view
from capture.web.desk.statements import document_page
from capture.web.review.access import MAX_NOTE, TOO_LATE, typed_note
from capture.web.services import services

blueprint = Blueprint("statement_acts", __name__)

REASONS = ("goodwill", "wrong_contact", "wrong_rate", "missed_period")
"""Reasons that the forms suggest. The rule allows any code."""


# Corrections of one line.


@blueprint.get("/statements/<number>/lines/<lead_id>")
@allow(AGENCY)
def show_line(number: str, lead_id: str) -> ResponseReturnValue:
    """A line of a closed statement, with the forms that correct it."""
    return _line_page(number, lead_id)


def _line_page(
    number: str, lead_id: str, problem: str = "", *, asks_again: bool = False
) -> ResponseReturnValue:
    now, period = datetime.now(UTC), request.values.get("period", "")

    def read(reading: ReadTransaction) -> StatementLineView:
        return statement_line_view(reading, number, lead_id, period)

    line = services().ledger.read(read)
    services().ledger.transact(
        lambda records: log_access(records, "statement line", [lead_id], now)
    )
    page = desk_page(
        "statement_line.html",
        line=line,
        reasons=REASONS,
        problem=problem,
        asks_again=asks_again,
        typed=request.form,
        form=request.endpoint,
    )
    return page, 409 if problem else 200


@blueprint.post("/statements/<number>/lines/<lead_id>/credit")
@allow(AGENCY)
def credit(number: str, lead_id: str) -> ResponseReturnValue:
    """Issues a credit note on a line."""

    def issue(records: WriteTransaction, amount: Decimal, by: str, now: datetime) -> str:
        again = "again" in request.form
        correction_request = _correction(number, lead_id, amount, again=again)
        note = issue_credit(records, correction_request, by, now)
        money = show_money(note.amount, note.currency)
        return f"Credit note {note.number}: {money} credited on {note.statement}."

    return _correct(number, lead_id, issue)


@blueprint.post("/statements/<number>/lines/<lead_id>/debit")
@allow(AGENCY)
def debit(number: str, lead_id: str) -> ResponseReturnValue:
    """Proposes a debit note on a line to the client."""

    def propose(records: WriteTransaction, amount: Decimal, by: str, now: datetime) -> str:
        proposal = propose_debit(records, _correction(number, lead_id, amount), by, now)
        money = show_money(proposal.amount, proposal.currency)
        return f"{money} proposed on {number}. It becomes a debit note when the client approves it."

    return _correct(number, lead_id, propose)


def _correction(
    number: str, lead_id: str, amount: Decimal, *, again: bool = False
) -> CorrectionRequest:
    form = request.form
    reason = form.get("reason", "").strip()
    return CorrectionRequest(number, lead_id, reason, form.get("period", ""), amount, again)


def _correct(
    number: str,
    lead_id: str,
    record: Callable[[WriteTransaction, Decimal, str, datetime], str],
) -> ResponseReturnValue:
    """Records a correction, and leads back to the document; the line's page if it is refused."""
    now, by = datetime.now(UTC), user().name
    try:
        amount = read_amount(request.form.get("amount", "").strip())
        done = services().ledger.transact(lambda records: record(records, amount, by, now))
    except Refused as refused:
        asks_again = refused.hint is Hint.AGAIN
        return _line_page(number, lead_id, f"{refused}.", asks_again=asks_again)
    flash(done)
    return redirect(url_for("statements.show", number=number), 303)


# The client's answer to a proposed debit note.


@blueprint.post("/debits/<debit_id>")
@allow(CLIENT)
def answer(debit_id: str) -> ResponseReturnValue:
    """Records the client's answer: `approved` or `declined`. Silence approves nothing."""
    now, client, by, note = datetime.now(UTC), user().client, user().name, typed_note()
    ledger = services().ledger
    try:
        proposal = ledger.read(lambda reading: find_proposal(reading, client, debit_id))
    except NotFound:
        raise NoSuchPage from None
    chosen: DebitAnswer = "approved" if request.form.get("answer") == "approved" else "declined"
    if request.form.get("answer") not in {"approved", "declined"} or len(note) > MAX_NOTE:
        text = f"Choose one of the two answers, with at most {MAX_NOTE:,} characters beside it."
        return document_page(proposal.statement, problem=text), 422
    is_recorded = ledger.transact(
        lambda records: answer_debit(records, client, debit_id, chosen, by, now, note)
    )
    if not is_recorded:
        return document_page(proposal.statement, problem=TOO_LATE), 409
    flash(f"You {chosen} the debit note of {show_money(proposal.amount, proposal.currency)} net.")
    return redirect(url_for("statements.show", number=proposal.statement), 303)


# Payments.


@blueprint.post("/statements/<number>/payments")
@allow(AGENCY)
def pay(number: str) -> ResponseReturnValue:
    """Records a payment that has arrived, or that was returned."""
    now, by, form = datetime.now(UTC), user().name, request.form
    try:
        paid_on = date.fromisoformat(form.get("paid_on", "").strip())
    except ValueError:
        text = "Write the day of the payment as 2026-12-30."
        return document_page(number, problem=text), 422
    try:
        typed = form.get("amount", "").strip()
        amount = -read_amount(typed[1:].strip()) if typed[:1] == "-" else read_amount(typed)
        payment = PaymentRequest(number, amount, paid_on, again="again" in form)
        entry = services().ledger.transact(
            lambda records: record_payment(records, payment, now, by)
        )
    except Refused as refused:
        asks_again = refused.hint is Hint.AGAIN
        return document_page(number, problem=f"{refused}.", asks_again=asks_again), 409
    still_open = show_money(entry.open, entry.document.currency)
    flash(
        f"The payment is recorded; {still_open if entry.open else 'nothing'} is still to be paid."
    )
    return redirect(url_for("statements.show", number=number), 303)
