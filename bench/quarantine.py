"""Simulates a week of robots and people, and counts the posts that quarantine and proof stop.

    python -m bench.quarantine [--seed 1] [--seeds 5] [--confirm] [--none]

1,000 posts of robots in six styles and 200 of people (bench/crowd.py) go through the real form,
intake and dispatcher into a ledger. Only clock, DNS and mail server are replaced. The client never
decides, so silence accepts as many leads as possible. By default the week runs twice: with
`confirm = "none"` and with `confirm = "email"`.
"""

import argparse
import heapq
import itertools
import random
import statistics
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

from werkzeug.datastructures import MultiDict

from bench.crowd import FORM_PAGE, PEOPLE, ROBOTS, START, WEEK, Crowd, Post
from capture.billing.statement import Agency, Party
from capture.campaign.catalogue import Catalogue
from capture.campaign.files import parse_campaign, read_client
from capture.campaign.model import Campaign
from capture.delivery.context import DeliveryContext
from capture.delivery.dispatch import Dispatcher
from capture.delivery.mail import Sender, recipient_of
from capture.delivery.plan import queue_messages
from capture.delivery.smtp import AddressRefused
from capture.form.campaign_form import form_class
from capture.intake.confirm import confirm_address
from capture.intake.receive import receive_submission
from capture.lead.model import Lead
from capture.ledger import open_ledger
from capture.ledger.messages import VISITOR, Attempt, Message
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.letters.letter import Letter
from capture.privacy.withdraw import withdraw_consent
from capture.signed_links import LinkSigner
from capture.web.public.form import read_submission
from capture.web.sender import visitor_network

ROOT: Final = Path(__file__).parents[1]
KEY: Final = b"for measurements only"
SLUG: Final = "guide"
MESSAGE: Final = (
    '[fields.message]\nlabel = "Message"\ntype = "long_text"\nrequired = false\n\n[criteria.'
)
END: Final = START + 3 * WEEK
"""All confirmation links and all review windows have ended at this time."""
MIN_FILL_SECONDS: Final = 2.0
"""The service's default for `MIN_FILL_SECONDS`."""

PEOPLE_CONFIRM: Final = 0.96
STRANGERS_CONFIRM: Final = 0.01
"""The share of owners of a forged address who press the button out of curiosity."""
STRANGERS_WITHDRAW: Final = 0.1
"""The share of owners of a forged address who press "This was not me"."""

REFUSED: Final = "form refused"
BILLABLE: Final = "billable by silence"
QUARANTINED: Final = "quarantined"
COLUMNS: Final = (
    REFUSED, "spam", QUARANTINED, "unproved", "repeat or over a cap", "no mailbox", "withdrawn",
    BILLABLE,
)  # fmt: skip


def campaign(*, confirm: bool) -> Campaign:
    """The guide campaign of this repository with one more text field, and default quarantine."""
    text = (ROOT / "campaigns/acme-cloud-guide.toml").read_text()
    text = text.replace("[criteria.", MESSAGE, 1)
    if confirm:
        text = text.replace("\nkind = ", '\nconfirm = "email"\nkind = ', 1)
    return parse_campaign(SLUG, text, f"{SLUG}.toml")


