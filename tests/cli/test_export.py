"""`gatepost export` lists the billable leads, with the same bytes each time."""

import csv
import io
import json
from datetime import timedelta

import openpyxl
import pytest

from capture.intake.submission import Submission
from capture.lead.events import EventKind
from tests.cli.conftest import Project
from tests.samples import ANSWERS, CAMPAIGN, NOW, consent_to, later_event

NOVEMBER = ("export", "guide", "--month", "2026-11", "--as-of", "2026-12-01")


def rows(project: Project, *args: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(project.run(*args).out)))


def test_an_accepted_lead_costs_the_rate_at_the_time_of_acceptance(project: Project) -> None:
    lead_id = project.take()
    (row,) = rows(project, *NOVEMBER)
    assert (row["lead_id"], row["amount"], row["currency"]) == (lead_id, "50.00", "USD")
    assert row["billable_at"] == "2026-11-25T15:00:00.000000Z"
    assert row["verdict"] == "Company size is at least 101: met (answered 101+)"
    assert row["full_name"] == "Ann Lee"


@pytest.mark.parametrize("shape", ["csv", "jsonl", "xlsx"])
def test_same_ledger_month_and_time_give_the_same_bytes(project: Project, shape: str) -> None:
    project.take()
    project.take(email="bob@other.example")
    files = [project.folder / f"{name}.{shape}" for name in "ab"]
    for file in files:
        assert project.run(*NOVEMBER, "--format", shape, "-o", str(file)).code == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(files[0].read_bytes()) > 100


def test_a_lead_is_billable_from_its_deadline_on(project: Project) -> None:
    project.take()
    month = NOVEMBER[:4]
    assert rows(project, *month, "--as-of", "2026-11-25T14:59:59Z") == []
    assert len(rows(project, *month, "--as-of", "2026-11-25T15:00:00Z")) == 1


def test_as_of_uses_the_recorded_time(project: Project) -> None:
    project.take()
    assert rows(project, *NOVEMBER[:4], "--as-of", "2026-11-23T14:59:59Z") == []


def test_the_billable_time_in_the_campaigns_zone_decides_the_month(project: Project) -> None:
    last = NOW.replace(month=11, day=29, hour=4, minute=59)  # accepted 1 December 04:59 UTC
    inside = project.take(at=last)
    outside = project.take(at=last + timedelta(minutes=1), email="bob@other.example")
    november = rows(project, *NOVEMBER[:4], "--as-of", "2026-12-05")
    assert [row["lead_id"] for row in november] == [inside]
    december = rows(project, "export", "guide", "--month", "2026-12", "--as-of", "2026-12-05")
    assert [row["lead_id"] for row in december] == [outside]


def test_disqualified_free_and_test_leads_are_not_billed(project: Project) -> None:
    text = CAMPAIGN + '\n[caps]\nleads_a_month = 1\nover = "free"\n'
    (project.folder / "campaigns/guide.toml").write_text(text)
    billed = project.take()
    project.take(email="bob@other.example")
    project.take(email="eve@third.example", company_size="1-50")
    project.take(email="tim@fourth.example", test=True)
    assert [row["lead_id"] for row in rows(project, *NOVEMBER)] == [billed]


def test_a_rejected_lead_is_not_billed(project: Project) -> None:
    lead_id = project.take()
    project.ledger.transact(
        lambda records: records.append(later_event(lead_id, EventKind.REJECTED, at=NOW))
    )
    assert rows(project, *NOVEMBER) == []


def test_rows_are_ordered_by_due_time_and_lead_id(project: Project) -> None:
    ids = [project.take(email=f"p{number}@c{number}.example") for number in range(5)]
    assert [row["lead_id"] for row in rows(project, *NOVEMBER)] == sorted(ids)


