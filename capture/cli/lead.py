"""`gatepost lead ID`: one lead with its verdict, answers, downloads, notes and events."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.show import as_json_option, moment, show_facts, show_heading, show_json, show_rows
from capture.errors import NotFound
from capture.lead.consent import Consent
from capture.lead.events import ON_BEHALF_OF, EventKind, parse_time
from capture.lead.model import Lead
from capture.lead_details.details import LeadDetails, load_details
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import PersonalData, RecordedEvent

MARKS: Final = (
    *("test", "free_over_cap", "needs_explicit_acceptance", "bounced", "consent_withdrawn"),
    *("erased", "entered"),
)
"""The facts that are shown beside a lead's stage if they are true."""
_NO_DEADLINE: Final = {
    "quarantined": "not started; decide with `gatepost quarantine`",
    "held_back": "stopped; decide with `gatepost quarantine`",
}
"""By stage: the reason why the review has no deadline."""


@click.command()
@click.argument("lead_id", metavar="ID")
@own_name_option
@as_json_option
@pass_context
def lead(context: CommandContext, lead_id: str, by: str, as_json: bool) -> None:
    """Show one lead: stage, verdict, answers, downloads, notes and events.

    A unique beginning of its id is enough.

    \b
    Example:
      gatepost lead 7ffwzp
    """
    show_one_lead(context, lead_id, _facts, _show, page="gatepost lead", by=by, as_json=as_json)


def show_one_lead(
    context: CommandContext,
    id_prefix: str,
    facts_of: Callable[[ReadTransaction, Lead, datetime], dict[str, Any]],
    show: Callable[[dict[str, Any]], None],
    *,
    page: str,
    by: str,
    as_json: bool,
) -> None:
    """Reads facts about the lead whose id begins with `id_prefix`, and shows them or prints JSON.

    `by` looks at them; `page` is the command's name in the access log. Raises `NotFound` if no
    lead or several leads match.
    """
    now = datetime.now(UTC)

    def read(reading: ReadTransaction) -> tuple[str, dict[str, Any]]:
        lead = find_lead_by_prefix(reading, id_prefix)
        return lead.lead_id, facts_of(reading, lead, now)

    with context.ledger() as ledger:
        lead_id, facts = ledger.read(read)
        context.log_look(ledger, by, page, [lead_id], now)
    if as_json:
        show_json(facts)
    else:
        show(facts)


def _facts(reading: ReadTransaction, lead: Lead, now: datetime) -> dict[str, Any]:
    details = load_details(reading, lead)
    events, personal_data, notes = details.recorded, details.personal_data, details.notes
    due_state = reading.statements.due_state(lead.lead_id)
    earlier = [lead_id for recorded in events for lead_id in recorded.event.data.get("earlier", ())]
    return {
        "lead": {name: _plain(value) for name, value in asdict(lead).items()}
        | {"stage": lead.review_at(now), "accepted_at": moment(lead.accepted_as_of(now))}
        | {"due": moment(due_state.due_at), "billed": due_state.billed},
        "consent": asdict(lead.consent),
        "verdict": [
            {"id": each.id, "rule": each.rule, "passed": each.is_met, "reason": each.reason}
            for each in details.criteria
        ],
        "signals": details.signals_in_words,
        "answers": None if personal_data is None else dict(personal_data.answers),
        "unverified": None if personal_data is None else dict(personal_data.unverified),
        "first_touch": None if personal_data is None else dict(personal_data.first_touch),
        "last_touch": None if personal_data is None else dict(personal_data.last_touch),
        "page": "" if personal_data is None else personal_data.page,
        "earlier": {
            lead_id: _answers(reading.people.personal_data(lead_id)) for lead_id in earlier
        },
        "downloads": [
            {
                "file": download.file,
                "count": download.count,
                "first_at": moment(download.first_at),
                "last_at": moment(download.last_at),
            }
            for download in reading.downloads.of_lead(lead.lead_id)
        ],
        "notes": [{**asdict(note), "written_at": moment(note.written_at)} for note in notes],
        "events": [_event(recorded, details) for recorded in events],
    }


def find_lead_by_prefix(reading: ReadTransaction, id_prefix: str) -> Lead:
    """The lead with this id, or the only one whose id begins so. Raises `NotFound`."""
    ids = reading.leads.ids_starting_with(id_prefix)
    lead = reading.leads.get(ids[0]) if len(ids) == 1 else reading.leads.get(id_prefix)
    if lead is None:
        raise NotFound(
            f"several lead ids begin with {id_prefix!r}; type more characters"
            if ids
            else f"no lead {id_prefix!r}: `gatepost leads` lists them"
        )
    return lead


def _answers(personal_data: PersonalData | None) -> dict[str, Any] | None:
    return None if personal_data is None else dict(personal_data.answers)


