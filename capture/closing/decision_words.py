"""Why a month cannot be closed, and what to decide before its close, in words."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.closing.decisions import LeadInQuarantine, LeadInReview
from capture.closing.month_end import MonthEnd
from capture.ledger.messages import Channel, Message
from capture.money import show_money
from capture.text import count_noun, words_of_code

_QUARANTINE_ROWS: Final = 10
"""Up to this number, each lead of a campaign in quarantine has its own row."""

ShowTime = Callable[[datetime], str]
"""Returns an aware time as text."""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One thing to decide or to know."""

    about: str
    """A word: `debit`, `review`, `quarantine`."""
    which: str
    """An id, or a number of leads."""
    what: str
    campaign: str = ""
    lead_id: str = ""
    """Empty if it is not about one lead."""
    is_group: bool = False
    """Whether it stands for several leads in quarantine."""


def reason_in_words(end: MonthEnd, show_time: ShowTime) -> str:
    """Why the month cannot be closed, in one sentence; empty if it is ready or closed."""
    return end.reason if end.over_at is None else f"{end.reason} until {show_time(end.over_at)}"


def decision_rows(end: MonthEnd, show_time: ShowTime) -> Iterator[DecisionRow]:
    """What to decide on the month of a client in one currency."""
    decisions, currency = end.decisions, end.currency
    for debit in decisions.debits:
        money = show_money(debit.amount, currency)
        what = f"{money} more on {debit.statement} ({words_of_code(debit.reason)})"
        since = f"the client has not answered since {show_time(debit.proposed_at)}"
        yield DecisionRow("debit", debit.id, f"{what}: {since}")
    for note in decisions.late_credits:
        money = show_money(note.amount, currency)
        what = f"{money} back on {note.statement}: {note.reason} recorded after that month's close"
        yield DecisionRow("credit", note.number, f"{what}, lead {note.lead_id}")
    for parked in decisions.parked:
        detail = f": {parked.lead.detail}" if parked.lead.detail else ""
        what = f"is not billed, its lines cannot be computed{detail}"
        yield _lead_row("parked", parked.lead.lead_id, what, parked.campaign)
    for dispute in decisions.disputes:
        what = f"rejected, disputed since {show_time(dispute.since)}, not settled"
        yield _lead_row("dispute", dispute.lead_id, what, dispute.campaign)
    for period in decisions.unpaid_periods:
        what = f"no revenue recorded for the month from {period.first_day}"
        yield _lead_row("revenue", period.lead_id, what, period.campaign)
    for message in decisions.failed_messages:
        yield DecisionRow("delivery", str(message.id), _message_text(message))
    yield from _quarantine_rows(decisions.in_quarantine)
    for lead in decisions.in_review:
        yield _lead_row("review", lead.lead_id, _review_text(lead, show_time), lead.campaign)


def _quarantine_rows(leads: Sequence[LeadInQuarantine]) -> Iterator[DecisionRow]:
    """A row for each lead; one row for many leads of one campaign and stage, such as robots."""
    groups: defaultdict[tuple[str, bool], list[LeadInQuarantine]] = defaultdict(list)
    for lead in leads:
        groups[lead.campaign, lead.is_in_review].append(lead)
    for (campaign, is_in_review), group in groups.items():
        state = "in review with a stopped deadline" if is_in_review else "quarantined"
        if len(group) > _QUARANTINE_ROWS:
            days = count_noun(max(lead.days for lead in group), "day")
            count, what = count_noun(len(group), "lead"), f"received up to {days} ago, {state}"
            yield DecisionRow("quarantine", count, what, campaign, is_group=True)
            continue
        for lead in group:
            what = f"received {count_noun(lead.days, 'day')} ago, {state}: release or discard it"
            yield _lead_row("quarantine", lead.lead_id, what, campaign)


def _lead_row(about: str, lead_id: str, what: str, campaign: str) -> DecisionRow:
    return DecisionRow(about, lead_id, what, campaign, lead_id)


def _message_text(message: Message) -> str:
    if message.channel is Channel.WEBHOOK:
        return f"webhook {message.kind} failed: {message.result}"
    letter = f'letter "{words_of_code(message.kind)}" to {message.recipient}'
    return f"{letter} failed: {message.result}"


def _review_text(lead: LeadInReview, show_time: ShowTime) -> str:
    text = f"received {count_noun(lead.days, 'day')} ago, "
    if not lead.is_notified:
        return f"{text}the client was not notified"
    if lead.silence_accepts and lead.deadline is not None:
        return f"{text}accepted by silence at {show_time(lead.deadline)}"
    until = f", until {show_time(lead.deadline)}" if lead.deadline else ""
    return f"{text}only an explicit acceptance counts{until}"
