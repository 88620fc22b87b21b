"""Every link of an erased lead shows a page without its data, and none fails."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from capture.lead.events import Actor, EventKind
from capture.privacy.erase import erase_leads
from capture.review.acts import Act, accept, reject
from capture.signed_links import (
    confirmation_path,
    consent_path,
    files_path,
    own_data_path,
    review_path,
)
from tests.samples import CAMPAIGN, NOW, campaign, later_event
from tests.web.api.conftest import World, make_world

ANN = "zora@klinikum.example"
CONTACT = "leads@acme-cloud.example.com"
HOUR = timedelta(hours=1)
STAGES = ("qualified", "accepted", "rejected", "held_back", "unconfirmed")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        world = make_world(tmp_path, rate_limit="")
        text = CAMPAIGN.replace('kind = "demo"', 'kind = "demo"\nconfirm = "email"')
        (tmp_path / "campaigns/proof.toml").write_text(text)
        world.terms["proof"] = campaign(slug="proof", text=text)
        yield world
        assert world.ledger.verify().problems == ()
        world.ledger.close()


def take(world: World, stage: str) -> str:
    slug = "proof" if stage == "unconfirmed" else "guide"
    lead_id = world.take(slug, email=ANN, full_name="Zora Quist")
    act = Act(lead_id, "Carol", Actor.CLIENT, "about Zora")
    if stage == "accepted":
        world.ledger.transact(lambda records: accept(records, act, NOW + HOUR))
    elif stage == "rejected":
        world.ledger.transact(lambda records: reject(records, act, "too_small", NOW + HOUR))
    elif stage == "held_back":
        event = later_event(lead_id, EventKind.HELD_BACK, signals=[])
        world.ledger.transact(lambda records: records.append(event))
    return lead_id


def paths(world: World, lead_id: str, stage: str) -> dict[str, str]:
    """The path of each link by kind."""
    signer = world.signer
    slug = "proof" if stage == "unconfirmed" else "guide"
    key = world.ledger.read(lambda reading: reading.people.address_key(ANN))
    own_data = own_data_path(signer.own_data(key))
    end = NOW + timedelta(days=7)
    return {
        "thanks": f"/f/{slug}/thanks?t={signer.thanks(slug, lead_id)}",
        "files": files_path(signer.files(slug, lead_id)),
        "receipt": consent_path(signer.consent(lead_id)),
        "own data": own_data,
        "own data as a file": f"{own_data}/your-data.json",
        "confirmation": confirmation_path(signer.confirmation(slug, lead_id, ANN, end)),
        "lead": review_path(signer.lead_link("acme", CONTACT, lead_id)),
        "list": review_path(signer.list_link("acme", CONTACT)),
        "meeting": review_path(signer.meeting_link("acme", CONTACT, lead_id)),
    }


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("address", ["", None], ids=["at a request", "by age"])
def test_every_link_of_an_erased_lead_shows_a_page_without_its_data(
    world: World, stage: str, address: str | None
) -> None:
    lead_id = take(world, stage)
    links = paths(world, lead_id, stage)
    now = NOW + HOUR
    world.ledger.transact(
        lambda records: erase_leads(records, [lead_id], now, address=address, by="Ada")
    )
    browser = world.app.test_client()
    for name, path in links.items():
        for method in ("GET", "POST"):
            answer = browser.open(path, method=method, data={"action": "accept"})
            assert answer.status_code < 500, (name, method)
            assert "Zora" not in answer.text, (name, method)
            assert ANN not in answer.text, (name, method)
    for page in ("/api/v1/leads", f"/api/v1/leads/{lead_id}"):
        answer = world.get(page)
        assert answer.status_code in {200, 404}, answer.text
        assert "Zora" not in answer.text
        assert ANN not in answer.text
    assert world.record(lead_id, type="accepted", by="Carol").status_code < 500
