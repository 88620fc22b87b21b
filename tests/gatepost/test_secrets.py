"""Keys that nobody set are made on the first run, for the service's user alone."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from gatepost.settings import Settings, secret
from tests.service import GATEPOST, Service, make_project

pytestmark = pytest.mark.server


def test_what_is_secret_or_personal_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path)).start()
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "var").iterdir()
        if path.stat().st_size or path.name == "gatepost.db-wal"
    }
    service.end()
    assert {"secret_key", "duplicate_key", "gatepost.db", "gatepost.db-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_ten_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path))
    command = [GATEPOST, "test-lead", "acme-demo", "--no-open"]
    started = [
        subprocess.Popen(command, cwd=tmp_path, env=service.environment(), stdout=subprocess.PIPE)
        for _ in range(10)
    ]
    links = [process.communicate()[0].decode().strip() for process in started]
    service.start()
    pages = [service.get(link.partition(str(service.port))[2]).text for link in links]
    service.end()
    assert ["Test lead." in page for page in pages] == [True] * 10
    assert sorted(path.name for path in (tmp_path / "var").glob("*key*")) == [
        "duplicate_key",
        "secret_key",
    ]


def test_ten_first_services_at_once_all_open_one_ledger(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path))
    started = [
        subprocess.Popen(
            [GATEPOST, "leads"],
            cwd=tmp_path,
            env=service.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(10)
    ]
    said = [process.communicate() for process in started]
    assert {(out.splitlines()[-1], err) for out, err in said} == {(b"No leads yet.", b"")}
    assert service.run("verify").returncode == 0


def test_what_a_killed_first_start_left_behind_stops_nobody(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/none.db")
    leftover = tmp_path / f"secret_key.{os.getpid()}"  # in a container the number is the same
    leftover.write_text("half a ke")
    assert len(secret(settings, "secret_key")) == 64


def test_commands_before_the_first_serve_leave_nothing_to_complain_about(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path))
    service.run("leads")
    service.start().end()
    assert service.log.read_text().splitlines() == [f"Gatepost on http://127.0.0.1:{service.port}"]
