"""Every command: acts are events with their person, and looks at personal data are in the log.

The commands are found in `gatepost`. A new one needs a line here, with an act or a look that is
tried in one project.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click
import pytest
import time_machine

from capture.intake.quarantine import hold_back
from capture.lead.events import Actor
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import VISITOR
from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role, UserSession
from capture.review.acts import accept, find_lead, reject
from capture.users.accounts import add_user
from gatepost.cli import gatepost
from tests.capture.ledger.contract_outbox import new_message
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSE = datetime(2026, 12, 5, 12, tzinfo=UTC)
ADA = "Ada Lovelace"
BY_MAIL = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')
EVE = "eve@clinic9.example"
SIGNALS = [{"name": "network", "weight": 2, "leads": 7, "minutes": 60}]

NEITHER: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("build", "check", "demo", "fix", "import ghost", "import hugo", "import wordpress"),
            *("new campaign", "new page", "new post", "schema", "serve", "settings"),
        ),
        "works on files of the project, or starts a server",
    ),
    **dict.fromkeys(
        ("hook", "publish", "releases", "rollback"), "publishes what git has; git names the person"
    ),
    **dict.fromkeys(
        (
            *("backtest", "campaigns answer", "campaigns check", "campaigns list"),
            *("campaigns show", "credits", "debit list", "journal", "kpi", "lapse", "report"),
            *("letters list", "letters preview", "outbox list", "sla", "statements"),
            *("tokens list", "users list", "verify", "webhooks list", "test-lead"),
        ),
        "shows counts, sums, ids and texts, and no personal data of leads",
    ),
    "webhooks test": "sends an invented lead and stores nothing",
    "rebuild": "derives rows again from the events, and records no fact",
    **dict.fromkeys(("dispatch", "jobs"), "does what others have asked for; their acts name them"),
}
"""By command that neither acts nor shows personal data: why."""


@dataclass(frozen=True)
class World:
    """A project, and what the acts name."""

    project: Project
    names: dict[str, str]

    def file(self, name: str, content: str) -> str:
        (self.project.folder / name).write_text(content)
        return name

    def first(self, *command: str) -> str:
        """The id in the first row that a command lists."""
        return str(json.loads(self.project.run(*command, "--json").out)[0]["id"])


Arguments = Callable[[World], tuple[str, ...]]

ACTS: Mapping[str, tuple[datetime, Arguments]] = {
    "campaigns pause": (NOW + HOUR, lambda _: ("guide",)),
    "campaigns resume": (NOW + HOUR, lambda _: ("guide",)),
    "tokens add": (NOW + HOUR, lambda _: ("--client", "acme")),
    "tokens revoke": (NOW + HOUR, lambda world: (world.first("tokens", "list"),)),
    "users add": (NOW + HOUR, lambda _: ("Bob", "--role", "viewer")),
    "users link": (NOW + HOUR, lambda _: ("Bob",)),
    "users sessions": (NOW + HOUR, lambda _: ("Eve", "--end")),
    "users deactivate": (NOW + HOUR, lambda _: ("Bob",)),
    "webhooks add": (NOW + HOUR, lambda _: ("acme", "https://hooks.acme.example/in")),
    "webhooks rotate": (NOW + HOUR, lambda _: ("e1",)),
    "webhooks resume": (NOW + HOUR, lambda _: ("e1",)),
    "webhooks remove": (NOW + HOUR, lambda _: ("e1",)),
    "outbox drop": (NOW + HOUR, lambda _: ("1",)),
    "outbox retry": (NOW + HOUR, lambda _: ("1",)),
    "suppress": (
        NOW + HOUR,
        lambda world: ("acme", world.file("list.csv", "email\na@b.example\n")),
    ),
    "leads import": (
        NOW + HOUR,
        lambda world: (
            world.file("stand.csv", f"Name;Work e-mail;Company size\nEve;{EVE};101+\n"),
            *("--campaign", "guide", "--source", "event-2026", "--basis", "consent"),
        ),
    ),
    "notify": (NOW + HOUR, lambda _: ("mailed", "-o", "notice.txt")),
    "correct": (NOW + HOUR, lambda world: (world.names["small"], "--set", "company_size=101+")),
    "quarantine release": (NOW + HOUR, lambda world: (world.names["held"],)),
    "quarantine discard": (NOW + HOUR, lambda world: (world.names["odd"],)),
    "review": (NOW + HOUR, lambda world: (world.names["rejected"], "dispute")),
    "outcome": (
        NOW + HOUR,
        lambda world: (world.names["accepted"], "scheduled", "--at", "2026-12-01T10:00"),
    ),
    "outcomes import": (
        NOW + 9 * DAY,
        lambda world: (
            world.file(
                "crm.csv", f"lead_id,outcome,on\n{world.names['accepted']},held,2026-12-01 10:30\n"
            ),
            *("--campaign", "guide"),
        ),
    ),
    "close": (CLOSE, lambda _: ("acme", "--month", "2026-11")),
    "credit": (
        CLOSE,
        lambda world: (
            *("acme-0001", "--lead", world.names["accepted"], "--reason", "goodwill"),
            *("--amount", "1"),
        ),
    ),
    "debit propose": (
        CLOSE,
        lambda world: (
            *("acme-0001", "--lead", world.names["accepted"], "--reason", "wrong_rate"),
            *("--amount", "1"),
        ),
    ),
    "paid": (CLOSE, lambda _: ("acme-0001", "--amount", "1", "--date", "2026-12-04")),
    "payments import": (
        CLOSE,
        lambda world: (
            world.file(
                "bank.csv", "date,amount,currency,reference\n2026-12-04,2.00,USD,acme-0001\n"
            ),
        ),
    ),
    "month-end": (CLOSE + 30 * DAY, lambda _: ("--month", "2026-12", "--close")),
    "forget": (CLOSE + 30 * DAY, lambda _: (EVE,)),
}
"""By command that acts, in the order in which they are tried: when, and with which arguments."""
LOOKS: Mapping[str, Arguments] = {
    "statement preview": lambda _: ("acme", "--month", "2026-11"),
    "lead": lambda world: (world.names["accepted"],),
    "leads list": lambda _: (),
    "receipt": lambda world: (world.names["accepted"],),
    "quarantine list": lambda _: (),
    "quarantine show": lambda world: (world.names["held"],),
    "export": lambda _: ("guide", "--month", "2026-11"),
    "statement show": lambda _: ("acme-0001",),
    "evidence": lambda _: ("acme-0001", "-o", "evidence.db"),
}
"""By command that shows personal data: the arguments."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The path of every command below a group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.fixture
def world(project: Project) -> World:
    client = project.folder / "clients/acme.toml"
    client.write_text(
        client.read_text().replace('# line_reference = "company"', 'line_reference = "company"')
    )
    (project.folder / "campaigns/mailed.toml").write_text(BY_MAIL)
    names = {
        name: project.take(email=f"{name}@clinic{number}.example", full_name=f"Person {name}")
        for number, name in enumerate(("held", "odd", "rejected", "accepted"))
    }
    names["small"] = project.take(email="small@small.example", company_size="1-50")
    project.take(slug="mailed", email="mailed@mailed.example")

    def prepare(records: WriteTransaction) -> None:
        for name in ("held", "odd"):
            hold_back(records, find_lead(records, names[name]), SIGNALS, NOW)
        records.outbox.queue(new_message("a", kind="guide", recipient=VISITOR))
        eve = add_user(records, "Eve", Role.VIEWER, NOW, by="Eve")
        session = UserSession(id="s1", user_id=eve.id, started_at=NOW, last_used_at=NOW)
        records.users.start_session(session, "0" * 64)
        url = "https://hooks.acme.example/old"
        records.endpoints.save(Endpoint(id="e1", client="acme", url=url, secret=b"x", made_at=NOW))
        records.endpoints.pause("e1", NOW, "it answered 410")

    project.ledger.transact(prepare)
    project.client(reject, names["rejected"], NOW + HOUR / 2, "too_small")
    project.client(accept, names["accepted"], NOW + HOUR / 2)
    return World(project, names)


