"""`gatepost users`: the sessions of a user, and who did what."""

import json
from datetime import UTC, datetime

import pytest

from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role, UserSession
from capture.users.accounts import add_user
from capture.users.history import administration_history
from tests.cli.conftest import Project


@pytest.fixture
def logged_in(project: Project) -> Project:
    """Ada is logged in in two browsers, and Eve in one."""
    now = datetime.now(UTC)

    def fill(records: WriteTransaction) -> None:
        for number, name in enumerate(("Ada", "Ada", "Eve")):
            user = records.users.find(name) or add_user(records, name, Role.AGENCY, now, by="Ada")
            session = UserSession(
                id=f"s{number}",
                user_id=user.id,
                started_at=now,
                last_used_at=now,
                device="Firefox on Windows",
                network="198.51.100.7",
            )
            records.users.start_session(session, f"{number}" * 64)

    project.ledger.transact(fill)
    return project


def sessions(project: Project) -> list[str]:
    return [row["id"] for row in json.loads(project.run("users", "sessions", "--json").out)]


def history(project: Project) -> str:
    """The newest act."""
    (entry,) = project.ledger.read(lambda reading: administration_history(reading, limit=1))
    return f"{entry.who}: {entry.text}"


def test_a_session_is_listed_with_its_device_and_network(logged_in: Project) -> None:
    out = logged_in.run("users", "sessions", "Eve", "--json").out
    (row,) = json.loads(out)
    assert (row["id"], row["device"], row["network"]) == (
        "s2",
        "Firefox on Windows",
        "198.51.100.7",
    )


def test_one_session_is_ended_and_the_others_stay(logged_in: Project) -> None:
    ran = logged_in.run("users", "sessions", "ada", "--end", "s1", "--as", "Eve")
    assert (ran.code, ran.out) == (0, "Sessions of Ada ended: 1.\n")
    assert sorted(sessions(logged_in)) == ["s0", "s2"]
    assert history(logged_in) == "Eve: Ended 1 session of Ada."
    assert logged_in.run("users", "sessions", "Ada", "--end").out == "Sessions of Ada ended: 1.\n"
    assert sessions(logged_in) == ["s2"]
    assert logged_in.run("verify").code == 0


def test_a_session_that_is_not_of_the_user_is_not_found(logged_in: Project) -> None:
    ran = logged_in.run("users", "sessions", "Ada", "--end", "s2")
    assert ran.code == 1
    assert "no session 's2' of Ada; `gatepost users sessions` lists them" in ran.err
    ran = logged_in.run("users", "sessions", "Ada", "s1")
    assert ran.code == 2
    assert "To end the session s1, add --end." in ran.err
    assert len(sessions(logged_in)) == 3


def test_acts_are_recorded_under_the_name_of_the_account_by_default(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.cli.options.getpass.getuser", lambda: "ada")
    assert project.run("users", "add", "Ada", "--role", "agency").code == 0
    assert history(project) == "Ada: Made a new one-time link for Ada."
    project.run("tokens", "add", "--client", "acme", "--as", "Bob")
    assert history(project) == (
        "a person who is no user of the desk: Created the API token api of acme."
    )
