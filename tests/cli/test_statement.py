"""`gatepost close`, `statements`, `statement` and `verify` (rules 25 to 28 of docs/rules.md)."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from capture.ledger import open_ledger
from tests.capture.months import close_one
from tests.cli.conftest import Project
from tests.processes import PROCESSES
from tests.samples import CAMPAIGN, NOW

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
JANUARY = datetime(2027, 1, 5, 12, tzinfo=UTC)


def close(project: Project, month: str, at: datetime) -> tuple[int, str, str]:
    with time_machine.travel(at, tick=False):
        ran = project.run("close", "acme", "--month", month)
    return ran.code, ran.out, ran.err


def lines(project: Project, number: str) -> list[dict[str, object]]:
    data = json.loads(project.run("statement", number, "--format", "json").out)
    return [line for part in data["parts"] for line in part["lines"]]


def test_a_month_closes_with_what_silence_accepted_and_is_numbered(project: Project) -> None:
    lead_id = project.take()
    code, out, _ = close(project, "2026-11", DECEMBER)
    assert code == 0
    assert out.startswith("acme-0001: acme, 2026-11: $50.00 for 1 line of 1 campaign; 0 in review")
    (line,) = lines(project, "acme-0001")
    assert (line["lead_id"], line["amount"], line["late"]) == (lead_id, 5000, False)
    assert line["met"] == [{"id": "company_size", "rule": "Company size is at least 101"}]


def test_closing_twice_gives_the_same_statement(project: Project) -> None:
    project.take()
    first = close(project, "2026-11", DECEMBER)
    assert close(project, "2026-11", JANUARY) == first
    assert len(json.loads(project.run("statements", "--json").out)) == 1


def test_a_month_closes_only_when_it_is_over_in_the_campaigns_zone(project: Project) -> None:
    project.take()
    over = datetime(2026, 12, 1, 5, tzinfo=UTC)
    code, _, err = close(project, "2026-11", over - timedelta(seconds=1))
    assert (code, err) == (
        1,
        "2026-11 is not over in America/New_York; close it after its end\n",
    )
    assert close(project, "2026-11", over + timedelta(seconds=10))[0] == 0


def test_a_month_closes_when_no_decision_in_it_can_be_withdrawn_rule_13(project: Project) -> None:
    project.take()
    over = datetime(2026, 12, 1, 5, tzinfo=UTC)
    code, _, err = close(project, "2026-11", over + timedelta(seconds=9))
    assert (code, err) == (
        1,
        "2026-11 ended just now, and a review can be undone for 10 seconds; close it after that\n",
    )


def test_there_is_no_statement_before_the_first_lead(project: Project) -> None:
    assert close(project, "2026-11", DECEMBER)[2] == "acme has no lead yet: there is no statement\n"
    project.take()
    code, _, err = close(project, "2026-10", DECEMBER)
    assert (code, err) == (
        1,
        "acme had its first lead in 2026-11: there is no statement for 2026-10\n",
    )


def test_a_test_lead_opens_no_month_rule_5(project: Project) -> None:
    project.take(test=True, at=datetime(2026, 9, 1, tzinfo=UTC))
    project.take()
    assert close(project, "2026-11", DECEMBER)[0] == 0


def test_months_close_in_order_from_the_first_lead_on(project: Project) -> None:
    project.take()
    code, _, err = close(project, "2026-12", JANUARY)
    assert code == 1
    assert "2026-11 is still open" in err
    close(project, "2026-11", JANUARY)
    assert close(project, "2026-12", JANUARY)[1].startswith("acme, 2026-12, USD: closed.")


def test_a_lead_still_in_review_waits_for_a_later_month(project: Project) -> None:
    waiting = project.take(at=datetime(2026, 11, 30, 12, tzinfo=UTC))
    accepted = project.take(email="bob@other.example")
    out = close(project, "2026-11", datetime(2026, 12, 1, 12, tzinfo=UTC))[1]
    assert "$50.00 for 1 line of 1 campaign; 1 in review, for a later month" in out
    close(project, "2026-12", JANUARY)
    billed = [lines(project, number)[0]["lead_id"] for number in ("acme-0001", "acme-0002")]
    assert billed == [accepted, waiting]


def test_a_lead_is_billed_on_one_statement_only(project: Project) -> None:
    project.take()
    close(project, "2026-11", DECEMBER)
    project.take(email="bob@other.example", at=DECEMBER)
    close(project, "2026-12", JANUARY)
    assert len(lines(project, "acme-0001")) == len(lines(project, "acme-0002")) == 1
    db = sqlite3.connect(project.folder / "var/gatepost.db")
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO statement_lines SELECT lead_id, period, 'x' FROM statement_lines")
    db.close()


def test_a_statement_counts_the_leads_that_it_does_not_bill(project: Project) -> None:
    text = CAMPAIGN + "\n[caps]\nleads_a_month = 1\n"
    (project.folder / "campaigns/guide.toml").write_text(text)
    project.take()
    project.take(email="bob@other.example")
    project.take(email="tim@test.example", test=True)
    close(project, "2026-11", DECEMBER)
    data = json.loads(project.run("statement", "acme-0001", "--format", "json").out)
    (part,) = data["parts"]
    assert (data["total"], part["over_cap_refused"], part["in_review"]) == (5000, 1, 0)


def test_over_the_money_cap_a_line_is_free_and_never_billed_later(project: Project) -> None:
    text = CAMPAIGN + "\n[caps]\nmoney_a_month = 60\n"
    (project.folder / "campaigns/guide.toml").write_text(text)
    project.take()
    project.take(email="bob@other.example", at=NOW + timedelta(minutes=1))
    close(project, "2026-11", DECEMBER)
    assert [line["amount"] for line in lines(project, "acme-0001")] == [5000, 0]
    assert "nothing to bill" in close(project, "2026-12", JANUARY)[1]


def test_a_preview_gives_the_same_bytes_for_the_same_time(project: Project) -> None:
    project.take()
    command = ("statement", "preview", "acme", "--month", "2026-11", "--as-of", "2026-12-01")
    first = project.run(*command, "--format", "json").out
    project.take(email="bob@other.example", at=DECEMBER)
    assert project.run(*command, "--format", "json").out == first
    assert json.loads(first)["total"] == 5000


def test_a_campaign_without_its_file_can_be_previewed_exported_closed_and_reported(
    project: Project,
) -> None:
    lead_id = project.take()
    (project.folder / "campaigns/guide.toml").unlink()
    month = ("guide", "--month", "2026-11")
    with time_machine.travel(DECEMBER, tick=False):
        preview = project.run("statement", "preview", "acme", "--month", "2026-11")
        assert "$50.00" in preview.out
        assert lead_id in project.run("export", *month).out
        assert project.run("kpi").out.startswith(
            "\nUSD: guide\nleads                              1"
        )
        assert lead_id in project.run("lapse", "guide").out
        closed = project.run("close", "acme", "--month", "2026-11")
        assert closed.out.startswith("acme-0001: acme, 2026-11: $50.00")
        assert project.run("report", *month, "-o", "report.html").code == 0
    assert project.run("close", "amce", "--month", "2026-11").err.startswith("no client `amce`")


def test_a_closed_month_has_no_preview(project: Project) -> None:
    project.take()
    close(project, "2026-11", DECEMBER)
    with time_machine.travel(DECEMBER, tick=False):
        ran = project.run("statement", "preview", "acme", "--month", "2026-11")
        before = ("--month", "2026-11", "--as-of", "2026-12-01")
        assert "$50.00" in project.run("statement", "preview", "acme", *before).out
    assert (ran.code, ran.out) == (1, "")
    hint = "`gatepost statement acme-0001` shows it"
    assert ran.err == f"2026-11 is closed: its statement is acme-0001; {hint}\n"


def test_a_preview_leaves_out_the_lines_of_an_earlier_open_month(project: Project) -> None:
    project.take()
    command = ("statement", "preview", "acme", "--month", "2026-12", "--as-of", "2027-01-01")
    first = project.run(*command, "--format", "json").out
    assert json.loads(first)["parts"] == []
    close(project, "2026-11", JANUARY)
    assert project.run(*command, "--format", "json").out == first


@pytest.mark.parametrize("shape", ["csv", "jsonl", "xlsx", "json", "html", "pdf"])
def test_a_statement_is_written_in_every_format(project: Project, shape: str) -> None:
    project.take()
    close(project, "2026-11", DECEMBER)
    file = project.folder / f"bill.{shape}"
    assert project.run("statement", "acme-0001", "--format", shape, "-o", str(file)).code == 0
    assert file.stat().st_size > 200


def test_a_statement_shows_its_hash_and_holds_no_personal_data(project: Project) -> None:
    project.take()
    _, out, _ = close(project, "2026-11", DECEMBER)
    digest = out.split()[-1]
    output = project.run("statement", "acme-0001").out
    assert digest in output
    assert "$50.00" in output
    text = project.run("statement", "acme-0001", "--format", "json").out
    assert "Ann" not in text
    assert "clinic" not in text


def test_an_unknown_statement_prints_one_line(project: Project) -> None:
    ran = project.run("statement", "acme-0099")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "no statement 'acme-0099': `gatepost statements` lists them\n"


class TestProof:
    """`verify` draws every closed statement again and compares the bytes (rule 26)."""

    def test_verify_passes_after_the_campaign_file_changed(self, project: Project) -> None:
        project.take()
        close(project, "2026-11", DECEMBER)
        (project.folder / "campaigns/guide.toml").write_text(
            CAMPAIGN.replace("rate = 50", "rate = 70")
        )
        project.take(email="bob@other.example", at=DECEMBER)
        close(project, "2026-12", JANUARY)
        assert project.run("verify").code == 0

    @pytest.mark.parametrize(
        ("harm", "fault"),
        [
            (
                "UPDATE statements SET json = replace(json, '5000', '9000')",
                "drawn again, its bytes differ",
            ),
            ("UPDATE statements SET sha256 = 'x'", "differs from the event that closed it"),
            ("DELETE FROM statements", "it is missing, although its month is closed"),
        ],
    )
    def test_verify_reports_a_changed_statement(
        self, project: Project, harm: str, fault: str
    ) -> None:
        project.take()
        close(project, "2026-11", DECEMBER)
        db = sqlite3.connect(project.folder / "var/gatepost.db")
        triggers = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        for name in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(harm)
        for sql in triggers.values():
            db.execute(sql)
        db.commit()
        db.close()
        ran = project.run("verify")
        assert ran.code == 1
        assert ran.err == f"statement acme-0001: {fault}\n"

    def test_statements_can_be_added_but_not_changed(self, project: Project) -> None:
        project.take()
        close(project, "2026-11", DECEMBER)
        db = sqlite3.connect(project.folder / "var/gatepost.db")
        for harm in ("DELETE FROM statements", "UPDATE statement_lines SET number = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                db.execute(harm)
        db.close()


def _close_once(url: str, key: bytes, barrier: object) -> str:
    ledger = open_ledger(url, key)
    barrier.wait()  # type: ignore[attr-defined]
    return ledger.transact(lambda records: str(close_one(records, "2026-11", DECEMBER).sha256))


def test_two_processes_that_close_simultaneously_make_one_statement(project: Project) -> None:
    project.take()
    key = Path("var/duplicate_key").read_bytes()
    with PROCESSES.Manager() as manager, PROCESSES.Pool(2) as pool:
        barrier = manager.Barrier(2)
        arguments = [(f"sqlite:///{project.folder}/var/gatepost.db", key, barrier)] * 2
        results = pool.starmap(_close_once, arguments)
    assert results[0] == results[1]
    assert len(json.loads(project.run("statements", "--json").out)) == 1


def test_a_held_appointment_is_billed(project: Project) -> None:
    text = CAMPAIGN.replace('"cpl"', '"cpap"').replace('"accepted"', '"held"')
    (project.folder / "campaigns/guide.toml").write_text(text)
    lead_id = project.take()
    options = ("--as", "Ada", "--on", "2026-11-26T10:00")
    with time_machine.travel(NOW + timedelta(days=3), tick=False):  # final on 28 November
        met = project.run(
            "outcome", lead_id, "scheduled", "--at", "2026-11-26T09:30", "--as", "Ada"
        )
        assert met.code == 0
        assert met.out.startswith(f"{lead_id}: appointment scheduled, sale none.\n")
        assert project.run("outcome", lead_id, "held", *options).code == 0
    assert close(project, "2026-11", DECEMBER)[0] == 0
    (line,) = lines(project, "acme-0001")
    assert (line["event"], line["event_at"]) == ("held", "2026-11-26T15:00:00.000000Z")


def test_a_refused_outcome_names_the_allowed_ones(
    project: Project,
) -> None:
    lead_id = project.take()
    ran = project.run("outcome", lead_id, "refunded", "--amount", "5", "--as", "Ada")
    assert ran.code == 1
    assert ran.err.strip().endswith("so refunded is refused; allowed now: won, lost")


def test_a_credit_note_is_numbered_with_the_statements_and_listed(project: Project) -> None:
    lead_id = project.take()
    close(project, "2026-11", DECEMBER)
    command = ("credit", "acme-0001", "--lead", lead_id, "--reason", "goodwill", "--as", "Ada")
    created = project.run(*command, "--amount", "20.00")
    assert (created.code, created.out) == (0, "acme-0002: $20.00 credited on acme-0001.\n")
    (row,) = json.loads(project.run("credits", "--json").out)
    assert (row["number"], row["amount"], row["reason"]) == ("acme-0002", "20.00", "goodwill")
    assert "credit note" in project.run("statement", "acme-0002").out
    refused = project.run("statement", "acme-0002", "--format", "csv").err
    assert "acme-0002 is a credit note" in refused
    assert project.run(*command, "--amount", "30.01").err.endswith("30.00 USD is left to credit\n")
    assert project.run("verify").code == 0
