"""`gatepost payments import` and `paid --all` (rule 30 of docs/rules.md)."""

import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cli.conftest import Project

CLOSE = datetime(2026, 12, 5, 12, tzinfo=UTC)
HEADING = "date,amount,currency,reference\n"


@pytest.fixture(autouse=True)
def closed_month(project: Project) -> Iterator[None]:
    """November is closed: acme-0001 over $50.00."""
    project.take()
    with time_machine.travel(CLOSE, tick=False):
        project.run("close", "acme", "--month", "2026-11")
        yield


def bank_file(project: Project, content: str, name: str = "bank.csv") -> str:
    (project.folder / name).write_text(content)
    return name


def paid(project: Project) -> list[str]:
    rows = json.loads(project.run("statements", "--json").out)
    return [row["paid"] for row in rows if row["currency"] == "USD"]


def test_a_payment_of_a_csv_file_is_recorded_once(project: Project) -> None:
    file = bank_file(project, f"{HEADING}2026-12-04,20.00,USD,Invoice acme-0001\n")
    ran = project.run("payments", "import", file, "--dry-run")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 recorded. Nothing was written.")
    assert paid(project) == ["0.00"]
    ran = project.run("payments", "import", file)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 recorded.")
    assert ran.out.splitlines()[1].split() == [
        "line",
        "2",
        "2026-12-04",
        "20.00",
        "USD",
        "acme-0001",
        "recorded",
    ]
    assert project.run("payments", "import", file).out.endswith("1 recorded already.\n")
    assert paid(project) == ["20.00"]
    assert project.run("verify").code == 0


def test_an_entry_for_a_person_gives_exit_code_1_and_the_others_are_recorded(
    project: Project,
) -> None:
    rows = "2026-12-04,50.01,USD,acme-0001\n2026-12-04,5.00,USD,acme-0001\n2026-12-04,1,USD,Ann\n"
    ran = project.run("payments", "import", bank_file(project, HEADING + rows))
    assert ran.code == 1
    assert ran.out.endswith("1 recorded, 1 not matched, 1 for a person.\n")
    assert "acme-0001: $50.00 is open, which is less than was paid" in ran.out
    assert paid(project) == ["5.00"]


def test_an_unmatched_entry_alone_is_no_error(project: Project) -> None:
    file = bank_file(project, f"{HEADING}2026-12-04,20.00,USD,Ann\n")
    assert project.run("payments", "import", file).code == 0


def test_json_has_every_entry_with_its_answer(project: Project) -> None:
    file = bank_file(project, f"{HEADING}2026-12-04,20.00,EUR,acme-0001\n")
    ran = project.run("payments", "import", file, "--json")
    (row,) = json.loads(ran.out)
    assert (row["result"], row["amount"], row["currency"]) == ("for a person", "20.00", "EUR")
    assert row["note"] == "acme-0001: it is in USD, and EUR was paid"


def test_a_file_with_a_mistake_records_nothing(project: Project) -> None:
    rows = "2026-12-04,20.00,USD,acme-0001\n04/12/2026,5.00,USD,acme-0001\n"
    ran = project.run("payments", "import", bank_file(project, HEADING + rows))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("bank.csv:3: date = ")
    assert paid(project) == ["0.00"]


def test_a_camt_file_is_imported(project: Project) -> None:
    file = bank_file(
        project,
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
        "<Id>S1</Id><Acct><Id><IBAN>DE02</IBAN></Id></Acct>"
        '<Ntry><Amt Ccy="USD">50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        "<BookgDt><Dt>2026-12-04</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>acme-</Ustrd>"
        "<Ustrd>0001</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>",
        "statement.xml",
    )
    assert project.run("payments", "import", file).code == 0
    assert paid(project) == ["50.00"]
    page = project.run("statement", "acme-0001", "--format", "html").out
    assert "DE02/S1/1/1" in page


def test_what_a_bank_writes_never_runs_in_the_terminal_or_enters_the_chain(
    project: Project,
) -> None:
    rows = '2026-12-04,20.00,USD,"\x1b[31mred acme-0001",=Zoe Doe\n'
    file = bank_file(project, HEADING.replace("reference", "reference,id") + rows)
    ran = project.run("payments", "import", file)
    assert (ran.code, "\x1b" in ran.out) == (0, False)
    with sqlite3.connect(project.folder / "var/gatepost.db") as db:
        assert "Zoe" not in "\n".join(db.iterdump())


class TestPayAll:
    def test_all_open_documents_are_recorded_as_paid(self, project: Project) -> None:
        ran = project.run("paid", "--all", "acme", "--date", "2026-12-04", "--yes")
        assert ran.code == 0
        assert ran.out.endswith("acme: 1 payment recorded; nothing is open.\n")
        assert "$50.00" in ran.out
        again = project.run("paid", "--all", "acme", "--date", "2026-12-04", "--yes")
        assert again.out == "acme: nothing is open.\n"
        assert paid(project) == ["50.00"]

    def test_the_rest_is_paid_even_if_it_equals_an_earlier_part(self, project: Project) -> None:
        project.run("paid", "acme-0001", "--amount", "25", "--date", "2026-12-04")
        assert project.run("paid", "--all", "acme", "--date", "2026-12-04", "--yes").code == 0
        assert paid(project) == ["50.00"]

    def test_without_a_confirmation_nothing_is_recorded(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        ran = project.run("paid", "--all", "acme", "--date", "2026-12-04")
        assert ran.code == 130
        assert "Record 1 document as paid on 2026-12-04?" in ran.out
        assert paid(project) == ["0.00"]

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (("--all", "acme", "--date", "2026-12-06"), "2026-12-06 is in the future"),
            (("--all", "acne", "--date", "2026-12-04"), "did you mean `acme`?"),
            (("--all", "acme", "acme-0001", "--date", "2026-12-04"), "--all needs no NUMBER"),
            (("--date", "2026-12-04"), "give NUMBER and --amount, or --all CLIENT"),
            (("acme-0001", "--date", "2026-12-04"), "give NUMBER and --amount"),
        ],
    )
    def test_a_mistake_is_refused_in_one_line(
        self, project: Project, args: tuple[str, ...], message: str
    ) -> None:
        ran = project.run("paid", *args)
        assert ran.code in {1, 2}
        assert message in ran.err
        assert ran.err.count("\n") == 1
