"""Links of a client's contact to pages of the real app."""

import contextlib
import html
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from capture.lead.events import Actor, Event, EventKind
from capture.ledger.terms import save_terms
from capture.outcomes.record import Outcome, record_outcome
from capture.signed_links import review_path
from capture.web.services import EXTENSION
from tests.samples import CAMPAIGN, NOW, campaign
from tests.web.api.conftest import World, make_world

CONTACT = "leads@acme-cloud.example.com"
HELD = CAMPAIGN.replace(
    'model = "cpl"\nrate = 50\nbillable = "accepted"',
    'model = "cpap"\nrate = 250\nbillable = "held"',
)
COLLEAGUE = "marketing@acme-cloud.example.com"


@dataclass
class Letterbox:
    """The links that a client's contacts got, and what they do with them."""

    folder: Path
    world: World
    clock: time_machine.Traveller

    def lead_link(self, lead_id: str, *, client: str = "acme", to: str = CONTACT) -> str:
        return review_path(self.world.signer.lead_link(client, to, lead_id))

    def list_link(self, *, client: str = "acme", to: str = CONTACT) -> str:
        return review_path(self.world.signer.list_link(client, to))

    def meeting_link(self, lead_id: str, *, client: str = "acme") -> str:
        return review_path(self.world.signer.meeting_link(client, CONTACT, lead_id))

    def debit_link(self, debit_id: str, *, client: str = "acme") -> str:
        return review_path(self.world.signer.debit_link(client, CONTACT, debit_id))

    def open(self, path: str, method: str = "GET") -> TestResponse:
        return self.world.app.test_client().open(path, method=method)

    def send(self, path: str, action: str, **fields: str) -> TestResponse:
        """Sends the form of a page; does not follow the redirect."""
        return self.world.app.test_client().post(path, data={"action": action, **fields})

    def text(self, path: str) -> str:
        """The page as one line, with its tags."""
        answer = self.open(path)
        assert answer.status_code == 200, answer.text
        return html.unescape(" ".join(answer.text.split()))

    def wait(self, duration: timedelta) -> datetime:
        """Moves the clock."""
        self.clock.shift(duration)
        return datetime.now(UTC)

    def report(self, lead_id: str, kind: EventKind, **facts: Any) -> None:
        """Records an outcome of the agency, at the time that the clock shows."""
        now = datetime.now(UTC)
        outcome = Outcome(lead_id, kind, Actor.AGENCY, "Ada", occurred_at=now, **facts)
        self.world.ledger.transact(lambda records: record_outcome(records, outcome, now))

    def last_event(self, lead_id: str) -> Event:
        events = self.world.ledger.read(
            lambda reading: list(reading.events.select(lead_id=lead_id))
        )
        return events[-1].event

    def erase(self, lead_id: str) -> None:
        """Removes the lead's personal data, as an erasure does."""
        with contextlib.closing(sqlite3.connect(self.folder / "ledger.db")) as database, database:
            database.execute("DELETE FROM personal_data WHERE lead_id = ?", (lead_id,))

    def replace_contact(self, old: str, new: str) -> None:
        """Changes an address in the client's file, and lets the service see it."""
        file = self.folder / "clients" / "acme.toml"
        file.write_text(file.read_text().replace(old, new))
        self.world.app.extensions[EXTENSION].catalogue._checked_at = float("-inf")

    def head(self) -> tuple[int, str]:
        return self.world.ledger.read(lambda reading: reading.events.head())


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Letterbox]:
    with time_machine.travel(NOW, tick=False) as clock:
        world = make_world(tmp_path)
        world.terms["held"] = terms = campaign(slug="held", text=HELD)
        world.ledger.transact(lambda records: save_terms(records, terms, NOW))
        yield Letterbox(tmp_path, world, clock)
        world.ledger.close()
