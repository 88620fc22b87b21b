"""Where leads live: the `Ledger` protocol, and how to open one.

An append-only, hash-chained list of events; projections kept in the same transaction; personal
data apart; an outbox. Another backend goes through the same contract of tests.
"""

from pathlib import Path

from capture.errors import Refused
from capture.ledger.protocol import Ledger
from capture.ledger.sqlite import SqliteLedger

_SQLITE = "sqlite:///"


def open_ledger(url: str, key: bytes) -> Ledger:
    """Opens the ledger at `sqlite:///path` (four slashes for an absolute path).

    `key` makes the HMACs by which people are recognised; it must stay the same for ever
    (rule 31). Raises `Refused` for another kind of address, `Unavailable` if it cannot be opened.
    """
    if not url.startswith(_SQLITE) or url == _SQLITE:
        raise Refused(
            f"DATABASE_URL {url!r}: only {_SQLITE}PATH is known; say sqlite:///var/gatepost.db"
        )
    return SqliteLedger(Path(url.removeprefix(_SQLITE)), key)
