"""Credit notes: what is given back of a closed statement (rule 27), also by a refund or churn (23).

A credit note is an event: it names statement, line and amount, and takes the next number of its
client. All credits of a line together never exceed the line.
"""

from datetime import datetime
from fractions import Fraction

from capture.account import DocumentKind
from capture.billing import Life, exact_fee, life_of, minor_units
from capture.campaign import Campaign
from capture.closing.correction import (
    AUTOMATIC,
    BilledLine,
    Correction,
    Wish,
    billed_line,
    check_wish,
    credits_of,
)
from capture.closing.documents import day_in, next_number
from capture.errors import Hint, Refused
from capture.lead import Actor, Event, Kind
from capture.ledger import Records
from capture.money import from_minor, round_minor, show_money


def credit(records: Records, wish: Wish, by: str, now: datetime) -> Correction:
    """Issues a credit note.

    Raises `NotFound`, or `Refused` with what is left of the line or if it was given today already.
    """
    check_wish(wish, by)
    billed = billed_line(records, wish.statement, wish.lead_id, wish.period)
    bill, left = billed.bill, billed.left
    amount = left if wish.amount is None else minor_units(wish.amount, bill.currency)
    if not 0 < amount <= left:
        shown = from_minor(left, bill.currency)
        raise Refused(f"{bill.number}, lead {wish.lead_id}: {shown} {bill.currency} is left of it")
    if not wish.again:
        _check_new(records, billed, wish, amount, now)
    return _issue(
        records, billed, amount, wish.reason, records.people.pseudonym(bill.client, by), now
    )


def _check_new(
    records: Records, billed: BilledLine, wish: Wish, amount: int, now: datetime
) -> None:
    """Who says the same twice, by a second click say, is asked first."""
    bill = billed.bill
    today = day_in(records, bill.campaign, now)
    for one in billed.of_line:
        alike = (one.kind, one.amount, one.reason) == (DocumentKind.CREDIT, amount, wish.reason)
        if alike and day_in(records, bill.campaign, one.issued_at) == today:
            raise Refused(
                f"{bill.number}, lead {wish.lead_id}: {show_money(amount, bill.currency)} for "
                f"{wish.reason} was credited today already, by {one.number}; if it is to be "
                "credited twice, say so",
                Hint.AGAIN,
            )


def credit_what_ended(
    records: Records, terms: Campaign, lead_id: str, reason: str, now: datetime
) -> list[Correction]:
    """Credits the lines of a lead that an outcome reduced or ended (rules 23, 37 and 42).

    Each is credited down to what it costs by now, as if it were billed only now, however often
    that changes. `terms` are those of the lead's receipt.
    """
    made = []
    life = _life(records, lead_id)
    for number, period in records.statements.lines_of_lead(lead_id):
        billed = billed_line(records, number, lead_id, period)
        before = exact_fee(_life(records, lead_id, last=billed.bill.seen), terms, period)
        amount = _to_credit(billed, before, exact_fee(life, terms, period))
        if amount > 0:
            made.append(_issue(records, billed, amount, reason, "", now))
    return made


def _to_credit(billed: BilledLine, before: Fraction, after: Fraction) -> int:
    """What is too much on a line whose fee was `before` and is `after`, rounded once.

    What debit notes added is kept in the same proportion as the fee.
    """
    if after >= before:
        return 0
    line = Fraction(0) if billed.line.free else before
    added = billed.raised - billed.line.amount
    owed = round_minor((line + added) * after / before)
    credited = sum(one.amount for one in billed.of_line if one.reason in AUTOMATIC)
    return min(billed.left, billed.raised - owed - credited)


def _life(records: Records, lead_id: str, last: int | None = None) -> Life:
    return life_of(one.event for one in records.events.select(lead_id=lead_id, last=last))


def _issue(  # noqa: PLR0913, PLR0917 - what a credit note says
    records: Records, billed: BilledLine, amount: int, reason: str, by: str, now: datetime
) -> Correction:
    bill = billed.bill
    data = billed.as_data() | {
        "number": next_number(records, bill.client),
        "amount": amount,
        "vat": -billed.vat_of(-amount),
        "reason": reason,
        "issued_on": day_in(records, bill.campaign, now).isoformat(),
    }
    actor = Actor.AGENCY if by else Actor.SYSTEM
    said = data | ({"by": by} if by else {})
    records.append(Event(bill.campaign, None, Kind.CREDITED, now, now, actor, said))
    return credits_of(records, bill.client)[-1]