@dataclass
class Week:
    """One simulated week. It also replaces the dispatcher's mail server, DNS and clock."""

    ledger: Ledger
    terms: Campaign
    crowd: Crowd
    now: datetime = START
    sender_of: dict[str, Post] = field(default_factory=dict)
    """By lead: the post that created it."""
    refused: Counter[str] = field(default_factory=Counter)
    """By style: the number of posts that the form refused."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.crowd.seed + 1)
        self._message: Message | None = None
        self._acts: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = itertools.count()
        catalogue = Catalogue(
            MappingProxyType({SLUG: self.terms}),
            MappingProxyType({"acme": read_client(ROOT / "clients/acme.toml")}),
        )
        self._dispatcher = Dispatcher(
            context=DeliveryContext(
                ledger=self.ledger,
                catalogue=lambda: catalogue,
                link_signer=LinkSigner(KEY, WEEK),
                service_url="https://northgate.example",
                desk_url="https://desk.agency.example",
                site_url="https://northgate.example",
                agency=Agency(Party("Northgate Leads", email="office@northgate.example")),
                templates=ROOT / "theme/templates",
                gated=ROOT / "content/gated",
                domains_without_mail=self._without_mail,
            ),
            sender=Sender("Northgate Leads", "leads@northgate.example"),
            mail=self,
            queue_messages=queue_messages,
            compose=self._compose,
            send_webhook=lambda *_: Attempt("taken"),
            clock=lambda: self.now,
            random=self._chance.random,
        )

    def run(self) -> None:
        """Simulates everything until all review windows have ended."""
        for post in self.crowd.posts():
            self._plan(post.at, partial(self._receive, post))
        while self.now < END:
            # The dispatcher runs every ten minutes in the week, and every hour afterwards.
            self.now += timedelta(minutes=10 if self.now < START + WEEK else 60)
            tick = self.now
            while self._acts and self._acts[0][0] <= tick:
                self.now, _, act = heapq.heappop(self._acts)
                act()
            self.now = tick
            for _ in self._dispatcher.run():
                pass

    def _plan(self, at: datetime, act: Callable[[], object]) -> None:
        heapq.heappush(self._acts, (at, next(self._order), act))

    def _receive(self, post: Post) -> None:
        """Handles a post as the service does, but without HTTP."""
        form = form_class(self.terms)(MultiDict({"gp_version": self.terms.version, **post.fields}))
        is_valid = form.validate()
        if not is_valid and not form.is_honeypot_filled:
            self.refused[post.style] += 1
            return
        submission = read_submission(
            form,
            self.now,
            is_valid=is_valid,
            referrer=post.referrer,
            network=visitor_network(post.address),
            min_fill_seconds=MIN_FILL_SECONDS,
        )
        submission = replace(submission, page=submission.page or FORM_PAGE)
        receipt = self.ledger.transact(
            lambda records: receive_submission(records, self.terms, submission, self.now)
        )
        self.sender_of.setdefault(receipt.lead_id, post)

    # Replaced parts.

    def _without_mail(self, domains: Collection[str]) -> AbstractSet[str]:
        return {domain for domain in domains if domain not in self.crowd.with_mail}

    def _compose(
        self, reading: ReadTransaction, context: DeliveryContext, message: Message, now: datetime
    ) -> Letter:
        """A letter without its real text, to save time."""
        del reading, context, now
        self._message = message
        return Letter(message.kind, message.kind, f"<p>{message.kind}</p>")

    def send(self, email: EmailMessage, message_id: int, now: datetime) -> Attempt:
        """Acts as the mail server, which knows which mailboxes exist."""
        del message_id, now
        message = self._message
        assert message is not None
        if message.recipient == VISITOR:
            post = self.sender_of[message.lead_id]
            domain = recipient_of(email).rpartition("@")[2]
            if not post.mailbox_exists or domain not in self.crowd.with_mail:
                raise AddressRefused(Attempt("no such mailbox", 550))
            if message.kind == "confirmation":
                self._read_letter(message.lead_id, post)
        return Attempt("taken", 250)

    def close(self) -> None:
        """Does nothing, because there is no connection."""

    def _read_letter(self, lead_id: str, post: Post) -> None:
        """Plans the reader's act: people and some owners of forged addresses confirm, others
        withdraw."""
        at = self.now + timedelta(minutes=self._chance.lognormvariate(2.5, 1.5))
        luck = self._chance.random()
        confirms = STRANGERS_CONFIRM if post.is_robot else PEOPLE_CONFIRM
        if luck < confirms:
            self._plan(at, partial(self._act, lambda r: confirm_address(r, lead_id, self.now)))
        elif post.is_robot and luck < confirms + STRANGERS_WITHDRAW:
            not_me = partial(withdraw_consent, not_me=True)
            self._plan(at, partial(self._act, lambda r: not_me(r, lead_id, self.now)))

    def _act(self, change: Callable[..., Lead]) -> None:
        self.ledger.transact(change)

    def results(self) -> Iterator[tuple[str, str]]:
        """The style of each post, and the column of its result."""
        for style, number in self.refused.items():
            yield from [(style, REFUSED)] * number
        for lead_id, post in self.sender_of.items():
            lead = self.ledger.read(lambda reading, lead_id=lead_id: reading.leads.get(lead_id))
            assert lead is not None
            yield post.style, _column(lead)


def _column(lead: Lead) -> str:
    """The column for the final state of a lead."""
    stage = lead.review_at(END)
    columns = {
        "spam": "spam",
        "quarantined": QUARANTINED,
        "held_back": QUARANTINED,
        "unconfirmed": "unproved",
        "expired": "unproved",
        "duplicate": "repeat or over a cap",
        "over_cap": "repeat or over a cap",
        "suppressed": "repeat or over a cap",
        "consent_withdrawn": "withdrawn",
        "accepted": BILLABLE,
    }
    if stage == "qualified":
        return "no mailbox" if lead.bounced else "withdrawn"
    return columns[stage]


Table = dict[str, Counter[str]]
"""By style: how many of its posts ended in each column."""


def simulate(seed: int, *, confirm: bool, scale: float = 1.0) -> Table:
    """Simulates one week and returns its results."""
    table: Table = {style: Counter() for style in (*ROBOTS, *PEOPLE)}
    with TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{folder}/gatepost.db"
        with closing(open_ledger(url, KEY)) as ledger:
            week = Week(ledger, campaign(confirm=confirm), Crowd(seed, scale))
            week.run()
            for style, column in week.results():
                table[style][column] += 1
            assert ledger.verify().problems == ()
    return table


def share(table: Table, styles: Collection[str], column: str) -> float:
    """The share of the posts of these styles that ended in the column, from 0 to 1."""
    total = sum(table[style].total() for style in styles)
    return sum(table[style][column] for style in styles) / total


def show(tables: list[Table], seeds: Collection[int], *, confirm: bool) -> None:
    """Prints the mean of the weeks, and the two shares of each week."""
    number, value = len(tables), "email" if confirm else "none"
    print(f'\nconfirm = "{value}", mean of the seeds {min(seeds)} to {max(seeds)}:\n')
    print(f"| | posts | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for style in tables[0]:
        total = sum(table[style].total() for table in tables) / number
        cells = [f"{sum(table[style][name] for table in tables) / number:.1f}" for name in COLUMNS]
        print(f"| {style} | {total:.0f} | {' | '.join(cells)} |")
    for what, styles, column in (
        ("robots billable by silence", ROBOTS, BILLABLE),
        ("people quarantined", PEOPLE, QUARANTINED),
    ):
        shares = [share(table, styles, column) for table in tables]
        each = ", ".join(f"{part:.2%}" for part in shares)
        print(f"{what}: {statistics.mean(shares):.2%} (by seed: {each})")


def main() -> None:
    """Simulates the weeks that the options name."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many weeks")
    parser.add_argument("--confirm", action="store_true", help='only confirm = "email"')
    parser.add_argument("--none", action="store_true", help='only confirm = "none"')
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.seeds)
    for confirm in (False, True):
        if (confirm and options.none) or (not confirm and options.confirm):
            continue
        show([simulate(seed, confirm=confirm) for seed in seeds], seeds, confirm=confirm)


if __name__ == "__main__":
    main()
