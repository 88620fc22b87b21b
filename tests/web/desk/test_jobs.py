"""Long work at the desk: started once, shown while it runs, downloaded by who has requested it."""

import csv
import io
from datetime import timedelta

import pytest

from capture.jobs.model import JobProgress
from capture.jobs.store import LIFE, JobStore
from capture.web.desk import leads
from tests.samples import NOW
from tests.web.desk.conftest import Browser, DeskWorld


@pytest.fixture
def busy(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> DeskWorld:
    """A desk on which each export is long work."""
    monkeypatch.setattr(leads, "MOST_EXPORTED", -1)
    return desk


def start_export(browser: Browser, **fields: object) -> str:
    """Starts an export of a list. Returns the path of its page."""
    browser.get("/jobs")
    answer = browser.post("/leads/export", **{"format": "csv", **fields})
    assert answer.status_code == 303, answer.text
    return answer.location.removeprefix("/desk")


def rows(browser: Browser, page: str) -> list[dict[str, str]]:
    with browser.get(f"{page}/file") as answer:
        assert answer.status_code == 200
        return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_large_export_is_started_once_left_and_downloaded_later(busy: DeskWorld) -> None:
    lead_ids = {busy.world.take(), busy.world.take("rival")}
    ada = busy.user("ada")
    page = start_export(ada)
    assert start_export(ada) == page
    text = ada.get(page).text
    assert "It begins in a moment." in text
    assert 'http-equiv="refresh"' in text
    assert "Export of leads as CSV : waiting" in ada.text("/leads")
    assert ada.get(f"{page}/file").status_code == 404
    busy.run_jobs()
    assert "Export of leads as CSV : done" in ada.text("/leads")
    text = ada.get(page).text
    assert "2 leads, as of" in text
    assert 'http-equiv="refresh"' not in text
    assert ": done" not in ada.text("/leads")  # the user has seen it
    with ada.get(f"{page}/file") as answer:
        assert answer.headers["Content-Disposition"] == "attachment; filename=leads-2026-11-23.csv"
        assert answer.headers["Cache-Control"] == "no-store"
    assert {row["lead_id"] for row in rows(ada, page)} == lead_ids
    logged = busy.world.ledger.read(lambda reading: reading.users.accesses(limit=9))
    assert [each.count for _, each in logged if each.page == "leads as csv"] == [2, 2]


def test_progress_is_shown_with_its_figures(busy: DeskWorld) -> None:
    ada, store = busy.user("ada"), JobStore(busy.world.config.jobs)
    page = start_export(ada)
    with store.next_waiting(NOW) as job:
        assert job is not None
        assert "It begins" in ada.text(page)
        progress = JobProgress(step="Reading the leads", done=34_000, total=100_000, at=NOW)
        store.save_progress(job.id, progress)
        assert '<progress aria-labelledby="progress-title" max="100000" value="34000">' in (
            ada.get(page).text
        )
        assert "Reading the leads: 34,000 of 100,000" in ada.text(page)
        assert "Export of leads as CSV : reading the leads, 34,000 of 100,000" in ada.text(
            "/people"
        )
        assert "Running" in ada.text("/jobs")


def test_interrupted_work_says_so_and_starts_again_with_a_button(busy: DeskWorld) -> None:
    lead_id = busy.world.take()
    ada = busy.user("ada")
    page = start_export(ada)
    with JobStore(busy.world.config.jobs).next_waiting(NOW):
        pass  # its process ends without a result
    assert "The work was interrupted" in ada.text(page)
    assert ada.post(f"{page}/again").location == f"/desk{page}"
    busy.run_jobs()
    assert [row["lead_id"] for row in rows(ada, page)] == [lead_id]


def test_a_client_gets_its_own_leads_and_is_notified_of_them_by_the_download(
    busy: DeskWorld,
) -> None:
    lead_id = busy.world.take("notified")
    busy.world.take("rival")
    carol = busy.user("carol")
    page = start_export(carol)
    busy.run_jobs()
    carol.get(page)
    carol.client.head(f"/desk{page}/file").close()
    assert "notified" not in busy.world.kinds(lead_id)
    (row,) = rows(carol, page)
    assert (row["lead_id"], row["stage"], "source" in row) == (lead_id, "qualified", False)
    assert busy.world.kinds(lead_id).count("notified") == 1
    rows(carol, page)
    assert busy.world.kinds(lead_id).count("notified") == 1


def test_only_who_has_requested_it_sees_it_and_the_agency_what_is_the_agencys(
    busy: DeskWorld,
) -> None:
    pages = {name: start_export(busy.user(name)) for name in ("ada", "carol")}
    busy.run_jobs()
    may_see = {("ada", "ada"), ("carol", "carol")}
    for name in ("ada", "carol", "oscar"):
        browser = busy.user(name)
        for owner, page in pages.items():
            expected = 200 if (name, owner) in may_see else 404
            assert browser.get(page).status_code == expected, (name, owner)
            with browser.get(f"{page}/file") as answer:
                assert answer.status_code == expected, (name, owner)
            assert (page in browser.get("/jobs").text) == (expected == 200)
            if expected == 404:
                assert browser.post(f"{page}/again").status_code == 404
                assert browser.post(f"{page}/delete").status_code == 404
    assert busy.user("vera").get(pages["ada"]).status_code == 403
    assert ">Work</a>" in busy.user("ada").get("/leads").text
    assert ">Work</a>" not in busy.user("vera").get("/").text
    assert busy.browser().get(pages["ada"]).location == "/desk/login"


def test_work_is_deleted_by_hand_or_a_day_after_its_end(busy: DeskWorld) -> None:
    ada = busy.user("ada")
    first = start_export(ada)
    assert "it is running, so it is kept" in ada.text(
        ada.post(f"{first}/delete").location.removeprefix("/desk")
    )
    busy.run_jobs()
    ada.post(f"{first}/delete")
    assert ada.get(first).status_code == 404
    second = start_export(ada, format="xlsx")
    busy.run_jobs()
    busy.clock.move_to(NOW + LIFE + timedelta(seconds=1))
    ada.log_in("ada")  # the session has ended
    assert ada.get(second).status_code == 404
    assert "No work here." in ada.text("/jobs")


def test_a_user_who_starts_too_much_is_told_to_wait(busy: DeskWorld) -> None:
    ada = busy.user("ada")
    for day in range(1, 6):
        start_export(ada, **{"from": f"2026-11-0{day}"})
    ada.get("/leads")
    answer = ada.post("/leads/export", format="csv")
    assert answer.status_code == 409
    assert "5 pieces of your work have not ended" in answer.text
