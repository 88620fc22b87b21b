"""Adds to an error the command-line option or command that helps."""

from collections.abc import Mapping
from typing import Final

from capture.errors import GatepostError, Hint

_WORDS: Final[Mapping[Hint, str]] = {
    Hint.BY: ": --as NAME",
    Hint.AMOUNT: ": --amount 1200.00",
    Hint.PERIOD: ": --period 2026-12-01",
    Hint.MEETING: ": --at TIME",
    Hint.BASIS: ": --basis TEXT",
    Hint.AGAIN: ": --again",
    Hint.FROM_CLIENT: "; add --from client",
    Hint.NOT_SPAM: ": --not-spam",
    Hint.IS_NO_SPAM: ": leave out --not-spam",
    Hint.STATEMENTS: ": `gatepost statements` lists them",
    Hint.STATEMENT: "; `gatepost statement {number}` shows it",
    Hint.TOKENS: "; `gatepost tokens list` lists them",
    Hint.MESSAGES: "; `gatepost outbox list --state all` shows the ids",
    Hint.USERS: "; `gatepost users list` lists them",
    Hint.SESSIONS: "; `gatepost users sessions` lists them",
    Hint.WEBHOOKS: "; `gatepost webhooks list` lists them",
    Hint.BUILD: "; run `gatepost build`",
    Hint.BUILD_FIRST: "; run `gatepost build` first",
    Hint.RESUME: "; `gatepost campaigns resume {campaign} --as NAME` opens it",
    Hint.NOTIFY: ": `gatepost notify {campaign} -o FILE`",
    Hint.WITHDRAW: " (`gatepost review {lead_id} withdraw`, `gatepost credit`)",
    Hint.DISPUTE: ": `gatepost review {lead_id} dispute`",
}


def in_words(error: GatepostError) -> str:
    """The error message, with its hint as an option or command."""
    hint = "" if error.hint is None else _WORDS[error.hint].format(**error.about)
    return f"{error}{hint}"
