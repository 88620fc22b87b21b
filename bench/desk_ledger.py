"""Multiplies the ledger of a demonstration for `bench.desk`.

Copies of its leads come with everything that pages read about them: personal data, notes, risk
signals, search words, events, messages, lines of statements. Ten groups of copies have clients and
campaigns of their own, with statements, payments and campaign files, so no client is ten times as
large as it would be at an agency of that size. A copy's lead was received some minutes before the
one before, and its events happened as much earlier; deadlines are those of the original. Leads of
ten copies are of the same clients, so sums of their statements and payments are ten times as large.

The copy is good for reading pages only: the hash chain is broken, times inside events are not
moved, the hashes of quarantine's traits are not copied, and most copies have identity keys that
match nothing. `verify` would report all of that.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from capture.billing.statement_text import fingerprint
from capture.ledger.dialect import SQLITE
from capture.ledger.projections import (
    fill_held_leads,
    fill_lead_payments,
    fill_open_lines,
    fill_projections,
)
from capture.ledger.sqlite import add_functions
from capture.ledger.store import SqlReadTransaction
from capture.text import canonical

GROUPS: Final = 10
_MINUTES: Final = 7
"""A copy was received so many minutes earlier than the copy before."""


def _earlier(column: str) -> str:
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {column}, (-{_MINUTES} * n) || ' minutes')"
        f" || substr({column}, 20)"
    )


_NEW_ID: Final = "new_id(lead_id, n)"
_SEQUENCE: Final = "sequence * (SELECT count(*) FROM copies) + n"
_TABLES: Final[dict[str, dict[str, str]]] = {
    "leads": {
        "id": "id * (SELECT count(*) FROM copies) + n",
        "lead_id": _NEW_ID,
        "campaign": "renamed(campaign, n)",
        "client": "renamed(client, n)",
        "version": "renamed(version, n)",
        "consent_version": "renamed(consent_version, n)",
        "received_at": _earlier("received_at"),
        "billed": "renamed(billed, n)",
    },
    "personal_data": {
        "lead_id": _NEW_ID,
        "campaign": "renamed(campaign, n)",
        "address": "CASE n WHEN 0 THEN address ELSE randomblob(16) END",
    },
    "lead_signals": {"lead_id": _NEW_ID, "received_at": _earlier("received_at")},
    "search_words": {"lead_id": _NEW_ID, "received": f"received - {_MINUTES * 60_000_000} * n"},
    "notes": {"id": "NULL", "lead_id": _NEW_ID},
    # People in one of 16 have the same mailbox in all copies of their client.
    "duplicate_keys": {
        "lead_id": _NEW_ID,
        "mac": f"CASE WHEN n = 0 OR (n % {GROUPS} = 0 AND hex(mac) LIKE '0%')"
        " THEN mac ELSE randomblob(16) END",
    },
    "events": {
        "sequence": _SEQUENCE,
        "campaign": "renamed(campaign, n)",
        "lead_id": _NEW_ID,
        "occurred_at": _earlier("occurred_at"),
        "recorded_at": _earlier("recorded_at"),
        "data": "renamed_in(data, n)",
    },
    "statement_lines": {"lead_id": _NEW_ID, "number": "renamed(number, n)"},
    "downloads": {"lead_id": _NEW_ID},
    "outbox": {
        "id": "id * (SELECT count(*) FROM copies) + n",
        "key": "key || '-' || n",
        "client": "renamed(client, n)",
        "campaign": "renamed(campaign, n)",
        "lead_id": _NEW_ID,
        "data": "renamed_in(data, n)",
    },
    "access_log": {"id": "NULL", "lead_id": _NEW_ID},
}
"""By table: the columns that differ in copy `n`. The original is copy 0."""
_ONCE_A_GROUP: Final = {
    "events": f"lead_id IS NOT NULL OR n < {GROUPS}",
    "outbox": f"lead_id <> '' OR n < {GROUPS}",
}
"""Rows about no lead are copied once for each group."""
_SUMS: Final = frozenset(
    {"total", "vat", "gross", "to_pay", "brought_forward"}
    | {"in_review", "over_cap_free", "over_cap_refused"}
)
"""The sums of a statement and of its parts."""
_DERIVED: Final = (
    *("month_counts", "day_counts", "customers", "payments_by_month", "payments_by_day"),
    *("statement_totals", "held_leads", "lead_payments", "page_sums", "page_rejections"),
    "open_lines",
)
"""Tables that the product derives again from the copies."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one group: what replaces the clients, campaigns and versions of the original."""

    group: int
    by_original: dict[str, str]
    """Empty for group 0, the original."""

    def of(self, name: str) -> str:
        """The name of a client, a campaign, a version or a document; others are unchanged."""
        client, _, number = name.rpartition("-")
        if client in self.by_original and number.isdecimal():
            return f"{self.by_original[client]}-{number}"
        return self.by_original.get(name, name)

    def in_text(self, text: str) -> str:
        """A JSON text with the group's names."""
        for original, name in self.by_original.items():
            text = text.replace(f'"{original}"', f'"{name}"')
            text = text.replace(f'"{original}-0', f'"{name}-0')
        return text


