"""The acts of a lead's page. Each one calls the use case that the command line calls too.

A form carries a random `once`, so a second click on its button has no second effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from werkzeug.datastructures import MultiDict

from capture.campaign.model import Campaign
from capture.client_access.client_leads import open_linked_lead
from capture.client_access.client_review import (
    ChangedMeanwhile,
    Contradiction,
    ShownLead,
    decide_on_lead,
    undo_review,
)
from capture.client_access.idempotency import (
    IdempotencyKeyReused,
    IdempotentRequest,
    run_once,
)
from capture.documents.agreement.model import join_words
from capture.errors import EventNotAllowed, Refused
from capture.form.text import cleaned_text
from capture.intake.correct import LeadCorrection, correct_lead, needs_not_spam
from capture.intake.quarantine import discard, release
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.lead_details.stages import stage_name
from capture.ledger.protocol import WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.local_time import read_moment
from capture.outcomes.import_outcomes import outcome_remarks
from capture.outcomes.record import KINDS, time_of_report
from capture.outcomes.repeats import record_once
from capture.outcomes.rows import Cells, RowDefaults
from capture.review.acts import Act as ReviewAct
from capture.review.acts import dispute, find_lead, settle
from capture.review.decisions import KINDS as KINDS_OF_DECISION
from capture.review.decisions import Decision
from capture.review.notes import write_note
from capture.text import canonical
from capture.web.desk.access import own_client, user
from capture.web.desk.lead_forms import ANSWER, SHOWN, current_answers
from capture.web.desk.review_words import NOT_STATED
from capture.web.desk.stale_forms import IN_EVERY_FORM
from capture.web.desk.times import reader_zone
from capture.web.review.access import MAX_NOTE, UNKNOWN_REASON
from capture.web.services import services

Form = MultiDict[str, str]
ONCE: Final = "once"
"""The name of the input with the random text of a form."""
_NO_CONTENT: Final = IN_EVERY_FORM | {ONCE}
_DECIDED_BEFORE: Final = "This was decided before. The page shows what counts now"
_CHECKED_NOW: Final = "The agency is checking this lead now, so nothing can be recorded"


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and for which side."""

    name: str
    actor: Actor
    client: str | None
    """The only client whose leads the person may see; None for the agency."""

    @property
    def is_client(self) -> bool:
        return self.client is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an act was not recorded."""

    form: str
    """The form that was sent; its inputs keep what was typed."""
    text: str
    status: int
    typed: Form = field(default_factory=MultiDict)
    is_question: bool = False
    """Whether the user is asked to confirm the same act."""


LeadAct = Callable[[WriteTransaction, Lead, Person, Form, datetime], str]
"""Records an act on a lead and returns what was done, in a sentence without personal data. Raises
`Refused`."""


def perform(act: LeadAct, name: str, lead_id: str, form: Form, now: datetime) -> str | Problem:
    """Performs an act once, as the user who is logged in. Returns what was done, or a problem.

    `name` identifies the form on the page. Raises `NotFound` for a lead that the user may not see.
    """
    client = own_client()
    person = Person(user().name, Actor.AGENCY if client is None else Actor.CLIENT, client)
    content = [item for item in form.items(multi=True) if item[0] not in _NO_CONTENT]
    key, request = f"desk {user().id} {form.get(ONCE, '')}", canonical([name, lead_id, content])

    def record(records: WriteTransaction) -> str:
        lead = _find_lead(records, client, lead_id, now)
        if not form.get(ONCE):
            return act(records, lead, person, form, now)
        once = IdempotentRequest(lead.client, key, request)
        return run_once(records, once, lambda records: act(records, lead, person, form, now), now)

    if len(form.get("note", "")) > MAX_NOTE:
        text = f"The note is longer than {MAX_NOTE} characters. Shorten it, and send it again."
        return Problem(name, text, 422, form)
    try:
        return services().ledger.transact(record)
    except Refused as error:
        return _problem(error, person, name, form)


def _problem(error: Refused, person: Person, name: str, form: Form) -> Problem:
    text, status = _sentence(str(error)), 422
    match error:
        case IdempotencyKeyReused():
            text, status = "This form was sent already, with other content. Send it again.", 409
        case Contradiction():
            says = f"The form says \u201c{error.answer}\u201d for \u201c{error.label}\u201d."
            text = f"{says} Reject all the same?"
        case ChangedMeanwhile():
            text = f"This was not recorded, because {error} after you opened the page."
            status = 409
        case EventNotAllowed():
            text, status = _sentence(_not_allowed(error, person)), 409
    return Problem(name, text, status, form, is_question=isinstance(error, Contradiction))


def _find_lead(records: WriteTransaction, client: str | None, lead_id: str, now: datetime) -> Lead:
    """The lead. A client that acts on it counts as notified of it."""
    if client is None:
        return find_lead(records, lead_id)
    return open_linked_lead(records, client, lead_id, now)


def _not_allowed(error: EventNotAllowed, person: Person) -> str:
    """The refusal in words. A client does not see the names of acts that only the agency can do."""
    if not person.is_client:
        return str(error)
    return _CHECKED_NOW if error.stage == "held_back" else _DECIDED_BEFORE


def _sentence(text: str) -> str:
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "?", "!")) else f"{text}."


def review(records: WriteTransaction, lead: Lead, person: Person, form: Form, now: datetime) -> str:
    """Accepts or rejects the lead, undoes that, disputes a rejection, or agrees with a dispute."""
    action, act = (
        form.get("action", ""),
        ReviewAct(lead.lead_id, person.name, person.actor, cleaned_text(form.get("note", ""))),
    )
    if lead.review not in VISIBLE_TO_CLIENT:
        raise Refused("the client does not have this lead, so there is nothing to review")
    if action in KINDS_OF_DECISION:
        if not person.is_client and form.get("stated") != "yes":
            raise Refused(NOT_STATED)
        kind = KINDS_OF_DECISION[action]
        if kind is EventKind.REJECTED and not form.get("reason"):
            raise Refused(UNKNOWN_REASON)
        reason = form["reason"] if kind is EventKind.REJECTED else ""
        shown = ShownLead(form.get("seen", default=0, type=int), form.get("sure", ""))
        decide_on_lead(records, lead.client, Decision(act, kind, reason), now, shown)
        return f"The lead was {kind.value}. You can undo it for ten seconds."
    match action:
        case "undo":
            undo_review(records, lead.client, act, now)
            return "Undone."
        case "dispute" if not person.is_client:
            dispute(records, act, now)
            return "The dispute was recorded. The lead stays rejected until the client agrees."
        case "settle" if person.is_client:
            settle(records, act, now)
            return "You agreed with the dispute. The lead is accepted."
    raise Refused("use one of the buttons")


def decide_quarantine(
    records: WriteTransaction, lead: Lead, person: Person, form: Form, now: datetime
) -> str:
    """Releases or discards a lead in quarantine."""
    acts: Mapping[str, Callable[..., Lead]] = {"release": release, "discard": discard}
    act = acts.get(form.get("action", ""))
    if act is None:
        raise Refused("use one of the buttons")
    note = cleaned_text(form.get("note", ""))
    changed = act(records, lead.lead_id, person.name, now, note)
    if act is discard:
        return "The lead was discarded. It is never billed."
    return f"The lead was released. Its stage is now: {_stage(changed, now)}."


def correct(
    records: WriteTransaction, lead: Lead, person: Person, form: Form, now: datetime
) -> str:
    """Corrects the answers that the form changes, and marks the lead as not spam if it is."""
    terms = saved_campaign(records, lead.campaign, lead.version)
    data = records.people.personal_data(lead.lead_id)
    answers = {} if data is None else current_answers(terms, data)
    typed = _corrected_answers(form, answers, terms)
    correction = LeadCorrection(
        lead.lead_id,
        person.name,
        typed,
        not_spam=needs_not_spam(lead, now) and form.get("not_spam") == "yes",
        note=cleaned_text(form.get("note", "")),
        basis=form.get("basis", ""),
    )
    corrected = correct_lead(records, correction, now)
    labels = [terms.fields[name].label for name in typed]
    what = f"Corrected: {join_words(labels)}." if labels else "Marked as sent by a real person."
    return f"{what} The lead was judged again. Its stage is now: {_stage(corrected, now)}."


def _corrected_answers(form: Form, answers: Mapping[str, str], terms: Campaign) -> dict[str, str]:
    """By field: the answers that the person changed on the page.

    The others keep what somebody else may have corrected since the page was opened. Raises
    `ChangedMeanwhile` if both changed the same answer.
    """
    typed, overtaken = {}, []
    for name, answer in answers.items():
        current, text = _one_line_break(answer), typed_answer(form, name)
        shown = _one_line_break(form.get(f"{SHOWN}{ANSWER}{name}", current))
        if text in {shown, current}:
            continue
        typed[name] = text
        if shown != current:
            overtaken.append(terms.fields[name].label)
    if overtaken:
        raise ChangedMeanwhile(f"somebody corrected {join_words(overtaken)}")
    return typed


def typed_answer(form: Form, field_name: str) -> str:
    """The answer in a form of a correction, as `current_answers` writes it."""
    return _one_line_break("; ".join(form.getlist(f"{ANSWER}{field_name}")))


def _one_line_break(text: str) -> str:
    """The text with the line breaks of the ledger; a browser sends others."""
    return text.replace("\r\n", "\n")


def record_outcome_of_form(
    records: WriteTransaction, lead: Lead, person: Person, form: Form, now: datetime
) -> str:
    """Records a meeting, a sale, revenue, or an objection."""
    kinds = {kind.value: name for name, kind in KINDS.items()}
    terms = saved_campaign(records, lead.campaign, lead.version)
    cells = Cells(
        {
            **{name: form.get(name, "") for name in ("amount", "period", "months", "reason")},
            "outcome": kinds.get(form.get("outcome", ""), ""),
            "at": _utc(form.get("at", "")),
            "on": _utc(form.get("on", "")),
            "note": cleaned_text(form.get("note", "")),
            "again": "yes" if form.get("again") == "yes" else "no",
        },
        RowDefaults(person.name, Actor.CLIENT if form.get("stated") == "yes" else Actor.AGENCY),
    )
    is_timed = bool(cells.text("on"))
    kind = EventKind(form["outcome"]) if form.get("outcome") in kinds else EventKind.HELD
    occurred_at = cells.occurred_at(terms) if is_timed else time_of_report(kind, lead, now)
    outcome = cells.outcome(lead.lead_id, occurred_at or now, terms)
    if outcome is None:
        raise Refused("; ".join(cells.faults))
    outcome = replace(outcome, timed=is_timed)
    if person.is_client:
        outcome = replace(outcome, actor=Actor.CLIENT, on_behalf=False)
    record_once(records, outcome, now)
    return " ".join(["Recorded.", *outcome_remarks(records, terms, outcome)])


def add_note(
    records: WriteTransaction, lead: Lead, person: Person, form: Form, now: datetime
) -> str:
    """Stores a note of the agency."""
    write_note(records, lead.lead_id, person.name, cleaned_text(form.get("note", "")), now)
    return "The note was stored. The client does not see it."


def _stage(lead: Lead, now: datetime) -> str:
    return stage_name(lead.review_at(now))


def _utc(text: str) -> str:
    """A time that the browser sent, in the reader's zone, as UTC; other text as it is."""
    text = text.strip()
    try:
        return read_moment(text, reader_zone()).isoformat() if "T" in text else text
    except (ValueError, OverflowError):
        return text
