"""The ledger: an append-only, hash-chained list of events, and all SQL.

Projections are written in the same transaction as their events. Personal data is stored apart from
events. The outbox holds messages to send, which follow from the events. Every backend must pass the
same contract tests.

"Rule 31" and the like are the numbered rules of docs/rules.md.
"""

from pathlib import Path

from capture.errors import Refused
from capture.ledger.protocol import Ledger
from capture.ledger.sqlite import SqliteLedger

_SQLITE = "sqlite:///"


def open_ledger(url: str, key: bytes) -> Ledger:
    """Opens the ledger at `sqlite:///path` (four slashes for an absolute path).

    `key` is the HMAC key of people's identity keys and must never change (rule 31). Raises
    `Refused` for any other URL, `Unavailable` if the database cannot be opened.
    """
    if not url.startswith(_SQLITE) or url == _SQLITE:
        raise Refused(
            f"DATABASE_URL {url!r}: only {_SQLITE}PATH is supported; use sqlite:///var/gatepost.db"
        )
    return SqliteLedger(Path(url.removeprefix(_SQLITE)), key)