def _event(recorded: RecordedEvent, details: LeadDetails) -> dict[str, Any]:
    event = recorded.event
    note = details.note_of(event)
    return {
        "sequence": recorded.sequence,
        "kind": event.kind.value,
        "occurred_at": moment(event.occurred_at),
        "recorded_at": moment(event.recorded_at),
        "actor": event.actor.value,
        "by": "" if note is None else note.author,
        "data": {name: value for name, value in event.data.items() if name != "verdict"},
        "hash": recorded.hash,
    }


def _plain(value: Any) -> Any:
    return moment(value) if isinstance(value, datetime) else value


def _show(facts: dict[str, Any]) -> None:
    lead = facts["lead"]
    marks = [name for name in MARKS if lead[name]]
    show_facts(
        [
            ("lead", lead["lead_id"]),
            ("campaign", f"{lead['campaign']} (version {lead['version'][:12]})"),
            ("received", lead["received_at"]),
            ("source", lead["source"]),
            Consent(**facts["consent"]).in_words(),
            ("stage", " ".join([lead["stage"], *(f"[{mark}]" for mark in marks)])),
            *(
                ("corrected", _correction(event))
                for event in facts["events"]
                if _is_correction(event)
            ),
            *(("for client", _entry(event)) for event in facts["events"] if _is_entry(event)),
            *(("address", text) for text in _proof(lead)),
            ("review ends", lead["deadline"] or _NO_DEADLINE.get(lead["review"], "not started")),
            ("appointment", lead["appointment"]),
            ("sale", lead["sale"]),
            ("next due", lead["due"] or "nothing at present"),
            ("billed on", lead["billed"] or "no statement yet"),
        ]
    )
    if facts["verdict"]:
        show_heading("Verdict")
        show_rows(
            ("met", "rule", "reason"),
            [{**row, "met": "yes" if row["passed"] else "NO"} for row in facts["verdict"]],
            as_json=False,
        )
    if facts["signals"]:
        show_heading("Signals")
        for sentence in facts["signals"]:
            click.echo(sentence)
    show_heading("Answers")
    if facts["answers"] is None:
        click.echo("erased")
    else:
        show_facts((name, _joined(value)) for name, value in facts["answers"].items())
    if facts["unverified"]:
        show_heading("Not verified")
        show_facts(facts["unverified"].items())
    for lead_id, answers in facts["earlier"].items():
        show_heading(f"Earlier answers, lead {lead_id}")
        show_facts((name, _joined(value)) for name, value in (answers or {}).items())
    for which in ("first_touch", "last_touch"):
        if facts[which]:
            show_heading(which.replace("_", " ").capitalize())
            show_facts(facts[which].items())
    if facts["downloads"]:
        show_heading("Downloads")
        show_rows(("file", "count", "first_at", "last_at"), facts["downloads"], as_json=False)
    if facts["notes"]:
        show_heading("Notes")
        show_rows(("written_at", "kind", "author", "text"), facts["notes"], as_json=False)
    show_heading("Events")
    show_rows(
        ("sequence", "occurred_at", "kind", "actor", "by", "hash"),
        [{**row, "actor": _actor(row), "hash": row["hash"][:12]} for row in facts["events"]],
        as_json=False,
    )


def _proof(lead: dict[str, Any]) -> list[str]:
    """The state of the proof of the address; nothing if the campaign requires none."""
    if lead["confirmed"]:
        return ["proved by the person"]
    texts = {
        "unconfirmed": f"not proved yet; the link works until {lead['confirm_until']}",
        "expired": f"not proved by {lead['confirm_until']}, when the link ended",
    }
    return [texts[lead["stage"]]] if lead["stage"] in texts else []


def _is_correction(event: dict[str, Any]) -> bool:
    return bool(event["kind"] == EventKind.CORRECTED)


def _correction(event: dict[str, Any]) -> str:
    """Time and names of the corrected fields. Events hold no answers (rule 31 of docs/rules.md)."""
    data = event["data"]
    what = [*data.get("fields", ()), *(["marked as not spam"] if data.get("not_spam") else [])]
    return f"{event['occurred_at']}: {', '.join(what)}"


def _is_entry(event: dict[str, Any]) -> bool:
    return ON_BEHALF_OF in event["data"]


def _entry(event: dict[str, Any]) -> str:
    """The agency's entry for the client: time, author, objection deadline (rule 41)."""
    text = f"{event['occurred_at']}: {event['kind']}, entered by the agency"
    text += f", by {event['by']}" if event["by"] else ""
    final = event["data"].get("final_at")
    return text + (f"; the client may object until {moment(parse_time(final))}" if final else "")


def _actor(event: dict[str, Any]) -> str:
    return f"{event['actor']} for client" if _is_entry(event) else str(event["actor"])


def _joined(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list | tuple) else value
