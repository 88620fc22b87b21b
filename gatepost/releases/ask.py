"""Asks the ledger of pushed campaign files, through a socket: the publishing user cannot read it.

Behind the socket stands `gatepost campaigns answer`, run by the service's user for each question.
It is given the texts of the files and says two lists of lines, about files and counts, never about
a person.
"""

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from capture.errors import Refused, Unavailable

SECONDS: Final = 120
"""How long the ledger may think: a campaign with many thousands of leads is judged again."""


def changed_campaigns(folder: Path, live: Path | None) -> dict[str, str | None]:
    """The texts of campaign files that are not as in the live release; None where one is gone."""
    now, before = _texts(folder), _texts(live) if live else {}
    return {
        slug: now.get(slug)
        for slug in sorted(now.keys() | before.keys())
        if now.get(slug) != before.get(slug)
    }


def check_with_ledger(
    path: str, campaigns: Mapping[str, str | None], say: Callable[[str], None]
) -> None:
    """Raises `Refused` with what the ledger refuses, `Unavailable` if it does not answer."""
    if not campaigns:
        return
    if not path:
        say(
            "warning: nobody asked the ledger whether the changed campaigns keep the terms of "
            "their leads; the operator sets GATEPOST_LEDGER_SOCKET"
        )
        return
    said = _ask(path, campaigns)
    for line in said["told"]:
        say(line)
    if said["refused"]:
        raise Refused("\n".join(said["refused"]))


def _texts(folder: Path) -> dict[str, str]:
    files = (folder / "campaigns").glob("*.toml")
    return {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in files}


def _ask(path: str, campaigns: Mapping[str, str | None]) -> dict[str, list[str]]:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(path)
            line.sendall(json.dumps(campaigns).encode())
            line.shutdown(socket.SHUT_WR)
            with line.makefile("rb") as answer:
                said: Any = json.loads(answer.read())
        return {name: [str(one) for one in said[name]] for name in ("told", "refused")}
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            f"the ledger does not answer at {path}, and campaigns are not changed unasked"
        ) from None