def test_every_command_acts_or_looks_or_says_why_not() -> None:
    assert set(commands(gatepost)) == {*ACTS, *LOOKS, *NEITHER}


def test_every_command_that_acts_records_an_event_with_its_person(world: World) -> None:
    ledger = world.project.ledger
    people = {
        ledger.read(lambda reading, client=client: reading.people.pseudonym(client, ADA))
        for client in ("", "acme")
    }
    for command, (at, arguments) in ACTS.items():
        with time_machine.travel(at, tick=False):
            given = arguments(world)
            last, _ = ledger.read(lambda reading: reading.events.head())
            ran = world.project.run(*command.split(), *given, "--as", ADA)
        assert ran.code == 0, (command, ran.err)
        events = ledger.read(lambda reading, last=last: list(reading.events.select(after=last)))
        own = [each.event for each in events if each.event.actor is not Actor.SYSTEM]
        assert own, command
        assert {event.data.get("by") for event in own} <= people, (command, own)
    assert ledger.verify().problems == ()


def test_every_command_that_shows_personal_data_is_in_the_access_log(world: World) -> None:
    ledger = world.project.ledger
    with time_machine.travel(CLOSE, tick=False):
        for command, arguments in LOOKS.items():
            if command == "statement show":
                assert world.project.run("close", "acme", "--month", "2026-11").code == 0
            ran = world.project.run(*command.split(), *arguments(world), "--as", ADA)
            assert ran.code == 0, (command, ran.err)
            ((_, entry),) = ledger.read(lambda reading: reading.users.accesses(limit=1))
            assert (entry.name, entry.at) == (f"{ADA}, at the command line", CLOSE), command
            assert f"gatepost {command}".startswith(entry.page.removesuffix(" as csv")), command
        count = len(ledger.read(lambda reading: reading.users.accesses(limit=99)))
        assert count == len(LOOKS)
        again = ("month-end", "--month", "2026-11", "--close", "--as", ADA)  # it writes the files
        assert world.project.run(*again).code == 0
    ((_, entry),) = ledger.read(lambda reading: reading.users.accesses(limit=1))
    assert (entry.page, entry.name) == ("gatepost month-end", f"{ADA}, at the command line")


@pytest.mark.parametrize(
    "command", [("forget", "--by-age"), ("notify", "guide", "-o", "x"), ("leads",)]
)
def test_a_blank_name_is_refused(project: Project, command: tuple[str, ...]) -> None:
    for name in ("", " "):
        ran = project.run(*command, "--as", name)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "give the name of the person who does it: --as NAME\n"
