"""Leads in quarantine: why each is there, what looks alike, release or discard. And spam."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import GatepostError, Refused
from capture.form.text import cleaned_line
from capture.intake.quarantine_decisions import QuarantineAct, QuarantineDecision, decide
from capture.intake.spam import rescue as rescue_lead
from capture.lead.events import show_time
from capture.lead.model import Lead
from capture.lead_details.stages import stage_name
from capture.ledger.held_leads import HeldLead, HeldLeadQuery
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import SpamQuery
from capture.review.acts import find_lead
from capture.text import count_noun
from capture.web.desk.access import AGENCY, allow, log_access, user
from capture.web.desk.bulk_acts import PAST, QUARANTINE_ACTS, results_in_words
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
    campaign, signals = _chosen_alike()
    lead_id = request.form.get("lead_id", "")[:_LONGEST_ID]
    if lead_id:
        ids = [lead_id]
    else:
        ids = ledger.read(partial(_alike_ids, campaign=campaign, signals=signals))
    part = _decide(QUARANTINE_ACTS[act], PAST[act], ids)
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
    campaign, signals = request.args.get("campaign", ""), request.args.get("signals", "")
    query = replace(
        _spam_query(now, campaign, signals),
        limit=PAGE_SIZE + 1,
        after=read_position(request.args.get("after", "")),
    )

    def read(
        reading: ReadTransaction,
    ) -> tuple[Sequence[Lead], list[SpamRow], Sequence[Lead], Sequence[str]]:
        leads = reading.leads.spam(query)
        rows = [spam_row(reading, lead) for lead in leads[:PAGE_SIZE]]
        alike = reading.leads.spam(_spam_query(now, campaign, signals)) if is_alike else ()
        return leads, rows, alike, reading.campaigns.slugs()

    is_alike = bool(campaign and signals)
    leads, rows, alike, slugs = ledger.read(read)
    ledger.transact(lambda records: log_access(records, "spam", [row.lead_id for row in rows], now))
    view: dict[str, Any] = {"campaign": campaign or None, "signals": signals or None}
    older = ""
    if len(leads) > PAGE_SIZE:
        last = leads[PAGE_SIZE - 1]
        position = show_position((last.received_at, last.lead_id))
        older = url_for(".spam", **view, after=position)
    return desk_page(
        "spam.html",
        rows=rows,
        days=SPAM_DAYS,
        campaigns=sorted(slugs),
        campaign=campaign,
        signals=signals,
        chosen=len(alike),
        at_once=min(len(alike), MOST_AT_ONCE),
        needs_basis=any(not lead.consent.is_lawful for lead in alike),
        seen_at=show_time(now),
        first=url_for(".spam", **view) if query.after else "",
        older=older,
        max_note=MAX_NOTE,
    )


@blueprint.post("/quarantine/spam")
@allow(AGENCY)
def rescue_alike() -> ResponseReturnValue:
    """Rescues all spam that looks alike and was there when the page was opened."""
    campaign, signals = _chosen_alike()
    act = partial(rescue_lead, basis=_typed_basis())
    _decide(act, "rescued", services().ledger.read(partial(_alike_spam, campaign, signals)))
    return redirect(url_for(".spam", campaign=campaign), 303)


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
        name, note, basis = user().name, _typed_note(), _typed_basis()
        try:
            lead = ledger.transact(
                lambda records: rescue_lead(records, lead_id, name, now, note, basis=basis)
            )
        except Refused as error:
            return _rescue_page(_spam_row(lead_id), note, basis, f"{error}."), 422
    result = ledger.read(lambda reading: judged_in_words(reading, lead, now))
    flash(f"Lead {lead_id} was judged again. {result}")
    return redirect(url_for(".spam"), 303)


_SEEMS_UNREAL: Final = frozenset({"spam", "discarded"})


def _rescue_page(row: SpamRow, note: str = "", basis: str = "", problem: str = "") -> str:
    return desk_page(
        "spam_lead.html",
        row=row,
        note=note,
        basis=basis,
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


def _chosen_alike() -> tuple[str, str]:
    """Campaign and signals of the form that decides leads together."""
    form = request.form
    return form.get("campaign", "")[:500], form.get("signals", "")[:500]


def _typed_note() -> str:
    return request.form.get("note", "")[:MAX_NOTE]


def _typed_basis() -> str:
    return cleaned_line(request.form.get("basis", ""))


def _seen_at(campaign: str, signals: str) -> datetime | None:
    """When the page with leads that look alike was opened; None for an unusable time."""
    if not (campaign and signals):
        raise Refused("only leads of one campaign with the same signals are decided together")
    return read_time(request.form.get("seen_at", ""))


def _alike_ids(reading: ReadTransaction, campaign: str, signals: str) -> list[str]:
    """The leads that look alike, without those that came after the page was opened."""
    seen_at = _seen_at(campaign, signals)
    if seen_at is None:
        return []
    query = HeldLeadQuery(MOST_READ, campaign, signals, held_until=seen_at)
    return [lead.lead_id for lead in reading.held_leads.page(query)]


def _alike_spam(campaign: str, signals: str, reading: ReadTransaction) -> list[str]:
    """The spam that looks alike, without what came after the page was opened."""
    seen_at = _seen_at(campaign, signals)
    if seen_at is None:
        return []
    query = replace(_spam_query(seen_at, campaign, signals), received_until=seen_at)
    return [lead.lead_id for lead in reading.leads.spam(query)]


def _spam_query(now: datetime, campaign: str, signals: str) -> SpamQuery:
    """The newest spam of the last days; one lead more than a click rescues."""
    return SpamQuery(
        since=now - timedelta(days=SPAM_DAYS),
        limit=MOST_AT_ONCE + 1,
        campaign=campaign or None,
        signals=tuple(filter(None, signals.split(","))),
    )


def _decide(act: QuarantineAct, past: str, ids: Sequence[str]) -> Sequence[str]:
    """Acts on the first of these leads, says what became of them, and returns their ids."""
    part = ids[:MOST_AT_ONCE]
    decision = QuarantineDecision(act, user().name, _typed_note())
    results = decide(services().ledger, decision, part, partial(datetime.now, UTC))
    for text in _summary(past, results, len(ids) - len(part)):
        flash(text)
    return part


def _summary(past: str, results: Sequence[Lead | GatepostError], left: int) -> list[str]:
    """What a decision did, in lines."""
    lines = ["No such lead waits for this any more."]
    if results:
        leads = [result for result in results if isinstance(result, Lead)]
        problems = [str(result) for result in results if isinstance(result, GatepostError)]
        stages = Counter(stage_name(lead.review) for lead in leads if past != "discarded")
        details = ", ".join(f"{number} {stage}" for stage, number in sorted(stages.items()))
        lines = results_in_words(past, len(leads), problems, details=details)
    if left:
        lines.append(f"{count_noun(left, 'more lead')} of this kind: decide again for them.")
    return lines
