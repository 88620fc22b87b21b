"""`GET /api/v1/leads/<id>`: what a client sees of a lead, and what is never shown."""

import json

from capture.intake.correct import LeadCorrection, correct_lead
from capture.lead.events import Actor, EventKind
from capture.ledger.types import Note
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from tests.samples import NOW
from tests.web.api.conftest import World


def test_a_lead_shows_its_answers_verdict_and_stages(world: World) -> None:
    lead_id = world.take(full_name="Ann <Lee>")
    lead = world.lead(lead_id)
    assert (lead["id"], lead["campaign"], lead["stage"]) == (lead_id, "guide", "qualified")
    assert lead["campaign_version"] == world.terms["guide"].version
    assert lead["deadline"] == "2026-11-25T15:00:00.000000Z"
    assert lead["answers"]["full_name"] == "Ann <Lee>"
    (criterion,) = lead["verdict"]
    assert criterion == {
        "id": "company_size",
        "rule": "Company size is at least 101",
        "met": True,
        "reason": "answered 101+",
    }
    assert lead["reasons"] == {"too_small": "The company is smaller than it said."}


def test_touches_show_only_path_and_utm_fields(world: World) -> None:
    lead = world.lead(world.take())
    known = {name: value for name, value in lead["first_touch"].items() if value}
    assert known == {"path": "/first", "utm_source": "mail"}
    assert "gclid" not in json.dumps(lead)


def test_an_erased_lead_stays_and_says_so(world: World) -> None:
    lead_id = world.take()
    world.ledger.transact(
        lambda records: records.connection.execute(
            "DELETE FROM personal_data WHERE lead_id = ?", (lead_id,)
        )
    )
    lead = world.lead(lead_id)
    assert (lead["answers"], lead["verdict"][0]["reason"]) == (None, "")


def test_the_agencys_notes_names_and_hashes_are_never_shown(world: World) -> None:
    lead_id = world.take()

    def agency(records: object) -> None:
        records.people.save_note(Note(lead_id, "disputed", "Ada Secret", "they are cheap", NOW))
        record_once(
            records,
            Outcome(lead_id, EventKind.LOST, Actor.AGENCY, "Ada Secret", NOW, note="hopeless"),
            NOW,
        )

    world.ledger.transact(agency)
    text = world.get(f"/api/v1/leads/{lead_id}").text
    by = world.ledger.read(lambda reading: reading.people.pseudonym("acme", "Ada Secret"))
    for secret in ("Ada", "cheap", "hopeless", by, "rule_data", '"by"', "hash"):
        assert secret not in text
    assert '"source":"agency"' in text


def test_earlier_verdicts_are_not_shown(world: World) -> None:
    lead_id = world.take(company_size="1-50")
    assert world.get(f"/api/v1/leads/{lead_id}").status_code == 404
    change = LeadCorrection(lead_id, "Ada", {"company_size": "101+"})
    world.ledger.transact(lambda records: correct_lead(records, change, NOW))
    lead = world.lead(lead_id)
    assert [event["type"] for event in lead["events"]] == [
        "received",
        "corrected",
        "qualified",
        "notified",
    ]
    assert "disqualified" not in json.dumps(lead)


def test_a_lead_that_stops_qualifying_before_the_notice_is_not_shown(world: World) -> None:
    lead_id = world.take("notified")
    change = LeadCorrection(lead_id, "Ada", {"company_size": "1-50"})
    world.ledger.transact(lambda records: correct_lead(records, change, NOW))
    assert world.get(f"/api/v1/leads/{lead_id}").status_code == 404
    assert world.record(lead_id, type="accepted").status_code == 404
    assert world.list_ids() == []


def test_a_sale_shows_what_was_paid_and_refunded(world: World) -> None:
    lead_id = world.take()
    world.record(lead_id, type="won", amount="1200.50", currency="USD")
    world.record(lead_id, type="refunded", amount="200.00", currency="USD")
    lead = world.lead(lead_id)
    assert lead["sale"] == {"stage": "won", "amount": "1200.50", "refunded": "200.00"}
    assert [event["amount"] for event in lead["events"][-2:]] == ["1200.50", "200.00"]
