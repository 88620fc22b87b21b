"""`gatepost verify --against` compares the ledger with a printed statement."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cli.conftest import CommandResult, Project

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


@pytest.fixture
def digest(project: Project) -> str:
    """Closes November. Returns the SHA-256 that its statement prints."""
    project.take()
    with time_machine.travel(DECEMBER, tick=False):
        assert project.run("close", "acme", "--month", "2026-11").code == 0
    (row,) = json.loads(project.run("statements", "--json").out)
    return str(row["sha256"])


def run_verify(project: Project, digest: str, *more: str) -> CommandResult:
    return project.run("verify", "--against", "acme-0001", "--hash", digest, *more)


def test_the_printed_statement_matches_the_ledger(project: Project, digest: str) -> None:
    ran = run_verify(project, digest)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == (
        "acme-0001 has this SHA-256 and was redrawn byte for byte; "
        "the chain's head that it names, event 3, is in the chain."
    )


@pytest.mark.parametrize("size", [12, 40, 64])
def test_the_hash_may_be_typed_as_it_is_printed(project: Project, digest: str, size: int) -> None:
    text = digest.upper()[:size]
    groups = " ".join(text[at : at + 8] for at in range(0, size, 8))
    assert run_verify(project, f" {groups}\n").code == 0


def test_another_hash_is_reported_in_one_line_with_code_1(project: Project, digest: str) -> None:
    other = digest[:11] + ("0" if digest[11] != "0" else "1")
    ran = run_verify(project, other)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"acme-0001 in this ledger has another SHA-256: {digest}\n"


def test_json_lists_the_problems(project: Project, digest: str) -> None:
    assert json.loads(run_verify(project, digest, "--json").out)["problems"] == []
    ran = run_verify(project, "0" * 64, "--json")
    assert ran.code == 1
    assert digest in json.loads(ran.out)["problems"][0]


def test_a_stored_hash_that_does_not_match_the_bytes_is_reported(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anyone who writes a new ledger from the start can store any hash in it."""
    project.take()
    forged = "f" * 64
    with monkeypatch.context() as patched, time_machine.travel(DECEMBER, tick=False):
        patched.setattr("capture.closing.close.fingerprint", lambda _: forged)
        assert project.run("close", "acme", "--month", "2026-11").code == 0
    ran = run_verify(project, forged)
    assert ran.code == 1
    first, second = ran.err.splitlines()
    assert first == "statement acme-0001: its SHA-256 is not that of its bytes"
    assert second.startswith("acme-0001 in this ledger has another SHA-256: ")


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (("--against", "acme-0099", "--hash", "a" * 12), 1, "no statement 'acme-0099'"),
        (("--against", "acme-0001"), 2, "give both --against NUMBER and --hash HASH, or neither"),
        (("--hash", "a" * 64), 2, "give both --against NUMBER and --hash HASH, or neither"),
        (("--against", "acme-0001", "--hash", "a" * 11), 2, "at least its first 12 digits"),
        (("--against", "acme-0001", "--hash", "x" * 64), 2, "write the SHA-256 in hex"),
        (("--against", "acme-0001", "--hash", "a" * 65), 2, "write the SHA-256 in hex"),
    ],
)
def test_wrong_use_ends_with_code_2_and_an_unknown_statement_with_code_1(
    project: Project, args: tuple[str, ...], code: int, line: str
) -> None:
    ran = project.run("verify", *args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
