"""The real command, run in this process at a moment of the test's choice."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gatepost.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


def runner(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Ran]:
    """Runs `gatepost ...` in the current folder."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*args: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["gatepost", *args])
        capfdbinary.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return run
