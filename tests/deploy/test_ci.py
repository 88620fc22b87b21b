"""The CI files parse, call what there is, and their scripts say what they promise and no more."""

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
    """Everything that the file has a machine run."""
    text = yaml.safe_load((DEPLOY / name).read_text())
    if name == "gitlab.yml":
        return "\n".join(line for job in ("check", "backtest") for line in text[job]["script"])
    steps = [step for job in text["jobs"].values() for step in job["steps"]]
    return "\n".join(step["run"] for step in steps if "run" in step)


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_the_ci_files_run_what_there_is(name: str) -> None:
    run = scripts(name)
    assert ".venv/bin/gatepost check" in run
    for script in set(re.findall(r"deploy/[\w-]+", run)):
        assert os.access(ROOT / script, os.X_OK), script
    assert {"deploy/changed-terms", "deploy/changed-backtests"} <= set(
        re.findall(r"deploy/[\w-]+", run)
    )


def test_nothing_that_a_stranger_writes_is_put_into_a_script() -> None:
    """No `${{ }}` within a script: GitHub would paste a title or a branch's name into it."""
    assert "${{" not in scripts("github.yml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose last commit changed the guide's terms, and added a campaign."""
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
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@writers.example")
    subprocess.run(["git", *who, *command], cwd=folder, check=True)


def run(folder: Path, script: str, *value: str, **environment: str) -> str:
    ran = subprocess.run(
        [f"{DEPLOY}/{script}", *value], cwd=folder, env=Service(folder).environment() | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout


def test_changed_terms_are_told_in_sentences(project: Path) -> None:
    text = run(project, "changed-terms", "HEAD~1")
    assert re.search(rf"### {GUIDE}\n\n- .*101.*501", text), text
    assert "### new\n\nA new campaign.\n" in text


@pytest.mark.server
def test_the_servers_backtest_says_what_a_pusher_is_told(project: Path) -> None:
    git(project, "checkout", "--quiet", "HEAD~1", "--", CAMPAIGN)  # what the lead came under
    with serving(project, min_fill_seconds="0") as service:
        assert service.post(person()).status == 303
        (lead_id,) = service.run("leads").stdout.splitlines()[1].split()[:1]
    git(project, "checkout", "--quiet", "HEAD", "--", CAMPAIGN)
    only = (DEPLOY / "backtest-only").read_text().replace("/opt/gatepost", str(project))
    server = project / "ssh"  # as sshd does with a forced command
    server.write_text(f'#!/bin/sh\nSSH_ORIGINAL_COMMAND="$1"\n{only.partition(chr(10))[2]}')
    server.chmod(0o755)
    text = run(project, "changed-backtests", "HEAD~1", str(server))
    assert f"campaigns/{GUIDE}.toml: too few leads to say whose verdict it would change." in text
    assert lead_id not in text
    assert "clinic" not in text


@pytest.mark.parametrize(
    "asked",
    ["", "leads", "backtest", "backtest ../x", "backtest a; id", "backtest --help", "x backtest a"],
)
def test_cis_key_can_do_nothing_else(tmp_path: Path, asked: str) -> None:
    ran = subprocess.run(
        [DEPLOY / "backtest-only"], env={**os.environ, "SSH_ORIGINAL_COMMAND": asked},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("usage: backtest SLUG")
