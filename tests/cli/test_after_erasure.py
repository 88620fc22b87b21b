"""Every command works on erased leads, or refuses in one line."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from capture.closing.documents import documents_of
from capture.lead.events import Actor, EventKind
from capture.ledger.protocol import WriteTransaction
from capture.outcomes.record import Outcome, record_outcome
from capture.privacy.erase import erase_leads
from capture.review.acts import accept, reject
from tests.cli.conftest import ROOT, Project
from tests.samples import CAMPAIGN, NOW, later_event

BY_MAIL = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROOF = CAMPAIGN.replace('kind = "demo"', 'kind = "demo"\nconfirm = "email"')


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    monkeypatch.setenv("GATEPOST_THEME_DIR", str(ROOT / "theme"))
    monkeypatch.setenv("GATEPOST_MAIL_DOMAIN_CHECK", "off")
    with time_machine.travel(NOW + 3 * HOUR, tick=False) as traveller:
        yield traveller


def append(project: Project, lead_id: str, kind: EventKind, **data: object) -> None:
    event = later_event(lead_id, kind, at=NOW + HOUR, **data)
    project.ledger.transact(lambda records: records.append(event))


def leads_at_every_stage(project: Project) -> dict[str, str]:
    """The id of one lead by name."""
    for slug, text in (("proof", PROOF), ("mail", BY_MAIL)):
        (project.folder / f"campaigns/{slug}.toml").write_text(text)
    names = ("accepted", "rejected", "qualified", "held_back", "discarded")
    leads = {name: project.take(email=f"{name}@x.example") for name in names}
    leads["small"] = project.take(email="small@x.example", company_size="1-50")
    leads["again"] = project.take(email="small@x.example", company_size="101+")
    leads["duplicate"] = project.take(email="accepted@x.example")
    leads["test"] = project.take(email="test@x.example", test=True)
    for name in ("unconfirmed", "expired"):
        leads[name] = project.take(slug="proof", email=f"{name}@y.example")
    project.client(accept, leads["accepted"], NOW + HOUR)
    project.client(reject, leads["rejected"], NOW + HOUR, "too_small")
    leads["quarantined"] = project.take(slug="mail", email="quarantined@x.example")
    for name in ("held_back", "discarded", "quarantined"):
        append(project, leads[name], EventKind.HELD_BACK, signals=[])
    append(project, leads["discarded"], EventKind.DISCARDED, by="0" * 32)
    meeting = Outcome(
        leads["accepted"],
        EventKind.SCHEDULED,
        Actor.CLIENT,
        "Carol",
        occurred_at=NOW + HOUR,
        meeting_at=NOW + 9 * DAY,
    )
    project.ledger.transact(lambda records: record_outcome(records, meeting, NOW + HOUR))
    return leads


def commands(leads: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """Every command that reads or changes leads."""
    for lead_id in leads.values():
        yield "lead", lead_id
        yield "lead", lead_id, "--json"
        yield "receipt", lead_id
        yield "quarantine", "show", lead_id
        yield "quarantine", "release", lead_id, "--as", "Ada"
        yield "correct", lead_id, "--set", "full_name=Ann", "--as", "Ada"
        yield "review", lead_id, "dispute", "--as", "Ada"
        yield "outcome", lead_id, "no-show", "--as", "Ada"
    yield from (("leads",), ("leads", "--json"), ("leads", "--search", "x.example"))
    yield from (("kpi",), ("sla", "guide"), ("report", "guide", "--month", "2026-11"))
    yield from (("backtest", "guide"), ("export", "guide", "--month", "2026-11"))
    yield from (("quarantine", "list"), ("outbox", "list", "--state", "all"), ("lapse", "guide"))
    yield from (("notify", "guide", "-o", "notice.txt"), ("dispatch", "--once"))
    yield from (("month-end", "--month", "2026-11"), ("close", "acme", "--month", "2026-11"))
    yield from (("statement", "acme-0001"), ("evidence", "acme-0001", "-o", "evidence.zip"))
    yield from (
        ("credit", "acme-0001", "--lead", leads["accepted"], "--reason", "goodwill", "--as", "Ada"),
    )
    yield from (
        ("journal", "--month", "2026-12", "-o", "journal.csv"),
        ("verify",),
        ("forget", "--by-age"),
    )


def test_every_command_works_on_erased_leads_or_refuses_in_one_line(
    project: Project, clock: time_machine.Traveller
) -> None:
    leads = leads_at_every_stage(project)
    project.run("dispatch", "--once")
    append(project, leads["expired"], EventKind.EXPIRED)

    def erase(records: WriteTransaction) -> None:
        erase_leads(records, list(leads.values()), NOW + 2 * HOUR, address="", by="Ada")

    project.ledger.transact(erase)
    clock.move_to(NOW + 20 * DAY)
    wrong = {}
    for command in commands(leads):
        result = project.run(*command)
        is_refused = result.code == 1 and result.err.count("\n") == 1
        has_data = "@x.example" in result.out or "Ann Lee" in result.out
        if has_data or not (result.code == 0 or is_refused):
            wrong[command] = (result.code, result.out, result.err)
    assert wrong == {}
    assert project.ledger.read(documents_of)
    assert project.ledger.verify().problems == ()


@pytest.mark.parametrize("name", ["held_back", "quarantined", "unconfirmed", "small"])
def test_an_erased_lead_is_neither_released_nor_corrected(project: Project, name: str) -> None:
    lead_id = leads_at_every_stage(project)[name]
    project.ledger.transact(lambda records: erase_leads(records, [lead_id], NOW + 2 * HOUR))
    for command in (
        ("quarantine", "release", lead_id, "--as", "Ada"),
        ("correct", lead_id, "--set", "full_name=Ann", "--as", "Ada"),
    ):
        result = project.run(*command)
        assert (result.code, result.err.count("\n")) == (1, 1)
        assert lead_id in result.err
