"""What a client owes for one campaign and one month: facts, parties, canonical JSON."""

from capture.statement.facts import Counts, Met, Statement, StatementLine
from capture.statement.parties import Agency, Parties, Party, parties
from capture.statement.text import fingerprint, read_json, to_json

__all__ = [
    "Agency",
    "Counts",
    "Met",
    "Parties",
    "Party",
    "Statement",
    "StatementLine",
    "fingerprint",
    "parties",
    "read_json",
    "to_json",
]
