"""The real app over a real ledger, with leads and one token of each of two clients."""

import itertools
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from capture.campaign.model import Answer, Campaign
from capture.client_access.api_tokens import add_token, new_token
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.ledger import open_ledger
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import Ledger
from capture.signed_links import LinkSigner
from capture.web.app import create_app
from capture.web.config import WebConfig
from capture.web.services import EXTENSION
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign, consent_to
from tests.service import make_project, web_config

KEY = b"a key for tests only"
CLIENTS = ("acme", "other")
_people = itertools.count(1)


@dataclass
class World:
    """One installation with an API. Requests pass through the complete WSGI app."""

    app: Flask
    ledger: Ledger
    terms: dict[str, Campaign]
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> WebConfig:
        config: WebConfig = self.app.extensions[EXTENSION].config
        return config

    @property
    def signer(self) -> LinkSigner:
        signer: LinkSigner = self.app.extensions[EXTENSION].link_signer
        return signer

    def take(
        self, slug: str = "guide", *, at: datetime = NOW, test: bool = False, **answers: Answer
    ) -> str:
        """Receives a new person's lead. Returns its id. It qualifies by default."""
        terms, number = self.terms[slug], next(_people)
        person = {**ANSWERS, "email": f"ann@clinic{number}.example", **answers}
        sent = Submission(
            person,
            consent_to(terms.version),
            first_touch={"path": "/first", "utm_source": "mail", "referrer": "https://r.example"},
            last_touch={"path": "/last", "gclid": "secret"},
            test=test,
        )
        return self.ledger.transact(
            lambda records: receive_submission(records, terms, sent, at)
        ).lead_id

    def request(
        self, method: str, path: str, *, client: str = "acme", **options: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens[client]}"} | options.pop("headers", {})
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def get(self, path: str = "/api/v1/leads", *, client: str = "acme") -> TestResponse:
        return self.request("GET", path, client=client)

    def lead(self, lead_id: str, *, client: str = "acme") -> dict[str, Any]:
        answer = self.get(f"/api/v1/leads/{lead_id}", client=client)
        assert answer.status_code == 200, answer.text
        lead: dict[str, Any] = json.loads(answer.text)
        return lead

    def record(
        self, lead_id: str, *, client: str = "acme", key: str | None = None, **text: Any
    ) -> TestResponse:
        """Records an event under a new idempotency key, or under the given one."""
        return self.request(
            "POST",
            f"/api/v1/leads/{lead_id}/events",
            client=client,
            json=text,
            headers={"Idempotency-Key": key or str(uuid4())},
        )

    def list_ids(self, query: str = "", *, client: str = "acme") -> list[str]:
        answer = self.get(f"/api/v1/leads{query}", client=client)
        assert answer.status_code == 200, answer.text
        return [lead["id"] for lead in json.loads(answer.text)["leads"]]

    def kinds(self, lead_id: str) -> list[str]:
        """The kinds of a lead's events in the ledger."""
        return self.ledger.read(
            lambda reading: [
                recorded.event.kind.value for recorded in reading.events.select(lead_id=lead_id)
            ]
        )


def make_world(folder: Path, **config: Any) -> World:
    make_project(folder)
    shutil.rmtree(folder / "campaigns")
    (folder / "campaigns").mkdir()
    shutil.copy(folder / "clients" / "acme.toml", folder / "clients" / "other.toml")
    texts = {
        "guide": CAMPAIGN,
        "notified": CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "webhook"'),
        "sales": CAMPAIGN.replace(
            'model = "cpl"\nrate = 50\nbillable = "accepted"',
            'model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"',
        ),
        "booked": CAMPAIGN.replace('"cpl"', '"cpap"').replace('"accepted"', '"scheduled"'),
        "rival": CAMPAIGN.replace('client = "acme"', 'client = "other"'),
    }
    for slug, text in texts.items():
        (folder / "campaigns" / f"{slug}.toml").write_text(text)
    ledger = open_ledger(f"sqlite:///{folder}/ledger.db", KEY)
    value = web_config(folder, duplicate_key=KEY, **{"api_rate_limit": "", **config})
    world = World(
        create_app(value, ledger),
        ledger,
        {slug: campaign(slug=slug, text=text) for slug, text in texts.items()},
    )
    for client in CLIENTS:
        world.tokens[client] = token = new_token()
        ledger.transact(
            lambda records, client=client, token=token: add_token(
                records, client, "crm", token, NOW, by=BY_GATEPOST
            )
        )
    return world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        created = make_world(tmp_path)
        yield created
        created.ledger.close()
