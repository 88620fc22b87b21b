"""`gatepost month-end` previews a month of all clients, closes it, and writes its documents."""

import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE

import pytest

from capture.intake.quarantine import hold_back
from capture.ledger.messages import Attempt
from capture.ledger.protocol import WriteTransaction
from capture.review.acts import find_lead
from tests.capture.ledger.contract_outbox import new_message
from tests.cli.conftest import Project
from tests.cli.month_ends import (
    ALL_FILES,
    DECEMBER,
    FOLDER,
    MONTH,
    OTHERS_FILES,
    OVER_IN_BERLIN,
    closed_numbers,
    contents,
    make_agency,
    run,
)
from tests.samples import NOW

SIGNALS = [{"name": "burst", "weight": 100, "leads": 12, "minutes": 60}]


@pytest.fixture
def agency(project: Project) -> Project:
    return make_agency(project)


class TestPreview:
    """Without --close."""

    def test_it_shows_each_client_and_currency_and_changes_nothing(self, agency: Project) -> None:
        ran = run(agency, *MONTH)
        assert (ran.code, ran.err) == (0, "")
        lines = [" ".join(line.split()) for line in ran.out.splitlines()]
        assert lines == [
            "",
            "acme, 2026-11",
            "currency state document lines net VAT credit to pay",
            "EUR ready 1 €50.00 €0.00 €50.00",
            "USD ready 1 $50.00 $0.00 $50.00",
            "",
            "other, 2026-11",
            "currency state document lines net VAT credit to pay",
            "USD ready 2 $120.00 $22.80 $142.80",
            "",
            "Months by client and currency: 3 ready. Nothing was changed; add --close to close "
            "2026-11.",
        ]
        assert closed_numbers(agency) == []
        assert not FOLDER.exists()

    def test_it_says_why_a_month_cannot_be_closed(self, agency: Project) -> None:
        ran = run(agency, *MONTH, at=OVER_IN_BERLIN)
        assert ran.code == 0
        assert "USD: not ready: 2026-11 is not over until 2026-12-01T00:00-05:00" in ran.out
        assert "1 ready, 2 not ready" in ran.out

    def test_many_leads_in_quarantine_are_one_row(self, agency: Project) -> None:
        at = datetime(2026, 11, 30, 12, tzinfo=UTC)
        ids = [agency.take(at=at, email=f"w@w{number}.example") for number in range(12)]

        def hold(records: WriteTransaction) -> None:
            for lead_id in ids:
                hold_back(records, find_lead(records, lead_id), SIGNALS, at)

        agency.ledger.transact(hold)
        rows = [
            " ".join(line.split())
            for line in run(agency, *MONTH, at=at + timedelta(hours=40)).out.splitlines()
            if line.startswith("quarantine")
        ]
        assert rows == [
            "quarantine 12 leads received up to 1 day ago, in review with a stopped deadline: "
            "`gatepost quarantine list` shows them (guide)"
        ]

    def test_it_lists_what_to_decide_first(self, agency: Project) -> None:
        at = datetime(2026, 11, 30, 12, tzinfo=UTC)
        lead_id = agency.take(at=at, email="w@w.example")
        ran = run(agency, *MONTH, at=at + timedelta(hours=40))
        assert "Decide first:" in ran.out
        (row,) = (line for line in ran.out.splitlines() if lead_id in line)
        assert "received 1 day ago, accepted by silence at 2026-12-02T12:00:00Z (guide)" in row

    def test_failed_deliveries_are_listed_for_their_client(self, agency: Project) -> None:
        about = {"lead": ("guide", "a"), "client": ("", ""), "other": ("berlin", "b")}

        def work(records: WriteTransaction) -> None:
            for name, (campaign, lead_id) in about.items():
                client = "other" if campaign == "berlin" else "acme"
                message = new_message(lead_id, key=name, campaign=campaign, client=client)
                records.outbox.queue(message)
            failure = Attempt("550 no such mailbox", 550)
            for claimed in records.outbox.claim(NOW, NOW + timedelta(minutes=1), 9):
                records.outbox.record_failed(claimed, NOW, failure)

        agency.ledger.transact(work)
        ran = run(agency, *MONTH, "--client", "other")
        (row,) = (line for line in ran.out.splitlines() if line.startswith("delivery"))
        assert row.split(maxsplit=2)[2] == (
            'letter "lead to review" to leads@acme.example failed: 550 no such mailbox'
        )
        dollars, euros = sorted(
            json.loads(run(agency, *MONTH, "--client", "acme", "--json").out),
            key=lambda end: str(end["currency"]),
            reverse=True,
        )
        for end, leads in ((dollars, ["a", ""]), (euros, [""])):
            failed = end["decisions"]["failed_messages"]
            assert [message["lead_id"] for message in failed] == leads

    def test_one_client_is_shown_alone(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--client", "other")
        assert "other, 2026-11" in ran.out
        assert "acme" not in ran.out

    def test_an_unknown_client_is_refused_with_a_near_name(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--client", "othr")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("no client `othr`")

    def test_a_ledger_without_leads_has_nothing_to_close(self, project: Project) -> None:
        ran = run(project, *MONTH)
        assert (ran.code, ran.out) == (
            0,
            "There are no leads yet, so there is nothing to close.\n",
        )

    def test_json_has_sums_and_decisions(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--client", "other", "--json")
        (month,) = json.loads(ran.out)
        assert month == {
            "client": "other",
            "currency": "USD",
            "month": "2026-11",
            "campaigns": {"berlin": "The guide", "talk": "The guide"},
            "state": "ready",
            "reason": "",
            "number": "",
            "sums": {
                "lines": 2,
                "net": "120.00",
                "vat": "22.80",
                "brought_forward": "0.00",
                "to_pay": "142.80",
            },
            "decisions": {
                "debits": [],
                "late_credits": [],
                "unpaid_periods": [],
                "in_review": [],
                "held_back": [],
                "parked": [],
                "disputes": [],
                "failed_messages": [],
            },
        }

    def test_a_missing_address_of_the_agency_is_reported_early(
        self, agency: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GATEPOST_AGENCY_ADDRESS", "")
        ran = run(agency, *MONTH)
        assert (ran.code, "3 ready" in ran.out) == (0, True)
        assert ran.err.startswith("AGENCY_ADDRESS is not set")

    def test_a_folder_without_close_is_wrong_use(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "-o", "november")
        assert ran.code == 2
        assert "a preview writes no files" in ran.err
        assert not Path("november").exists()


class TestClose:
    """With --close."""

    def test_it_closes_all_and_writes_documents_and_reports(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, ran.err) == (0, "")
        assert contents().keys() == ALL_FILES
        assert ran.out.splitlines()[:3] == [
            "acme, EUR: closed, acme-0001",
            "acme, USD: closed, acme-0002",
            "other, USD: closed, other-0001",
        ]
        assert ran.out.splitlines()[-3:] == [
            "EUR: €50.00 in 1 document, €50.00 to pay.",
            "USD: $192.80 in 2 documents, $192.80 to pay.",
            f"13 files in {FOLDER}: 13 new.",
        ]
        assert run(agency, "verify").code == 0

    def test_the_files_are_those_of_the_other_commands(self, agency: Project) -> None:
        run(agency, *MONTH, "--close")
        files = contents()
        for shape in ("pdf", "html", "json"):
            run(agency, "statement", "other-0001", "--format", shape, "-o", "one")
            assert files[f"other-0001.{shape}"] == Path("one").read_bytes()
        run(agency, "report", "talk", "--month", "2026-11", "-o", "one")
        assert files["report-talk-2026-11.html"] == Path("one").read_bytes()
        rows = json.loads(run(agency, "statements", "--json").out)
        digests = {row["number"]: row["sha256"] for row in rows}
        assert sha256(files["acme-0001.json"]).hexdigest() == digests["acme-0001"]

    def test_a_credit_note_of_the_month_is_written_with_its_fields(self, agency: Project) -> None:
        run(agency, *MONTH, "--close")
        lead_id = json.loads(contents()["acme-0002.json"])["parts"][0]["lines"][0]["lead_id"]
        credit = ("credit", "acme-0002", "--lead", lead_id, "--reason", "goodwill", "--as", "Ada")
        assert run(agency, *credit, "--amount", "20").code == 0
        january = datetime(2027, 1, 5, 12, tzinfo=UTC)
        ran = run(agency, "month-end", "--month", "2026-12", "--close", at=january)
        assert ran.code == 0
        assert contents(Path("var/month-end/2026-12")).keys() == {
            f"acme-0003.{shape}" for shape in ("pdf", "html", "json")
        }
        assert "acme, EUR: closed; there was nothing to bill, so no document" in ran.out
        assert "acme-0003  credit note on acme-0002  -$20.00" in ran.out
        assert "USD: -$20.00 in 1 document, $0.00 to pay." in ran.out

    def test_it_says_that_reports_lack_titles_before_the_first_build(self, agency: Project) -> None:
        (agency.folder / "output/site.json").unlink()
        ran = run(agency, *MONTH, "--close", "--client", "other")
        assert (ran.code, ran.err) == (
            0,
            "Articles are shown by path: run `gatepost build` to get their titles.\n",
        )

    def test_files_are_for_their_owner_alone(self, agency: Project) -> None:
        previous = os.umask(0)
        try:
            run(agency, *MONTH, "--close")
        finally:
            os.umask(previous)
        assert S_IMODE(FOLDER.stat().st_mode) == 0o700
        assert {S_IMODE(path.stat().st_mode) for path in FOLDER.iterdir()} == {0o600}

    def test_a_second_run_changes_nothing(self, agency: Project) -> None:
        run(agency, *MONTH, "--close")
        before, numbers = contents(), closed_numbers(agency)
        times = {path.name: path.stat().st_mtime_ns for path in FOLDER.iterdir()}
        ran = run(agency, *MONTH, "--close", at=DECEMBER + timedelta(hours=1))
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.splitlines()[0] == "acme, EUR: closed already, acme-0001"
        assert ran.out.endswith(f"13 files in {FOLDER}: 13 unchanged.\n")
        assert (contents(), closed_numbers(agency)) == (before, numbers)
        assert {path.name: path.stat().st_mtime_ns for path in FOLDER.iterdir()} == times

    def test_damaged_and_missing_files_are_written_again(self, agency: Project) -> None:
        run(agency, *MONTH, "--close")
        expected = contents()
        (FOLDER / "acme-0001.pdf").write_bytes(b"%PDF half")
        (FOLDER / "acme-0002.html").unlink()
        (FOLDER / ".0123456789abcdef.month-end").write_bytes(b"half of a file")
        (FOLDER / "notes.txt").write_text("mine")
        ran = run(agency, *MONTH, "--close")
        assert ran.out.endswith(f"13 files in {FOLDER}: 1 new, 1 replaced, 11 unchanged.\n")
        assert contents() == expected | {"notes.txt": b"mine"}

    def test_a_payment_changes_the_printed_document_and_not_its_json(self, agency: Project) -> None:
        run(agency, *MONTH, "--close")
        before = contents()
        run(agency, "paid", "acme-0001", "--amount", "20", "--date", "2026-12-05")
        ran = run(agency, *MONTH, "--close")
        changed = {name for name, content in contents().items() if content != before[name]}
        assert changed == {"acme-0001.pdf", "acme-0001.html"}
        assert ran.out.endswith("2 replaced, 11 unchanged.\n")

    def test_one_client_is_closed_alone_into_a_chosen_folder(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--close", "--client", "other", "-o", "november")
        assert ran.code == 0
        assert contents(Path("november")).keys() == OTHERS_FILES
        assert closed_numbers(agency) == ["other-0001"]

    def test_json_names_months_documents_and_files(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--close", "--json")
        data = json.loads(ran.out)
        assert {month["state"] for month in data["months"]} == {"closed"}
        assert [document["number"] for document in data["documents"]] == [
            "acme-0001",
            "acme-0002",
            "other-0001",
        ]
        assert data["documents"][2] == {
            "number": "other-0001",
            "document": "invoice",
            "corrects": "",
            "client": "other",
            "currency": "USD",
            "total": "142.80",
            "to_pay": "142.80",
            "due": "2027-01-04",
        }
        assert data["files"] == dict.fromkeys(sorted(ALL_FILES), "new")
        assert (data["folder"], data["failures"]) == (str(FOLDER), [])
