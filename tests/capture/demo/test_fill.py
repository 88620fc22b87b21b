"""The demonstration: a sound ledger of a year, for all price models, that touches nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.billing.statement import Agency, Party
from capture.campaign.catalogue import read_catalogue
from capture.closing.checks import check_documents
from capture.closing.debit import proposals_of
from capture.closing.documents import accounts_of, payments_of, state_of
from capture.demo.fill import DemoFolder, DemoKeys, DemoUsers, fill
from capture.errors import Refused
from capture.kpi.waiting import gather_waiting
from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.messages import Channel, MessageState
from capture.ledger.page_views import ViewKind
from capture.ledger.protocol import Ledger
from capture.ledger.users import Role
from tests.samples import NOW

KEY = b"a key for tests only"
KEYS = DemoKeys(KEY, b"another key for tests", b"a third key for tests")
AGENCY = Agency(Party("Ada's Leads", ("1 Main Street", "New York")))


def fill_folder(folder: DemoFolder, leads: int = 250) -> tuple[DemoUsers, list[float]]:
    shares: list[float] = []
    users = fill(
        folder, KEYS, AGENCY, ["/sla/", "/first/"], NOW, leads=leads, seed=1, report=shares.append
    )
    return users, shares


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DemoFolder:
    folder = DemoFolder(tmp_path_factory.mktemp("parent") / "demo")
    folder.create()
    _, shares = fill_folder(folder)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    return folder


@pytest.fixture
def ledger(folder: DemoFolder) -> Ledger:
    return open_ledger(folder.database_url, KEY)


def test_the_ledger_is_sound(ledger: Ledger) -> None:
    verification = ledger.verify()
    assert (verification.problems, verification.leads) == ((), 250)
    assert ledger.read(check_documents) == []


def test_the_year_has_every_kind_of_event_that_the_desk_shows(ledger: Ledger) -> None:
    recorded = ledger.read(lambda reading: list(reading.events.select()))
    events = [entry.event for entry in recorded]
    assert {event.kind for event in events} >= {
        *(EventKind.QUALIFIED, EventKind.DISQUALIFIED, EventKind.DUPLICATE, EventKind.SPAM),
        *(EventKind.QUARANTINED, EventKind.NOTIFIED, EventKind.ACCEPTED, EventKind.REJECTED),
        *(EventKind.SCHEDULED, EventKind.HELD, EventKind.WON, EventKind.REVENUE),
    }
    times = [event.recorded_at for event in events]
    assert NOW - timedelta(days=366) < min(times) < NOW - timedelta(days=350)
    assert NOW - timedelta(days=10) < max(times) <= NOW


def test_each_client_has_paid_statements(ledger: Ledger) -> None:
    statements = ledger.read(lambda reading: list(reading.statements.select()))
    assert {statement.client for statement in statements} == {"harbor", "linden", "orchard"}
    lines = {
        lead_id
        for statement in statements
        for lead_id, _ in ledger.read(
            lambda reading, number=statement.number: reading.statements.lines(number)
        )
    }
    leads = [ledger.read(lambda reading, one=one: reading.leads.get(one)) for one in lines]
    campaigns = {lead.campaign for lead in leads if lead is not None}
    assert campaigns == {"cloud-checklist", "cloud-demo", "payroll-trial", "analytics-audit"}
    assert all(
        ledger.read(lambda reading, client=client: payments_of(reading, client))
        for client in ("harbor", "linden", "orchard")
    )


def test_something_waits_at_the_end_of_the_year(ledger: Ledger, folder: DemoFolder) -> None:
    catalogue = read_catalogue(folder.campaigns, folder.clients, folder.path / "gated")
    waiting = ledger.read(lambda reading: gather_waiting(reading, catalogue, NOW))
    assert waiting.lapsing
    in_quarantine = ledger.read(lambda reading: reading.leads.in_quarantine())
    assert {lead.review for lead in in_quarantine} == {"quarantined", "held_back"}
    assert waiting.failed
    assert [campaign.slug for campaign, _ in waiting.near_caps] == ["cloud-checklist"]
    assert [campaign.slug for campaign in waiting.ending] == ["payroll-trial"]
    assert [months.group.client for months in waiting.open_months] == ["orchard"]


def test_a_debit_waits_for_its_client_and_a_statement_is_overdue(ledger: Ledger) -> None:
    proposals = ledger.read(proposals_of)
    assert [proposal.stage for proposal in proposals] == ["approved", "open"]
    accounts = ledger.read(lambda reading: accounts_of(reading, "harbor"))
    states = [state_of(entry, NOW) for account in accounts for entry in account.entries]
    assert "overdue" in states


def test_pages_and_forms_were_seen(ledger: Ledger) -> None:
    days = NOW.date() - timedelta(days=364), NOW.date()
    views = ledger.read(lambda reading: reading.page_views.by_path(*days))
    seen = {(path, kind) for path, kind, _ in views}
    assert {("/sla/", ViewKind.PAGE), ("/sla/", ViewKind.FORM)} <= seen
    pages = sum(count for _, kind, count in views if kind is ViewKind.PAGE)
    forms = sum(count for _, kind, count in views if kind is ViewKind.FORM)
    assert pages > forms > 250


def test_messages_were_sent_and_wait_and_failed(ledger: Ledger) -> None:
    states = (MessageState.SENT, MessageState.WAITING, MessageState.FAILED)
    messages = ledger.read(lambda reading: list(reading.outbox.select(*states)))
    assert {message.state for message in messages} == set(states)
    assert {message.channel for message in messages} == set(Channel)


def test_it_has_a_user_of_each_role(ledger: Ledger) -> None:
    users = ledger.read(lambda reading: reading.users.select())
    assert {user.role for user in users} == set(Role)


def test_it_is_made_anew_in_its_own_folder(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    for _ in range(2):
        folder.create()
        fill_folder(folder, leads=3)
        ledger = open_ledger(folder.database_url, KEY)
        assert ledger.verify().leads == 3
        ledger.close()


@pytest.mark.parametrize(
    "end",
    [
        datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 58, tzinfo=UTC),
    ],
)
def test_the_year_may_end_on_any_day(tmp_path: Path, end: datetime) -> None:
    folder = DemoFolder(tmp_path / "demo")
    folder.create()
    fill(folder, KEYS, AGENCY, ["/sla/"], end, leads=30, seed=1, report=lambda _: None)
    ledger = open_ledger(folder.database_url, KEY)
    assert (ledger.verify().problems, ledger.verify().leads) == ((), 30)
    assert ledger.read(lambda reading: list(reading.statements.select()))
    ledger.close()


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "gatepost.db").write_text("precious")
    with pytest.raises(Refused, match="is no demonstration; name another folder"):
        DemoFolder(tmp_path / "mine").create()
    assert (tmp_path / "mine" / "gatepost.db").read_text() == "precious"


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    DemoFolder(tmp_path / "demo").create()
    for target in ("demo", "nowhere"):
        (tmp_path / f"link-{target}").symlink_to(tmp_path / target)
        with pytest.raises(Refused, match="is no demonstration"):
            DemoFolder(tmp_path / f"link-{target}").create()
