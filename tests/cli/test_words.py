"""Messages of commands: suggestions for mistyped names, numbers that agree with their nouns."""

from datetime import UTC, datetime

import pytest
import time_machine

from capture.text import count_noun, wait_in_words
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("command", [("statements",), ("credits",), ("debit", "list")])
def test_an_unknown_client_is_refused_with_a_suggestion(
    project: Project, command: tuple[str, ...]
) -> None:
    for more in ((), ("--json",)):
        ran = project.run(*command, "--client", "acne", *more)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "no client `acne`; did you mean `acme`?\n"


def test_a_client_without_closed_months_gets_a_message(project: Project) -> None:
    assert (
        project.run("statements", "--client", "acme").out == "No month was closed for acme yet.\n"
    )
    assert project.run("statements").out == "No month was closed yet.\n"


def test_one_thing_is_singular(project: Project) -> None:
    assert (count_noun(1, "lead"), count_noun(0, "lead"), count_noun(1000, "lead")) == (
        "1 lead",
        "0 leads",
        "1,000 leads",
    )
    assert project.run("campaigns", "check").out == "1 campaign is sound.\n"
    share = 'model = "revenue_share"\npercent = 15\nmonths = 1\nbillable = "revenue"'
    price = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace(price, share))
    listed = project.run("campaigns", "list").out
    assert "15 % of revenue for 1 month (revenue share)" in listed


def test_a_long_wait_is_in_minutes_rounded_up() -> None:
    waits = {1: "1 second", 90: "90 seconds", 91: "2 minutes", 120: "2 minutes", 3541: "60 minutes"}
    assert {seconds: wait_in_words(seconds) for seconds in waits} == waits


def test_a_month_with_nothing_to_bill_closes_without_a_statement(project: Project) -> None:
    project.take(company_size="1-50")  # disqualified
    with time_machine.travel(DECEMBER, tick=False):
        closed = project.run("close", "acme", "--month", "2026-11")
        assert closed.out == (
            "acme, 2026-11, USD: closed. There was nothing to bill, so no statement.\n"
        )
        assert project.run("close", "acme", "--month", "2026-11").out == closed.out
        listed = project.run("statements", "--client", "acme").out.splitlines()
        assert listed[1].split() == ["guide", "2026-11", "nothing", "to", "bill"]
        assert "nothing to bill" in project.run("statements", "--json").out
        assert project.run("statements", "--overdue").out == "Nothing is overdue.\n"
        assert project.run("verify").code == 0


def test_an_option_creates_a_statement_of_zero(project: Project) -> None:
    project.take(company_size="1-50")
    with time_machine.travel(DECEMBER, tick=False):
        ran = project.run("close", "acme", "--month", "2026-11", "--empty-statement")
        assert ran.out.startswith("acme-0001: acme, 2026-11: $0.00 for 0 lines")
