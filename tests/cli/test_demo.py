"""`gatepost demo`: prints how to get in, and leaves the project's own ledger alone."""

import json
from pathlib import Path

from tests.cli.conftest import Project


def test_the_command_fills_a_ledger_of_its_own(project: Project) -> None:
    project.take()
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    ran = project.run("demo", "--leads", "5")
    assert ran.code == 0
    assert "5 forms in var/demo, in " in ran.out
    assert ran.out.count("/desk/passphrase/") == 2
    assert "as Ada Lee:" in ran.out
    assert "For the client Harbor Cloud, as Carol Diaz:" in ran.out
    own = {path: path.read_bytes() for path in before if "gatepost.db" not in path.name}
    assert own == {path: before[path] for path in own}
    assert len(json.loads(project.run("leads", "--json").out)) == 1


def test_without_a_build_nothing_is_created_to_be_served(project: Project) -> None:
    ran = project.run("demo", "--leads", "5", "--serve")
    assert (ran.code, ran.out) == (1, "")
    assert "output/site.json: no such file; run `gatepost build` first" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not Path("var/demo").exists()


def test_a_folder_that_is_no_demonstration_is_refused(project: Project) -> None:
    ran = project.run("demo", "--folder", "clients")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "clients exists and is no demonstration" in ran.err
    assert Path("clients/acme.toml").exists()