def test_a_money_cap_makes_the_line_that_would_exceed_it_free_rule_9(project: Project) -> None:
    text = CAMPAIGN + "\n[caps]\nmoney_a_month = 120\n"
    (project.folder / "campaigns/guide.toml").write_text(text)
    for number in range(4):
        project.take(at=NOW + timedelta(minutes=number), email=f"p{number}@c{number}.example")
    assert [row["email"] for row in rows(project, *NOVEMBER)] == [
        "p0@c0.example",
        "p1@c1.example",
    ]


def test_a_lead_keeps_the_price_of_its_campaign_version_rule_16(project: Project) -> None:
    project.take()
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace("rate = 50", "rate = 60"))
    project.take(at=NOW + timedelta(hours=1), email="bob@other.example")
    assert [row["amount"] for row in rows(project, *NOVEMBER)] == ["50.00", "60.00"]


def test_an_erased_lead_keeps_its_line_without_its_data(project: Project) -> None:
    lead_id = project.take()
    project.ledger.transact(lambda records: records.erasure.erase([lead_id], NOW))
    (row,) = rows(project, *NOVEMBER)
    assert (row["lead_id"], row["amount"], row["full_name"]) == (lead_id, "50.00", "")
    assert row["verdict"] == "Company size is at least 101: met"
    assert "erased" in project.run("leads").out
    assert "erased" in project.run("lead", lead_id).out
    assert project.run("verify").code == 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1"])
def test_no_cell_is_a_formula(project: Project, text: str) -> None:
    project.take(full_name=text)
    (row,) = rows(project, *NOVEMBER)
    assert row["full_name"] == f"'{text}"
    file = project.folder / "leads.xlsx"
    project.run(*NOVEMBER, "--format", "xlsx", "-o", str(file))
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n"}


def test_jsonl_has_one_object_per_line_with_amounts_as_text(project: Project) -> None:
    project.take()
    (line,) = project.run(*NOVEMBER, "--format", "jsonl").out.splitlines()
    assert json.loads(line)["amount"] == "50.00"


def test_each_row_has_the_first_and_last_touch(project: Project) -> None:
    touch = {"path": "/post/", "utm_source": "news", "time": "2026-11-01T00:00:00Z"}
    project.send(
        Submission(ANSWERS, consent_to(""), first_touch=touch, last_touch={"path": "/f/guide"})
    )
    (row,) = rows(project, *NOVEMBER)
    assert (row["first_utm_source"], row["last_path"]) == ("news", "/f/guide")


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (("export", "giude", "--month", "2026-11"), 1, "guide"),
        (("export", "guide", "--month", "2026-13"), 2, "write a month as 2026-11"),
        (("export", "guide", "--month", "2026-11", "--as-of", "soon"), 2, "write a date"),
        (("export", "guide", "--month", "2026-11", "-o", "/nowhere/x"), 1, "name another file"),
    ],
)
def test_wrong_use_ends_with_code_2_and_refused_work_with_code_1(
    project: Project, args: tuple[str, ...], code: int, line: str
) -> None:
    ran = project.run(*args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
    assert "Traceback" not in ran.err


def test_csv_for_excel_has_a_byte_order_mark_and_phones_with_their_plus(
    project: Project,
) -> None:
    project.take(full_name="Jörg", phone="+493012345678")
    plain = project.run(*NOVEMBER).out
    excel = project.run(*NOVEMBER, "--excel").out
    assert excel.startswith("\ufeff")
    assert ",+493012345678," in plain
    assert excel.removeprefix("\ufeff") == plain.replace("+493012345678", "+49 30 12345678")
    refused = project.run(*NOVEMBER, "--format", "xlsx", "--excel", "-o", "x.xlsx")
    assert (refused.code, "--excel works only with --format csv" in refused.err) == (2, True)
    command = ("statement", "preview", "acme", *NOVEMBER[2:])
    assert project.run(*command, "--format", "csv", "--excel").out.startswith("\ufeff")
    assert project.run(*command, "--excel").code == 2
