"""Keys that are not set are made on the first run; only the service's user can read them."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from gatepost.server.private_files import make_files_private, warn_of_open_secrets
from gatepost.settings import Settings, SettingsWithSources, secret
from tests.long import rounds
from tests.service import GATEPOST, Service, make_project

pytestmark = pytest.mark.server

PROCESSES = rounds(5, 40)


def modes(folder: Path) -> dict[str, int]:
    return {str(path): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_secrets_and_personal_data_are_readable_only_by_their_owner(tmp_path: Path) -> None:
    """The umask lets others read, as with `make run`."""
    old_umask = os.umask(0o022)
    service = Service(make_project(tmp_path)).start()
    os.umask(old_umask)
    var_modes = modes(tmp_path / "var")
    service.end()
    names = {Path(path).name for path in var_modes}
    assert {"secret_key", "duplicate_key", "gatepost.db", "gatepost.db-wal"} <= names
    assert {"counters.db", "counters.lock", "gatepost.db.lock"} <= names
    assert set(var_modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_the_next_start_removes_other_users_access(tmp_path: Path) -> None:
    var, outside = tmp_path / "var", tmp_path / "outside"
    (var / "backups").mkdir(parents=True)
    for path in (var / "backup.db", var / "backups/old.db", var / "counters.lock", outside):
        path.touch(mode=0o644)
    (var / "link").symlink_to(outside)
    var.chmod(0o755)
    settings = Settings(var_dir=var, database_url=f"sqlite:///{tmp_path}/elsewhere.db")
    (tmp_path / "elsewhere.db").touch(mode=0o644)
    make_files_private(settings)
    var_modes = modes(var)
    assert var_modes.pop(str(var / "backups")) == 0o700
    assert var_modes.pop(str(var / "link")) == 0o644  # the target of a link is not part of var/
    assert set(var_modes.values()) == {0o600}
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "elsewhere.db").stat().st_mode) == 0o600


def test_a_folder_that_the_web_server_must_read_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_files_private(Settings(var_dir=tmp_path, output_dir=tmp_path / "output"))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_that_others_can_still_read_is_reported_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "var").mkdir(mode=0o755)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    make_files_private(Settings(var_dir=tmp_path / "var"))
    (line,) = caplog.messages
    assert line == (
        f"{tmp_path}/var: others may read it, and its mode cannot be changed (Operation not "
        f"permitted); run `chmod go= {tmp_path}/var` as its owner"
    )


@pytest.mark.parametrize(("mode", "lines"), [(0o644, 1), (0o600, 0)])
def test_a_readable_env_file_with_a_key_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, lines: int
) -> None:
    for text, count in (("GATEPOST_SECRET_KEY=0123456789abcdef", lines), ("GATEPOST_PORT=1", 0)):
        (tmp_path / ".env").write_text(text)
        (tmp_path / ".env").chmod(mode)
        warn_of_open_secrets(SettingsWithSources.read({}, tmp_path), tmp_path)
        assert len(caplog.messages) == count
        assert all("holds GATEPOST_SECRET_KEY; run `chmod 600" in line for line in caplog.messages)
        caplog.clear()


@pytest.mark.long
def test_simultaneous_first_starts_use_the_same_key(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path))
    command = [GATEPOST, "test-lead", "acme-demo", "--no-open"]
    processes = [
        subprocess.Popen(command, cwd=tmp_path, env=service.environment(), stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    links = [process.communicate()[0].decode().strip() for process in processes]
    service.start()
    pages = [service.get(link.partition(str(service.port))[2]).text for link in links]
    service.end()
    assert ["Test lead." in page for page in pages] == [True] * PROCESSES
    assert sorted(path.name for path in (tmp_path / "var").glob("*key*")) == [
        "duplicate_key",
        "secret_key",
        "webhook_key",
    ]


@pytest.mark.long
def test_simultaneous_first_starts_all_open_the_same_ledger(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path))
    processes = [
        subprocess.Popen(
            [GATEPOST, "leads"],
            cwd=tmp_path,
            env=service.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]
    outputs = [process.communicate() for process in processes]
    assert {(out.splitlines()[-1], err) for out, err in outputs} == {(b"No leads yet.", b"")}
    assert service.run("verify").returncode == 0


def test_a_file_left_by_a_killed_first_start_is_ignored(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/none.db")
    leftover = tmp_path / f"secret_key.{os.getpid()}"  # in a container the process id is the same
    leftover.write_text("half a ke")
    assert len(secret(settings, "secret_key")) == 64


def test_commands_before_the_first_serve_cause_no_warnings(tmp_path: Path) -> None:
    service = Service(make_project(tmp_path))
    service.run("leads")
    service.start().end()
    assert service.log.read_text().splitlines() == [f"Gatepost on http://127.0.0.1:{service.port}"]
