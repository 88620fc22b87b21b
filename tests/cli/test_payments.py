"""`gatepost paid`, `debit`, `statements`: the client's account (rules 27, 30 of docs/rules.md)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from capture.closing.credit import billed_line
from capture.closing.debit import approve_debit
from capture.lead.events import Actor, Event, EventKind
from tests.cli.conftest import Project

CLOSE = datetime(2026, 12, 5, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def lead_id(project: Project) -> Iterator[str]:
    """The one lead of a closed November: $50.00 and 20 % VAT, due on 4 January."""
    client = project.folder / "clients/acme.toml"
    client.write_text(client.read_text().replace("vat_rate = 0", "vat_rate = 20"))
    lead_id = project.take()
    with time_machine.travel(CLOSE, tick=False):
        out = project.run("close", "acme", "--month", "2026-11").out
        assert "To pay: $60.00 with 20 % VAT, by 2027-01-04.\n" in out
        yield lead_id


def approve(project: Project, lead_id: str) -> None:
    """Approves the debit as the client does, with its API token."""
    project.ledger.transact(
        lambda records: approve_debit(
            records, billed_line(records, "acme-0001", lead_id), "Carol", CLOSE
        )
    )


def listed(project: Project, *more: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(project.run("statements", *more, "--json").out)
    return rows


def test_no_month_closes_without_the_agencys_address(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.take()
    monkeypatch.setenv("GATEPOST_AGENCY_ADDRESS", "")
    ran = project.run("close", "acme", "--month", "2026-11")
    assert ran.code == 1
    assert ran.err.startswith("AGENCY_ADDRESS is not set, and a statement must name the agency; ")


@pytest.mark.usefixtures("lead_id")
def test_a_partial_payment_and_the_rest_settle_a_statement(project: Project) -> None:
    command = ("paid", "acme-0001", "--date", "2026-12-04", "--amount")
    assert project.run(*command, "45").out == "acme-0001: $15.00 is still to be paid.\n"
    (row,) = listed(project)
    assert (row["paid"], row["open"], row["state"]) == ("45.00", "15.00", "open")
    assert project.run(*command, "15").out == "acme-0001: settled.\n"
    assert listed(project)[0]["state"] == "settled"


def test_the_same_credit_twice_is_refused_without_again(project: Project, lead_id: str) -> None:
    command = ("credit", "acme-0001", "--lead", lead_id, "--reason", "goodwill", "--as", "Ada")
    first = project.run(*command, "--amount", "10")
    again = project.run(*command, "--amount", "10")
    assert (first.out, again.code) == ("acme-0002: $10.00 credited on acme-0001.\n", 1)
    assert again.err == (
        f"acme-0001, lead {lead_id}: $10.00 for goodwill was credited today already, by acme-0002; "
        "if it is to be credited twice, say so: --again\n"
    )
    assert project.run(*command, "--amount", "11").code == 0
    assert project.run(*command, "--amount", "10", "--again").code == 0
    assert [row["credited"] for row in listed(project)][:1] == ["37.20"]


@pytest.mark.usefixtures("lead_id")
def test_an_overpayment_is_reported_and_listed(project: Project) -> None:
    command = ("paid", "acme-0001", "--date", "2026-12-04", "--amount", "70.00")
    assert "$10.00 more was paid than was due" in project.run(*command).out
    assert "acme: $0.00 to be paid; $10.00 to its credit" in project.run("statements").out


@pytest.mark.usefixtures("lead_id")
def test_overdue_statements_are_listed_with_their_sum(project: Project) -> None:
    assert project.run("statements", "--overdue").out == "Nothing is overdue.\n"
    with time_machine.travel(LATER, tick=False):
        out = project.run("statements", "--overdue").out
        assert [row["number"] for row in listed(project, "--overdue")] == ["acme-0001"]
    assert "overdue" in out.splitlines()[1]
    assert out.splitlines()[-1] == "acme: $60.00 to be paid, $60.00 of it overdue."


def test_a_debit_is_proposed_listed_and_approved(project: Project, lead_id: str) -> None:
    line = ("acme-0001", "--lead", lead_id)
    command = ("--amount", "5", "--reason", "wrong_rate", "--as", "Ada")
    assert "$5.00 proposed" in project.run("debit", "propose", *line, *command).out
    (row,) = json.loads(project.run("debit", "list", "--json").out)
    assert (row["amount"], row["answer"]) == ("5.00", "open")
    approve(project, lead_id)
    (row,) = json.loads(project.run("debit", "list", "--json").out)
    assert (row["id"], row["answer"], row["number"]) == ("acme-p0001", "approved", "acme-0002")
    assert [(row["document"], row["total"]) for row in listed(project)] == [
        ("invoice", "60.00"),
        ("debit note on acme-0001", "6.00"),
    ]
    assert project.run("verify").code == 0


@pytest.mark.usefixtures("lead_id")
def test_close_and_statement_show_the_credit_that_is_left(project: Project) -> None:
    project.run("paid", "acme-0001", "--date", "2026-12-04", "--amount", "70")
    with time_machine.travel(LATER, tick=False):
        out = project.run("close", "acme", "--month", "2026-12", "--empty-statement").out
        assert "To pay: $0.00, $10.00 credit carried forward, by 2027-02-04.\n" in out
        assert "credit carried forward  $10.00" in project.run("statement", "acme-0002").out
        page = project.run("statement", "acme-0002", "--format", "html").out
    assert "Credit carried forward" in page


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("acme-0009", "--amount", "5", "--date", "2026-12-01"), "no statement 'acme-0009'"),
        (("acme-0001", "--amount", "five", "--date", "2026-12-01"), "write an amount such as"),
        (("acme-0001", "--amount", "0.001", "--date", "2026-12-01"), "more decimals than USD"),
        (("acme-0001", "--amount", "5", "--date", "1.12.2026"), "does not match the format"),
        (("acme-0001", "--amount", "5", "--date", "2026-12-06"), "in the future"),
        (("acme-0001", "--amount", "5", "--date", "2025-12-03"), "more than a year before"),
    ],
)
@pytest.mark.usefixtures("lead_id")
def test_an_invalid_payment_is_refused_in_one_line(
    project: Project, args: tuple[str, ...], message: str
) -> None:
    ran = project.run("paid", *args)
    assert ran.code in {1, 2}
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"number": "acme-0003"}, "credit note acme-0003: its number should be acme-0002\n"),
        ({"amount": 5001}, "credit note acme-0002: more than was left of its line\n"),
    ],
)
def test_verify_finds_a_gap_in_the_numbers_and_a_credit_beyond_its_line(
    project: Project, lead_id: str, wrong: dict[str, object], fault: str
) -> None:
    data = {
        "amount": 5000,
        "client": "acme",
        "currency": "USD",
        "issued_on": "2026-12-05",
        "lead_id": lead_id,
        "number": "acme-0002",
        "period": "",
        "reason": "goodwill",
        "statement": "acme-0001",
        "vat": 1000,
    }
    forged = Event(
        campaign="guide",
        lead_id=None,
        kind=EventKind.CREDITED,
        occurred_at=CLOSE,
        recorded_at=CLOSE,
        actor=Actor.AGENCY,
        data=data | wrong,
    )
    project.ledger.transact(lambda records: records.append(forged))
    ran = project.run("verify")
    assert (ran.code, ran.err) == (1, fault)
