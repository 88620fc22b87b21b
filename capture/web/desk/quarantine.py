"""Leads in quarantine: why each is there, what looks alike, release or discard. And spam."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import GatepostError, Refused
from capture.form.text import cleaned_line
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine_decisions import QuarantineDecision, decide
from capture.lead.events import show_time
from capture.lead.model import Lead
from capture.lead_details.stages import stage_name
from capture.ledger.held_leads import HeldLead, HeldLeadQuery
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import SpamQuery
from capture.review.acts import find_lead
from capture.text import count_noun
from capture.web.desk.access import AGENCY, allow, log_access, user
from capture.web.desk.bulk_acts import QUARANTINE_ACTS, results_in_words
from capture.web.desk.pages import desk_page
from capture.web.desk.positions import read_position, read_time, show_position
from capture.web.desk.quarantine_view import (
    QuarantineCard,
    SpamRow,
    decided_leads,
    judged_in_words,
    quarantine_card,
    spam_row,
)
from capture.web.review.access import MAX_NOTE
from capture.web.services import services

blueprint = Blueprint("quarantine", __name__)

PAGE_SIZE: Final = 20
MOST_AT_ONCE: Final = 500
"""Most leads that one button decides."""
MOST_READ: Final = 100_000
"""Most leads that are counted as left for another click."""
_MOST_RESULTS: Final = 50
"""Most leads whose results are listed after a decision."""
SPAM_DAYS: Final = 30
_LONGEST_ID: Final = 40
"""Characters of an id that a message and an address repeat."""


@blueprint.get("/quarantine")
@allow(AGENCY)
def show() -> ResponseReturnValue:
    """The list, the longest wait first; with `campaign` and `signals` those that look alike."""
    now, ledger = datetime.now(UTC), services().ledger
    campaign, signals = request.args.get("campaign", ""), request.args.get("signals", "")
    decided_ids = request.args.get("decided", "")
    query = HeldLeadQuery(
        limit=PAGE_SIZE + 1,
        campaign=campaign,
        signals=signals,
        after=read_position(request.args.get("after", "")),
    )

    def read(
        reading: ReadTransaction,
    ) -> tuple[Mapping[tuple[str, str], int], Sequence[HeldLead], list[QuarantineCard]]:
        counts, held = reading.held_leads.counts(), reading.held_leads.page(query)
        cards = [quarantine_card(reading, lead, counts, now) for lead in held[:PAGE_SIZE]]
        return counts, held, cards

    counts, held, cards = ledger.read(read)
    chosen = sum(
        number
        for (of_campaign, of_signals), number in counts.items()
        if campaign in {"", of_campaign} and signals in {"", of_signals}
    )
    decided = ledger.read(
        lambda reading: decided_leads(reading, decided_ids.split(",")[:_MOST_RESULTS], now)
    )
    ledger.transact(
        lambda records: log_access(records, "quarantine", [card.lead_id for card in cards], now)
    )
    view: dict[str, Any] = {"campaign": campaign or None, "signals": signals or None}
    older = ""
    if len(held) > PAGE_SIZE:
        last = held[PAGE_SIZE - 1]
        older = url_for(".show", **view, after=show_position((last.held_at, last.lead_id)))
    return desk_page(
        "quarantine.html",
        cards=cards,
        count=sum(counts.values()),
        chosen=chosen,
        at_once=min(chosen, MOST_AT_ONCE),
        campaigns=sorted({of_campaign for of_campaign, _ in counts}),
        campaign=campaign,
        signals=signals,
        seen_at=show_time(now),
        decided=decided,
        first=url_for(".show", **view) if query.after else "",
        older=older,
        max_note=MAX_NOTE,
    )


@blueprint.post("/quarantine")
@allow(AGENCY)
def record() -> ResponseReturnValue:
    """Releases or discards one lead, or all that look alike and were in quarantine when the page
    was opened."""
    act = request.form.get("act", "")
    if act not in QUARANTINE_ACTS:
        raise Refused("choose whether to release or to discard")
    ledger = services().ledger
    campaign, signals = (request.form.get(name, "")[:500] for name in ("campaign", "signals"))
    lead_id = request.form.get("lead_id", "")[:_LONGEST_ID]
    if lead_id:
        ids = [lead_id]
    else:
        ids = ledger.read(partial(_alike_ids, campaign=campaign, signals=signals))
    part = ids[:MOST_AT_ONCE]
    note = request.form.get("note", "")[:MAX_NOTE]
    decision = QuarantineDecision(QUARANTINE_ACTS[act], user().name, note)
    results = decide(ledger, decision, part, partial(datetime.now, UTC))
    for text in _summary(act, results, len(ids) - len(part)):
        flash(text)
    view = url_for(
        ".show",
        campaign=campaign or None,
        signals=signals if lead_id and signals else None,
        decided=",".join(part[:_MOST_RESULTS]) or None,
    )
    return redirect(view, 303)


@blueprint.get("/quarantine/spam")
@allow(AGENCY)
def spam() -> ResponseReturnValue:
    """Spam and discarded leads of the last 30 days, newest first."""
    now, ledger = datetime.now(UTC), services().ledger
    campaign = request.args.get("campaign", "")
    query = SpamQuery(
        since=now - timedelta(days=SPAM_DAYS),
        limit=PAGE_SIZE + 1,
        campaign=campaign or None,
        after=read_position(request.args.get("after", "")),
    )

    def read(reading: ReadTransaction) -> tuple[Sequence[Lead], list[SpamRow], Sequence[str]]:
        leads = reading.leads.spam(query)
        rows = [spam_row(reading, lead) for lead in leads[:PAGE_SIZE]]
        return leads, rows, reading.campaigns.slugs()

    leads, rows, slugs = ledger.read(read)
    ledger.transact(lambda records: log_access(records, "spam", [row.lead_id for row in rows], now))
    older = ""
    if len(leads) > PAGE_SIZE:
        last = leads[PAGE_SIZE - 1]
        position = show_position((last.received_at, last.lead_id))
        older = url_for(".spam", campaign=campaign or None, after=position)
    return desk_page(
        "spam.html",
        rows=rows,
        days=SPAM_DAYS,
        campaigns=sorted(slugs),
        campaign=campaign,
        first=url_for(".spam", campaign=campaign or None) if query.after else "",
        older=older,
    )


@blueprint.get("/quarantine/spam/<lead_id>")
@allow(AGENCY)
def spam_lead(lead_id: str) -> ResponseReturnValue:
    """One spam or discarded lead, and the form to rescue it."""
    return _rescue_page(_spam_row(lead_id))


@blueprint.post("/quarantine/spam/<lead_id>")
@allow(AGENCY)
def rescue(lead_id: str) -> ResponseReturnValue:
    """Records that a real person sent the lead. It is judged again."""
    now, ledger = datetime.now(UTC), services().ledger
    lead = ledger.read(lambda reading: find_lead(reading, lead_id))
    if lead.review in _SEEMS_UNREAL:  # otherwise it is a second click
        correction = LeadCorrection(
            lead_id,
            user().name,
            not_spam=True,
            note=request.form.get("note", "")[:MAX_NOTE],
            basis=cleaned_line(request.form.get("basis", "")),
        )
        try:
            lead = ledger.transact(lambda records: correct_lead(records, correction, now))
        except Refused as error:
            return _rescue_page(_spam_row(lead_id), correction, f"{error}."), 422
    result = ledger.read(lambda reading: judged_in_words(reading, lead, now))
    flash(f"Lead {lead_id} was judged again. {result}")
    return redirect(url_for(".spam"), 303)


_SEEMS_UNREAL: Final = frozenset({"spam", "discarded"})


def _rescue_page(row: SpamRow, typed: LeadCorrection | None = None, problem: str = "") -> str:
    return desk_page(
        "spam_lead.html",
        row=row,
        note="" if typed is None else typed.note,
        basis="" if typed is None else typed.basis,
        problem=problem,
        max_note=MAX_NOTE,
    )


def _spam_row(lead_id: str) -> SpamRow:
    """The lead in words; the look is logged. Raises `NotFound`, or `Refused` if it is no spam."""
    now, ledger = datetime.now(UTC), services().ledger

    def read(reading: ReadTransaction) -> SpamRow:
        lead = find_lead(reading, lead_id)
        if lead.review not in _SEEMS_UNREAL:
            raise Refused(f"lead {lead_id} is {lead.review}, not spam")
        return spam_row(reading, lead)

    row = ledger.read(read)
    ledger.transact(lambda records: log_access(records, "spam", [lead_id], now))
    return row


def _alike_ids(reading: ReadTransaction, campaign: str, signals: str) -> list[str]:
    """The leads that look alike, without those that came after the page was opened."""
    if not (campaign and signals):
        raise Refused("only leads of one campaign with the same signals are decided together")
    seen_at = read_time(request.form.get("seen_at", ""))
    if seen_at is None:
        return []
    query = HeldLeadQuery(MOST_READ, campaign, signals, held_until=seen_at)
    return [lead.lead_id for lead in reading.held_leads.page(query)]


def _summary(act: str, results: Sequence[Lead | GatepostError], left: int) -> list[str]:
    """What a decision did, in lines."""
    lines = ["No such lead is in quarantine any more."]
    if results:
        leads = [result for result in results if isinstance(result, Lead)]
        problems = [str(result) for result in results if isinstance(result, GatepostError)]
        stages = Counter(stage_name(lead.review) for lead in leads if act == "release")
        details = ", ".join(f"{number} {stage}" for stage, number in sorted(stages.items()))
        lines = results_in_words(act, len(leads), problems, details=details)
    if left:
        lines.append(f"{count_noun(left, 'more lead')} of this kind: decide again for them.")
    return lines
