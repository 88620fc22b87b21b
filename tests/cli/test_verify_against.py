"""`gatepost verify --against`: the ledger held against a statement that somebody printed."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cli.conftest import Project, Ran

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


@pytest.fixture
def digest(project: Project) -> str:
    """November is closed; the hash that its statement prints."""
    project.take()
    with time_machine.travel(DECEMBER, tick=False):
        assert project.run("close", "guide", "--month", "2026-11").code == 0
    (row,) = json.loads(project.run("statements", "--json").out)
    return str(row["sha256"])


def held(project: Project, digest: str, *more: str) -> Ran:
    return project.run("verify", "--against", "acme-0001", "--hash", digest, *more)


def test_the_ledger_has_the_statement_that_was_printed(project: Project, digest: str) -> None:
    ran = held(project, digest)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == (
        "acme-0001 has this SHA-256 and was redrawn byte for byte; "
        "event 3, the chain's head that it names, stands in the chain."
    )


@pytest.mark.parametrize("size", [12, 40, 64])
def test_it_may_be_typed_as_it_is_printed(project: Project, digest: str, size: int) -> None:
    text = digest.upper()[:size]
    groups = " ".join(text[at : at + 8] for at in range(0, size, 8))
    assert held(project, f" {groups}\n").code == 0


def test_another_hash_is_one_line_and_code_1(project: Project, digest: str) -> None:
    other = digest[:11] + ("0" if digest[11] != "0" else "1")
    ran = held(project, other)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"acme-0001 in this ledger has another SHA-256: {digest}\n"


def test_json_names_what_does_not_hold(project: Project, digest: str) -> None:
    assert json.loads(held(project, digest, "--json").out)["faults"] == []
    ran = held(project, "0" * 64, "--json")
    assert ran.code == 1
    assert digest in json.loads(ran.out)["faults"][0]


def test_a_hash_that_was_only_written_beside_other_bytes_does_not_hold(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who writes a ledger anew from its start can write any hash into it."""
    project.take()
    forged = "f" * 64
    with monkeypatch.context() as patched, time_machine.travel(DECEMBER, tick=False):
        patched.setattr("capture.closing.close.fingerprint", lambda _: forged)
        assert project.run("close", "guide", "--month", "2026-11").code == 0
    ran = held(project, forged)
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
def test_wrong_use_is_code_2_and_an_unknown_statement_code_1(
    project: Project, args: tuple[str, ...], code: int, line: str
) -> None:
    ran = project.run("verify", *args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
