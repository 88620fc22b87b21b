"""A person who requests their own data, for tests without a server."""

import html
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import time_machine
from werkzeug.test import TestResponse

from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.events import EventKind
from capture.ledger.messages import (
    Message,
)
from capture.signed_links import own_data_path
from tests.samples import ANSWERS, NOW, consent_to
from tests.web.api.conftest import World

ANN = "Ann@clinic.example"
HOUR = timedelta(hours=1)
ASK = "/privacy/me"
WORDING = "I agree that Acme may call me."


@dataclass
class Person:
    """A person with a browser, and the installation that they use."""

    world: World
    folder: Path
    clock: time_machine.Traveller

    def ask(self, address: str, **headers: str) -> TestResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.world.app.test_client().post(ASK, data={"email": address}, headers=names)

    def letters(self) -> list[Message]:
        return list(self.world.ledger.read(lambda reading: reading.outbox.select(kind="own_data")))

    def path(self, address: str = ANN) -> str:
        """The path of the link in the letter."""
        key = self.world.ledger.read(lambda reading: reading.people.address_key(address))
        return own_data_path(self.world.signer.own_data(key))

    def open(self, path: str) -> TestResponse:
        return self.world.app.test_client().get(path)

    def text(self, path: str) -> str:
        answer = self.open(path)
        assert answer.status_code == 200, answer.text
        return html.unescape(" ".join(answer.text.split()))

    def withdraw(self, chosen: str, **headers: str) -> TestResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        client = self.world.app.test_client()
        return client.post(self.path(), data={"withdraw": chosen}, headers=names)

    def send_form(self, page: str = "/a-post/", slug: str = "guide") -> str:
        """Sends a form; returns the lead's id."""
        terms = self.world.terms[slug]
        answers = {**ANSWERS, "email": ANN, "full_name": f"Ann {page}"}
        sent = Submission(answers, consent_to(terms.version), page=page)
        return self.world.ledger.transact(
            lambda records: receive_submission(records, terms, sent, NOW)
        ).lead_id

    def withdrawn(self, lead_id: str) -> bool:
        return EventKind.CONSENT_WITHDRAWN.value in self.world.kinds(lead_id)