def multiply(ledger: Path, folder: Path, leads: int, key: bytes) -> int:
    """Copies the rows until there are so many leads. Returns their number.

    The campaign and client files of the groups are added to `campaigns` and `clients` in `folder`.
    """
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA cache_size = -1000000")
        (base,) = db.execute("SELECT count(*) FROM leads").fetchone()
        copies = max(1, -(-leads // base))
        files = [*sorted(folder.glob("clients/*.toml")), *sorted(folder.glob("campaigns/*.toml"))]
        groups = [_write_files(files, group) for group in range(min(GROUPS, copies))]
        db.execute("CREATE TEMP TABLE copies (n INTEGER PRIMARY KEY)")
        db.executemany("INSERT INTO copies VALUES (?)", ((n,) for n in range(copies)))
        _create_functions(db, groups)
        _add_messages(db)
        _add_accesses(db)
        for trigger, _ in _schema(db, "trigger"):
            db.execute(f"DROP TRIGGER {trigger}")
        _multiply_versions(db, groups)
        _multiply_statements(db, groups, copies)
        for table, columns in _TABLES.items():
            _multiply(db, table, columns)
        db.execute("UPDATE chain SET sequence = (SELECT max(sequence) FROM events)")
        db.execute("UPDATE last_planned_event SET sequence = (SELECT sequence FROM chain)")
        _derive(db, key)
        (count,) = db.execute("SELECT count(*) FROM leads").fetchone()
        return int(count)


def _derive(db: sqlite3.Connection, key: bytes) -> None:
    """Empties the projections that count and add up, and lets the product fill them again."""
    for table in _DERIVED:
        db.execute(f"DELETE FROM {table}")
    reading = SqlReadTransaction(db, SQLITE, key)
    fill_projections(reading)
    fill_held_leads(reading)
    fill_lead_payments(reading)
    fill_open_lines(reading)
    add_functions(db, key)
    reading.page_sums.fill()


def _write_files(originals: Sequence[Path], group: int) -> Names:
    """The names of a group, whose client and campaign files are written."""
    if not group:
        return Names(group, {})
    names = Names(group, {path.stem: f"{path.stem}-g{group}" for path in originals})
    for path in originals:
        text = names.in_text(path.read_text(encoding="utf-8"))
        path.with_stem(names.of(path.stem)).write_text(text, encoding="utf-8")
    return names


def _version(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _create_functions(db: sqlite3.Connection, groups: list[Names]) -> None:
    def new_id(lead_id: str | None, n: int) -> str | None:
        return _new_id(lead_id, n) if lead_id else lead_id

    def renamed(name: str | None, n: int) -> str | None:
        return groups[n % GROUPS].of(name) if name else name

    def renamed_in(text: str, n: int) -> str:
        return groups[n % GROUPS].in_text(text)

    for function in (new_id, renamed, renamed_in):
        db.create_function(function.__name__, 2, function, deterministic=True)


def _new_id(lead_id: str, n: int) -> str:
    return f"{lead_id[:8]}{n:04d}" if n else lead_id


def _schema(db: sqlite3.Connection, kind: str, table: str = "%") -> list[tuple[str, str]]:
    """The names and the SQL of all triggers or indexes."""
    return db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = ? AND tbl_name LIKE ?"
        " AND sql IS NOT NULL",
        (kind, table),
    ).fetchall()


def _multiply(db: sqlite3.Connection, table: str, changed: dict[str, str]) -> None:
    """Replaces a table by all copies of its rows, and creates its indexes again."""
    indexes = _schema(db, "index", table)
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(name, name) for name in columns)
    db.execute(f"CREATE TEMP TABLE originals AS SELECT * FROM main.{table}")
    db.execute(f"DELETE FROM main.{table}")
    rows = _ONCE_A_GROUP.get(table, "1")
    order = "ORDER BY 1, 2, 3" if table in {"search_words", "lead_signals"} else ""
    db.execute(
        f"INSERT OR IGNORE INTO main.{table} ({', '.join(columns)})"
        f" SELECT {values} FROM originals CROSS JOIN copies WHERE {rows} {order}"
    )
    db.execute("DROP TABLE originals")
    for _, sql in indexes:
        db.execute(sql)


def _add_accesses(db: sqlite3.Connection) -> None:
    """One look of the agency at each lead."""
    db.execute(
        "INSERT INTO access_log (user_id, at, page, lead_id, leads)"
        " SELECT (SELECT id FROM users WHERE role = 'agency'), received_at, 'lead', lead_id, 1"
        " FROM leads ORDER BY received_at"
    )


def _add_messages(db: sqlite3.Connection) -> None:
    """A letter about each lead that a client got, and a webhook about each decision.

    Of 200 messages one waits, one failed, and one was dropped; the others are sent.
    """
    for channel, kinds in (("mail", "'notified'"), ("webhook", "'accepted', 'rejected'")):
        db.execute(
            "INSERT INTO outbox (key, channel, kind, recipient, client, campaign, lead_id, data,"
            " queued_at, due_at) SELECT :channel || ':' || sequence, :channel,"
            " iif(:channel = 'mail', 'lead_to_review', 'lead.' || kind),"
            " iif(:channel = 'mail', 'leads@' || client || '.example', client), client,"
            " events.campaign, lead_id, json_object('sequence', sequence), recorded_at, recorded_at"
            f" FROM events JOIN leads USING (lead_id) WHERE kind IN ({kinds}) ORDER BY sequence",
            {"channel": channel},
        )
    db.execute(
        "UPDATE outbox SET attempts = 1, finished_at = queued_at, status = 250, result = 'OK',"
        " state = CASE id % 200 WHEN 0 THEN 'failed' WHEN 1 THEN 'dropped' ELSE 'sent' END"
        " WHERE id % 200 <> 2"
    )


def _multiply_versions(db: sqlite3.Connection, groups: list[Names]) -> None:
    """The versions of the groups' campaigns. Their names are added to the groups."""
    rows = db.execute("SELECT slug, version, text, kept_at FROM campaign_versions ORDER BY id")
    for slug, version, text, kept_at in rows.fetchall():
        for names in groups[1:]:
            copy = names.in_text(text)
            names.by_original[version] = _version(copy)
            db.execute(
                "INSERT INTO campaign_versions (slug, version, text, kept_at) VALUES (?, ?, ?, ?)",
                (names.of(slug), _version(copy), copy, kept_at),
            )


def _multiply_statements(db: sqlite3.Connection, groups: list[Names], copies: int) -> None:
    """Statements of each group with the lines of all copies; documents and payments to match."""
    statements = db.execute("SELECT * FROM statements ORDER BY id").fetchall()
    db.execute("DELETE FROM statements")
    for _, number, client, currency, month, text, _, closed_at in statements:
        for names in groups:
            ids = range(names.group, copies, GROUPS)
            copy = _statement(names.in_text(text), ids, copies)
            row = (names.of(number), names.of(client), currency, month, copy)
            db.execute(
                "INSERT INTO statements (number, client, currency, month, json, sha256, closed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, fingerprint(copy), closed_at),
            )
    size = len(range(0, copies, GROUPS))
    for sequence, kind, text in db.execute(
        "SELECT sequence, kind, data FROM events WHERE lead_id IS NULL"
    ).fetchall():
        data = json.loads(text)
        if kind in {"closed", "paid"}:
            data |= {key: data[key] * size for key in ("amount", "vat") if key in data}
        if "last_event" in data:
            data["last_event"] = (data["last_event"] + 1) * copies - 1
        db.execute("UPDATE events SET data = ? WHERE sequence = ?", (canonical(data), sequence))


def _statement(text: str, ids: range, copies: int) -> str:
    data: dict[str, Any] = json.loads(text)
    for part in data["parts"]:
        part["lines"] = [
            {**line, "lead_id": _new_id(line["lead_id"], n)} for line in part["lines"] for n in ids
        ]
    for sums in (data, *data["parts"]):
        for key in _SUMS & sums.keys():
            sums[key] *= len(ids)
    data["last_event"] = (data["last_event"] + 1) * copies - 1
    return canonical(data)
