"""`gatepost forget` erases a person's data and certifies it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from capture.lead.events import Actor, EventKind
from capture.review.acts import accept
from tests.cli.conftest import Project
from tests.cli.running import CommandResult
from tests.samples import NOW

ANN = "ann@clinic.example"
BILLS = "bills name the lead by its id; bills must be kept"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW + timedelta(hours=2), tick=False) as traveller:
        yield traveller


def certificate(result: CommandResult) -> dict[str, Any]:
    assert (result.code, result.err) == (0, "")
    content: dict[str, Any] = json.loads(result.out)
    return content


def test_a_dry_run_lists_what_would_be_erased_and_writes_nothing(project: Project) -> None:
    lead_id = project.take()
    before = (project.folder / "var/gatepost.db").read_bytes()
    result = project.run("forget", ANN, "--dry-run")
    assert result.code == 0
    assert "nothing was written" in result.out
    assert lead_id in result.out
    assert ANN not in result.out
    assert project.ledger.read(lambda reading: reading.people.personal_data(lead_id)) is not None
    assert (project.folder / "var/gatepost.db").read_bytes() == before


def test_a_client_that_had_a_lead_before_a_correction_removed_it_is_named(
    project: Project,
) -> None:
    lead_id = project.take()
    project.run("correct", lead_id, "--set", "company_size=1-50", "--as", "Ada")
    assert certificate(project.run("forget", ANN, "--json"))["clients"] == ["acme"]


def test_a_certificate_lists_erased_and_kept_data_without_personal_data(
    project: Project,
) -> None:
    lead_id, other = project.take(), project.take(email="bob@other.example")
    project.run("dispatch", "--once")
    project.client(accept, lead_id, NOW + timedelta(hours=1))
    result = project.run("forget", ANN, "--json")
    content = certificate(result)
    (lead,) = content["leads"]
    assert (lead["lead_id"], lead["stage"]) == (lead_id, "accepted")
    assert content["erased"]["answers"] == content["erased"]["notes"] == 1
    assert content["clients"] == ["acme"]
    assert content["backups_until"] == "2026-12-23"  # 30 days, the default of the settings
    verified = json.loads(project.run("verify", "--json").out)
    assert (verified["problems"], verified["head"]) == ([], content["chain"]["head"])
    for text in ("ann@", "clinic", "Ann Lee", "Carol", "101+"):
        assert text not in result.out
    assert project.ledger.read(lambda reading: reading.people.personal_data(lead_id)) is None
    assert project.ledger.read(lambda reading: reading.people.personal_data(other)) is not None


@pytest.mark.parametrize("what", [(ANN,), ("--by-age",)])
def test_the_person_who_erases_is_recorded_and_on_the_certificate(
    project: Project, clock: time_machine.Traveller, what: tuple[str, ...]
) -> None:
    lead_id = project.take(company_size="1-50")
    clock.shift(timedelta(days=400))
    result = project.run("forget", *what, "--as", "Ada")
    assert result.code == 0, result.err
    events = project.ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    author = project.ledger.read(lambda reading: reading.people.pseudonym("acme", "Ada"))
    last = events[-1].event
    assert (last.kind, last.actor) == (EventKind.ERASED, Actor.AGENCY)
    assert last.data == {"by": author, "reason": "age" if what == ("--by-age",) else "request"}
    assert ("by       Ada" in result.out) == (what == (ANN,))


def test_a_certificate_says_until_when_backups_contain_the_data(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.take()
    monkeypatch.setenv("GATEPOST_RETENTION_BACKUP_DAYS", "7")
    text = project.run("forget", ANN).out
    assert "Backups from before now contain the data until 2026-11-30; delete each by then." in text


def test_a_bill_does_not_change_and_the_certificate_names_it(
    project: Project, clock: time_machine.Traveller
) -> None:
    lead_id = project.take()
    project.client(accept, lead_id, NOW + timedelta(hours=1))
    clock.move_to(NOW + timedelta(days=20))
    assert project.run("close", "acme", "--month", "2026-11").code == 0
    bill = project.run("statement", "acme-0001", "--format", "json").out
    assert lead_id in bill
    content = certificate(project.run("forget", ANN, "--json"))
    assert [lead["statements"] for lead in content["leads"]] == [["acme-0001"]]
    assert {"what": "lines on acme-0001", "why": BILLS} in content["stays"]
    assert project.run("statement", "acme-0001", "--format", "json").out == bill
    assert project.run("verify").code == 0


def test_a_second_run_prints_the_certificate_again(
    project: Project, clock: time_machine.Traveller
) -> None:
    project.take()
    first = certificate(project.run("forget", ANN, "--json"))
    clock.shift(timedelta(days=3))
    again = certificate(project.run("forget", ANN, "--json"))
    assert again["leads"] == first["leads"]
    assert again["chain"] == first["chain"]
    assert set(again["erased"].values()) == {0}
    assert again["backups_until"] == first["backups_until"]


def test_for_an_address_without_data_one_line_without_similar_addresses_is_printed(
    project: Project,
) -> None:
    project.take()
    for address in ("ann@clinic.exampel", "Ann@clinic.example", "ann+1@clinic.example", "x"):
        result = project.run("forget", address)
        assert (result.code, result.out) == (1, "")
        assert result.err == "no lead has exactly this address, so there is nothing to erase\n"


def test_a_lead_without_an_address_is_named_by_its_id(project: Project) -> None:
    lead_id = project.take()
    content = certificate(project.run("forget", "--lead", lead_id[:8], "--json"))
    assert content["address_key"] is None
    assert project.ledger.read(lambda reading: reading.people.personal_data(lead_id)) is None


def test_a_lead_in_review_loses_its_consent_and_is_never_accepted_by_silence(
    project: Project,
) -> None:
    lead_id = project.take()
    project.run("forget", ANN)
    lead = project.ledger.read(lambda reading: reading.leads.get(lead_id))
    assert lead is not None
    assert (lead.erased, lead.consent_withdrawn) == (True, True)
    assert lead.review_at(NOW + timedelta(days=99)) == "qualified"


def test_other_databases_in_the_ledgers_folder_are_named(project: Project) -> None:
    project.take()
    copy = project.folder / "var/backup.db"
    copy.write_bytes((project.folder / "var/gatepost.db").read_bytes())
    content = certificate(project.run("forget", ANN, "--json"))
    assert content["copies"] == ["var/backup.db"]


def test_old_data_is_erased_by_age_after_a_dry_run_that_lists_it(
    project: Project, clock: time_machine.Traveller
) -> None:
    small = project.take(company_size="1-50")
    kept = project.take(email="bob@other.example")
    clock.move_to(NOW + timedelta(days=91))
    dry = json.loads(project.run("forget", "--by-age", "--dry-run", "--json").out)
    assert [lead["lead_id"] for lead in dry["leads"]] == [small]
    result = project.run("forget", "--by-age")
    assert result.code == 0
    assert result.out.splitlines()[-1] == (
        "1 lead and 0 letter files erased. Leads that no client saw are kept for 90 days, leads "
        "that a client saw for ever."
    )
    assert project.ledger.read(lambda reading: reading.people.personal_data(small)) is None
    assert project.ledger.read(lambda reading: reading.people.personal_data(kept)) is not None
    assert "0 leads" in project.run("forget", "--by-age").out


def test_an_address_together_with_by_age_is_refused(project: Project) -> None:
    for words in ((), (ANN, "--by-age"), ("--lead", "x", "--by-age")):
        result = project.run("forget", *words)
        assert (result.code, result.err.count("\n")) == (2, 1)


def test_the_dispatcher_erases_by_age(project: Project, clock: time_machine.Traveller) -> None:
    lead_id = project.take(company_size="1-50")
    clock.move_to(NOW + timedelta(days=91))
    assert project.run("dispatch", "--once").code == 0
    lead = project.ledger.read(lambda reading: reading.leads.get(lead_id))
    assert lead is not None
    assert lead.erased
