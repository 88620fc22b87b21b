"""`gatepost month-end` when a client, a folder or a file is at fault: the others go on."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import capture.cli.month_end as month_end_command
from tests.cli.conftest import Project
from tests.cli.month_ends import (
    ALL_FILES,
    DECEMBER,
    FOLDER,
    MONTH,
    OTHERS_FILES,
    OVER_IN_BERLIN,
    add_campaign,
    closed_numbers,
    contents,
    make_agency,
    run,
    take,
)
from tests.samples import NOW


@pytest.fixture
def agency(project: Project) -> Project:
    return make_agency(project)


class TestFailures:
    """One failure never stops the others."""

    def test_a_client_that_is_not_ready_does_not_stop_the_others(self, agency: Project) -> None:
        ran = run(agency, *MONTH, "--close", at=OVER_IN_BERLIN)
        assert ran.code == 1
        reason = (
            "2026-11 is not over until 2026-12-01T00:00-05:00 in America/New_York, "
            "2026-12-01T05:00:00Z"
        )
        assert ran.err.splitlines() == [f"acme, EUR: {reason}", f"acme, USD: {reason}"]
        assert closed_numbers(agency) == ["other-0001"]
        assert contents().keys() == OTHERS_FILES
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, contents().keys()) == (0, ALL_FILES)

    def test_a_client_whose_earlier_month_is_open_is_refused_alone(self, agency: Project) -> None:
        add_campaign(agency, "early")
        take(agency, "early", NOW - timedelta(days=31))
        ran = run(agency, *MONTH, "--close")
        assert ran.code == 1
        assert ran.err.splitlines() == [
            "acme, EUR: it is closed together with USD, which is not ready",
            "acme, USD: 2026-10 is still open; months close in order, so close it first",
        ]
        assert closed_numbers(agency) == ["other-0001"]
        assert run(agency, "month-end", "--month", "2026-10", "--close").code == 0
        assert run(agency, *MONTH, "--close").code == 0

    def test_a_client_without_a_lead_by_then_is_no_failure(self, agency: Project) -> None:
        client = (agency.folder / "clients/acme.toml").read_text()
        (agency.folder / "clients/new.toml").write_text(client)
        add_campaign(agency, "late", ('"acme"', '"new"'))
        take(agency, "late", DECEMBER - timedelta(days=1))
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, ran.err) == (0, "")
        assert contents().keys() == ALL_FILES

    def test_a_failing_close_rolls_back_that_client_alone(
        self, agency: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        close_month = month_end_command.close_month

        def fail_for_acme(records: object, client: str, *args: object, by: str) -> object:
            result = close_month(records, client, *args, by=by)  # type: ignore[arg-type]
            if client == "acme":
                raise KeyError("Ann Lee")
            return result

        monkeypatch.setattr(month_end_command, "close_month", fail_for_acme)
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, ran.err) == (
            1,
            "acme: an unexpected error, KeyError in fail_for_acme\n",
        )
        assert closed_numbers(agency) == ["other-0001"]

    def test_without_the_agencys_address_nothing_is_closed(
        self, agency: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GATEPOST_AGENCY_ADDRESS", "")
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("AGENCY_ADDRESS is not set")
        assert (closed_numbers(agency), FOLDER.exists()) == ([], False)

    def test_a_path_that_is_a_file_is_wrong_use_and_nothing_is_closed(
        self, agency: Project
    ) -> None:
        Path("november").write_text("mine")
        ran = run(agency, *MONTH, "--close", "-o", "november")
        assert ran.code == 2
        assert "is a file" in ran.err
        assert (closed_numbers(agency), Path("november").read_text()) == ([], "mine")

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda: Path("var/month-end").write_text("a file"),
            lambda: (Path("var/month-end").mkdir(), FOLDER.write_text("a file")),
        ],
    )
    def test_a_default_folder_that_is_a_file_is_refused_before_the_close(
        self, agency: Project, spoil: Callable[[], object]
    ) -> None:
        spoil()
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"{FOLDER}: ")
        assert ran.err.endswith("; choose another folder with -o\n")
        assert closed_numbers(agency) == []

    def test_a_folder_that_cannot_be_written_is_refused_before_the_close(
        self, agency: Project
    ) -> None:
        folder = "/proc/november" if os.geteuid() == 0 else "locked"  # root may write anywhere
        if os.geteuid():
            Path(folder).mkdir(mode=0o500)
        ran = run(agency, *MONTH, "--close", "-o", folder)
        assert ran.code == 1
        assert ran.err.startswith(f"{folder}: ")
        assert closed_numbers(agency) == []

    def test_one_file_that_cannot_be_written_does_not_stop_the_others(
        self, agency: Project
    ) -> None:
        (FOLDER / "acme-0001.pdf").mkdir(parents=True)
        ran = run(agency, *MONTH, "--close")
        assert ran.code == 1
        assert ran.err == (
            f"acme-0001.pdf: {FOLDER}/acme-0001.pdf: it is not a file; move it away or choose "
            "another folder\n"
        )
        assert ran.out.endswith(f"12 files in {FOLDER}: 12 new.\n")
        (FOLDER / "acme-0001.pdf").rmdir()
        assert run(agency, *MONTH, "--close").code == 0
        assert contents().keys() == ALL_FILES


class TestMistakesInFiles:
    """A mistake in one file is named, and stops only what needs that file."""

    @pytest.fixture
    def client_problem(self, agency: Project) -> str:
        file = agency.folder / "clients/acme.toml"
        file.write_text(file.read_text().replace("legal_name", "legl_name"))
        return next(
            f"clients/acme.toml:{number}: legl_name"
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if line.startswith("legl_name")
        )

    @pytest.fixture
    def campaign_problem(self, agency: Project) -> str:
        file = agency.folder / "campaigns/guide.toml"
        file.write_text(file.read_text().replace("currency", "curency"))
        return "campaigns/guide.toml:3: curency"

    def test_a_preview_shows_the_clients_that_are_not_affected(
        self, agency: Project, client_problem: str
    ) -> None:
        ran = run(agency, *MONTH)
        assert ran.code == 1
        assert ran.err.startswith(client_problem)
        assert len(ran.err.splitlines()) == 1
        assert "USD: not ready: the file of the client has a mistake" in ran.out
        assert "$142.80" in ran.out
        assert "1 ready, 2 not ready" in ran.out

    def test_a_close_closes_the_clients_that_are_not_affected(
        self, agency: Project, client_problem: str
    ) -> None:
        ran = run(agency, *MONTH, "--close")
        assert ran.code == 1
        problem, *others = ran.err.splitlines()
        assert problem.startswith(client_problem)
        assert others == [
            "acme, EUR: the file of the client has a mistake",
            "acme, USD: the file of the client has a mistake",
        ]
        assert closed_numbers(agency) == ["other-0001"]
        assert contents().keys() == OTHERS_FILES

    def test_a_campaign_with_a_mistake_lacks_only_its_report(
        self, agency: Project, campaign_problem: str
    ) -> None:
        ran = run(agency, *MONTH, "--close")
        assert ran.code == 1
        problem, *others = ran.err.splitlines()
        assert problem.startswith(campaign_problem)
        report = "report-guide-2026-11.html"
        assert others == [f"{report}: the file of the campaign guide has a mistake"]
        assert contents().keys() == ALL_FILES - {report}
        add_campaign(agency, "guide")
        ran = run(agency, *MONTH, "--close")
        assert (ran.code, contents().keys()) == (0, ALL_FILES)

    def test_another_clients_files_do_not_matter(
        self, agency: Project, client_problem: str, campaign_problem: str
    ) -> None:
        assert client_problem
        assert campaign_problem
        ran = run(agency, *MONTH, "--client", "other", "--close")
        assert (ran.code, ran.err) == (0, "")
        assert contents().keys() == OTHERS_FILES
