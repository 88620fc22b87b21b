"""Acts are stored with keyed hashes of names; the names are only in notes, which are erased."""

import contextlib
import sqlite3
from datetime import timedelta

import time_machine

from capture.lead.events import EventKind
from capture.review.acts import accept, reject
from tests.cli.conftest import Project
from tests.samples import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = "Adalbert Ünique"


def tables_with(project: Project, text: str) -> set[str]:
    """The tables of the ledger that have the text in a row."""
    with contextlib.closing(sqlite3.connect(project.folder / "var/gatepost.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name
            for (name,) in names
            for row in connection.execute(f"SELECT * FROM {name}")
            if any(text in str(value) for value in row)
        }


def test_the_names_of_people_who_act_are_only_in_notes(project: Project) -> None:
    lead_id, other = project.take(), project.take(email="bob@x.example")
    wrong = project.take(email="eve@x.example", company_size="1-50")
    project.client(reject, lead_id, NOW + HOUR, "too_small")
    project.client(accept, other, NOW + HOUR)
    with time_machine.travel(NOW + 2 * HOUR, tick=False) as clock:
        for command in (
            ("review", lead_id, "dispute", "--as", ADA, "--note", "Carol is wrong"),
            ("correct", wrong, "--set", "company_size=101+", "--as", ADA),
            ("outcome", other, "scheduled", "--at", "2026-12-01T10:00", "--as", ADA),
        ):
            result = project.run(*command)
            assert result.code == 0, result.err
        clock.move_to(NOW + 20 * DAY)
        for command in (
            ("close", "acme", "--month", "2026-11", "--as", ADA),
            ("paid", "--all", "acme", "--date", "2026-12-11", "--yes", "--as", ADA),
            ("credit", "acme-0001", "--lead", other, "--reason", "goodwill", "--as", ADA),
        ):
            result = project.run(*command)
            assert result.code == 0, result.err
    author = project.ledger.read(lambda reading: reading.people.pseudonym("acme", ADA))
    events = {
        recorded.event.kind: recorded.event
        for recorded in project.ledger.read(lambda reading: list(reading.events.select()))
    }
    for kind in (EventKind.CLOSED, EventKind.CREDITED, EventKind.PAID):
        assert events[kind].data["by"] == author
    assert tables_with(project, ADA) == {"notes"}
    assert tables_with(project, "Carol") == {"notes"}
