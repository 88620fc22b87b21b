"""The CI files are valid and call existing scripts, which print what the documentation says."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.service import GUIDE, ROOT, Service, make_project, person, serving

DEPLOY = ROOT / "deploy"
CAMPAIGN = f"campaigns/{GUIDE}.toml"


def scripts(name: str) -> str:
    """All shell commands of a CI file."""
    data = yaml.safe_load((DEPLOY / name).read_text())
    if name == "gitlab.yml":
        return "\n".join(line for job in ("check", "backtest") for line in data[job]["script"])
    steps = [step for job in data["jobs"].values() for step in job["steps"]]
    return "\n".join(step["run"] for step in steps if "run" in step)


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_the_ci_files_run_existing_scripts(name: str) -> None:
    commands = scripts(name)
    assert ".venv/bin/gatepost check" in commands
    for script in set(re.findall(r"deploy/[\w-]+", commands)):
        assert os.access(ROOT / script, os.X_OK), script
    assert {"deploy/changed-terms", "deploy/changed-backtests"} <= set(
        re.findall(r"deploy/[\w-]+", commands)
    )


def test_no_text_of_a_pull_request_is_inserted_into_a_script() -> None:
    """GitHub replaces `${{ }}` in a script by text such as a title, which the shell would run."""
    assert "${{" not in scripts("github.yml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose last commit changed the guide's terms and added a campaign."""
    folder = make_project(tmp_path)
    (folder / ".venv").symlink_to(Path(os.environ.get("VIRTUAL_ENV", ROOT / ".venv")))
    git(folder, "init", "--quiet")
    git(folder, "add", "campaigns", "clients")
    git(folder, "commit", "--quiet", "--message", "Before")
    text = (folder / CAMPAIGN).read_text()
    (folder / CAMPAIGN).write_text(text.replace("at_least = 101", "at_least = 501"))
    (folder / "campaigns/new.toml").write_text(text)
    git(folder, "add", "campaigns")
    git(folder, "commit", "--quiet", "--message", "After")
    return folder


def git(folder: Path, *command: str) -> None:
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@writers.example")
    subprocess.run(["git", *author, *command], cwd=folder, check=True)


def run(folder: Path, script: str, *arguments: str, **environment: str) -> str:
    result = subprocess.run(
        [f"{DEPLOY}/{script}", *arguments], cwd=folder, capture_output=True, text=True, check=True,
        env=Service(folder).environment() | environment,
    )  # fmt: skip
    return result.stdout


def test_changed_terms_are_printed_in_sentences(project: Path) -> None:
    text = run(project, "changed-terms", "HEAD~1")
    assert re.search(rf"### {GUIDE}\n\n- .*101.*501", text), text
    assert "### new\n\nA new campaign.\n" in text


@pytest.mark.server
def test_the_backtest_of_ci_prints_the_same_as_a_push(project: Path) -> None:
    git(project, "checkout", "--quiet", "HEAD~1", "--", CAMPAIGN)  # the terms of the lead
    with serving(project, min_fill_seconds="0") as service:
        assert service.post(person()).status == 303
        (lead_id,) = service.run("leads").stdout.splitlines()[1].split()[:1]
    git(project, "checkout", "--quiet", "HEAD", "--", CAMPAIGN)
    forced_command = (DEPLOY / "backtest-only").read_text().replace("/opt/gatepost", str(project))
    server = project / "ssh"  # as sshd does with a forced command
    server.write_text(
        f'#!/bin/sh\nSSH_ORIGINAL_COMMAND="$1"\n{forced_command.partition(chr(10))[2]}'
    )
    server.chmod(0o755)
    text = run(project, "changed-backtests", "HEAD~1", str(server))
    assert f"campaigns/{GUIDE}.toml: too few leads to say whose verdict it would change." in text
    assert lead_id not in text
    assert "clinic" not in text


@pytest.mark.parametrize(
    "command",
    ["", "leads", "backtest", "backtest ../x", "backtest a; id", "backtest --help", "x backtest a"],
)
def test_the_key_of_ci_allows_only_a_backtest(tmp_path: Path, command: str) -> None:
    result = subprocess.run(
        [DEPLOY / "backtest-only"], env={**os.environ, "SSH_ORIGINAL_COMMAND": command},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("usage: backtest SLUG")
