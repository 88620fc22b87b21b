"""Output of commands: files are complete or absent; closed pipes and full disks are handled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN

EXPORT = ("export", "guide", "--month", "2026-11", "--as-of", "2026-12-01")
LIMITED = """
import resource
from gatepost.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
main()
"""


def start(*args: str, stdout: int, program: str = "") -> "subprocess.Popen[str]":
    program = program or "from gatepost.cli import main; main()"
    command = [sys.executable, "-c", program, *args]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


def errors(err: str) -> str:
    """The errors of a command, without the line that shows the time of --as-of."""
    lines = err.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("--as-of: "))


@pytest.mark.parametrize("shape", ["csv", "jsonl", "xlsx"])
def test_a_failed_write_leaves_the_old_file(project: Project, shape: str) -> None:
    """The kernel's limit of file size stands for a full disk."""
    for number in range(3):
        project.take(email=f"ann@clinic-{number}.example")
    file = project.folder / f"leads.{shape}"
    file.write_text("last month")
    before = sorted(project.folder.iterdir())
    command = (*EXPORT, "--format", shape, "-o", file.name)
    with start(*command, stdout=subprocess.PIPE, program=LIMITED) as ran:
        out, err = ran.communicate()
    assert (ran.returncode, out) == (1, "")
    assert errors(err) == f"{file.name}: File too large; name another file with -o\n"
    assert file.read_text() == "last month"
    assert sorted(project.folder.iterdir()) == before


def test_a_refusal_writes_nothing(project: Project) -> None:
    file = project.folder / "leads.csv"
    assert project.run("export", "giude", "--month", "2026-11", "-o", str(file)).code == 1
    assert not file.exists()


def test_an_argument_that_is_not_utf_8_is_refused_in_one_line() -> None:
    with start("leads", os.fsdecode(b"gr\xfcn"), stdout=subprocess.PIPE) as command:
        out, err = command.communicate()
    assert (command.returncode, out) == (2, "")
    assert err == "the argument gr\\xfcn is not UTF-8; write it in UTF-8\n"


def test_a_closed_pipe_is_no_error(project: Project) -> None:
    project.take()
    reading, writing = os.pipe()
    os.close(reading)
    with start(*EXPORT, stdout=writing) as ran:
        os.close(writing)
        _, err = ran.communicate()
    assert errors(err) == ""


def test_a_full_disk_behind_standard_output_is_reported(project: Project) -> None:
    project.take()
    with Path("/dev/full").open("wb") as full, start(*EXPORT, stdout=full.fileno()) as ran:
        _, err = ran.communicate()
    assert ran.returncode == 1
    assert errors(err).startswith("standard output: No space left on device")
    assert len(errors(err).splitlines()) == 1


@pytest.mark.parametrize("command", [("leads",), ("--help",)])
def test_a_full_disk_is_reported_when_a_table_or_a_text_is_printed(
    project: Project, command: tuple[str, ...]
) -> None:
    project.take()
    with Path("/dev/full").open("wb") as full, start(*command, stdout=full.fileno()) as ran:
        _, err = ran.communicate()
    assert ran.returncode == 1
    assert err.startswith("the output could not be written: No space left on device; ")
    assert len(err.splitlines()) == 1


def test_a_link_stays_a_link_and_the_file_keeps_its_mode(project: Project) -> None:
    kept, link = project.folder / "kept.csv", project.folder / "link.csv"
    kept.write_text("old")
    kept.chmod(0o640)
    link.symlink_to(kept)
    assert project.run(*EXPORT, "-o", str(link)).code == 0
    assert link.is_symlink()
    assert kept.read_text().startswith("lead_id,")
    assert kept.stat().st_mode & 0o777 == 0o640


def test_a_device_stays_a_device(project: Project) -> None:
    assert project.run(*EXPORT, "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    "command",
    [
        (*EXPORT, "--format", "csv"),
        (*EXPORT, "--format", "xlsx"),
        ("statement", "preview", "acme", "--month", "2026-11", "--format", "json"),
        ("report", "guide", "--month", "2026-11"),
        ("notify", "guide"),
        ("sla", "guide", "--format", "html"),
    ],
)
def test_only_the_owner_can_read_an_output_file(project: Project, command: tuple[str, ...]) -> None:
    """This holds with every umask. A replaced file loses the rights of group and others."""
    (project.folder / "campaigns/guide.toml").write_text(
        CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')
    )
    project.take()
    file = project.folder / "written"
    before = os.umask(0o022)
    try:
        ran = project.run(*command, "-o", str(file))
        assert ran.code == 0, ran.err
        assert file.stat().st_mode & 0o777 == 0o600
        if command[0] != "notify":  # which never replaces a file
            file.chmod(0o664)
            assert project.run(*command, "-o", str(file)).code == 0
            assert file.stat().st_mode & 0o777 == 0o660
    finally:
        os.umask(before)
