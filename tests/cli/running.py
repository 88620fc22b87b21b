"""Runs the real command in this process, at a time that the test chooses."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gatepost.cli import main


@dataclass(frozen=True)
class CommandResult:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


def runner(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., CommandResult]:
    """A function that runs `gatepost ...` in the current folder."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*args: str) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["gatepost", *args])
        capfdbinary.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return CommandResult(code, out.decode(), err.decode())

    return run
