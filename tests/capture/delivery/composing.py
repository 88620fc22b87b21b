"""The letters that messages become, for the tests of composing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from capture.campaign.model import Campaign
from capture.delivery.compose import compose
from capture.delivery.context import DeliveryContext
from capture.delivery.mail import Sender, build_email
from capture.delivery.plan import queue_messages
from capture.intake.receive import receive_submission
from capture.lead.events import Actor
from capture.lead.model import Lead
from capture.ledger.messages import Channel, Message, NewMessage
from capture.ledger.protocol import Ledger
from capture.letters.letter import Letter
from capture.review.acts import Act
from tests.capture.delivery.planning import AGENCY, client
from tests.capture.delivery.planning import context as planning_context
from tests.capture.desk import Desk
from tests.samples import NOW, submission

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATES = Path(__file__).parents[3] / "theme/templates"
SERVICE = "https://leads.northgate.example"
MONTH_END = datetime(2026, 12, 1, 15, tzinfo=UTC)

Post = Callable[..., "Office"]


class Office:
    """A ledger, and the letters that its messages become."""

    def __init__(self, ledger: Ledger, gated: Path, terms: Campaign, **client_changes: Any) -> None:
        self.ledger = ledger
        self.terms = terms
        self.desk = Desk(ledger)
        made = planning_context(ledger, terms, client_file=client(**client_changes))
        self.context: DeliveryContext = replace(made, templates=TEMPLATES, gated=gated)

    def receive(self, at: datetime = NOW, *, test: bool = False, **answers: str) -> str:
        """Receives a lead; returns its id."""
        sent = replace(submission(self.terms, **answers), test=test)
        work = lambda records: receive_submission(records, self.terms, sent, at)  # noqa: E731
        return self.ledger.transact(work).lead_id

    def act(self, what: Callable[..., Lead], lead_id: str, at: datetime, *more: str) -> None:
        act = Act(lead_id, "Carol", Actor.CLIENT)
        self.ledger.transact(lambda records: what(records, act, *more, at))

    def message(self, kind: str, now: datetime) -> Message:
        """The newest message of a kind, after planning."""
        queue_messages(self.context, now)
        return self.ledger.read(lambda reading: reading.outbox.select(kind=kind))[-1]

    def compose(self, message: Message, now: datetime) -> Letter | str:
        return self.ledger.read(lambda reading: compose(reading, self.context, message, now))

    def letter(self, kind: str, now: datetime = NOW) -> Letter:
        """The letter of the newest message of a kind."""
        letter = self.compose(self.message(kind, now), now)
        assert isinstance(letter, Letter), letter
        build_email(letter, Sender("Northgate", AGENCY), "a@acme.example", kind, now)
        return letter

    def reason(self, kind: str, now: datetime = NOW) -> str:
        """Why the newest message of a kind is dropped."""
        reason = self.compose(self.message(kind, now), now)
        assert isinstance(reason, str)
        return reason

    def send_by_hand(self, kind: str, **changes: Any) -> Message:
        """A message that the test queues itself."""
        message = NewMessage(
            key=f"{kind}:by hand:{changes}",
            channel=Channel.MAIL,
            kind=kind,
            recipient=changes.pop("recipient", AGENCY),
            queued_at=NOW,
            due_at=NOW,
            client="acme",
            **changes,
        )
        self.ledger.transact(lambda records: records.outbox.queue(message))
        return self.ledger.read(lambda reading: reading.outbox.select(kind=kind))[-1]

    def page(self, letter: Letter) -> str:
        """The token of the first link of the letter."""
        link = next(word for word in letter.text.split() if word.startswith(f"{SERVICE}/"))
        return link.rpartition("/")[2]


def words(letter: Letter) -> str:
    return " ".join(letter.text.split())
